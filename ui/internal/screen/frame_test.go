package screen

import (
	"fmt"
	"image/color"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/colorprofile"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"hubbub/ui/internal/term"
	"hubbub/ui/safe"
)

// bench is a screen without a terminal: what render makes goes to an emulator.
type bench struct {
	*Screen
	vt *vt.Emulator
}

// newBench makes one with a terminal that knows every cluster.
func newBench(t testing.TB, w, h int) *bench {
	t.Helper()
	s := &Screen{w: w, h: h, cells: newCells(w, h), profile: term.Full(), widths: term.Full()}
	s.r.setColors(colorprofile.TrueColor)
	s.r.reset(w, h)
	s.cursor.Visible = true
	b := &bench{s, vt.NewEmulator(w, h)}
	go func() {
		// Ends with the emulator; answers are of no interest.
		_, _ = io.Copy(io.Discard, b.vt)
	}()
	t.Cleanup(func() {
		// Close of the emulator itself races with its Read.
		if c, ok := b.vt.InputPipe().(io.Closer); ok {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return b
}

// flush renders a frame into the emulator and returns its bytes.
func (b *bench) flush() []byte {
	b.out = b.out[:0]
	b.render()
	// The emulator takes everything.
	_, _ = b.vt.Write(b.out)
	return b.out
}

// at returns a cell as the emulator would name it.
func (b *bench) at(x, y int) *uv.Cell {
	c := &b.cells.rows[y][x]
	a := &b.cells.looks.all[c.look]
	return &uv.Cell{Content: c.content, Width: int(c.width), Style: a.style, Link: a.link}
}

// differ returns the first difference between cells and emulator.
func (b *bench) differ() string {
	for y := range b.h {
		for x := range b.w {
			want, got := b.at(x, y), b.vt.CellAt(x, y)
			if want.Width == 0 {
				continue
			}
			content := got.Content
			if content == "" {
				content = " "
			}
			if want.Content == " " && content == " " && want.Link == got.Link {
				continue // colour and weight of a blank are not seen, and erased
			}
			if want.Content != content || !sameColor(want.Style.Fg, got.Style.Fg) || want.Style.Attrs != got.Style.Attrs {
				return fmt.Sprintf("cell %d,%d is %q %v, want %q %v", x, y, content, got.Style, want.Content, want.Style)
			}
			// x/vt swaps URL and parameters of a link.
			if want.Link.URL != "" && want.Link.URL != got.Link.URL && want.Link.URL != got.Link.Params ||
				want.Link.URL == "" && got.Link != (uv.Link{}) {
				return fmt.Sprintf("cell %d,%d links to %+v, want %+v", x, y, got.Link, want.Link)
			}
		}
	}
	return ""
}

// sameColor compares two colours.
func sameColor(a, b color.Color) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return colorName(a) == colorName(b)
}

// clusters of which the emulator has the same opinion about the width.
var someClusters = []string{
	"a", "b", "c", " ", " ", "x", "é", "漢", "字", "👍", "👨‍👩‍👧‍👦", "🇫🇷", "👍🏽", "ü", "한", "│", "…", "日",
}

// randomText makes a text of some clusters.
func randomText(r *rand.Rand, n int) safe.Text {
	var b strings.Builder
	for range n {
		b.WriteString(someClusters[r.IntN(len(someClusters))])
	}
	return safe.Own(b.String())
}

// randomStyle makes one of a few styles.
func randomStyle(r *rand.Rand) Style {
	st := Style{}
	switch r.IntN(4) {
	case 0:
		st.Fg = color.RGBA{R: 200, A: 255}
	case 1:
		st.Attrs = uv.AttrBold
	case 2:
		st.Fg, st.Attrs = color.RGBA{G: 100, B: 7, A: 255}, uv.AttrItalic
	}
	return st
}

// scribble draws something random somewhere.
func scribble(r *rand.Rand, c Canvas) {
	w, h := c.Size()
	x, y := r.IntN(w+10)-5, r.IntN(h+2)-1
	st := randomStyle(r)
	link := ""
	if r.IntN(5) == 0 {
		link = safe.URL("https://example.org/" + string(rune('a'+r.IntN(2))))
	}
	switch r.IntN(8) {
	case 0:
		c.Fill(x, y, r.IntN(10), r.IntN(4), st)
	case 1:
		c.Rune(x, y, '│', st)
	case 2:
		c.Restyle(x, y, r.IntN(12), r.IntN(4), func(s Style) Style { s.Attrs |= uv.AttrFaint; return s })
	case 3:
		c.Pad(x, y, w, st)
	default:
		sub := c.Sub(r.IntN(w)-2, r.IntN(h)-1, r.IntN(w)+1, r.IntN(h)+1)
		n := sub.Text(r.IntN(4)-2, r.IntN(3), r.IntN(20), randomText(r, 1+r.IntN(12)), st, link)
		if r.IntN(2) == 0 {
			sub.Pad(n, 0, w, Style{})
		}
	}
}

func TestRandomFramesReachTheTerminal(t *testing.T) {
	const runs = 200
	for seed := range uint64(runs) {
		r := rand.New(rand.NewPCG(seed, 7))
		w, h := 10+r.IntN(50), 3+r.IntN(12)
		b := newBench(t, w, h)
		for frame := range 25 {
			if r.IntN(8) == 0 {
				b.w, b.h = 10+r.IntN(50), 3+r.IntN(12)
				b.vt.Resize(b.w, b.h)
				b.cells = newCells(b.w, b.h)
				b.redraw()
			}
			for range 1 + r.IntN(6) {
				scribble(r, b.cells.canvas(b.widths))
			}
			b.cursor.X, b.cursor.Y = r.IntN(b.w), r.IntN(b.h)
			out := b.flush()
			if d := b.differ(); d != "" {
				t.Fatalf("seed %d frame %d: %s\n%q", seed, frame, d, out)
			}
			if p := b.vt.CursorPosition(); p.X != b.cursor.X || p.Y != b.cursor.Y {
				t.Fatalf("seed %d frame %d: cursor at %v, want %d,%d", seed, frame, p, b.cursor.X, b.cursor.Y)
			}
		}
	}
}

func TestWrongWidthStaysWithinItsCluster(t *testing.T) {
	b := newBench(t, 30, 2)
	c := b.cells.canvas(b.widths)
	n := c.Text(0, 0, 20, safe.Lit("hi 👨‍👩‍👧‍👦❤️ there"), Style{}, "")
	c.Pad(n, 0, 20, Style{})
	c.Rune(20, 0, '│', Style{})
	c.Text(21, 0, 9, safe.Lit("member"), Style{}, "")
	out := string(b.flush())
	// Whatever the two emoji take on a terminal, the text after them starts in
	// its own column.
	if !strings.Contains(out, "\u2764\ufe0f\x1b[8G there") {
		t.Errorf("no anchor after the clusters: %q", out)
	}
	for _, line := range b.cells.rows {
		for _, cell := range line {
			if strings.Contains(cell.content, "\x1b") {
				t.Errorf("an anchor stays in the cells: %q", cell.content)
			}
		}
	}
	b.out = b.out[:0]
	c.Text(0, 0, 20, safe.Lit("hi 👨‍👩‍👧‍👦❤️ there"), Style{}, "")
	if b.render(); len(b.out) > 0 {
		t.Errorf("drawing the same again writes %q", b.out)
	}
}

// ours are the sequences that a frame may contain.
func ours(seq string) bool {
	if strings.HasPrefix(seq, "\x1b]8;") || strings.HasPrefix(seq, "\x1b]2;") {
		return true
	}
	if !strings.HasPrefix(seq, "\x1b[") && seq != "\x1bM" {
		return false
	}
	return seq == "\x1bM" || strings.ContainsAny(seq[len(seq)-1:], "mHGKJABCDXPb@dlh`IZLMSTr")
}

func FuzzTextToBytes(f *testing.F) {
	for _, s := range []string{
		"hello", "\x1b]52;c;aGk=\x07", "a\u009b2Jb\u009d0;x\u009c", "ok\rEve", "👨‍👩‍👧‍👦❤️ 1️⃣", "a\u202eb", "x\xff\xfe",
		"\x1b[31m", "\u0301", "\U0010EEEE", "https://a;b\x07",
	} {
		f.Add(s, uint8(20))
	}
	f.Fuzz(func(t *testing.T, s string, width uint8) {
		b := newBench(t, 40, 6)
		for i, p := range []term.Profile{{}, term.Full(), {Measured: true, SpacingMarks: true}} {
			b.widths = p
			c := b.cells.canvas(b.widths)
			y := 2 * i
			n := c.Text(0, y, int(width), safe.Line(s), Style{}, safe.URL("https://example.org/"+s))
			if n > int(width) || n > 40 {
				t.Fatalf("%d columns of %d", n, width)
			}
			for j, line := range safe.Body(s).Lines() {
				c.Text(3, y+j, 10, line, Style{Attrs: uv.AttrBold}, safe.URL(s))
			}
		}
		b.ctl = control{}
		b.SetTitle(safe.Line(s))
		out := b.ctl.take(nil)
		out = append(out, b.flush()...)
		checkBytes(t, out)
	})
}

// checkBytes fails if a frame has a sequence or character that is not ours.
func checkBytes(t *testing.T, out []byte) {
	t.Helper()
	if !utf8.Valid(out) {
		t.Fatalf("not UTF-8: %q", out)
	}
	rest, state := string(out), byte(0)
	p := ansi.NewParser()
	for len(rest) > 0 {
		seq, _, n, next := ansi.DecodeSequence(rest, state, p)
		state, rest = next, rest[n:]
		switch {
		case seq[0] == 0x1B:
			if !ours(seq) {
				t.Fatalf("the sequence %q in %q", seq, out)
			}
		case seq[0] < 0x20 && !strings.Contains("\r\n\b\t", seq), seq[0] == 0x7F:
			t.Fatalf("the control character %q in %q", seq, out)
		default:
			for _, r := range seq {
				if r >= 0x80 && r <= 0x9F || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 {
					t.Fatalf("the character %U in %q", r, out)
				}
			}
		}
	}
}
