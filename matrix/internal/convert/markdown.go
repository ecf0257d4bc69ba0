package convert

import (
	"bytes"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	rhtml "github.com/yuin/goldmark/renderer/html"
	gtext "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"hubbub/store/chat"
)

var (
	// userPattern matches a user id at the start; the trailing dot of a sentence is no part of it.
	userPattern = regexp.MustCompile(`^@[a-zA-Z0-9._=/+-]+:(?:\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*)(?::[0-9]{1,5})?`)
	roomPattern = regexp.MustCompile(`^@room\b`)
	pillPattern = regexp.MustCompile(`\[([^\[\]\n]+)\]\(https://matrix\.to/#/[^()\s]*\)`)
	tagPattern  = regexp.MustCompile(`</?p>|<br>`)
)

// markdown builds the parser of what people write in a chat: CommonMark
// without HTML (it is escaped), indented code, underlined headings and link
// definitions, which nobody means in a message; with strike-through, spoilers
// and mentions.
func markdown() goldmark.Markdown {
	p := parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(parser.NewListParser(), 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
			util.Prioritized(parser.NewBlockquoteParser(), 800),
			util.Prioritized(parser.NewParagraphParser(), 1000),
		),
		parser.WithInlineParsers(
			util.Prioritized(parser.NewCodeSpanParser(), 100),
			util.Prioritized(parser.NewLinkParser(), 200),
			util.Prioritized(parser.NewAutoLinkParser(), 300),
			util.Prioritized(mentionParser{}, 400),
			util.Prioritized(parser.NewEmphasisParser(), 500),
			util.Prioritized(extension.NewStrikethroughParser(), 500),
			util.Prioritized(spoilerParser{}, 500),
		),
	)
	r := renderer.NewRenderer(renderer.WithNodeRenderers(
		util.Prioritized(rhtml.NewRenderer(rhtml.WithHardWraps()), 1000),
		util.Prioritized(extension.NewStrikethroughHTMLRenderer(), 500),
		util.Prioritized(chatRenderer{}, 400),
	))
	return goldmark.New(goldmark.WithParser(p), goldmark.WithRenderer(r))
}

// render turns markdown into a plain body, a formatted body ("" when the plain
// one says it all) and who is mentioned.
func render(src string) (plain, formatted string, who mentionsJSON) {
	md, source := markdown(), []byte(src)
	doc := md.Parser().Parse(gtext.NewReader(source))
	pills := mentioned(doc, &who)
	var buf bytes.Buffer
	if err := md.Renderer().Render(&buf, source, doc); err != nil {
		return src, "", who // a bytes.Buffer does not fail; the plain body is always right
	}
	plain, formatted = src, strings.TrimSpace(buf.String())
	if pills {
		plain = pillPattern.ReplaceAllString(src, "$1")
	}
	if only := doc.FirstChild(); only != nil && only.NextSibling() == nil && only.Kind() == ast.KindParagraph {
		formatted = strings.TrimSuffix(strings.TrimPrefix(formatted, "<p>"), "</p>")
	}
	if says := html.UnescapeString(tagPattern.ReplaceAllString(formatted, " ")); squeeze(says) == squeeze(src) {
		formatted = ""
	}
	return plain, formatted, who
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// mentioned collects the people that links and user ids in the text name, and
// reports whether there are links to people or rooms.
func mentioned(doc ast.Node, who *mentionsJSON) (pills bool) {
	add := func(u chat.UserID) {
		if u.Valid() && !slices.Contains(who.Users, u) {
			who.Users = append(who.Users, u)
		}
	}
	// Walking an in-memory tree with a function that returns no error gives none.
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *mention:
			if n.user == "" {
				who.Room = true
			} else {
				add(n.user)
			}
		case *ast.Link:
			if rest, ok := strings.CutPrefix(string(n.Destination), matrixTo); ok {
				pills = true
				add(linkedUser(rest))
			}
		}
		return ast.WalkContinue, nil
	})
	return pills
}

