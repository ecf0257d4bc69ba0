// Package pane holds what the panes of the window share: drawing a label that
// may be too long, a box, an input of one line. The panes themselves are its
// subpackages.
//
// A pane keeps its own state and a dirty flag, is told actions and never keys,
// does no I/O, and answers with what the window shall do.
package pane

import (
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
)

// Label draws text at (x, y) in at most max columns, with an ellipsis where it
// was cut, and returns the columns used.
func Label(c screen.Canvas, th *theme.Theme, x, y, max int, t safe.Text, st screen.Style) int {
	if w, _ := c.Size(); max > w-x {
		max = w - x
	}
	if max <= 0 || t.Empty() {
		return 0
	}
	if c.Widths().Text(t) <= max {
		return c.Text(x, y, max, t, st, "")
	}
	n := c.Text(x, y, max-1, t, st, "")
	c.Rune(x+n, y, th.Glyphs.Ellipsis, st)
	return n + 1
}

// Right draws text that ends before column end and returns where it begins.
func Right(c screen.Canvas, end, y int, t safe.Text, st screen.Style) int {
	w := c.Widths().Text(t)
	x := end - w
	if x < 0 {
		return end
	}
	c.Text(x, y, w, t, st, "")
	return x
}

// Box draws a frame around a canvas with a title in its upper edge and returns what is inside.
func Box(c screen.Canvas, th *theme.Theme, title safe.Text, border, heading screen.Style) screen.Canvas {
	w, h := c.Size()
	if w < 2 || h < 2 {
		return c
	}
	g := th.Glyphs
	c.Rune(0, 0, g.TL, border)
	x := 1
	if !title.Empty() && w > 6 {
		c.Rune(1, 0, g.H, border)
		c.Rune(2, 0, ' ', border)
		x = 3 + Label(c, th, 3, 0, w-6, title, heading)
		c.Rune(x, 0, ' ', border)
		x++
	}
	for ; x < w-1; x++ {
		c.Rune(x, 0, g.H, border)
	}
	c.Rune(w-1, 0, g.TR, border)
	for y := 1; y < h-1; y++ {
		c.Rune(0, y, g.V, border)
		c.Rune(w-1, y, g.V, border)
	}
	c.Rune(0, h-1, g.BL, border)
	for x := 1; x < w-1; x++ {
		c.Rune(x, h-1, g.H, border)
	}
	c.Rune(w-1, h-1, g.BR, border)
	return c.Sub(1, 1, w-2, h-2)
}

// Over lays the foreground and attributes of a style over the background of a row.
func Over(st, row screen.Style) screen.Style {
	if st.Bg == nil {
		st.Bg = row.Bg
	}
	if st.Fg == nil {
		st.Fg = row.Fg
	}
	st.Attrs |= row.Attrs
	return st
}

// Wrap breaks text into lines of at most width columns, between words where it can.
func Wrap(wd screen.Widths, t safe.Text, width int) []safe.Text {
	var out []safe.Text
	if width < 1 {
		return nil
	}
	for _, line := range t.Lines() {
		out = append(out, wrapLine(wd, line, width)...)
	}
	return out
}

func wrapLine(wd screen.Widths, t safe.Text, width int) []safe.Text {
	var out []safe.Text
	s := t.String()
	start, space, used := 0, -1, 0
	for i := 0; i < len(s); {
		n := ClusterLen(s[i:])
		w := wd.Cluster(s[i : i+n])
		if used+w > width && i > start {
			end := i
			next := i
			if s[i] == ' ' {
				next = i + n
			} else if space > start {
				end, next = space, space+1
			}
			out = append(out, t.Slice(start, end))
			start, space, i, used = next, -1, next, 0
			continue
		}
		if s[i] == ' ' {
			space = i
		}
		used += w
		i += n
	}
	return append(out, t.Slice(start, len(s)))
}
