package compose

import (
	"strings"

	"github.com/clipperhouse/uax29/v2/graphemes"

	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
)

// row is one row on the screen: a stretch of the text.
type row struct{ from, to int }

// wrapCache keeps the rows of the present text and the row starts of single
// lines, so that a key re-wraps the line it changed and no other.
type wrapCache struct {
	width  int
	widths screen.Widths
	text   string
	valid  bool
	rows   []row
	lines  map[string][]int // starts of the rows after the first, by the text of the line
	top    int              // first row that is shown
	below  int              // rows below the last one that was drawn
}

// maxCachedLines bounds the cache of single lines.
const maxCachedLines = 2000

// layout wraps the text for a width in columns. One column stays free at the
// end of each row, where the cursor stands behind the last character.
func (e *Editor) layout(width int, wd screen.Widths) []row {
	w := &e.wrap
	if w.valid && w.text == e.text && w.width == width && w.widths == wd {
		return w.rows
	}
	if w.lines == nil || w.width != width || w.widths != wd || len(w.lines) > maxCachedLines {
		w.lines = make(map[string][]int)
	}
	w.width, w.widths, w.text, w.valid = width, wd, e.text, true
	w.rows = w.rows[:0]
	for at := 0; ; {
		end := lineEnd(e.text, at)
		line := e.text[at:end]
		starts, ok := w.lines[line]
		if !ok {
			starts = wrapLine(line, max(width-1, 1), wd)
			w.lines[line] = starts
		}
		from := at
		for _, s := range starts {
			w.rows = append(w.rows, row{from, at + s})
			from = at + s
		}
		w.rows = append(w.rows, row{from, end})
		if end == len(e.text) {
			return w.rows
		}
		at = end + 1
	}
}

// wrapLine returns the offsets at which rows after the first start. Rows break
// after white space where there is some; a cluster wider than a row gets a row
// of its own, so that there is always progress.
func wrapLine(line string, width int, wd screen.Widths) []int {
	if len(line) <= width && !strings.ContainsFunc(line, func(r rune) bool { return r >= 0x80 }) {
		return nil
	}
	var starts []int
	used, from, space := 0, 0, -1 // space: offset behind the last white space of the row
	usedAtSpace := 0
	g := graphemes.FromString(line)
	for g.Next() {
		c := g.Value()
		cw := wd.Cluster(c)
		if used+cw > width && g.Start() > from {
			if space > from {
				from = space
				used -= usedAtSpace
			} else {
				from = g.Start()
				used = 0
			}
			starts = append(starts, from)
			space = -1
			if used+cw > width && g.Start() > from {
				from, used = g.Start(), 0
				starts = append(starts, from)
			}
		}
		used += cw
		if c == " " {
			space, usedAtSpace = g.End(), used
		}
	}
	return starts
}

// at returns the row and column of the cursor. At a place where one row ends
// and the next begins, it stands in the next.
func (e *Editor) at(rows []row, wd screen.Widths) (line, column int) {
	for i, r := range rows {
		if e.cur > r.to || e.cur == r.to && i+1 < len(rows) && rows[i+1].from == r.to {
			continue
		}
		return i, wd.Text(safe.Body(e.text[r.from:e.cur]))
	}
	return len(rows) - 1, 0
}

// vertical returns the place in the row above or below that is nearest to the column aimed at.
func (e *Editor) vertical(by int) int {
	wd, width := e.wrap.widths, e.wrap.width
	if wd == nil {
		return e.cur
	}
	rows := e.layout(width, wd)
	line, col := e.at(rows, wd)
	if e.goal == noGoal {
		e.goal = col
	}
	to := line + by
	if to < 0 || to >= len(rows) {
		return e.cur
	}
	return e.place(rows, to, e.goal, wd)
}

// place returns the offset in a row that is nearest to a column.
func (e *Editor) place(rows []row, line, column int, wd screen.Widths) int {
	r := rows[line]
	pos, used := r.from, 0
	g := graphemes.FromString(e.text[r.from:r.to])
	for g.Next() {
		cw := wd.Cluster(g.Value())
		if used+cw > column {
			break
		}
		used += cw
		pos = r.from + g.End()
	}
	if pos == r.to && pos > r.from && line+1 < len(rows) && rows[line+1].from == pos {
		// The end of a wrapped row belongs to the next row.
		pos = previous(e.text, pos)
	}
	return pos
}

// Height returns the rows that the text takes at a width, at least 1.
func (e *Editor) Height(width int, wd screen.Widths) int { return len(e.layout(width, wd)) }

// Click puts the cursor where the mouse points, in coordinates of what was drawn last.
func (e *Editor) Click(x, y int) {
	if e.wrap.widths == nil {
		return
	}
	rows := e.layout(e.wrap.width, e.wrap.widths)
	line := min(max(e.wrap.top+y, 0), len(rows)-1)
	e.MoveTo(e.place(rows, line, max(x, 0), e.wrap.widths))
}

// Draw draws the rows around the cursor, and returns the cell of the cursor.
// placeholder stands in an empty editor.
func (e *Editor) Draw(c screen.Canvas, th *theme.Theme, placeholder safe.Text) (x, y int) {
	w, h := c.Size()
	wd := c.Widths()
	rows := e.layout(w, wd)
	line, col := e.at(rows, wd)
	top := min(e.wrap.top, max(len(rows)-h, 0))
	top = min(top, line)
	top = max(top, line-h+1, 0)
	e.wrap.top, e.wrap.below = top, max(len(rows)-top-h, 0)
	from, to := e.span()
	for y := range h {
		used := 0
		switch i := top + y; {
		case i >= len(rows):
		case e.text == "":
			used = c.Text(0, y, w, placeholder, th.Placeholder, "")
		default:
			used = e.drawRow(c, th, y, rows[i], from, to)
		}
		c.Pad(used, y, w, th.Input)
	}
	return min(col, max(w-1, 0)), line - top
}

// Beyond returns how many rows stood above and below what was drawn last.
func (e *Editor) Beyond() (above, below int) { return e.wrap.top, e.wrap.below }

// drawRow draws a row in up to three parts: before, in and behind the selection.
func (e *Editor) drawRow(c screen.Canvas, th *theme.Theme, y int, r row, from, to int) int {
	w, _ := c.Size()
	a, b := min(max(from, r.from), r.to), min(max(to, r.from), r.to)
	used := c.Text(0, y, w, safe.Body(e.text[r.from:a]), th.Input, "")
	used += c.Text(used, y, w-used, safe.Body(e.text[a:b]), th.Selection, "")
	return used + c.Text(used, y, w-used, safe.Body(e.text[b:r.to]), th.Input, "")
}
