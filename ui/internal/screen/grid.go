package screen

import (
	"fmt"
	"image/color"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"

	"hubbub/ui/internal/term"
)

// Grid shows what was drawn on a canvas that belongs to no terminal.
type Grid struct{ cells *cells }

// NewCanvasForTest returns a blank canvas of the given size and the grid to read
// it by. wd may be nil: then every cluster has the width that Unicode gives it.
func NewCanvasForTest(w, h int, wd Widths) (Canvas, *Grid) {
	if wd == nil {
		wd = term.Full()
	}
	b := newCells(w, h)
	return b.canvas(wd), &Grid{b}
}

// String returns the rows as plain text, without blanks at their ends.
func (g *Grid) String() string {
	var b strings.Builder
	for y, line := range g.cells.rows {
		if y > 0 {
			b.WriteByte('\n')
		}
		var row strings.Builder
		for x := range line {
			row.WriteString(line[x].content)
		}
		b.WriteString(strings.TrimRight(row.String(), " "))
	}
	return b.String()
}

// Styled returns the rows with a mark before each change of style, such as
// ⟦bold #ff5555⟧; ⟦⟧ ends all styles. Blanks at the end of a row are left out
// when they have no style.
func (g *Grid) Styled() string {
	var b strings.Builder
	for y, line := range g.cells.rows {
		if y > 0 {
			b.WriteByte('\n')
		}
		end := len(line)
		for end > 0 && line[end-1] == blankCell(0) {
			end--
		}
		var mark string
		for x := range end {
			if line[x].width == 0 {
				continue
			}
			a := &g.cells.looks.all[line[x].look]
			if m := styleMark(a.style, a.link.URL); m != mark {
				b.WriteString("⟦" + m + "⟧")
				mark = m
			}
			b.WriteString(line[x].content)
		}
		if mark != "" {
			b.WriteString("⟦⟧")
		}
	}
	return b.String()
}

// Cell returns the content and style of the cell at (x, y), and the target of
// its link. The second half of a wide cluster has no content.
func (g *Grid) Cell(x, y int) (content string, st Style, link string) {
	if !uv.Pos(x, y).In(uv.Rect(0, 0, g.cells.w, g.cells.h)) {
		return "", Style{}, ""
	}
	c := &g.cells.rows[y][x]
	a := &g.cells.looks.all[c.look]
	return c.content, a.style, a.link.URL
}

// Touched reports whether something changed since the last call.
func (g *Grid) Touched() bool {
	t := g.cells.touched
	g.cells.touched = false
	return t
}

// styleMark names a style in words.
func styleMark(st Style, link string) string {
	var parts []string
	for _, a := range []struct {
		bit  uint8
		name string
	}{
		{uv.AttrBold, "bold"},
		{uv.AttrFaint, "faint"},
		{uv.AttrItalic, "italic"},
		{uv.AttrBlink, "blink"},
		{uv.AttrReverse, "reverse"},
		{uv.AttrConceal, "conceal"},
		{uv.AttrStrikethrough, "strike"},
	} {
		if st.Attrs&a.bit != 0 {
			parts = append(parts, a.name)
		}
	}
	if st.Underline != uv.UnderlineNone {
		parts = append(parts, "underline")
	}
	if st.Fg != nil {
		parts = append(parts, colorName(st.Fg))
	}
	if st.Bg != nil {
		parts = append(parts, "on "+colorName(st.Bg))
	}
	if link != "" {
		parts = append(parts, "link "+link)
	}
	return strings.Join(parts, " ")
}

// colorName returns a colour as #rrggbb.
func colorName(c color.Color) string {
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}
