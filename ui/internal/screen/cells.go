package screen

import (
	"strings"
	"unicode/utf8"

	uv "github.com/charmbracelet/ultraviolet"
)

// cell is one column of a row. The right half of a wide cluster has no width
// and no content.
type cell struct {
	content string // one grapheme cluster
	look    look
	width   uint16
	unsure  bool // see uncertain
}

// blankCell is a cell of which nothing is seen.
func blankCell(n look) cell { return cell{content: " ", width: 1, look: n} }

// cells is the cell buffer of the screen and what the frame writer has to know
// about it. Owner: the goroutine of Update.
type cells struct {
	w, h    int
	rows    [][]cell
	changed []bool // rows that changed since the last frame
	touched bool   // some row did
	looks   *looks
	glyphs  map[rune]string
}

// newCells makes a blank buffer.
func newCells(w, h int) *cells {
	w, h = max(w, 1), max(h, 1)
	return &cells{
		w: w, h: h, rows: blankRows(w, h), changed: make([]bool, h), touched: true,
		looks: newLooks(), glyphs: map[rune]string{},
	}
}

// blankRows makes h rows of w blanks.
func blankRows(w, h int) [][]cell {
	all, rows := make([]cell, w*h), make([][]cell, h)
	for i := range all {
		all[i] = blankCell(0)
	}
	for y := range rows {
		rows[y] = all[y*w : (y+1)*w : (y+1)*w]
	}
	return rows
}

// canvas returns the canvas of the whole buffer.
func (b *cells) canvas(wd Widths) Canvas {
	return Canvas{cells: b, widths: wd, w: b.w, h: b.h, clip: uv.Rect(0, 0, b.w, b.h)}
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
func (b *cells) set(x, y int, c *cell) {
	line := b.rows[y]
	if old := &line[x]; old.look == c.look && old.width == c.width && old.content == c.content {
		return
	}
	if w := int(c.width); w == 1 && line[x].width == 1 {
		line[x] = *c
	} else {
		for i := range w {
			b.clear(x+i, y)
		}
		line[x] = *c
		for i := 1; i < w; i++ {
			line[x+i] = cell{}
		}
	}
	line[x].unsure = len(c.content) > 1 && uncertain(c.content, int(c.width))
	b.touch(y)
}

// clear blanks the whole of the wide cluster that covers column x, if one does.
func (b *cells) clear(x, y int) {
	line := b.rows[y]
	head := x
	for head > 0 && line[head].width == 0 {
		head--
	}
	w := int(line[head].width)
	if w <= 1 {
		return
	}
	blank := blankCell(b.looks.of(appearance{style: b.looks.all[line[head].look].style}))
	end := min(head+w, len(line))
	for i := head; i < end; i++ {
		line[i] = blank
	}
	b.touch(y)
}

// restyle changes the style of cells of a row, from column x up to, not
// including, column to. known holds what f made of styles before.
func (b *cells) restyle(x, to, y int, known map[look]look, f func(Style) Style) {
	line := b.rows[y]
	for ; x < to; x++ {
		c := &line[x]
		if c.width == 0 {
			continue
		}
		n, ok := known[c.look]
		if !ok {
			a := b.looks.all[c.look]
			a.style = f(a.style)
			n = b.looks.of(a)
			known[c.look] = n
		}
		if n != c.look {
			c.look = n
			b.touch(y)
		}
	}
}

// touch notes that a row changed.
func (b *cells) touch(y int) { b.touched, b.changed[y] = true, true }

// plain reports whether a cell is a blank of which nothing is seen.
func (t *looks) plain(c *cell) bool { return c.content == " " && t.blank[c.look] }

// uncertain reports whether terminals may disagree about the columns of a
// cluster: emoji, symbols with an emoji form, private glyphs, clusters of several
// characters.
func uncertain(content string, width int) bool {
	if len(content) < 2 {
		return false
	}
	r, n := utf8.DecodeRuneInString(content)
	switch {
	case r == utf8.RuneError, r >= 0x1F000, r >= 0xE000 && r < 0xF900:
		return true
	case n < len(content):
		// A mark on a letter of two bytes is an accent, and drawn alike.
		return r >= 0x0900
	}
	return width > 1 && r >= 0x2000 && r < 0x2E80
}
