package roomlist

import (
	"slices"

	"hubbub/store/chat"
)

// Step returns the room dir (+1 or -1) rooms away from cur in the tree as it
// is shown, going round at the ends, or "" if there is none.
func (m *Model) Step(server, cur chat.RoomID, dir int) chat.RoomID {
	return step(m.Rows(server), cur, dir, func(r *chat.Room) bool { return r.Membership == chat.MemberJoined })
}

// StepUnread is Step over rooms with anything unread, folded ones too; when
// the server has none it goes on through all others.
func (m *Model) StepUnread(server, cur chat.RoomID, dir int) chat.RoomID {
	return m.search(server, cur, dir, func(r *chat.Room) bool { return count(r).Any })
}

// NextMention is StepUnread forward over rooms that mention me. A direct
// message counts as one.
func (m *Model) NextMention(server, cur chat.RoomID) chat.RoomID {
	return m.search(server, cur, 1, func(r *chat.Room) bool {
		return r.Mentions > 0 || (r.Direct && count(r).Any)
	})
}

func (m *Model) search(server, cur chat.RoomID, dir int, match func(*chat.Room) bool) chat.RoomID {
	m.order()
	other := func(r *chat.Room) bool { return r.ID != cur && r.Membership == chat.MemberJoined && match(r) }
	if id := step(m.unfolded(server), cur, dir, other); id != "" {
		return id
	}
	for _, s := range m.servers {
		if id := step(m.unfolded(s.room.ID), "", 1, other); id != "" {
			return id
		}
	}
	return step(m.unfolded(""), "", 1, other)
}

func (m *Model) unfolded(server chat.RoomID) []Row {
	var rows []Row
	if server != "" {
		return m.space(rows, server, 0, map[chat.RoomID]bool{server: true}, true)
	}
	for _, s := range []Section{Direct, Unread, Recent} {
		rows = m.section(rows, s, true)
	}
	return rows
}

// step walks from cur, which need not match, and returns the first match that is another room.
func step(rows []Row, cur chat.RoomID, dir int, match func(*chat.Room) bool) chat.RoomID {
	at := slices.IndexFunc(rows, func(r Row) bool { return r.Kind == RowRoom && r.Room.ID == cur })
	if at < 0 && dir < 0 {
		at = 0
	}
	for i := 1; i <= len(rows); i++ {
		r := &rows[((at+dir*i)%len(rows)+len(rows))%len(rows)]
		if r.Kind == RowRoom && r.Room.ID != cur && match(r.Room) {
			return r.Room.ID
		}
	}
	return ""
}

// ServerOf returns the server in whose tree a room stands, prefer if that is
// one of them, or "" when it stands at home only.
func (m *Model) ServerOf(room, prefer chat.RoomID) chat.RoomID {
	m.order()
	above := m.climb(nil, room)
	if slices.Contains(above, prefer) {
		return prefer
	}
	for _, s := range m.servers {
		if slices.Contains(above, s.room.ID) {
			return s.room.ID
		}
	}
	return ""
}

// Path returns the categories between a server and a room, outermost first.
func (m *Model) Path(server, room chat.RoomID) []chat.RoomID {
	m.order()
	var path []chat.RoomID
	seen := map[chat.RoomID]bool{room: true}
	for at := room; ; {
		next := chat.RoomID("")
		for _, p := range m.parents[at] {
			if p == server {
				slices.Reverse(path)
				return path
			}
			if next == "" && !seen[p] {
				next = p
			}
		}
		if next == "" {
			return nil
		}
		seen[next] = true
		path = append(path, next)
		at = next
	}
}
