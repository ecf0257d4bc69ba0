package store

import (
	"context"
	"maps"
	"slices"
	"sync"

	"hubbub/store/chat"
)

// feeds are the subscribers, and how many of them carry which room's timeline.
type feeds struct {
	mu      sync.Mutex
	all     []*Feed             // guarded by mu
	watched map[chat.RoomID]int // guarded by mu
}

// Feed is one subscriber's view of what changed. What is pending is merged by
// key: its size is bounded by what changed, not by how often.
type Feed struct {
	s     *Store
	wake  chan struct{} // one slot
	press chan struct{} // one slot

	watched map[chat.RoomID]bool // guarded by s.feeds.mu
	ended   bool                 // guarded by s.feeds.mu

	mu      sync.Mutex
	pending changes                     // guarded by mu, as all below
	typing  map[chat.RoomID]chat.Typing // latest per room
	conn    *chat.Connection            // latest
	notices []chat.Notice               // all, in order
	trust   trustNews                   // latest
}

// Subscribe returns a feed of everything that changes from now on, of the
// timelines only what Feed.Watch names. Close it with Unsubscribe.
func (s *Store) Subscribe() *Feed {
	f := &Feed{s: s, wake: make(chan struct{}, 1), press: make(chan struct{}, 1)}
	s.feeds.mu.Lock()
	defer s.feeds.mu.Unlock()
	s.feeds.all = append(s.feeds.all, f)
	return f
}

// Unsubscribe ends a feed.
func (s *Store) Unsubscribe(f *Feed) {
	s.feeds.mu.Lock()
	defer s.feeds.mu.Unlock()
	s.feeds.all = slices.DeleteFunc(s.feeds.all, func(x *Feed) bool { return x == f })
	s.feeds.watch(f, nil)
	f.ended = true
}

// Watch names the rooms whose timelines the feed carries from now on, and no
// others. Other feeds go on as they were.
func (f *Feed) Watch(rooms ...chat.RoomID) {
	f.s.feeds.mu.Lock()
	defer f.s.feeds.mu.Unlock()
	f.s.feeds.watch(f, rooms)
}

// watch sets what a feed carries. The caller holds mu.
func (fs *feeds) watch(f *Feed, rooms []chat.RoomID) {
	if f.ended {
		return
	}
	for id := range f.watched {
		if fs.watched[id]--; fs.watched[id] == 0 {
			delete(fs.watched, id)
		}
	}
	if fs.watched == nil {
		fs.watched = make(map[chat.RoomID]int)
	}
	f.watched = make(map[chat.RoomID]bool, len(rooms))
	for _, id := range rooms {
		if !f.watched[id] {
			f.watched[id] = true
			fs.watched[id]++
		}
	}
}

// publish merges what a committed transaction changed into every feed.
func (s *Store) publish(ch *changes) {
	s.feeds.mu.Lock()
	defer s.feeds.mu.Unlock()
	all := ch.items
	for _, f := range s.feeds.all {
		ch.items = f.carried(all)
		presses := len(ch.items)+len(ch.alerts) > 0 || ch.edges || ch.all || ch.outbox
		if len(ch.rooms) > 0 || presses {
			f.add(presses, func() { f.pending.merge(ch) })
		}
	}
}

// carried returns those of items that the feed carries. The caller holds s.feeds.mu.
func (f *Feed) carried(items map[chat.RoomID]*roomChanges) map[chat.RoomID]*roomChanges {
	var out map[chat.RoomID]*roomChanges
	for id, r := range items {
		if f.watched[id] {
			if out == nil {
				out = make(map[chat.RoomID]*roomChanges)
			}
			out[id] = r
		}
	}
	return out
}

func (s *Store) toFeeds(fn func(*Feed)) {
	s.feeds.mu.Lock()
	defer s.feeds.mu.Unlock()
	for _, f := range s.feeds.all {
		f.add(true, func() { fn(f) })
	}
}

