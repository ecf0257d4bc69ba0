package compose

import (
	"strings"
	"testing"

	"github.com/clipperhouse/uax29/v2/graphemes"

	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/term"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
)

func TestBackspaceTakesAWholeCluster(t *testing.T) {
	for _, last := range []string{"a", "é", "👨‍👩‍👧‍👦", "👍🏽", "🇫🇷", "한", "नि"} {
		e := New()
		e.Insert("x" + last)
		e.Delete(Left)
		if e.Text() != "x" {
			t.Errorf("after %q: %q", last, e.Text())
		}
	}
}

func TestCombiningMarkJoinsTheLetterBefore(t *testing.T) {
	e := New()
	e.Insert("ex")
	e.Move(Left)
	e.Insert("\u0301")
	if e.Text() != "e\u0301x" || e.Cursor() != 3 {
		t.Fatalf("%q at %d", e.Text(), e.Cursor())
	}
	e.Delete(Left)
	if e.Text() != "x" {
		t.Errorf("%q", e.Text())
	}
}

func TestPasteIsCleaned(t *testing.T) {
	e := New()
	e.Paste("one\r\ntwo\rthree\x1b[31m\x07\tx\u202e")
	if got, want := e.Text(), "one\ntwo\nthree[31m    x"; !strings.HasPrefix(got, "one\ntwo\nthree") || strings.ContainsAny(got, "\x1b\x07\r\u202e") {
		t.Errorf("%q, want about %q", got, want)
	}
}

func TestLines(t *testing.T) {
	for s, want := range map[string]int{"": 1, "a": 1, "a\n": 1, "a\r\nb\r\n": 2, "a\rb\nc": 3} {
		if got := Lines(s); got != want {
			t.Errorf("Lines(%q) = %d, want %d", s, got, want)
		}
	}
}

func TestUndoGoesWordByWord(t *testing.T) {
	e := New()
	for _, r := range "one two" {
		e.Insert(string(r))
	}
	e.Undo()
	if e.Text() != "one " {
		t.Fatalf("first undo: %q", e.Text())
	}
	e.Undo()
	if e.Text() != "" {
		t.Fatalf("second undo: %q", e.Text())
	}
	e.Redo()
	e.Redo()
	if e.Text() != "one two" || e.Cursor() != 7 {
		t.Fatalf("redo: %q at %d", e.Text(), e.Cursor())
	}
}

func TestWordMotionsAndKills(t *testing.T) {
	e := New()
	e.Insert("one, two  three\nfour")
	e.Move(WordLeft)
	if e.Cursor() != 16 {
		t.Errorf("word left: %d", e.Cursor())
	}
	e.Move(WordLeft)
	e.Move(WordLeft)
	if got := e.Text()[e.Cursor():]; !strings.HasPrefix(got, "three") {
		t.Errorf("word left over the line break: %q", got)
	}
	e.Kill(LineEnd)
	if e.Text() != "one, two  \nfour" {
		t.Errorf("kill: %q", e.Text())
	}
	e.Move(TextStart)
	e.Yank()
	if e.Text() != "threeone, two  \nfour" {
		t.Errorf("yank: %q", e.Text())
	}
	e.Delete(WordRight)
	if e.Text() != "three, two  \nfour" {
		t.Errorf("delete word: %q", e.Text())
	}
}

func TestTypingReplacesTheSelection(t *testing.T) {
	e := New()
	e.Insert("abc")
	e.Select(Left)
	e.Select(Left)
	if e.Selection() != "bc" {
		t.Fatalf("selection %q", e.Selection())
	}
	e.Insert("X")
	if e.Text() != "aX" {
		t.Errorf("%q", e.Text())
	}
	e.Undo()
	if e.Text() != "abc" {
		t.Errorf("undo: %q", e.Text())
	}
}

func TestHistoryKeepsWhatWasTyped(t *testing.T) {
	e := New()
	e.Remember("first")
	e.Remember("second")
	e.Insert("draft")
	e.HistoryBack()
	e.HistoryBack()
	if e.Text() != "first" || e.HistoryBack() {
		t.Errorf("back: %q", e.Text())
	}
	e.HistoryForward()
	e.HistoryForward()
	if e.Text() != "draft" || e.HistoryForward() {
		t.Errorf("forward: %q", e.Text())
	}
}

