package pane

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"

	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
)

// ClusterLen returns the length in bytes of the first grapheme cluster of s, which is not empty.
func ClusterLen(s string) int {
	if s[0] < utf8.RuneSelf && (len(s) == 1 || s[1] < utf8.RuneSelf) {
		return 1
	}
	g := graphemes.FromString(s)
	g.Next()
	return g.End()
}

// maxInput bounds what one input holds, in bytes.
const maxInput = 4096

// Input is a field of one line.
type Input struct {
	Label       string // drawn before it
	Column      int    // where the input begins, at least
	Placeholder string // drawn while it is empty
	Masked      bool   // draws dots
	Revealed    bool   // draws what is masked all the same
	text        string
	at          int // byte offset of the cursor, on a cluster boundary
}

// Text returns what was typed, without blanks at the ends unless it is masked.
func (in *Input) Text() string {
	if in.Masked {
		return in.text
	}
	return strings.TrimSpace(in.text)
}

// Set replaces the text and puts the cursor at its end.
func (in *Input) Set(s string) {
	in.text = clean(s)
	in.at = len(in.text)
}

// clean keeps what can be typed into one line. A password keeps every letter.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r) || r == utf8.RuneError:
			return -1
		}
		return r
	}, strings.TrimRight(s, "\r\n"))
	if len(s) <= maxInput {
		return s
	}
	s = s[:maxInput]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}

// Type inserts text at the cursor.
func (in *Input) Type(s string) {
	s = clean(s)
	if len(in.text)+len(s) > maxInput {
		return
	}
	in.text = in.text[:in.at] + s + in.text[in.at:]
	in.at += len(s)
	in.settle()
}

// settle moves the cursor to the end of a cluster that it came to stand in.
func (in *Input) settle() {
	for i := 0; i < len(in.text); {
		i += ClusterLen(in.text[i:])
		if i >= in.at {
			in.at = i
			return
		}
	}
	in.at = len(in.text)
}

func (in *Input) before() int {
	last := 0
	for i := 0; i < in.at; i += ClusterLen(in.text[i:]) {
		last = i
	}
	return last
}

func (in *Input) wordStart() int {
	s := strings.TrimRightFunc(in.text[:in.at], unicode.IsSpace)
	return strings.LastIndexFunc(s, unicode.IsSpace) + 1
}

// Do edits and reports whether the action was one of the input's.
func (in *Input) Do(a keymap.Action) bool {
	switch a {
	case keymap.CharLeft:
		in.at = in.before()
	case keymap.CharRight:
		if in.at < len(in.text) {
			in.at += ClusterLen(in.text[in.at:])
		}
	case keymap.LineStart:
		in.at = 0
	case keymap.LineEnd:
		in.at = len(in.text)
	case keymap.DeleteBack:
		in.cut(in.before(), in.at)
	case keymap.DeleteForward:
		if in.at < len(in.text) {
			in.cut(in.at, in.at+ClusterLen(in.text[in.at:]))
		}
	case keymap.DeleteWord:
		in.cut(in.wordStart(), in.at)
	case keymap.KillToStart:
		in.cut(0, in.at)
	default:
		return false
	}
	return true
}

func (in *Input) cut(from, to int) {
	in.text = in.text[:from] + in.text[to:]
	in.at = from
	in.settle()
}

// Paint draws the input into a row and returns the column of the cursor.
func (in *Input) Paint(c screen.Canvas, th *theme.Theme, y int) int {
	w, _ := c.Size()
	x := 0
	if in.Label != "" {
		x = Label(c, th, 0, y, w/2, safe.Own(in.Label+" "), th.Hint)
		if at := min(in.Column, w/2); at > x {
			c.Pad(x, y, at, th.Input)
			x = at
		}
	}
	if in.text == "" {
		n := Label(c, th, x, y, w-x, safe.Own(in.Placeholder), th.Placeholder)
		c.Pad(x+n, y, w, th.Input)
		return x
	}
	left, right := in.shown(in.text[:in.at], th), in.shown(in.text[in.at:], th)
	wd := c.Widths()
	room := w - x - 1
	for wd.Text(left) > room && !left.Empty() {
		left = left.Slice(ClusterLen(left.String()), left.Len())
	}
	n := c.Text(x, y, room, left, th.Input, "")
	m := c.Text(x+n, y, w-x-n, right, th.Input, "")
	c.Pad(x+n+m, y, w, th.Input)
	return x + n
}

func (in *Input) shown(s string, th *theme.Theme) safe.Text {
	if !in.Masked || in.Revealed {
		return safe.Own(s)
	}
	return safe.Own(strings.Repeat(string(th.Glyphs.Mask), graphemeCount(s)))
}

func graphemeCount(s string) int {
	n := 0
	for i := 0; i < len(s); i += ClusterLen(s[i:]) {
		n++
	}
	return n
}
