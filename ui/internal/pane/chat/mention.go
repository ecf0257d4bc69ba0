package chat

import (
	stdhtml "html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"hubbub/store/chat"
	"hubbub/ui/safe"
)

// In the composer a mention reads "@bo". What is sent, and what is kept as a
// draft, is the link `[bo](https://matrix.to/#/@bo:example.org)`, which says who
// that is.

// called is a person whom a name in the composer means.
type called struct {
	name string // as it stands behind the @
	user chat.UserID
}

const matrixTo = "https://matrix.to/#/"

var (
	// mentionLink matches a mention in what is sent and kept.
	mentionLink = regexp.MustCompile(`\[([^\[\]\n]+)\]\(https://matrix\.to/#/((?:@|%40)[^()\s]*)\)`)
	// mentionHTML matches a mention in a formatted body.
	mentionHTML = regexp.MustCompile(`<a href="https://matrix\.to/#/((?:@|%40)[^"?/]*)">([^<]+)</a>`)
)

// maxCalled bounds how many names the composer knows.
const maxCalled = 100

// plainName reports whether a name may stand for a person: what markdown would
// take for a mark, and what begins or ends strangely, may not.
func plainName(name string) bool {
	first, _ := utf8.DecodeRuneInString(name)
	last, _ := utf8.DecodeLastRuneInString(name)
	return name != "" && !strings.ContainsAny(name, "[]\\`*~|<>&@\n") && safe.Line(name).String() == name &&
		inName(first) && !unicode.IsSpace(last) && last != '_' && last != ':'
}

// inName reports whether r goes on with a name.
func inName(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r > unicode.MaxLatin1 }

// mention returns what to write for a person: the name, where it means nobody
// else, or the id.
func (p *Pane) mention(user chat.UserID, name string) string {
	id := string(user)
	same := 0
	for i := range p.people {
		if strings.EqualFold(p.people[i].Name, name) {
			same++
		}
	}
	if same > 1 || !plainName(name) || strings.ContainsAny(id, "()<>[]\\`*") || !p.know(name, user) {
		return id
	}
	return "@" + name
}

// know notes whom a name means, and reports whether it means nobody else.
func (p *Pane) know(name string, user chat.UserID) bool {
	for i, n := range p.called {
		switch {
		case n.name != name:
		case n.user == user:
			return true
		case strings.Contains(p.ed.Text(), "@"+name):
			return false
		default:
			p.called[i].user = user
			return true
		}
	}
	if len(p.called) == maxCalled {
		return false
	}
	p.called = append(p.called, called{name, user})
	// The longest first: "@bo b" is not "@bo" and a letter.
	slices.SortStableFunc(p.called, func(a, b called) int { return len(b.name) - len(a.name) })
	return true
}

// Mention writes a person into the composer.
func (p *Pane) Mention(m chat.Member) {
	if !p.open {
		return
	}
	name := m.Name
	if name == "" {
		name = m.User.Localpart()
	}
	p.Type(p.mention(m.User, name) + " ")
}

// expand writes names as links, or as ids where links mean nothing.
func (p *Pane) expand(text string) string {
	if len(p.called) == 0 || !strings.Contains(text, "@") {
		return text
	}
	ids := strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//") &&
		!strings.HasPrefix(text, "/me ") && !strings.HasPrefix(text, "/notice ")
	var b strings.Builder
	code, before := false, rune(0)
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == '`' {
			code = !code
		}
		if r == '@' && !code && !inName(before) {
			if who, ok := p.calledAt(text[i+1:]); ok {
				if ids {
					b.WriteString(string(who.user))
				} else {
					b.WriteString("[" + who.name + "](" + matrixTo + url.PathEscape(string(who.user)) + ")")
				}
				i += 1 + len(who.name)
				before = 'x'
				continue
			}
		}
		b.WriteString(text[i : i+n])
		before = r
		i += n
	}
	return b.String()
}

// calledAt returns whom the name at the start of a text means.
func (p *Pane) calledAt(text string) (called, bool) {
	for _, n := range p.called {
		rest, ok := strings.CutPrefix(text, n.name)
		if !ok {
			continue
		}
		r, size := utf8.DecodeRuneInString(rest)
		next, _ := utf8.DecodeRuneInString(rest[size:])
		if rest == "" || !inName(r) && !(r == ':' && inName(next)) { // else an id, or another name
			return n, true
		}
	}
	return called{}, false
}

// collapse is the way back: it learns whom the links of a text mean.
func (p *Pane) collapse(text string) string {
	if !strings.Contains(text, matrixTo) {
		return text
	}
	return mentionLink.ReplaceAllStringFunc(text, func(link string) string {
		m := mentionLink.FindStringSubmatch(link)
		id, err := url.PathUnescape(m[2])
		if err != nil || !chat.UserID(id).Valid() || !plainName(m[1]) || !p.know(m[1], chat.UserID(id)) {
			return link
		}
		return "@" + m[1]
	})
}

// load puts a text into the composer that is kept with links.
func (p *Pane) load(text string, cursor int) {
	if cursor < 0 || cursor > len(text) {
		cursor = len(text)
	}
	before := len(p.collapse(text[:cursor]))
	p.ed.Load(p.collapse(text), before)
}

// Source returns what one would have to write to send a message: its text, in
// which mentions are links.
func Source(m *chat.Message) string {
	text := m.Body
	from := 0
	for _, l := range mentionHTML.FindAllStringSubmatch(m.HTML, maxCalled) {
		name := stdhtml.UnescapeString(l[2])
		i := strings.Index(text[from:], name)
		if i < 0 || !plainName(name) {
			continue
		}
		i += from
		link := "[" + name + "](" + matrixTo + l[1] + ")"
		text = text[:i] + link + text[i+len(name):]
		from = i + len(link)
	}
	return text
}
