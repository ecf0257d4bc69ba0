package roomlist

import (
	"cmp"
	"slices"
	"strings"

	"hubbub/store/chat"
)

// order builds everything that depends on the shape: children, servers, counts, lists.
func (m *Model) order() {
	if !m.stale {
		return
	}
	m.stale, m.unfound = false, true
	m.version++
	m.orderChildren()
	m.findServers()
	m.addUp()
}

// visible reports whether a room stands in the tree: joined, and not replaced
// by an upgraded room that we are in too.
func (m *Model) visible(r *chat.Room) bool {
	if r.Membership != chat.MemberJoined {
		return false
	}
	next := m.joinedSuccessor(r)
	return next == nil || m.circular(r, next)
}

// joinedSuccessor returns the room that took a room's place, if we are in it, or nil.
func (m *Model) joinedSuccessor(r *chat.Room) *chat.Room {
	next := m.rooms[r.Successor]
	if next == nil || next.room.Membership != chat.MemberJoined {
		return nil
	}
	return &next.room
}

// circular reports whether the way from a room over its successors leads back
// to it. Rooms may name each other so; none of them takes the place of another.
func (m *Model) circular(r, next *chat.Room) bool {
	for range len(m.rooms) {
		switch {
		case next == nil:
			return false
		case next.ID == r.ID:
			return true
		}
		next = m.joinedSuccessor(next)
	}
	return false // a circle further on
}

// child is a room of a space with what it is sorted by.
type child struct {
	*entry
	order string // valid `order`, or ""
	rank  int
}

func (m *Model) orderChildren() {
	all := make(map[chat.RoomID][]child)
	m.children = map[chat.RoomID][]*entry{}
	m.parents = map[chat.RoomID][]chat.RoomID{}
	m.edged = make(map[chat.RoomID]bool, len(m.edges))
	m.missing = map[chat.RoomID]int{}
	for _, e := range m.rooms {
		if e.room.Successor != "" {
			m.edged[e.room.Successor] = true
		}
	}
	for _, edge := range m.edges {
		m.edged[edge.Child] = true
		parent, c := m.rooms[edge.Parent], m.rooms[edge.Child]
		if c == nil || c.room.Membership != chat.MemberJoined && c.room.Membership != chat.MemberInvited {
			m.missing[edge.Parent]++
		}
		if edge.Parent == edge.Child || parent == nil || c == nil || !m.visible(&parent.room) || !m.visible(&c.room) ||
			parent.room.Type != chat.RoomSpace || slices.Contains(m.parents[edge.Child], edge.Parent) {
			continue
		}
		order := edge.Order
		if !validOrder(order) {
			order = ""
		}
		all[edge.Parent] = append(all[edge.Parent], child{c, order, spaceRank(c)})
		m.parents[edge.Child] = append(m.parents[edge.Child], edge.Parent)
	}
	for parent, list := range all {
		slices.SortFunc(list, childOrder)
		entries := make([]*entry, len(list))
		for i, c := range list {
			entries[i] = c.entry
		}
		m.children[parent] = entries
	}
}

// childOrder orders the children of a space: rooms before categories, then by
// valid `order`, those without one last, then by name.
//
// Spec: client-server-api#ordering-of-children-within-a-space
func childOrder(a, b child) int {
	if c := cmp.Compare(a.rank, b.rank); c != 0 {
		return c
	}
	switch {
	case a.order == b.order:
		return byName(a.entry, b.entry)
	case b.order == "":
		return -1
	case a.order == "":
		return 1
	}
	return strings.Compare(a.order, b.order)
}

func spaceRank(e *entry) int {
	if e.room.Type == chat.RoomSpace {
		return 1
	}
	return 0
}

func byName(a, b *entry) int {
	if c := strings.Compare(a.folded, b.folded); c != 0 {
		return c
	}
	return strings.Compare(string(a.room.ID), string(b.room.ID))
}

// validOrder reports whether an `order` counts: at most 50 printable ASCII characters.
//
// Spec: client-server-api#mspacechild
func validOrder(s string) bool {
	if s == "" || len(s) > 50 {
		return false
	}
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// findServers picks the spaces without a joined parent, and one of each circle that hangs from nothing.
func (m *Model) findServers() {
	var spaces []*entry
	for _, e := range m.rooms {
		if e.room.Type == chat.RoomSpace && m.visible(&e.room) {
			spaces = append(spaces, e)
		}
	}
	slices.SortFunc(spaces, byName)
	reached := map[chat.RoomID]bool{}
	m.servers = m.servers[:0]
	for _, top := range []bool{true, false} {
		for _, e := range spaces {
			if (top && len(m.parents[e.room.ID]) > 0) || reached[e.room.ID] {
				continue
			}
			m.servers = append(m.servers, e)
			m.reach(e.room.ID, reached)
		}
	}
	slices.SortFunc(m.servers, byName)
}

// reach marks a space and every space below it.
func (m *Model) reach(space chat.RoomID, reached map[chat.RoomID]bool) {
	todo := []chat.RoomID{space}
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if reached[id] {
			continue
		}
		reached[id] = true
		for _, c := range m.children[id] {
			if c.room.Type == chat.RoomSpace {
				todo = append(todo, c.room.ID)
			}
		}
	}
}

// addUp counts every room once into each space above it, and fills the home lists.
func (m *Model) addUp() {
	m.tallies = map[chat.RoomID]*tally{}
	m.sums = [sections]tally{}
	for s := range m.lists {
		m.lists[s] = m.lists[s][:0]
	}
	var above []chat.RoomID
	for id, e := range m.rooms {
		e.above = e.above[:0]
		e.section = m.place(&e.room)
		c := count(&e.room)
		m.sums[e.section].add(c, 1)
		if e.section != None {
			m.lists[e.section] = append(m.lists[e.section], e)
		}
		if e.room.Type == chat.RoomSpace || !m.visible(&e.room) {
			continue
		}
		above = m.climb(above[:0], id)
		for _, space := range above {
			t := m.tallies[space]
			if t == nil {
				t = &tally{}
				m.tallies[space] = t
			}
			t.add(c, 1)
			e.above = append(e.above, t)
		}
	}
	for s := range m.lists {
		slices.SortFunc(m.lists[s], newer)
	}
}

// climb appends all spaces above a room, each once.
func (m *Model) climb(above []chat.RoomID, id chat.RoomID) []chat.RoomID {
	for _, p := range m.parents[id] {
		if !slices.Contains(above, p) {
			above = m.climb(append(above, p), p)
		}
	}
	return above
}
