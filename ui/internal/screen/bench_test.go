package screen

import (
	"fmt"
	"image/color"
	"strings"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"

	"hubbub/ui/safe"
)

// scene is a screen of 200x60 with a tree on the left, a chat in the middle and
// members on the right.
type scene struct {
	rows    []safe.Text
	scroll  int
	typed   string
	members []safe.Text
}

// newScene makes a scene with enough messages to scroll.
func newScene(emoji bool) *scene {
	sc := &scene{}
	for i := range 400 {
		s := fmt.Sprintf("%02d:%02d  message %d %s", i/60, i%60, i, strings.Repeat("words of some length ", 1+i%5))
		if emoji && i%4 == 0 {
			s += "👍🏽 ❤️"
		}
		sc.rows = append(sc.rows, safe.Own(s))
	}
	for i := range 56 {
		sc.members = append(sc.members, safe.Own(fmt.Sprintf("● member number %d", i)))
	}
	return sc
}

// chat draws the middle.
func (sc *scene) chat(c Canvas) {
	st := Style{Fg: color.RGBA{R: 220, G: 220, B: 220, A: 255}}
	for y := range 56 {
		n := c.Text(32, y, 130, sc.rows[(sc.scroll+y)%len(sc.rows)], st, "")
		c.Pad(32+n, y, 162, Style{})
		c.Rune(162, y, '│', Style{})
	}
}

// sides draws left and right.
func (sc *scene) sides(c Canvas) {
	for y, m := range sc.members {
		n := c.Text(0, y, 30, m, Style{Attrs: uv.AttrBold}, "")
		c.Pad(n, y, 30, Style{})
		c.Rune(31, y, '│', Style{})
		n = c.Text(164, y, 36, m, Style{}, "")
		c.Pad(164+n, y, 200, Style{})
	}
}

// input draws the line that is typed into.
func (sc *scene) input(c Canvas) {
	n := c.Text(34, 58, 120, safe.Own(sc.typed), Style{}, "")
	c.Pad(34+n, 58, 160, Style{})
}

// run measures step: drawing and making the bytes of the difference.
func (sc *scene) run(b *testing.B, step func(c Canvas, i int)) {
	s := newBench(b, 200, 60)
	c := s.cells.canvas(s.widths)
	sc.sides(c)
	sc.chat(c)
	s.flush()
	b.ReportAllocs()
	bytes, i := 0, 0
	for b.Loop() {
		i++
		step(c, i)
		s.out = s.out[:0]
		s.render()
		bytes += len(s.out)
	}
	b.ReportMetric(float64(bytes)/float64(i), "wire-B/op")
}

func BenchmarkTypedCharacter(b *testing.B) {
	sc := newScene(false)
	sc.run(b, func(c Canvas, i int) {
		if i%80 == 0 {
			sc.typed = ""
		}
		sc.typed += "x"
		sc.input(c)
	})
}

func BenchmarkRoomSwitch(b *testing.B) {
	sc := newScene(false)
	sc.run(b, func(c Canvas, i int) { sc.scroll = i * 97; sc.chat(c) })
}

func BenchmarkScroll(b *testing.B) {
	for _, emoji := range []bool{false, true} {
		b.Run(fmt.Sprintf("emoji=%t", emoji), func(b *testing.B) {
			sc := newScene(emoji)
			sc.run(b, func(c Canvas, i int) { sc.scroll = i; sc.chat(c) })
		})
	}
}

func BenchmarkDrawUnchanged(b *testing.B) {
	sc := newScene(false)
	sc.run(b, func(c Canvas, _ int) { sc.sides(c); sc.chat(c); sc.input(c) })
}

func BenchmarkFullRepaint(b *testing.B) {
	sc := newScene(false)
	s := newBench(b, 200, 60)
	c := s.cells.canvas(s.widths)
	sc.sides(c)
	sc.chat(c)
	b.ReportAllocs()
	for b.Loop() {
		s.redraw()
		s.out = s.out[:0]
		s.render()
	}
	b.ReportMetric(float64(len(s.out)), "wire-B/op")
}
