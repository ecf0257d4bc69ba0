package pane

import (
	"strings"
	"testing"

	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/term"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
)

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"one two three", 7, "one two|three"},
		{"one two three", 5, "one|two|three"},
		{"abcdefgh", 3, "abc|def|gh"},
		{"a\nb", 9, "a|b"},
		{"密密密", 4, "密密|密"},
		{"密", 1, "密"}, // wider than the line: it stands alone, and nothing loops
		{"", 5, ""},
	} {
		var got []string
		for _, l := range Wrap(term.Full(), safe.Body(c.text), c.width) {
			got = append(got, l.String())
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%q at %d is %q, want %q", c.text, c.width, strings.Join(got, "|"), c.want)
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("hello wide 密 world é👨‍👩‍👧 \n x", 5)
	f.Fuzz(func(t *testing.T, s string, width int) {
		width = width%40 + 1
		if width < 1 {
			width += 40
		}
		body := safe.Body(s)
		var letters strings.Builder
		for _, l := range Wrap(term.Full(), body, width) {
			if w := term.Full().Text(l); w > width && ClusterLen(l.String()) != l.Len() {
				t.Fatalf("%q is %d columns wide, more than %d", l, w, width)
			}
			letters.WriteString(l.String())
		}
		without := func(s string) string { return strings.NewReplacer(" ", "", "\n", "").Replace(s) }
		if without(letters.String()) != without(body.String()) {
			t.Fatalf("%q lost letters: %q", body, letters.String())
		}
	})
}

func TestLabelAndRight(t *testing.T) {
	th := theme.New(theme.Options{})
	c, g := screen.NewCanvasForTest(10, 3, nil)
	if n := Label(c, &th, 0, 0, 6, safe.Lit("general chat"), th.Text); n != 6 {
		t.Errorf("used %d columns", n)
	}
	Label(c, &th, 0, 1, 6, safe.Lit("密密密密"), th.Text)
	Right(c, 10, 2, safe.Lit("12"), th.Text)
	Right(c, 1, 2, safe.Lit("12"), th.Text) // no room: nothing
	if got := g.String(); got != "gener…\n密密…\n        12" {
		t.Errorf("drawn:\n%s", got)
	}
}

func TestScroll(t *testing.T) {
	var s Scroll
	s.Fit(100, 10)
	for _, step := range []struct {
		do      keymap.Action
		at, top int
	}{
		{keymap.ListUp, 0, 0},
		{keymap.ListPgDown, 9, 0},
		{keymap.ListDown, 10, 1},
		{keymap.ListLast, 99, 90},
		{keymap.ListPgUp, 90, 90},
		{keymap.ListUp, 89, 89},
		{keymap.ListFirst, 0, 0},
	} {
		s.Do(step.do, 100)
		s.Fit(100, 10)
		if s.At != step.at || s.Top != step.top {
			t.Errorf("%s: at %d, top %d", step.do, s.At, s.Top)
		}
	}
	s.Wheel(5, 100)
	if s.Top != 5 || s.At != 5 {
		t.Errorf("wheel: at %d, top %d", s.At, s.Top)
	}
	s.Fit(0, 10)
	if s.At != 0 || s.Top != 0 || s.Do(keymap.Send, 0) {
		t.Error("an empty list has a place")
	}
}
