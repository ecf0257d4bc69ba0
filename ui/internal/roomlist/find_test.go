package roomlist

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"hubbub/store/chat"
)

// found lists what Findings returns, sorted.
func found(m *Model) []string {
	var out []string
	for _, f := range m.Findings() {
		if f.Room != m.Room(f.ID) {
			out = append(out, "not the model's own "+string(f.ID))
		}
		out = append(out, fmt.Sprintf("%s %q %q", f.ID, f.Name, f.Also))
	}
	slices.Sort(out)
	return out
}

// TestFindings: what can be gone to or answered is found, by its present names.
func TestFindings(t *testing.T) {
	m := New()
	s := harbour()
	m.Set(s)
	ids := func() (out []chat.RoomID) {
		for _, f := range m.Findings() {
			out = append(out, f.ID)
		}
		slices.Sort(out)
		return out
	}
	want := []chat.RoomID{"!a", "!dm", "!g", "!i", "!inv", "!loose", "!lounge", "!other", "!rules", "!s"}
	if got := ids(); !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
	rename := room("!g", "Generál")
	alias := room("!i", "infra")
	alias.Alias = "#infra:x"
	dm := *m.Room("!dm")
	dm.DirectWith = "@cy:x"
	for _, change := range []func(){
		func() { m.Apply([]chat.Room{rename}, nil) },
		func() { m.Apply([]chat.Room{alias}, nil) },
		func() { m.Apply([]chat.Room{dm}, nil) },
		func() { m.Apply([]chat.Room{room("!new", "new")}, nil) },
		func() { m.Apply(nil, []chat.RoomID{"!a"}) },
		func() { m.SetEdges(append(s.Edges, edge("!s", "!other", ""))) }, // now a category
	} {
		change()
		again := New()
		var all chat.Sidebar
		m.All(func(r *chat.Room) bool { all.Rooms = append(all.Rooms, *r); return true })
		all.Edges = m.edges
		again.Set(all)
		if got, want := found(m), found(again); !slices.Equal(got, want) {
			t.Errorf("found %q, want %q", got, want)
		}
	}
	if got, want := ids(), []chat.RoomID{"!dm", "!g", "!i", "!inv", "!loose", "!lounge", "!new", "!rules", "!s"}; !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
}

// TestRowsAfterOpening: whichever channel is open, folds and filters being what
// they are, the rows are those of a model that orders everything anew.
func TestRowsAfterOpening(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	m := New()
	s := harbour()
	for i := range 2 * maxDirect {
		dm := room(fmt.Sprintf("!d%d", i), fmt.Sprint("d", i))
		dm.Direct = true
		s.Rooms = append(s.Rooms, dm)
	}
	m.Set(s)
	folds := []string{"!t", "!v", "section:direct", "section:recent", allDirect}
	for range 2000 {
		switch rng.IntN(4) {
		case 0:
			m.SetFolded(folds[rng.IntN(len(folds))], rng.IntN(3) == 0)
		case 1:
			m.SetFilter(Filter{OnlyUnread: rng.IntN(4) == 0, Keep: m.Filter().Keep})
		default:
			m.SetFilter(Filter{OnlyUnread: m.Filter().OnlyUnread, Keep: s.Rooms[rng.IntN(len(s.Rooms))].ID})
		}
		server := []chat.RoomID{"", "!s", "!other"}[rng.IntN(3)]
		got := show(m.Rows(server))
		m.cache.valid = false
		if want := show(m.Rows(server)); got != want {
			t.Fatalf("with %v open the rows of %q are\n%swant\n%s", m.Filter(), server, got, want)
		}
	}
}