// PublishTyping says who types in a room.
func (s *Store) PublishTyping(t chat.Typing) {
	s.toFeeds(func(f *Feed) {
		if f.typing == nil {
			f.typing = make(map[chat.RoomID]chat.Typing)
		}
		f.typing[t.Room] = t
	})
}

// PublishConnection says how the connection is.
func (s *Store) PublishConnection(c chat.Connection) {
	s.toFeeds(func(f *Feed) { f.conn = &c })
}

// PublishNotice passes on the outcome of an intent. Notices are never dropped.
func (s *Store) PublishNotice(n chat.Notice) {
	s.toFeeds(func(f *Feed) { f.notices = append(f.notices, n) })
}

// Alert asks to ring once the transaction is committed.
func (tx *Tx) Alert(a chat.Alert) { tx.ch.alert(a) }

func (c *changes) alert(a chat.Alert) {
	c.alerts = append(c.alerts, a)
	if len(c.alerts) > maxItems { // nobody has listened for long: the newest matter
		c.alerts = slices.Delete(c.alerts, 0, len(c.alerts)-maxItems)
	}
}

func (c *changes) merge(from *changes) {
	for id, present := range from.rooms {
		c.mark(id, present)
	}
	for id, r := range from.items {
		c.in(id).merge(r)
	}
	for _, a := range from.alerts {
		c.alert(a)
	}
	c.edges, c.outbox = c.edges || from.edges, c.outbox || from.outbox
	if from.all {
		c.all, c.rooms = true, nil
	}
}

func (f *Feed) add(presses bool, fn func()) {
	f.mu.Lock()
	fn()
	f.mu.Unlock()
	f.signal(presses)
}

func (f *Feed) signal(presses bool) {
	if presses {
		select {
		case f.press <- struct{}{}:
		default: // a signal is waiting already
		}
	}
	select {
	case f.wake <- struct{}{}:
	default: // a signal is waiting already
	}
}

// Wait returns the channel that gets a value when something is pending. It has
// one slot: after a receive, call Next once.
func (f *Feed) Wait() <-chan struct{} { return f.wake }

// Pressing returns the channel that gets a value when more than summaries of
// rooms is pending: those of a lively account change without end and can wait
// for each other, what is in view cannot. It has one slot and may speak of what
// Next has already taken.
func (f *Feed) Pressing() <-chan struct{} { return f.press }

// Next takes what is pending and reads the present rows for it. It does not
// wait: with nothing pending the set is empty. After an error what was taken is
// pending again.
func (f *Feed) Next(ctx context.Context) (chat.ChangeSet, error) {
	f.mu.Lock()
	ch := f.pending
	set := chat.ChangeSet{Conn: f.conn, Notices: f.notices, Typing: slices.Collect(maps.Values(f.typing))}
	f.trust.take(&set)
	f.pending, f.conn, f.notices, f.typing = changes{}, nil, nil, nil
	f.mu.Unlock()

	f.s.feeds.mu.Lock()
	ch.items = f.carried(ch.items)
	f.s.feeds.mu.Unlock()
	if err := f.s.fill(ctx, &ch, &set); err != nil {
		f.putBack(&ch, &set)
		return chat.ChangeSet{}, err
	}
	return set, nil
}

// putBack restores what Next took; what came meanwhile is newer.
func (f *Feed) putBack(ch *changes, set *chat.ChangeSet) {
	f.mu.Lock()
	newer := f.pending
	f.pending = *ch
	f.pending.merge(&newer)
	if f.conn == nil {
		f.conn = set.Conn
	}
	f.notices = append(slices.Clone(set.Notices), f.notices...)
	f.trust.putBack(set)
	for _, t := range set.Typing {
		if _, ok := f.typing[t.Room]; !ok {
			if f.typing == nil {
				f.typing = make(map[chat.RoomID]chat.Typing)
			}
			f.typing[t.Room] = t
		}
	}
	f.mu.Unlock()
	f.signal(true)
}
