package info

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/term"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
)

// sheet has a line that can be chosen after every three that cannot.
func sheet(n int, chosen *string) *Sheet {
	m, _ := keymap.New("", nil)
	s := New("test", safe.Lit("Test"), m)
	var lines []Line
	for i := range n {
		id := fmt.Sprintf("line %d;", i)
		l := Line{Name: safe.Own(fmt.Sprint("name ", i)), Text: safe.Own(id + " " + strings.Repeat("word ", i%7)), Level: Level(i % 5)}
		if i%4 == 3 {
			l.ID, l.Choose = id, func() tea.Cmd { *chosen = id; return nil }
		}
		lines = append(lines, l)
	}
	s.SetLines(lines)
	s.Actions = []Action{{Do: keymap.RetryKey, Run: func() tea.Cmd { *chosen = "retry"; return nil }}}
	return s
}

func paint(s *Sheet, w, h int) string {
	th := theme.New(theme.Options{})
	c, g := screen.NewCanvasForTest(w, h, term.Full())
	s.Paint(c, &th)
	return g.String()
}

func TestChosenLineIsAlwaysInView(t *testing.T) {
	actions := []keymap.Action{
		keymap.ListUp, keymap.ListDown, keymap.ListPgUp, keymap.ListPgDown, keymap.ListFirst, keymap.ListLast, keymap.FieldNext, keymap.FieldPrev,
	}
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		chosen := ""
		s := sheet(60, &chosen)
		w, h := 80, 24
		paint(s, w, h)
		for range 200 {
			if r.IntN(20) == 0 {
				w, h = 20+r.IntN(100), 10+r.IntN(30)
				paint(s, w, h)
				s.Do(keymap.ListFirst) // the place in another size is not kept to the row
			}
			a := actions[r.IntN(len(actions))]
			before := s.Chosen()
			s.Do(a)
			got := paint(s, w, h)
			if s.Chosen() != before && !strings.Contains(got, s.Chosen()) {
				t.Fatalf("seed %d, %s at %d×%d: %q is chosen and not seen:\n%s", seed, a, w, h, s.Chosen(), got)
			}
		}
	}
}

func TestEveryLineCanBeReachedAndChosen(t *testing.T) {
	chosen := ""
	s := sheet(60, &chosen)
	seen, picked := map[string]bool{}, map[string]bool{}
	for range 200 {
		got := paint(s, 60, 15)
		for i := range 60 {
			if strings.Contains(got, fmt.Sprintf("line %d;", i)) {
				seen[fmt.Sprint(i)] = true
			}
		}
		s.Do(keymap.Choose)
		picked[chosen] = true
		s.Do(keymap.ListDown)
	}
	if len(seen) != 60 || len(picked) != 15 {
		t.Errorf("%d of 60 lines seen, %d of 15 chosen", len(seen), len(picked))
	}
	s.Do(keymap.RetryKey)
	if chosen != "retry" {
		t.Error("the action of the foot does nothing")
	}
}

func TestPlaceIsKeptWhenLinesChange(t *testing.T) {
	chosen := ""
	s := sheet(40, &chosen)
	paint(s, 80, 20)
	s.Do(keymap.ListDown)
	s.Do(keymap.ListDown)
	was := s.Chosen()
	more := append([]Line{{Text: safe.Lit("new first")}}, s.lines...)
	s.SetLines(more)
	if s.Chosen() != was {
		t.Errorf("%q is chosen, was %q", s.Chosen(), was)
	}
	s.SetLines(nil)
	paint(s, 80, 20)
	if !s.Do(keymap.Choose).Close {
		t.Error("Enter does not close a sheet that is only read")
	}
}

func TestMarksWithoutColours(t *testing.T) {
	chosen := ""
	s := sheet(8, &chosen)
	s.Say("done", Good)
	th := theme.New(theme.Options{Colours: theme.Mono, ASCII: true})
	c, g := screen.NewCanvasForTest(60, 20, term.Full())
	s.Paint(c, &th)
	got := g.String()
	for _, want := range []string{" y name 1", " * name 2", "|! name 3", " x name 4", "r look again", "Esc close"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing:\n%s", want, got)
		}
	}
	for w := range 30 {
		for h := range 12 {
			paint(s, w+1, h+1)
		}
	}
}