// linkedUser returns the user id of the path of a matrix.to link, or "".
func linkedUser(path string) chat.UserID {
	path, _, _ = strings.Cut(path, "?")
	path, _, _ = strings.Cut(path, "/")
	if u, err := url.PathUnescape(path); err == nil && strings.HasPrefix(u, "@") {
		return chat.UserID(u)
	}
	return ""
}

var (
	kindMention = ast.NewNodeKind("Mention")
	kindSpoiler = ast.NewNodeKind("Spoiler")
)

// mention is a user id written in the text, or @room when user is "".
type mention struct {
	ast.BaseInline
	user chat.UserID
	text []byte
}

func (m *mention) Kind() ast.NodeKind            { return kindMention }
func (m *mention) Dump(source []byte, level int) { ast.DumpHelper(m, source, level, nil, nil) }

type mentionParser struct{}

func (mentionParser) Trigger() []byte { return []byte{'@'} }

func (mentionParser) Parse(_ ast.Node, block gtext.Reader, _ parser.Context) ast.Node {
	if inWord(block.PrecendingCharacter()) {
		return nil
	}
	line, _ := block.PeekLine()
	if m := userPattern.Find(line); m != nil {
		block.Advance(len(m))
		return &mention{user: chat.UserID(m), text: bytes.Clone(m)}
	}
	if m := roomPattern.Find(line); m != nil {
		block.Advance(len(m))
		return &mention{text: bytes.Clone(m)}
	}
	return nil
}

type spoiler struct{ ast.BaseInline }

func (s *spoiler) Kind() ast.NodeKind            { return kindSpoiler }
func (s *spoiler) Dump(source []byte, level int) { ast.DumpHelper(s, source, level, nil, nil) }

// spoilerParser reads ||hidden text||.
//
// Spec: client-server-api#spoiler-messages (the markdown is the one of other chats)
type spoilerParser struct{}

func (spoilerParser) Trigger() []byte { return []byte{'|'} }

func (spoilerParser) Parse(_ ast.Node, block gtext.Reader, pc parser.Context) ast.Node {
	before := block.PrecendingCharacter()
	line, segment := block.PeekLine()
	node := parser.ScanDelimiter(line, before, 2, spoilerDelimiter{})
	if node == nil || node.OriginalLength != 2 || before == '|' {
		return nil
	}
	node.Segment = segment.WithStop(segment.Start + node.OriginalLength)
	block.Advance(node.OriginalLength)
	pc.PushDelimiter(node)
	return node
}

type spoilerDelimiter struct{}

func (spoilerDelimiter) IsDelimiter(b byte) bool { return b == '|' }
func (spoilerDelimiter) CanOpenCloser(opener, closer *parser.Delimiter) bool {
	return opener.Char == closer.Char
}
func (spoilerDelimiter) OnMatch(int) ast.Node { return &spoiler{} }

// chatRenderer writes mentions and spoilers as HTML.
type chatRenderer struct{}

func (chatRenderer) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(kindMention, renderMention)
	reg.Register(kindSpoiler, renderSpoiler)
}

func renderSpoiler(w util.BufWriter, _ []byte, _ ast.Node, entering bool) (ast.WalkStatus, error) {
	tag := "</span>"
	if entering {
		tag = "<span data-mx-spoiler>"
	}
	_, err := w.WriteString(tag)
	return ast.WalkContinue, err
}

func renderMention(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	m, ok := n.(*mention)
	if !entering || !ok {
		return ast.WalkContinue, nil
	}
	name := html.EscapeString(string(m.text))
	linked := m.user == ""
	for p := n.Parent(); p != nil && !linked; p = p.Parent() {
		linked = p.Kind() == ast.KindLink
	}
	if !linked {
		name = `<a href="` + matrixTo + url.PathEscape(string(m.user)) + `">` + name + "</a>"
	}
	_, err := w.WriteString(name)
	return ast.WalkContinue, err
}
