package store_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// viewer holds what a screen would: items by key, changed by change sets only.
type viewer struct {
	items map[chat.ItemKey]chat.Message
	rooms map[chat.RoomID]chat.Room
}

func (v *viewer) load(t *testing.T, s *store.Store) {
	t.Helper()
	v.items, v.rooms = make(map[chat.ItemKey]chat.Message), make(map[chat.RoomID]chat.Room)
	for _, m := range storetest.Page(t, s, room, 500).Items {
		v.items[m.Key] = m
	}
	bar, err := s.Sidebar(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range bar.Rooms {
		v.rooms[r.ID] = r
	}
}

func (v *viewer) apply(t *testing.T, s *store.Store, set chat.ChangeSet) {
	t.Helper()
	for _, r := range set.Rooms {
		v.rooms[r.ID] = r
	}
	for _, id := range set.Gone {
		delete(v.rooms, id)
	}
	if ch := set.Timeline[room]; ch != nil {
		if ch.Reload {
			v.load(t, s)
		}
		for _, m := range ch.Items {
			v.items[m.Key] = m
		}
		for _, key := range ch.Gone {
			delete(v.items, key)
		}
	}
	if set.Reload {
		v.load(t, s)
	}
}

func (v *viewer) lines() []string {
	all := make([]chat.Message, 0, len(v.items))
	for _, m := range v.items {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b chat.Message) int { return cmp.Compare(a.Seq, b.Seq) })
	return lines(all)
}

func lines(all []chat.Message) []string {
	out := bodies(all)
	for i, m := range all {
		reply := ""
		if m.Reply != nil {
			reply = "↳" + m.Reply.Body
		}
		out[i] += fmt.Sprint("|", m.Key, m.ID, m.Send, m.Edited, len(m.Reactions), m.Thread != nil, m.SenderName, m.SenderAmbiguous, reply)
	}
	return out
}

func next(t *testing.T, f *store.Feed) chat.ChangeSet {
	t.Helper()
	set, err := f.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// Changes of summaries can wait; what is in view, and what is said to the person, press.
func TestOnlySummariesDoNotPress(t *testing.T) {
	s := storetest.New(t)
	f := s.Subscribe()
	append1 := func(n int) {
		t.Helper()
		if err := s.Write(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.Append(room, storetest.Text(n, "@ada:x", "hi")); err != nil {
				return err
			}
			return tx.UpdateRoom(room, func(r *store.Room) { r.Membership, r.Unread, r.HasUnread = chat.MemberJoined, n, n > 0 })
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name    string
		do      func()
		presses bool
	}{
		{"a room elsewhere", func() { append1(1) }, false},
		{"the room in view", func() { f.Watch(room); append1(2) }, true},
		{"the connection", func() { s.PublishConnection(chat.Connection{State: chat.ConnOnline}) }, true},
		{"a notice", func() { s.PublishNotice(chat.Notice{}) }, true},
	} {
		c.do()
		select {
		case <-f.Pressing():
			if !c.presses {
				t.Errorf("%s presses", c.name)
			}
		default:
			if c.presses {
				t.Errorf("%s does not press", c.name)
			}
		}
		select {
		case <-f.Wait():
		default:
			t.Errorf("%s is not told at all", c.name)
		}
		next(t, f)
	}
}

// Whatever happens in whatever order, and however seldom the viewer looks: what
// it made of the change sets is what a fresh look shows.
func TestViewerThatFollowsTheFeedSeesTheStore(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := &world{t: t, s: storetest.New(t), rnd: rand.New(rand.NewPCG(seed, 1)), next: 1000}
			feed := w.s.Subscribe()
			feed.Watch(room)
			v := &viewer{}
			v.load(t, w.s)
			for range 120 {
				w.step()
				if w.rnd.IntN(3) == 0 {
					v.apply(t, w.s, next(t, feed))
				}
			}
			v.apply(t, w.s, next(t, feed))
			fresh := &viewer{}
			fresh.load(t, w.s)
			got, want := v.lines(), fresh.lines()
			for _, l := range got {
				if !slices.Contains(want, l) {
					t.Errorf("the viewer shows %q, the store does not have it", l)
				}
			}
			for _, l := range want {
				if !slices.Contains(got, l) {
					t.Errorf("the store has %q, the viewer does not show it", l)
				}
			}
			if len(v.rooms) != len(fresh.rooms) {
				t.Errorf("the viewer lists %d rooms, the store has %d", len(v.rooms), len(fresh.rooms))
			}
		})
	}
}

