package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

const (
	room = chat.RoomID("!room:example.org")
	ada  = chat.UserID("@ada:example.org")
	bo   = chat.UserID("@bo:example.org")
)

// bodies is what a viewer sees: texts, and ⋯token for a hole, «token for older history.
func bodies(items []chat.Message) []string {
	out := make([]string, 0, len(items))
	for _, m := range items {
		switch {
		case m.Kind == chat.KindGap && m.GapAtStart:
			out = append(out, "«"+m.GapToken)
		case m.Kind == chat.KindGap:
			out = append(out, "⋯"+m.GapToken)
		case m.Kind == chat.KindRedacted:
			out = append(out, "deleted")
		default:
			out = append(out, m.Body)
		}
	}
	return out
}

func expect(t *testing.T, s *store.Store, want ...string) {
	t.Helper()
	if got := bodies(storetest.Page(t, s, room, 500).Items); !slices.Equal(got, want) {
		t.Errorf("the timeline shows %q, want %q", got, want)
	}
}

func texts(from, to int) []store.Event {
	var all []store.Event
	for n := from; n <= to; n++ {
		all = append(all, storetest.Text(n, ada, fmt.Sprint(n)))
	}
	return all
}

func backwards(from, to int) []store.Event {
	all := texts(from, to)
	slices.Reverse(all)
	return all
}

func prepend(t *testing.T, s *store.Store, token, next string, events []store.Event) (res store.Prepended) {
	t.Helper()
	storetest.Write(t, s, func(tx *store.Tx) (err error) {
		res, err = tx.Prepend(room, token, events, next)
		return err
	})
	return res
}

func TestRepeatedSyncShowsNothingTwice(t *testing.T) {
	s := storetest.New(t)
	storetest.Limited(t, s, room, "t0", texts(1, 3)...)
	storetest.Limited(t, s, room, "t0", texts(1, 3)...)
	storetest.Append(t, s, room, texts(3, 5)...)
	expect(t, s, "«t0", "1", "2", "3", "4", "5")
}

func TestHoleIsShownFilledAndClosed(t *testing.T) {
	s := storetest.New(t)
	storetest.Limited(t, s, room, "t0", texts(1, 3)...)
	storetest.Limited(t, s, room, "t9", texts(10, 12)...)
	expect(t, s, "«t0", "1", "2", "3", "⋯t9", "10", "11", "12")
	if res := prepend(t, s, "t9", "t6", backwards(7, 9)); res.Closed || res.Added != 3 {
		t.Errorf("first part: %+v", res)
	}
	expect(t, s, "«t0", "1", "2", "3", "⋯t6", "7", "8", "9", "10", "11", "12")
	if res := prepend(t, s, "t6", "t1", backwards(2, 6)); !res.Closed || res.Added != 3 {
		t.Errorf("second part: %+v", res)
	}
	expect(t, s, "«t0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12")
	prepend(t, s, "t0", "", backwards(0, 0))
	expect(t, s, "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12")
	if p := storetest.Page(t, s, room, 500); !p.AtStart || !p.AtNewest {
		t.Error("the page does not know that it is whole")
	}
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Prepend(room, "t0", texts(50, 51), "t")
		return err
	})
	if !errors.Is(err, store.ErrStaleToken) {
		t.Errorf("an answer for a hole that is gone: %v", err)
	}
}

// Homeservers order /messages otherwise than /sync: an event that nobody has seen may come after one that is known.
func TestHistoryInAnotherOrderLosesNothing(t *testing.T) {
	s := storetest.New(t)
	storetest.Limited(t, s, room, "t0", texts(1, 3)...)
	storetest.Limited(t, s, room, "t9", texts(10, 10)...)
	mixed := slices.Concat(texts(9, 9), texts(3, 3), texts(5, 5), texts(2, 2))
	prepend(t, s, "t9", "t1", mixed)
	expect(t, s, "«t0", "1", "2", "3", "5", "9", "10")
}