func TestTrigger(t *testing.T) {
	for text, want := range map[string]string{
		"@ad": "ad", "hi @ad": "ad", "mail a@b": "-", "#inf": "inf", ":ta": "ta", ":t": "-", ":)": "-", "10:30": "-",
		"/jo": "jo", "x /jo": "-", "/join #a": "a", "plain": "-", "": "-", "@": "", "/usr/bin": "-",
	} {
		e := New()
		e.Insert(text)
		tr, ok := e.Trigger()
		if got := map[bool]string{true: tr.Query, false: "-"}[ok]; got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	e := New()
	e.Insert("so :tada:")
	if code, from, ok := e.ClosedShortcode(); !ok || code != "tada" || from != 3 {
		t.Errorf("closed: %q %d %v", code, from, ok)
	}
}

func TestRowsAndCursor(t *testing.T) {
	th := theme.New(theme.Options{Colours: theme.Mono})
	c, grid := screen.NewCanvasForTest(11, 3, term.Full())
	e := New()
	e.Insert("hello brave new world")
	x, y := e.Draw(c, &th, safe.Text{})
	if got, want := grid.String(), "hello\nbrave new\nworld"; got != want {
		t.Errorf("rows:\n%s", got)
	}
	if x != 5 || y != 2 {
		t.Errorf("cursor at %d,%d", x, y)
	}
	e.Move(Up)
	x, y = e.Draw(c, &th, safe.Text{})
	if x != 5 || y != 1 {
		t.Errorf("up: cursor at %d,%d", x, y)
	}
	e.Click(2, 0)
	if e.Cursor() != 2 {
		t.Errorf("click: %d", e.Cursor())
	}
	if e.Move(Up) {
		t.Error("up in the first row moved")
	}
}

func TestWideClusterInOneColumn(t *testing.T) {
	e := New()
	e.Insert("日本語👨‍👩‍👧‍👦")
	for w := range 4 {
		if got := e.Height(w, term.Full()); got < 1 || got > 4 {
			t.Errorf("width %d: %d rows", w, got)
		}
	}
}

func TestFullEditorTakesNoMore(t *testing.T) {
	e := New()
	if e.Paste(strings.Repeat("é", MaxBytes)) {
		t.Error("everything fitted")
	}
	if len(e.Text()) > MaxBytes || len(e.Text()) < MaxBytes-4 {
		t.Errorf("%d bytes", len(e.Text()))
	}
	if e.Insert("x") && len(e.Text()) > MaxBytes {
		t.Error("grew beyond the limit")
	}
}

// check fails when an invariant does not hold.
func check(t *testing.T, e *Editor) {
	t.Helper()
	if e.cur < 0 || e.cur > len(e.text) {
		t.Fatalf("cursor %d outside %d", e.cur, len(e.text))
	}
	if safe.Body(e.text).String() != e.text {
		t.Fatalf("text is not clean: %q", e.text)
	}
	for _, pos := range []int{e.cur, e.anchor} {
		if pos == noAnchor {
			continue
		}
		start := lineStart(e.text, pos)
		ok := pos == start
		for g := graphemes.FromString(e.text[start:lineEnd(e.text, pos)]); g.Next(); {
			ok = ok || start+g.End() == pos
		}
		if !ok {
			t.Fatalf("cursor %d inside a cluster of %q", pos, e.text)
		}
	}
}

func FuzzEditor(f *testing.F) {
	f.Add("hello 👨‍👩‍👧‍👦", []byte{0, 1, 2, 30, 4, 50, 6, 7, 80, 9, 10, 110, 12})
	f.Add("e\u0301\u0301\u200d🇫🇷🇩", []byte{0, 40, 0, 3, 1, 0, 20, 17, 17, 18, 18})
	f.Add("\u0600a\r\n\t\u202e", []byte{0, 1, 0, 2, 19, 0, 21})
	f.Fuzz(func(t *testing.T, text string, ops []byte) {
		if len(text) > 4096 || len(ops) > 200 {
			return
		}
		th := theme.New(theme.Options{Colours: theme.Mono})
		e := New()
		runes := []rune(text)
		for i, op := range ops {
			piece := text
			if len(runes) > 0 {
				piece = string(runes[i%len(runes)])
			}
			before, steps := e.text, len(e.undo)
			m := Motion(op) % (TextEnd + 1)
			switch op / 11 % 12 {
			case 0:
				e.Insert(piece)
			case 1:
				e.Paste(text)
			case 2:
				e.Move(m)
			case 3:
				e.Select(m)
			case 4:
				e.Delete(m)
			case 5:
				e.Kill(m)
			case 6:
				e.Yank()
			case 7:
				e.Undo()
			case 8:
				e.Redo()
			case 9:
				c, _ := screen.NewCanvasForTest(1+int(op)%9, 2, term.Full())
				w, h := c.Size()
				if x, y := e.Draw(c, &th, safe.Text{}); x < 0 || y < 0 || x >= w || y >= h {
					t.Fatalf("cursor cell %d,%d outside %dx%d", x, y, w, h)
				}
			case 10:
				e.Newline()
			case 11:
				e.Trigger()
				e.ClosedShortcode()
				e.Click(int(op), int(op)%3)
			}
			check(t, e)
			if len(e.undo) > steps && e.text != before && op/11%12 != 8 {
				after := *e
				e.Undo()
				if e.text != before {
					t.Fatalf("undo gives %q, not %q", e.text, before)
				}
				e.Redo()
				if e.text != after.text || e.cur != after.cur {
					t.Fatalf("redo gives %q, not %q", e.text, after.text)
				}
			}
		}
	})
}

func BenchmarkType(b *testing.B) {
	th := theme.New(theme.Options{})
	c, _ := screen.NewCanvasForTest(100, 5, term.Full())
	e := New()
	e.Insert(strings.Repeat("some words of a message ", 10))
	for b.Loop() {
		e.Insert("x")
		e.Draw(c, &th, safe.Text{})
		e.Delete(Left)
	}
}
