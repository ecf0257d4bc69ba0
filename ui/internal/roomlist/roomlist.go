// Package roomlist turns rooms and the edges between them into what the
// sidebar shows: the rail of servers, the channel tree of one server with its
// categories, and the home list.
//
// It is a pure view-model. [Model.Set] takes everything, [Model.Apply] folds
// changes in: a changed count costs the few servers above the room, a new
// message moves one room in one sorted list, and only a change of shape (a
// name, a membership, an edge) orders the tree anew, when it is next looked at.
//
// Spaces may contain each other in a circle, since homeservers do not prevent
// it: every space of a circle is reached once on each path, and a circle that
// hangs from nothing gets one of its spaces as its server.
package roomlist

import (
	"slices"
	"strings"

	"hubbub/store/chat"
)

// Section is a group of the home list.
type Section uint8

// Sections in the order of the home list. None is for rooms that are not listed at home.
const (
	None Section = iota
	Invites
	Direct
	Unread
	Recent
	sections
)

// Count is what is unread in a room, a category or a server.
type Count struct {
	Unread   int  // messages that notify
	Mentions int  // messages that mention me
	Any      bool // anything unread at all, notifying or not
}

// tally adds up rooms; rooms counts those that have anything unread.
type tally struct{ unread, mentions, rooms int }

func (t *tally) add(c Count, sign int) {
	t.unread += sign * c.Unread
	t.mentions += sign * c.Mentions
	if c.Any {
		t.rooms += sign
	}
}

func (t *tally) join(o tally) {
	t.unread, t.mentions, t.rooms = t.unread+o.unread, t.mentions+o.mentions, t.rooms+o.rooms
}

func (t *tally) count() Count { return Count{t.unread, t.mentions, t.rooms > 0} }

// entry is a room in the model. Its room changes in place, so rows need not be made again.
type entry struct {
	room    chat.Room
	folded  string // name in lower case, for sorting
	above   []*tally
	section Section
}

// Model is the sidebar's data. It belongs to one goroutine.
type Model struct {
	rooms    map[chat.RoomID]*entry
	edges    []chat.SpaceEdge
	children map[chat.RoomID][]*entry // joined children of a space, ordered
	parents  map[chat.RoomID][]chat.RoomID
	missing  map[chat.RoomID]int  // rooms of a space that we are not in
	edged    map[chat.RoomID]bool // rooms that an edge or a successor names, known or not
	servers  []*entry
	tallies  map[chat.RoomID]*tally
	lists    [sections][]*entry // newest first
	sums     [sections]tally
	folded   map[string]bool
	filter   Filter
	stale    bool // the shape changed: order again before the next look
	findings []Finding
	unfound  bool // findings must be made anew
	version  uint64
	cache    view
}

// Filter narrows the tree.
type Filter struct {
	OnlyUnread bool
	Keep       chat.RoomID // shown although it does not match or is folded away: the open room
}

// New makes an empty model.
func New() *Model {
	return &Model{rooms: map[chat.RoomID]*entry{}, folded: map[string]bool{}}
}

// Set replaces everything.
func (m *Model) Set(s chat.Sidebar) {
	m.rooms = make(map[chat.RoomID]*entry, len(s.Rooms))
	for _, r := range s.Rooms {
		r.Name = name(&r)
		m.rooms[r.ID] = newEntry(r)
	}
	m.SetEdges(s.Edges)
}

// SetEdges replaces the edges.
func (m *Model) SetEdges(edges []chat.SpaceEdge) {
	m.edges = edges
	m.stale = true
}

// Apply folds in changed rooms and takes out those that are gone.
func (m *Model) Apply(changed []chat.Room, gone []chat.RoomID) {
	for _, r := range changed {
		r.Name = name(&r)
		m.apply(&r)
	}
	for _, id := range gone {
		if m.rooms[id] != nil {
			delete(m.rooms, id)
			m.stale = true
		}
	}
}

