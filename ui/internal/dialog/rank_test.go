package dialog

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"hubbub/ui/safe"
)

// many is a source of numbered entries, in no order. The last bytes of a key are its order.
type many struct {
	n    int
	made int
}

func (m *many) Len() int { return m.n }

func (m *many) Each(f func(e *Entry)) {
	var i int
	e := Entry{Rank: func() (int, int64) { return i % 3, int64(i) }}
	for _, i = range rand.Perm(m.n) {
		e.Key, e.Find, e.Also = fmt.Sprint(i), fmt.Sprintf("Kanal %d", i), fmt.Sprintf("#addr%d", i)
		f(&e)
	}
}

func (m *many) Item(key string) Item {
	m.made++
	return Item{Title: safe.Own(key)}
}

func TestFinderShowsTheBestOfManyAndMakesOnlyThose(t *testing.T) {
	src := &many{n: 1000}
	p := NewFinder("x", "", "", src)
	var s Stack
	s.layers = append(s.layers, &layer{Dialog: p})
	see(&s, 60, 20)
	if src.made == 0 || src.made > 22 {
		t.Errorf("%d items were made for a screen of 20 rows", src.made)
	}
	// The heaviest, and among them the newest.
	for i, want := range []string{"998", "995", "992"} {
		if got := p.item(i).Title.String(); got != want {
			t.Errorf("place %d is %s, want %s", i, got, want)
		}
	}
	if got := p.item(p.len() - 1).Title.String(); got != "0" {
		t.Errorf("the last of all is %s", got)
	}
	seen := map[string]bool{}
	for i := range p.len() {
		seen[p.ranked[i].key] = true
		if i > 0 && before(p.ranked[i-1], p.ranked[i]) >= 0 {
			t.Fatalf("%d and %d stand in the wrong order", i-1, i)
		}
	}
	if len(seen) != src.n {
		t.Errorf("%d of %d entries are left", len(seen), src.n)
	}
	p.Type("addr777")
	if p.len() != 1 || p.item(0).Title.String() != "777" {
		t.Errorf("%d entries have that address", p.len())
	}
}

func TestMatchIsTheScoreOfTheWholeText(t *testing.T) {
	pieces := []string{"", "a", "Ab", "ÄÖ", "b a", "#x", "ſ", "K", "İ", strings.Repeat("z", 200) + "a"}
	for _, q := range []string{"", "a", "äö", "ba", "x", "k", "za", "s"} {
		p := NewPattern(q)
		for _, find := range pieces {
			for _, also := range pieces {
				whole := find
				if also != "" {
					whole += " " + also
				}
				wantScore, want := p.Score(appendFold(nil, whole))
				if want && !p.Empty() {
					wantScore += max(p.whole(appendFold(nil, find)), p.whole(appendFold(nil, also)))
				}
				if score, ok := p.Match(find, also); ok != want || score != wantScore {
					t.Errorf("%q in %q and %q: %d %v, want %d %v", q, find, also, score, ok, wantScore, want)
				}
			}
		}
	}
}
