package screen

import (
	"hash/fnv"
	"strconv"
	"unicode/utf8"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/clipperhouse/uax29/v2/graphemes"

	"hubbub/ui/safe"
)

// Style is how a cell looks: colours in full, attributes, underline. The screen
// reduces colours to what the terminal shows.
type Style = uv.Style

// Rect is a rectangle of cells; Max is exclusive.
type Rect = uv.Rectangle

// Widths is the one function for widths: how many columns the terminal gives a
// cluster, and which clusters have to be replaced because it draws them
// wrongly. [term.Profile] is one.
type Widths interface {
	// Cluster returns the columns of one grapheme cluster once normalised.
	Cluster(s string) int
	// Text returns the columns of a line once normalised.
	Text(t safe.Text) int
	// Normalise replaces what the terminal would draw wrongly.
	Normalise(t safe.Text) safe.Text
}

// Canvas is a rectangle of the screen to draw on. Coordinates are relative to
// its upper left corner; what lies outside is cut. It is a small value: pass it
// on, and make smaller ones with [Canvas.Sub].
//
// The cells keep what was drawn before, so a pane that has not changed need not
// be drawn. Draw each row once, text first and then [Canvas.Pad] to the end: to
// blank a pane before drawing it makes every row count as changed.
type Canvas struct {
	cells  *cells
	widths Widths
	x, y   int  // upper left corner on the screen; may lie outside clip
	w, h   int  // size
	clip   Rect // what may be drawn, in screen coordinates
}

// Size returns the canvas's width and height in cells.
func (c Canvas) Size() (w, h int) { return c.w, c.h }

// Widths returns the width function of the screen.
func (c Canvas) Widths() Widths { return c.widths }

// Sub returns the part of the canvas at (x, y) with the given size. What sticks
// out on the right or below is cut off its size; what sticks out on the left or
// above counts for coordinates, and is not drawn.
func (c Canvas) Sub(x, y, w, h int) Canvas {
	s := c
	s.x, s.y = c.x+x, c.y+y
	s.w = max(0, min(w, c.w-x))
	s.h = max(0, min(h, c.h-y))
	s.clip = c.clip.Intersect(uv.Rect(s.x, s.y, s.w, s.h))
	return s
}

// Text draws one line of text at (x, y), cut before the first cluster that does
// not fit into max columns, and returns the columns it took. It draws no
// ellipsis and stops at a line break. link is a result of [safe.URL], or "".
func (c Canvas) Text(x, y, max int, t safe.Text, st Style, link string) int {
	if max > c.w-x {
		max = c.w - x
	}
	if max <= 0 || t.Empty() {
		return 0
	}
	row := c.y + y
	visible := row >= c.clip.Min.Y && row < c.clip.Max.Y
	s := c.widths.Normalise(t).String()
	var drawn cell
	if visible {
		a := appearance{style: st}
		if link != "" {
			a.link = rowLink(link, row)
		}
		drawn.look = c.cells.looks.of(a)
	}
	used := 0
	for i := 0; i < len(s) && used < max; {
		content, width, n := c.next(s[i:])
		if content == "\n" {
			break
		}
		i += n
		if width == 0 {
			continue
		}
		if used+width > max {
			break
		}
		if visible {
			drawn.content, drawn.width = content, uint16(width)
			c.put(c.x+x+used, row, &drawn)
		}
		used += width
	}
	return used
}

// asciiCells holds the content of every printable ASCII cell, so that cells do
// not keep the texts alive that they were drawn from.
const asciiCells = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"

// next returns the first cluster of s, its columns and its length in bytes.
func (c Canvas) next(s string) (content string, width, n int) {
	if b := s[0]; b < utf8.RuneSelf && (len(s) == 1 || s[1] < utf8.RuneSelf) {
		switch {
		case b >= ' ' && b < 0x7F:
			return asciiCells[b-' ' : b-' '+1], 1, 1
		case b == '\n':
			return "\n", 0, 1
		}
		return "", 0, 1
	}
	g := graphemes.FromString(s)
	g.Next()
	content = g.Value()
	return content, c.widths.Cluster(content), g.End()
}

// put sets a cell at a position of the screen, or blanks in its style where it
// does not fit into the clip.
func (c Canvas) put(x, y int, drawn *cell) {
	if w := int(drawn.width); x >= c.clip.Min.X && x+w <= c.clip.Max.X {
		c.cells.set(x, y, drawn)
		return
	}
	blank := blankCell(drawn.look)
	for i := range int(drawn.width) {
		if x+i >= c.clip.Min.X && x+i < c.clip.Max.X {
			c.cells.set(x+i, y, &blank)
		}
	}
}

// Rune draws one glyph of the program's own, of width 1: a border, a marker.
// Control characters become a space. A terminal that gives the glyph two columns,
// as some do in East Asian locales, gets one of ASCII instead.
func (c Canvas) Rune(x, y int, r rune, st Style) {
	if !uv.Pos(c.x+x, c.y+y).In(c.clip) {
		return
	}
	drawn := blankCell(c.cells.looks.of(appearance{style: st}))
	switch {
	case r > ' ' && r < 0x7F:
		drawn.content = asciiCells[r-' ' : r-' '+1]
	case r >= 0xA0 && utf8.ValidRune(r):
		drawn.content = c.cells.glyph(r, c.widths)
	}
	c.cells.set(c.x+x, c.y+y, &drawn)
}

// Fill makes a rectangle blank, in the given style.
func (c Canvas) Fill(x, y, w, h int, st Style) {
	area := uv.Rect(c.x+x, c.y+y, max(w, 0), max(h, 0)).Intersect(c.clip)
	if area.Empty() {
		return
	}
	blank := blankCell(c.cells.looks.of(appearance{style: st}))
	for row := area.Min.Y; row < area.Max.Y; row++ {
		for col := area.Min.X; col < area.Max.X; col++ {
			c.cells.set(col, row, &blank)
		}
	}
}

// Pad makes row y blank from column x up to, not including, column to.
func (c Canvas) Pad(x, y, to int, st Style) { c.Fill(x, y, to-x, 1, st) }

// Restyle changes the style of every cell in a rectangle and keeps the text. It
// is how the background dims under an overlay.
func (c Canvas) Restyle(x, y, w, h int, f func(Style) Style) {
	area := uv.Rect(c.x+x, c.y+y, max(w, 0), max(h, 0)).Intersect(c.clip)
	known := map[look]look{}
	for row := area.Min.Y; row < area.Max.Y; row++ {
		c.cells.restyle(area.Min.X, area.Max.X, row, known, f)
	}
}

// rowLink makes the link of one row. All rows of a link share its id, so that a
// terminal highlights them together; the row makes each a value of its own,
// without which the renderer would not open the link again after a line break.
func rowLink(url string, row int) uv.Link {
	if !printable(url) {
		url = safe.URL(url)
		if url == "" {
			return uv.Link{}
		}
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(url)) // a hash never fails
	return uv.NewLink(url, "id="+strconv.FormatUint(uint64(h.Sum32()), 36), "r="+strconv.Itoa(row))
}

// printable reports whether a link consists of what [safe.URL] returns.
func printable(url string) bool {
	for i := range len(url) {
		if c := url[i]; c <= ' ' || c >= 0x7F || c == ';' {
			return false
		}
	}
	return true
}
