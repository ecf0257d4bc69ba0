package qr

import "strings"

// Quiet is the width of the light frame that readers ask for, in modules.
// Screens get by with less.
const Quiet = 4

// Drawing says with which characters a code is drawn.
type Drawing struct {
	// Quiet is the light frame around it, in modules.
	Quiet int
	// ASCII draws a module as two columns of one row instead of half a cell.
	ASCII bool
	// Inverse draws the light modules instead of the dark ones, for light
	// characters on a dark ground.
	Inverse bool
}

// Size returns the columns and rows of the drawing.
func (d Drawing) Size(c *Code) (w, h int) {
	n := c.size + 2*d.Quiet
	if d.ASCII {
		return 2 * n, n
	}
	return n, (n + 1) / 2
}

// Rows draws a code.
func (d Drawing) Rows(c *Code) []string {
	_, h := d.Size(c)
	rows := make([]string, h)
	for y := range rows {
		var b strings.Builder
		for x := -d.Quiet; x < c.size+d.Quiet; x++ {
			if d.ASCII {
				b.WriteString(mark(c.Dark(x, y-d.Quiet) != d.Inverse, "##", "  "))
				continue
			}
			upper := c.Dark(x, 2*y-d.Quiet) != d.Inverse
			// Below the last row of an odd number there is more of the quiet zone.
			lower := c.Dark(x, 2*y+1-d.Quiet) != d.Inverse
			switch {
			case upper && lower:
				b.WriteString("█")
			case upper:
				b.WriteString("▀")
			case lower:
				b.WriteString("▄")
			default:
				b.WriteByte(' ')
			}
		}
		rows[y] = b.String()
	}
	return rows
}

func mark(on bool, yes, no string) string {
	if on {
		return yes
	}
	return no
}