// A page of history may reach further back than the hole: what lies before the
// chunk below, which has a hole of its own, is not put between the two.
func TestHistoryThatReachesBelowTheHole(t *testing.T) {
	s := storetest.New(t)
	storetest.Limited(t, s, room, "t0", texts(11, 13)...)
	storetest.Limited(t, s, room, "t20", texts(20, 21)...)
	storetest.Limited(t, s, room, "t30", texts(30, 31)...)
	if res := prepend(t, s, "t30", "t5", backwards(5, 29)); !res.Closed || res.Added != 8 {
		t.Errorf("%+v", res)
	}
	expect(t, s, "«t0", "11", "12", "13", "⋯t20", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31")
	if res := prepend(t, s, "t20", "t5", backwards(5, 19)); !res.Closed || res.Added != 6 {
		t.Errorf("%+v", res)
	}
	prepend(t, s, "t0", "", backwards(9, 10))
	expect(t, s, "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31")
}

func TestSameIDInTwoRooms(t *testing.T) {
	s := storetest.New(t)
	storetest.Append(t, s, room, texts(1, 1)...)
	storetest.Append(t, s, "!other:example.org", texts(1, 1)...)
	expect(t, s, "1")
	if p := storetest.Page(t, s, "!other:example.org", 5); len(p.Items) != 1 {
		t.Error("the other room lost its event")
	}
}

func TestEventWithoutID(t *testing.T) {
	s := storetest.New(t)
	ev := storetest.Text(1, ada, "nameless")
	ev.ID = ""
	storetest.Append(t, s, room, ev, ev)
	expect(t, s, "nameless")
}

func TestPages(t *testing.T) {
	s := storetest.New(t)
	storetest.Limited(t, s, room, "t0", texts(1, 10)...)
	storetest.Limited(t, s, room, "t19", texts(20, 30)...)
	whole := storetest.Page(t, s, room, 500).Items

	var up []chat.Message
	q := chat.PageQuery{Room: room, Limit: 4}
	for range 50 {
		p, err := s.Page(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Items) == 0 || len(p.Items) > 4 {
			t.Fatalf("a page of %d", len(p.Items))
		}
		up = append(slices.Clone(p.Items), up...)
		q.Before = p.Items[0].Seq
		if q.Before == whole[0].Seq {
			break
		}
	}
	if !slices.Equal(bodies(up), bodies(whole)) {
		t.Errorf("upwards: %q", bodies(up))
	}
	down := []chat.Message{whole[0]}
	for range 50 {
		p, err := s.Page(t.Context(), chat.PageQuery{Room: room, After: down[len(down)-1].Seq, Limit: 3})
		if err != nil {
			t.Fatal(err)
		}
		down = append(down, p.Items...)
		if p.AtNewest {
			break
		}
	}
	if !slices.Equal(bodies(down), bodies(whole)) {
		t.Errorf("downwards: %q", bodies(down))
	}
	p, err := s.Page(t.Context(), chat.PageQuery{Room: room, Around: storetest.ID(5), Limit: 5})
	if err != nil {
		t.Fatal(err)
	}
	if got := bodies(p.Items); !slices.Equal(got, []string{"3", "4", "5", "6", "7"}) || p.AtNewest || p.AtStart {
		t.Errorf("around: %q", got)
	}
	if _, err := s.Page(t.Context(), chat.PageQuery{Room: room, Around: "$none", Limit: 5}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("around nothing: %v", err)
	}
	p, err = s.Page(t.Context(), chat.PageQuery{Room: "!none:example.org", Limit: 5})
	if err != nil || len(p.Items) != 0 {
		t.Errorf("a room that is not there: %v, %v", p, err)
	}
}

func TestLimitedSyncWithoutEvents(t *testing.T) {
	s := storetest.New(t)
	storetest.Limited(t, s, room, "t0", texts(1, 2)...)
	storetest.Limited(t, s, room, "t5")
	expect(t, s, "«t0", "1", "2", "⋯t5")
	storetest.Append(t, s, room, texts(6, 6)...)
	expect(t, s, "«t0", "1", "2", "⋯t5", "6")
}

// A homeserver that says again and again that something is missing, and what is
// there not, leaves one hole.
func TestHolesWithNothingBetweenAreOne(t *testing.T) {
	s := storetest.New(t)
	storetest.Limited(t, s, room, "t0", texts(1, 2)...)
	for _, token := range []string{"t5", "t6", "", "t7"} {
		storetest.Limited(t, s, room, token)
	}
	expect(t, s, "«t0", "1", "2", "⋯t7")
	storetest.Limited(t, s, room, "t8", texts(8, 9)...)
	expect(t, s, "«t0", "1", "2", "⋯t8", "8", "9")
	if res := prepend(t, s, "t8", "t1", backwards(2, 7)); !res.Closed {
		t.Errorf("%+v", res)
	}
	expect(t, s, "«t0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
}

func TestFirstSyncStartedAgain(t *testing.T) {
	s := storetest.New(t)
	storetest.Joined(t, s, room)
	storetest.Limited(t, s, room, "t0", texts(1, 3)...)
	storetest.Write(t, s, func(tx *store.Tx) error {
		if err := tx.PutDraft(chat.Draft{Room: room, Text: "half a thought"}); err != nil {
			return err
		}
		if err := tx.UpdateRoom(room, func(r *store.Room) { r.Encrypted = true }); err != nil {
			return err
		}
		_, err := storetest.Echo(tx, room, "txn1", "unsent")
		return err
	})
	storetest.Write(t, s, func(tx *store.Tx) error { return tx.ClearSync() })
	expect(t, s, "unsent")
	storetest.Limited(t, s, room, "t0", texts(1, 3)...)
	expect(t, s, "«t0", "1", "2", "3", "unsent")
	if r, _, err := s.Room(t.Context(), room); err != nil || !r.Encrypted {
		t.Error("the room forgot that it is encrypted")
	}
	if d, err := s.Drafts(t.Context()); err != nil || len(d) != 1 {
		t.Error("the draft is gone")
	}
	storetest.Write(t, s, func(tx *store.Tx) error { return tx.Clear() })
	if p := storetest.Page(t, s, room, 5); len(p.Items) != 0 {
		t.Error("something is left after Clear")
	}
}
