// Package richtext turns the body of a message into wrapped, styled lines.
//
// [HTML] and [Plain] parse a body into a [Doc]; [Doc.Layout] makes the lines for
// a width. Both are pure: no I/O, no clock, nothing global. Every text passes
// ui/safe on its way in, every link passes safe.URL. Bodies come from strangers,
// so the work is bounded: bytes, nodes, nesting and lines have limits, and what
// lies beyond is said to be missing.
//
// Received plain bodies are not read as markdown: only links are found in them.
//
// Spec: client-server-api#mroommessage-msgtypes
package richtext

import (
	"slices"
	"strings"

	"hubbub/ui/internal/screen"
	"hubbub/ui/safe"
)

// Limits of what is read from one body and of what is shown at first.
const (
	MaxBytes = 64 << 10 // bytes of HTML or plain text
	MaxDepth = 100      // nested elements
	MaxNodes = 2000     // blocks and runs
	MaxLines = 400      // lines before "show more"
	// maxLinesAll bounds a message shown in full, for bodies of line breaks.
	maxLinesAll = 20000
)

// role is what a span means beyond its attributes.
type role uint8

const (
	roleText role = iota
	roleCode
	roleLink
	roleHost    // the host of the link before, in brackets
	rolePill    // a mention of somebody, or a link to a channel
	roleMention // a mention of me
)

// attr is a set of text attributes.
type attr uint8

const (
	attrBold attr = 1 << iota
	attrItalic
	attrUnderline
	attrStrike
)

// span is a stretch of text of one look.
type span struct {
	text    safe.Text
	attr    attr
	role    role
	spoiler bool
	color   uint32 // 1<<24 | rgb, or 0
	link    string // result of safe.URL, or ""
}

// same reports whether two spans differ in text only.
func (s span) same(o span) bool {
	s.text, o.text = safe.Text{}, safe.Text{}
	return s == o
}

type kind uint8

const (
	kindRoot kind = iota
	kindPara
	kindHeading
	kindPre
	kindRule
	kindQuote
	kindList
	kindItem
	kindTable
	kindRow
	kindCell
	kindDetails
	kindSummary
)

// block is a node of the document: a leaf with spans, or a container.
type block struct {
	kind    kind
	spans   []span
	kids    []*block
	ordered bool
	start   int             // number of the first item of an ordered list
	gap     bool            // a paragraph of its own: a blank line stands before it
	lang    string          // language of a code block
	code    strings.Builder // text of a code block as it came, with its tabs
	head    bool            // header cell
}

// Doc is a parsed body. It is immutable, so safe to share.
type Doc struct {
	root     *block
	cut      bool // a limit was met
	spoilers bool
	folds    bool // has details
	links    []string
	masked   []string // links whose text does not say where they lead
}

// Empty reports whether nothing would be shown.
func (d *Doc) Empty() bool { return !d.root.visible() }

func (b *block) visible() bool {
	if b.kind == kindRule {
		return true
	}
	for _, s := range b.spans {
		if strings.TrimSpace(s.text.String()) != "" {
			return true
		}
	}
	for _, k := range b.kids {
		if k.visible() {
			return true
		}
	}
	return false
}

// Hides reports whether something stays hidden until it is revealed.
func (d *Doc) Hides() bool { return d.spoilers || d.folds }

// Links returns the targets of the links in reading order, each once, as safe.URL gives them.
func (d *Doc) Links() []string { return d.links }

// Masked reports whether the text of a link does not say where it leads.
func (d *Doc) Masked(link string) bool { return slices.Contains(d.masked, link) }

// Run is a stretch of a line with one style.
type Run struct {
	Text  safe.Text
	Style screen.Style
	Link  string
	Width int // columns
}

// Line is one row to draw.
type Line struct {
	Runs []Run
	// Fill is the style of the rest of the row, nil to leave that to the caller.
	Fill *screen.Style
}

// Width returns the columns that the runs take.
func (l Line) Width() int {
	w := 0
	for _, r := range l.Runs {
		w += r.Width
	}
	return w
}

// Draw draws the line at (x, y) in at most max columns and returns the columns it took, the fill included.
func (l Line) Draw(c screen.Canvas, x, y, max int) int {
	used := 0
	for _, r := range l.Runs {
		if used >= max {
			break
		}
		used += c.Text(x+used, y, max-used, r.Text, r.Style, r.Link)
	}
	if l.Fill != nil && used < max {
		c.Pad(x+used, y, x+max, *l.Fill)
		used = max
	}
	return used
}

// String returns the text of the line.
func (l Line) String() string {
	var b strings.Builder
	for _, r := range l.Runs {
		b.WriteString(r.Text.String())
	}
	return b.String()
}
