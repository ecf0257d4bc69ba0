package screen

import (
	"strconv"

	"github.com/charmbracelet/colorprofile"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// painter makes the bytes that turn what the terminal shows into what the cells
// say. It knows the terminal's cells, pen and cursor. Owner: the goroutine of
// Update.
//
// A row in which terminals may disagree about columns is written as a whole,
// with an absolute move after each such cluster, so that what is right of it,
// borders and panes, stays in its column; of other rows only what differs is.
type painter struct {
	colors colorprofile.Profile
	shown  []uv.Line // what the terminal has
	drift  []bool    // rows of shown that drift
	wipe   bool      // nothing is known of it
	x, y   int       // of its cursor; x is -1 where the column is not known
	pen    Style
	link   uv.Link
	styles map[[2]Style]string // sequences between two styles
}

// Limits of the painter.
const (
	maxStyles = 512 // sequences that are kept
	rewrite   = 4   // equal cells that are written again rather than passed over
	minErase  = 8   // blanks that are erased rather than written
)

// reset makes the next frame draw every cell of a screen of that size.
func (p *painter) reset(w, h int) {
	p.wipe = true
	if len(p.shown) == h && h > 0 && len(p.shown[0]) == w {
		return
	}
	p.shown, p.drift = make([]uv.Line, h), make([]bool, h)
	for y := range p.shown {
		p.shown[y] = make(uv.Line, w)
	}
}

// setColors changes what colours may be written.
func (p *painter) setColors(c colorprofile.Profile) { p.colors, p.styles = c, nil }

// paint appends the difference between the cells and the terminal.
func (p *painter) paint(b []byte, c *cells) []byte {
	all := p.wipe
	if p.wipe {
		p.wipe, p.pen, p.link, p.x, p.y = false, Style{}, uv.Link{}, 0, 0
		b = append(b, "\x1b[m\x1b[H\x1b[2J"...)
		clear(p.drift)
		for _, line := range p.shown {
			for x := range line {
				line[x] = uv.EmptyCell
			}
		}
	}
	for y, line := range c.buf.Lines {
		if !all && !c.rowTouched(y) {
			continue
		}
		if y < len(c.buf.Touched) {
			c.buf.Touched[y] = nil
		}
		first := p.differs(line, y)
		if first < 0 {
			continue
		}
		drift := drifts(line)
		if drift || p.drift[y] {
			b = p.whole(b, line, y)
		} else {
			b = p.row(b, line, y, first)
		}
		p.drift[y] = drift
		copy(p.shown[y], line)
	}
	return p.lift(b)
}

// lift ends link and style, so that nothing else is drawn with them.
func (p *painter) lift(b []byte) []byte {
	b = p.setLink(b, uv.Link{})
	return p.setPen(b, Style{})
}

// differs returns the first column in which a row differs, or -1.
func (p *painter) differs(line uv.Line, y int) int {
	old := p.shown[y]
	for x := range line {
		if !alike(&line[x], &old[x]) {
			return x
		}
	}
	return -1
}

// alike reports whether two cells look the same.
func alike(a, b *uv.Cell) bool {
	if a.Width != b.Width || a.Content != b.Content {
		return false
	}
	return a.Style == b.Style && a.Link == b.Link || plain(a) && plain(b)
}

// plain reports whether a cell is a blank of which nothing is seen.
func plain(c *uv.Cell) bool {
	return c.Content == " " && bare(&c.Style) && c.Link == uv.Link{}
}

// bare reports whether a style leaves a blank as it is.
func bare(st *Style) bool { return st.Bg == nil && st.Attrs == 0 && st.Underline == 0 }

// drifts reports whether terminals may disagree about the columns of a row.
func drifts(line uv.Line) bool {
	for x := range line {
		c := &line[x]
		if c.Width > 1 || len(c.Content) > 1 && uncertain(c) {
			return true
		}
	}
	return false
}

// whole writes a row anew.
func (p *painter) whole(b []byte, line uv.Line, y int) []byte {
	b = p.move(b, 0, y)
	b = p.lift(b)
	b = append(b, "\x1b[K"...)
	end := ending(line)
	for x := 0; x < end; x++ {
		c := &line[x]
		if c.Width == 0 {
			continue
		}
		b = p.move(b, x, y)
		b = p.cell(b, c, len(line))
		if uncertain(c) {
			p.x = -1
		}
	}
	return b
}

// ending returns the number of columns before the plain blanks at the end.
func ending(line uv.Line) int {
	end := len(line)
	for end > 0 && plain(&line[end-1]) {
		end--
	}
	return end
}

// row writes what differs in a row, from column x on.
func (p *painter) row(b []byte, line uv.Line, y, x int) []byte {
	old, end := p.shown[y], ending(line)
	for ; x < end; x++ {
		c := &line[x]
		if alike(c, &old[x]) {
			continue
		}
		if n := blanks(line, x, end); n >= minErase {
			b = p.move(b, x, y)
			b = p.lift(b)
			b = append(b, "\x1b["...)
			b = strconv.AppendInt(b, int64(n), 10)
			b = append(b, 'X')
			x += n - 1
			continue
		}
		b = p.reach(b, line, x, y)
		b = p.cell(b, c, len(line))
	}
	for x = max(x, end); x < len(line); x++ {
		if !alike(&line[x], &old[x]) {
			b = p.move(b, x, y)
			b = p.lift(b)
			return append(b, "\x1b[K"...)
		}
	}
	return b
}

// blanks counts the plain blanks from column x on.
func blanks(line uv.Line, x, end int) int {
	n := 0
	for x+n < end && plain(&line[x+n]) {
		n++
	}
	return n
}

// reach moves on to column x; a few cells in between that are drawn with the
// pen as it is are written again, which is shorter.
func (p *painter) reach(b []byte, line uv.Line, x, y int) []byte {
	if p.y == y && p.x >= 0 && p.x < x && x-p.x <= rewrite {
		short := true
		for i := p.x; i < x && short; i++ {
			c := &line[i]
			short = len(c.Content) == 1 && c.Link == p.link && (c.Style == p.pen || plain(c) && bare(&p.pen))
		}
		if short {
			for ; p.x < x; p.x++ {
				b = append(b, line[p.x].Content...)
			}
			return b
		}
	}
	return p.move(b, x, y)
}

// cell writes a cell at the cursor, in a row of w columns.
func (p *painter) cell(b []byte, c *uv.Cell, w int) []byte {
	b = p.setLink(b, c.Link)
	if !plain(c) || !bare(&p.pen) {
		b = p.setPen(b, c.Style)
	}
	b = append(b, c.Content...)
	if p.x += c.Width; p.x >= w {
		p.x = -1 // terminals differ in where the cursor waits behind the last column
	}
	return b
}

// move brings the cursor to a cell.
func (p *painter) move(b []byte, x, y int) []byte {
	known := p.x
	if p.x, p.y, y = x, y, p.y; p.y == y {
		switch {
		case known == x:
			return b
		case known >= 0 && known < x:
			return sequence(b, x-known, 'C')
		case known > x && known-x <= 3:
			for ; known > x; known-- {
				b = append(b, '\b')
			}
			return b
		}
		return sequence(b, x+1, 'G')
	}
	if p.y == y+1 && x == 0 {
		return append(b, "\r\n"...)
	}
	b = append(b, "\x1b["...)
	b = strconv.AppendInt(b, int64(p.y+1), 10)
	if x > 0 {
		b = append(b, ';')
		b = strconv.AppendInt(b, int64(x+1), 10)
	}
	return append(b, 'H')
}

// sequence appends a control sequence with a number of which 1 is the default.
func sequence(b []byte, n int, final byte) []byte {
	b = append(b, "\x1b["...)
	if n != 1 {
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return append(b, final)
}

func (p *painter) setLink(b []byte, l uv.Link) []byte {
	if l == p.link {
		return b
	}
	p.link = l
	if p.colors == colorprofile.NoTTY {
		return b
	}
	return append(b, ansi.SetHyperlink(l.URL, l.Params)...)
}

func (p *painter) setPen(b []byte, st Style) []byte {
	if st == p.pen {
		return b
	}
	key := [2]Style{p.pen, st}
	p.pen = st
	seq, ok := p.styles[key]
	if !ok {
		from, to := uv.ConvertStyle(key[0], p.colors), uv.ConvertStyle(st, p.colors)
		seq = uv.StyleDiff(&from, &to)
		if p.styles == nil || len(p.styles) >= maxStyles {
			p.styles = map[[2]Style]string{}
		}
		p.styles[key] = seq
	}
	return append(b, seq...)
}