func (m *Model) apply(r *chat.Room) {
	e := m.rooms[r.ID]
	if e == nil {
		m.add(r)
		return
	}
	if m.stale || reshapes(&e.room, r) {
		*e = *newEntry(*r)
		m.stale = true
		return
	}
	before, after := count(&e.room), count(r)
	section := m.place(r)
	moves := section != e.section || !r.LastActive.Equal(e.room.LastActive)
	if moves {
		m.take(e)
	}
	if before != after {
		for _, t := range e.above {
			t.add(before, -1)
			t.add(after, 1)
		}
	}
	m.sums[e.section].add(before, -1)
	m.sums[section].add(after, 1)
	m.unfound = m.unfound || also(&e.room) != also(r)
	e.room, e.section = *r, section
	if moves {
		m.put(e)
	}
	if moves || (before.Any != after.Any && m.filter.OnlyUnread) {
		m.version++
	}
}

// add takes a new room. One that stands in no space, as most do while an
// account is taken in, only joins the home list.
func (m *Model) add(r *chat.Room) {
	e := newEntry(*r)
	m.rooms[r.ID] = e
	if m.stale || r.Type == chat.RoomSpace || m.edged[r.ID] || r.Successor != "" {
		m.stale = true
		return
	}
	m.unfound = true
	e.section = m.place(&e.room)
	m.sums[e.section].add(count(&e.room), 1)
	m.put(e)
	m.version++
}

// reshapes reports whether a change moves a room in the tree or renames it.
func reshapes(a, b *chat.Room) bool {
	return a.Name != b.Name || a.Type != b.Type || a.Membership != b.Membership || a.Direct != b.Direct ||
		a.Successor != b.Successor
}

func newEntry(r chat.Room) *entry {
	return &entry{room: r, folded: strings.ToLower(strings.TrimPrefix(r.Name, "#")), section: None}
}

// count returns what is unread in a room. A muted room counts for mentions only.
func count(r *chat.Room) Count {
	if r.Membership == chat.MemberInvited {
		return Count{Unread: 1, Any: true}
	}
	if r.Notify == chat.NotifyMuted {
		return Count{Mentions: r.Mentions, Any: r.Mentions > 0 || r.Marked}
	}
	c := Count{Unread: r.Unread, Mentions: r.Mentions, Any: r.HasUnread || r.Marked || r.Unread > 0 || r.Mentions > 0}
	if r.Marked && c.Unread == 0 {
		c.Unread = 1
	}
	return c
}

// place returns the section of the home list that a room belongs to.
func (m *Model) place(r *chat.Room) Section {
	switch {
	case r.Membership == chat.MemberInvited:
		return Invites
	case !m.visible(r) || r.Type == chat.RoomSpace:
		return None
	case r.Direct:
		return Direct
	case count(r).Any:
		return Unread
	}
	return Recent
}

// newer orders by activity, newest first.
func newer(a, b *entry) int {
	if c := b.room.LastActive.Compare(a.room.LastActive); c != 0 {
		return c
	}
	return strings.Compare(string(a.room.ID), string(b.room.ID))
}

// take removes an entry from its section's list, before anything of it changes.
func (m *Model) take(e *entry) {
	if i, ok := slices.BinarySearchFunc(m.lists[e.section], e, newer); ok {
		m.lists[e.section] = slices.Delete(m.lists[e.section], i, i+1)
	}
}

func (m *Model) put(e *entry) {
	if e.section == None {
		return
	}
	i, ok := slices.BinarySearchFunc(m.lists[e.section], e, newer)
	if !ok {
		m.lists[e.section] = slices.Insert(m.lists[e.section], i, e)
	}
}

// Room returns a room, or nil. It is the model's own: do not change it.
func (m *Model) Room(id chat.RoomID) *chat.Room {
	if e := m.rooms[id]; e != nil {
		return &e.room
	}
	return nil
}

// All calls f for each room in no order, until it returns false.
func (m *Model) All(f func(r *chat.Room) bool) {
	for _, e := range m.rooms {
		if !f(&e.room) {
			return
		}
	}
}

// Newest returns the n rooms of the home list that were active last, the newest first.
func (m *Model) Newest(n int) []*chat.Room {
	m.order()
	var all []*entry
	for _, list := range m.lists {
		all = append(all, list[:min(n, len(list))]...)
	}
	slices.SortFunc(all, newer)
	rooms := make([]*chat.Room, min(n, len(all)))
	for i := range rooms {
		rooms[i] = &all[i].room
	}
	return rooms
}

// RoomCount returns what is unread in a room.
func RoomCount(r *chat.Room) Count { return count(r) }
