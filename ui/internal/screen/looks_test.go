package screen

import (
	"image/color"
	"testing"

	"hubbub/ui/safe"
)

// Anybody can send text in any colour: what nobody sees any more is forgotten,
// and what is on the screen keeps its look.
func TestEndlessColours(t *testing.T) {
	b := newBench(t, 40, 6)
	c := b.cells.canvas(b.widths)
	c.Text(0, 0, 40, safe.Lit("stays"), Style{Fg: color.RGBA{R: 9, A: 255}}, "https://example.org/")
	for i := range 3 * maxLooks {
		st := Style{Fg: color.RGBA{R: uint8(i), G: uint8(i >> 8), B: 77, A: 255}}
		c.Text(i%30, 1+i%5, 40, safe.Lit("colour"), st, "")
		if i%50 == 0 {
			b.flush()
			if d := b.differ(); d != "" {
				t.Fatalf("after %d colours: %s", i, d)
			}
		}
	}
	b.flush()
	if d := b.differ(); d != "" {
		t.Error(d)
	}
	if n := len(b.cells.looks.all); n > maxLooks+200 {
		t.Errorf("%d looks are kept", n)
	}
}