func TestFeedIsBoundedAndLosesNoNotice(t *testing.T) {
	s := storetest.New(t)
	feed := s.Subscribe()
	feed.Watch(room)
	for from := 1; from < 2500; from += 500 {
		storetest.Append(t, s, room, texts(from, from+499)...)
	}
	for i := range 300 {
		s.PublishNotice(chat.Notice{Ref: fmt.Sprint(i)})
		s.PublishTyping(chat.Typing{Room: room, Users: []chat.UserID{ada}})
		s.PublishConnection(chat.Connection{Progress: i})
	}
	select {
	case <-feed.Wait():
	default:
		t.Fatal("nothing was signalled")
	}
	set := next(t, feed)
	if ch := set.Timeline[room]; ch == nil || !ch.Reload || len(ch.Items) > 0 {
		t.Error("2,500 new rows are not a reload")
	}
	if len(set.Notices) != 300 || len(set.Typing) != 1 || set.Conn.Progress != 299 {
		t.Errorf("%d notices, %d typing, %+v", len(set.Notices), len(set.Typing), set.Conn)
	}
	if again := next(t, feed); again.Timeline != nil || again.Notices != nil || again.Conn != nil {
		t.Errorf("told twice: %+v", again)
	}
	for i := range 6000 {
		if i%1000 == 0 {
			storetest.Write(t, s, func(tx *store.Tx) error {
				for j := range 1000 {
					if err := tx.UpdateRoom(chat.RoomID(fmt.Sprintf("!%d:x", i+j)), func(r *store.Room) { r.Membership = chat.MemberJoined }); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
	if set := next(t, feed); !set.Reload || len(set.Rooms) > 0 {
		t.Error("6,000 changed rooms are not a reload")
	}
}

func TestFeedTellsOnlyWhatWasCommittedAndWatched(t *testing.T) {
	s := storetest.New(t)
	feed := s.Subscribe()
	feed.Watch(room)
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.Append(room, storetest.Text(1, ada, "never")); err != nil {
			return err
		}
		tx.Alert(chat.Alert{Room: room})
		return store.ErrNotFound
	})
	if err == nil {
		t.Fatal("the error is gone")
	}
	storetest.Append(t, s, "!other:example.org", texts(1, 1)...)
	if set := next(t, feed); set.Timeline != nil || set.Alerts != nil {
		t.Errorf("told: %+v", set)
	}
	storetest.Write(t, s, func(tx *store.Tx) error {
		if _, err := tx.PutReceipt(room, store.Receipt{User: ada, Event: "$1", Time: storetest.At(0)}); err != nil {
			return err
		}
		tx.Alert(chat.Alert{Room: room, Mention: true})
		return tx.PutEdge(chat.SpaceEdge{Parent: "!space:x", Child: room})
	})
	set := next(t, feed)
	if len(set.Alerts) != 1 || !set.Edges || len(set.Timeline[room].Seen) != 1 {
		t.Errorf("told: %+v", set)
	}
	s.Unsubscribe(feed)
	s.PublishNotice(chat.Notice{})
	if set := next(t, feed); set.Notices != nil {
		t.Error("an ended feed still gets notices")
	}
}

// A viewer gets the timelines that it asked for, whatever others watch.
func TestEachFeedCarriesWhatItWatches(t *testing.T) {
	const other = chat.RoomID("!other:example.org")
	s := storetest.New(t)
	one, two, none := s.Subscribe(), s.Subscribe(), s.Subscribe()
	one.Watch(room)
	two.Watch(room, other)
	n := 0
	tells := func(what string, want map[*store.Feed]string) {
		t.Helper()
		n++
		storetest.Append(t, s, room, texts(n, n)...)
		storetest.Append(t, s, other, texts(n, n)...)
		for f, rooms := range want {
			got := slices.Sorted(maps.Keys(next(t, f).Timeline))
			if fmt.Sprint(got) != rooms {
				t.Errorf("%s: told of %v, want %s", what, got, rooms)
			}
		}
	}
	both := fmt.Sprint([]chat.RoomID{other, room})
	tells("at first", map[*store.Feed]string{one: fmt.Sprint([]chat.RoomID{room}), two: both, none: "[]"})
	s.Unsubscribe(one)
	one.Watch(other)
	tells("after one has ended", map[*store.Feed]string{one: "[]", two: both, none: "[]"})
	two.Watch()
	tells("when nobody watches", map[*store.Feed]string{two: "[]", none: "[]"})
}

func TestWritersReadersAndFeedAtOnce(t *testing.T) {
	s := storetest.New(t)
	feed := s.Subscribe()
	feed.Watch(room)
	var wg sync.WaitGroup
	for w := range 3 {
		wg.Go(func() {
			for i := range 60 {
				if err := s.Write(t.Context(), func(tx *store.Tx) error {
					_, err := tx.Append(room, storetest.Text(w*1000+i, ada, "x"))
					return err
				}); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range 60 {
				if _, err := s.Page(t.Context(), chat.PageQuery{Room: room, Limit: 30}); err != nil {
					t.Error(err)
				}
				feed.Watch(room)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	seen := make(map[chat.ItemKey]bool)
	take := func() {
		if ch := next(t, feed).Timeline[room]; ch != nil {
			for _, m := range ch.Items {
				seen[m.Key] = true
			}
		}
	}
	timeout := time.After(time.Minute)
	for {
		select {
		case <-feed.Wait():
			take()
		case <-done:
			take()
			if len(seen) != 180 {
				t.Errorf("the feed told of %d of 180 messages", len(seen))
			}
			return
		case <-timeout:
			t.Fatal("writers are stuck")
		}
	}
}
