package trust

import (
	"image/color"
	"strconv"

	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/qr"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// leastQuiet is the narrowest light frame that readers still find a code in.
const leastQuiet = 1

// Code shows a QR code: black on white whatever the theme, with as much of a
// light frame as fits. Where it does not fit at all it says which size it needs.
type Code struct {
	code  *qr.Code
	ascii bool
}

// NewCode makes the picture of a payload.
func NewCode(payload []byte, ascii bool) (*Code, error) {
	c, err := qr.Encode(payload)
	if err != nil {
		return nil, err
	}
	return &Code{c, ascii}, nil
}

// drawing returns the largest drawing that fits.
func (q *Code) drawing(wd screen.Widths, width, height int) (qr.Drawing, bool) {
	ascii := q.ascii || wd.Cluster("▀") != 1 // a terminal that gives blocks two columns
	for quiet := qr.Quiet; quiet >= leastQuiet; quiet-- {
		d := qr.Drawing{Quiet: quiet, ASCII: ascii}
		if w, h := d.Size(q.code); w <= width && h <= height {
			return d, true
		}
	}
	return qr.Drawing{Quiet: leastQuiet, ASCII: ascii}, false
}

// needs says which size of the window the code needs, with its margins and the row below.
func (q *Code) needs(d qr.Drawing) safe.Text {
	w, h := d.Size(q.code)
	return safe.Own(words.CodeNeeds(strconv.Itoa(w+2) + "×" + strconv.Itoa(h+1)))
}

// Rows implements Art.
func (q *Code) Rows(wd screen.Widths, width, height int) int {
	d, ok := q.drawing(wd, width, height)
	if !ok {
		return len(pane.Wrap(wd, q.needs(d), width))
	}
	_, h := d.Size(q.code)
	return h
}

// Paint implements Art.
func (q *Code) Paint(c screen.Canvas, th *theme.Theme) {
	w, h := c.Size()
	d, ok := q.drawing(c.Widths(), w, h)
	if !ok {
		for y, line := range pane.Wrap(c.Widths(), q.needs(d), w) {
			c.Pad(c.Text(0, y, w, line, th.Warn, ""), y, w, th.Dialog)
		}
		return
	}
	ink := screen.Style{Fg: color.RGBA{0, 0, 0, 0xff}, Bg: color.RGBA{0xff, 0xff, 0xff, 0xff}}
	if th.Colours == theme.Mono {
		ink, d.Inverse = screen.Style{}, !th.Light
	}
	width, _ := d.Size(q.code)
	x := (w - width) / 2
	for y, row := range d.Rows(q.code) {
		c.Pad(0, y, x, th.Dialog)
		at := x
		for _, r := range row {
			c.Rune(at, y, r, ink)
			at++
		}
		c.Pad(at, y, w, th.Dialog)
	}
}
