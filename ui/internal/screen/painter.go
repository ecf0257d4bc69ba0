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
	shown  [][]cell // what the terminal has
	drift  []bool   // rows of shown that drift
	wipe   bool     // nothing is known of it
	x, y   int      // of its cursor; x is -1 where the column is not known
	pen    look
	looks  *looks             // of the cells, and of shown
	turns  map[[2]look]string // sequences between two looks
}

// Limits of the painter.
const (
	maxTurns = 512 // sequences that are kept
	rewrite  = 4   // equal cells that are written again rather than passed over
	minErase = 8   // blanks that are erased rather than written
)

// reset makes the next frame draw every cell of a screen of that size.
func (p *painter) reset(w, h int) {
	p.wipe = true
	if len(p.shown) == h && h > 0 && len(p.shown[0]) == w {
		return
	}
	p.shown, p.drift = blankRows(w, h), make([]bool, h)
}

// setColors changes what colours may be written.
func (p *painter) setColors(c colorprofile.Profile) { p.colors, p.turns = c, nil }

// paint appends the difference between the cells and the terminal.
func (p *painter) paint(b []byte, c *cells) []byte {
	all := p.wipe
	if p.looks != c.looks {
		p.looks, p.turns = c.looks, nil
	}
	if p.wipe {
		p.wipe, p.pen, p.x, p.y = false, 0, 0, 0
		b = append(b, "\x1b[m\x1b[H\x1b[2J"...)
		clear(p.drift)
		for _, line := range p.shown {
			for x := range line {
				line[x] = blankCell(0)
			}
		}
	}
	if len(c.looks.all) > maxLooks {
		c.looks.compact(c.rows, p.shown)
		p.turns = nil
	}
	for y, line := range c.rows {
		if !all && !c.changed[y] {
			continue
		}
		c.changed[y] = false
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
func (p *painter) lift(b []byte) []byte { return p.setPen(b, 0) }

// differs returns the first column in which a row differs, or -1.
func (p *painter) differs(line []cell, y int) int {
	old := p.shown[y]
	for x := range line {
		if !p.alike(&line[x], &old[x]) {
			return x
		}
	}
	return -1
}

// alike reports whether two cells look the same.
func (p *painter) alike(a, b *cell) bool {
	if a.width != b.width || a.content != b.content {
		return false
	}
	return a.look == b.look || p.looks.plain(a) && p.looks.plain(b)
}

// drifts reports whether terminals may disagree about the columns of a row.
func drifts(line []cell) bool {
	for x := range line {
		if line[x].width > 1 || line[x].unsure {
			return true
		}
	}
	return false
}

// whole writes a row anew.
func (p *painter) whole(b []byte, line []cell, y int) []byte {
	b = p.move(b, 0, y)
	b = p.lift(b)
	b = append(b, "\x1b[K"...)
	end := p.ending(line)
	for x := 0; x < end; x++ {
		c := &line[x]
		if c.width == 0 {
			continue
		}
		b = p.move(b, x, y)
		b = p.cell(b, c, len(line))
		if c.unsure {
			p.x = -1
		}
	}
	return b
}

// ending returns the number of columns before the plain blanks at the end.
func (p *painter) ending(line []cell) int {
	end := len(line)
	for end > 0 && p.looks.plain(&line[end-1]) {
		end--
	}
	return end
}

// row writes what differs in a row, from column x on.
func (p *painter) row(b []byte, line []cell, y, x int) []byte {
	old, end := p.shown[y], p.ending(line)
	for ; x < end; x++ {
		c := &line[x]
		if p.alike(c, &old[x]) {
			continue
		}
		if n := p.blanks(line, x, end); n >= minErase {
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
		if !p.alike(&line[x], &old[x]) {
			b = p.move(b, x, y)
			b = p.lift(b)
			return append(b, "\x1b[K"...)
		}
	}
	return b
}

// blanks counts the plain blanks from column x on.
func (p *painter) blanks(line []cell, x, end int) int {
	n := 0
	for x+n < end && p.looks.plain(&line[x+n]) {
		n++
	}
	return n
}

// reach moves on to column x; a few cells in between that are drawn with the
// pen as it is are written again, which is shorter.
func (p *painter) reach(b []byte, line []cell, x, y int) []byte {
	if p.y == y && p.x >= 0 && p.x < x && x-p.x <= rewrite {
		short := true
		for i := p.x; i < x && short; i++ {
			c := &line[i]
			short = len(c.content) == 1 && (c.look == p.pen || p.looks.plain(c) && p.looks.blank[p.pen])
		}
		if short {
			for ; p.x < x; p.x++ {
				b = append(b, line[p.x].content...)
			}
			return b
		}
	}
	return p.move(b, x, y)
}

// cell writes a cell at the cursor, in a row of w columns.
func (p *painter) cell(b []byte, c *cell, w int) []byte {
	if !p.looks.plain(c) || !p.looks.blank[p.pen] {
		b = p.setPen(b, c.look)
	}
	b = append(b, c.content...)
	if p.x += int(c.width); p.x >= w {
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

// setPen changes style and link to those of a look.
func (p *painter) setPen(b []byte, to look) []byte {
	if to == p.pen {
		return b
	}
	key := [2]look{p.pen, to}
	p.pen = to
	seq, ok := p.turns[key]
	if !ok {
		seq = p.turn(&p.looks.all[key[0]], &p.looks.all[key[1]])
		if p.turns == nil || len(p.turns) >= maxTurns {
			p.turns = map[[2]look]string{}
		}
		p.turns[key] = seq
	}
	return append(b, seq...)
}

// turn returns the sequence between two looks.
func (p *painter) turn(from, to *appearance) string {
	seq := ""
	if from.link != to.link && p.colors != colorprofile.NoTTY {
		seq = ansi.SetHyperlink(to.link.URL, to.link.Params)
	}
	was, is := uv.ConvertStyle(from.style, p.colors), uv.ConvertStyle(to.style, p.colors)
	return seq + uv.StyleDiff(&was, &is)
}
