package screen

import (
	"strings"
	"unicode/utf8"

	uv "github.com/charmbracelet/ultraviolet"
)

// cells is the cell buffer of the screen and what the frame writer has to know
// about it. Owner: the goroutine of Update.
type cells struct {
	buf     uv.ScreenBuffer
	touched bool // some cell changed since the last frame
	glyphs  map[rune]string
}

// newCells makes a blank buffer.
func newCells(w, h int) *cells {
	return &cells{buf: uv.NewScreenBuffer(max(w, 1), max(h, 1)), touched: true, glyphs: map[rune]string{}}
}

// canvas returns the canvas of the whole buffer.
func (b *cells) canvas(wd Widths) Canvas {
	w, h := b.buf.Width(), b.buf.Height()
	return Canvas{cells: b, widths: wd, w: w, h: h, clip: uv.Rect(0, 0, w, h)}
}

// glyph returns the content of a cell for a glyph of the program's own, which
// must take one column. A new buffer is made whenever the widths change, so the
// answers stay right.
func (b *cells) glyph(r rune, wd Widths) string {
	s, ok := b.glyphs[r]
	if !ok {
		s = string(r)
		if wd.Cluster(s) != 1 {
			s = asciiGlyph(r)
		}
		b.glyphs[r] = s
	}
	return s
}

// asciiGlyph returns what comes closest to a glyph.
func asciiGlyph(r rune) string {
	switch {
	case strings.ContainsRune("─━┄┅┈┉╌╍═╴╶", r):
		return "-"
	case strings.ContainsRune("│┃┆┇┊┋╎╏║╵╷▌▐", r):
		return "|"
	case r >= 0x2500 && r < 0x2580:
		return "+"
	}
	return "*"
}

// set puts a cell at a place where it fits. A wide cluster that it covers in
// part is blanked as a whole: half a glyph cannot be drawn.
func (b *cells) set(x, y int, c *uv.Cell) {
	line := b.buf.Lines[y]
	if old := &line[x]; old.Width == c.Width && old.Content == c.Content &&
		old.Style == c.Style && old.Link == c.Link {
		return
	}
	for i := range c.Width {
		b.clear(x+i, y)
	}
	line[x] = *c
	for i := 1; i < c.Width; i++ {
		line[x+i] = uv.Cell{}
	}
	b.touch(x, y, c.Width)
}

// clear blanks the whole of the wide cluster that covers column x, if one does.
func (b *cells) clear(x, y int) {
	line := b.buf.Lines[y]
	head := x
	for head > 0 && line[head].Width == 0 {
		head--
	}
	w := line[head].Width
	if w <= 1 {
		return
	}
	blank := uv.Cell{Content: " ", Width: 1, Style: line[head].Style}
	end := min(head+w, len(line))
	for i := head; i < end; i++ {
		line[i] = blank
	}
	b.touch(head, y, end-head)
}

// restyle changes the style of one cell.
func (b *cells) restyle(x, y int, f func(Style) Style) {
	c := &b.buf.Lines[y][x]
	if c.Width == 0 {
		return
	}
	if st := f(c.Style); st != c.Style {
		c.Style = st
		b.touch(x, y, c.Width)
	}
}

// touch notes that n cells of a row changed.
func (b *cells) touch(x, y, n int) {
	b.touched = true
	b.buf.TouchLine(x, y, n)
}

// rowTouched reports whether a row changed since the last frame.
func (b *cells) rowTouched(y int) bool {
	if y >= len(b.buf.Touched) {
		return false
	}
	t := b.buf.Touched[y]
	return t != nil && (t.FirstCell != -1 || t.LastCell != -1)
}

// uncertain reports whether terminals may disagree about the columns of a cell:
// emoji, symbols with an emoji form, private glyphs, clusters of several
// characters.
func uncertain(c *uv.Cell) bool {
	if len(c.Content) < 2 {
		return false
	}
	r, n := utf8.DecodeRuneInString(c.Content)
	switch {
	case r == utf8.RuneError, r >= 0x1F000, r >= 0xE000 && r < 0xF900:
		return true
	case n < len(c.Content):
		// A mark on a letter of two bytes is an accent, and drawn alike.
		return r >= 0x0900
	}
	return c.Width > 1 && r >= 0x2000 && r < 0x2E80
}
