package screen

import (
	"image/color"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"

	"hubbub/ui/internal/term"
	"hubbub/ui/safe"
)

func TestCanvasDrawsAndCuts(t *testing.T) {
	c, g := NewCanvasForTest(12, 4, nil)
	if n := c.Text(1, 0, 5, safe.Lit("hello world"), Style{}, ""); n != 5 {
		t.Errorf("%d columns", n)
	}
	if n := c.Text(1, 1, 5, safe.Lit("漢字漢字"), Style{}, ""); n != 4 {
		t.Errorf("a wide cluster is cut in two: %d columns", n)
	}
	c.Text(-2, 2, 99, safe.Lit("漢字ab\nnext"), Style{}, "")
	c.Text(9, 3, 99, safe.Lit("漢字"), Style{}, "")
	if want := " hello\n 漢字\n字ab\n         漢"; g.String() != want {
		t.Errorf("got\n%s\nwant\n%s", g, want)
	}
	if n := c.Text(20, 0, 5, safe.Lit("x"), Style{}, "") + c.Text(0, 0, 0, safe.Lit("x"), Style{}, "") +
		c.Text(0, 0, -1, safe.Lit("x"), Style{}, "") + c.Text(0, 9, 5, safe.Text{}, Style{}, ""); n != 0 {
		t.Errorf("%d columns outside", n)
	}
}

func TestSubCanvasClips(t *testing.T) {
	c, g := NewCanvasForTest(10, 3, nil)
	s := c.Sub(2, 1, 4, 99)
	if w, h := s.Size(); w != 4 || h != 2 {
		t.Errorf("size %dx%d", w, h)
	}
	s.Text(0, 0, 99, safe.Lit("123456789"), Style{}, "")
	s.Text(0, -1, 99, safe.Lit("above"), Style{}, "")
	s.Rune(4, 0, '|', Style{})
	s.Rune(-1, 0, '|', Style{})
	s.Fill(-5, 1, 99, 99, Style{Attrs: uv.AttrReverse})
	left := c.Sub(-3, 0, 5, 1)
	left.Text(0, 0, 99, safe.Lit("abcde"), Style{}, "")
	if want := "de\n  1234\n"; g.String() != want {
		t.Errorf("got\n%q\nwant\n%q", g, want)
	}
	if want := "de\n  1234\n  ⟦reverse⟧    ⟦⟧"; g.Styled() != want {
		t.Errorf("got\n%s\nwant\n%s", g.Styled(), want)
	}
	if w, h := c.Sub(50, 50, 5, 5).Size(); w != 0 || h != 0 {
		t.Errorf("size outside %dx%d", w, h)
	}
}

func TestHalfCoveredClustersAreBlanked(t *testing.T) {
	c, g := NewCanvasForTest(8, 1, nil)
	c.Text(0, 0, 8, safe.Lit("漢字漢字"), Style{}, "")
	c.Rune(1, 0, 'x', Style{})
	c.Text(3, 0, 2, safe.Lit("日"), Style{}, "")
	if want := " x 日 字"; g.String() != want {
		t.Errorf("got %q want %q", g, want)
	}
}

func TestOnlyDifferencesCount(t *testing.T) {
	c, g := NewCanvasForTest(20, 2, nil)
	draw := func(text safe.Text) {
		n := c.Text(0, 0, 20, text, Style{Attrs: uv.AttrBold}, "https://example.org")
		c.Pad(n, 0, 20, Style{})
		c.Fill(0, 1, 20, 1, Style{Bg: color.Black})
	}
	draw(safe.Lit("same 漢 text"))
	g.Touched()
	draw(safe.Lit("same 漢 text"))
	if g.Touched() {
		t.Error("drawing the same counts as a change")
	}
	draw(safe.Lit("same 漢 tex"))
	if !g.Touched() {
		t.Error("a change does not count")
	}
	c.Restyle(0, 0, 20, 2, func(s Style) Style { return s })
	if g.Touched() {
		t.Error("the same style counts as a change")
	}
}

func TestLastGate(t *testing.T) {
	c, g := NewCanvasForTest(4, 1, nil)
	for x, r := range []rune{0x1B, 0x9B, 0x7F, '\n'} {
		c.Rune(x, 0, r, Style{})
	}
	if g.String() != "" {
		t.Errorf("%q", g)
	}
	c.Text(0, 0, 4, safe.Lit("link"), Style{}, "https://example.org/\x07\x1b]52;c;aGk=\x07")
	if _, _, link := g.Cell(0, 0); link != "https://example.org/%07%1B]52%3Bc%3BaGk=%07" {
		t.Errorf("link %q", link)
	}
	c.Text(0, 0, 4, safe.Lit("link"), Style{}, "javascript:\x07")
	if _, _, link := g.Cell(0, 0); link != "" {
		t.Errorf("link %q", link)
	}
}

func TestConservativeWidths(t *testing.T) {
	c, g := NewCanvasForTest(20, 1, term.Profile{})
	if n := c.Text(0, 0, 20, safe.Lit("❤️ 👨‍👩‍👧‍👦 👍🏽 1️⃣"), Style{}, ""); n != 9 {
		t.Errorf("%d columns of %q", n, g)
	}
	if want := "❤ 👨 👍 1"; g.String() != want {
		t.Errorf("got %q want %q", g, want)
	}
}

func TestGlyphsOfTwoColumnsAreReplaced(t *testing.T) {
	c, g := NewCanvasForTest(6, 1, term.Profile{Measured: true, Ambiguous: true})
	for x, r := range "│─╭●é漢" {
		c.Rune(x/3, 0, r, Style{})
	}
	if want := "|-+*"; g.String()[:4] != want {
		t.Errorf("got %q want %q", g, want)
	}
	c, g = NewCanvasForTest(3, 1, nil)
	for x, r := range []rune("│╭●") {
		c.Rune(x, 0, r, Style{})
	}
	if want := "│╭●"; g.String() != want {
		t.Errorf("got %q want %q", g, want)
	}
}
