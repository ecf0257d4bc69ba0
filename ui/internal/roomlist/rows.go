package roomlist

import (
	"slices"

	"hubbub/store/chat"
)

// RowKind says what a row of the tree is.
type RowKind uint8

// Row kinds.
const (
	RowRoom     RowKind = iota // a channel, direct message or invite
	RowCategory                // a space inside the server: folds
	RowSection                 // a heading of the home list: folds
	RowBrowse                  // leads to the channels of the server that one is not in
	RowMore                    // stands for the older direct messages, or ends them when they are shown
)

// maxDirect is how many direct messages are listed until one asks for all: on
// an old account they would push every channel off the screen.
const maxDirect = 10

// Row is one row of the tree.
type Row struct {
	Kind    RowKind
	Section Section // of the home list
	Folded  bool
	Depth   int        // nesting, 0 at the margin
	Room    *chat.Room // of a channel or category; the model's own, always current
	Key     string     // names the fold, for a category, heading or RowMore
	tally   *tally
	more    *more // of a RowMore
}

// more is what a RowMore stands for.
type more struct {
	hidden int      // rooms
	among  []*entry // they are among these, with none that counts but is shown
}

// Hidden returns how many rooms a RowMore stands for, or a RowBrowse at least.
func (r *Row) Hidden() int {
	if r.more == nil {
		return 0
	}
	return r.more.hidden
}

// Count returns what is unread in the row, for a folded row in all it hides.
func (r *Row) Count() Count {
	if r.Kind == RowRoom {
		return count(r.Room)
	}
	if r.more != nil {
		var t tally
		for _, e := range r.more.among {
			t.add(count(&e.room), 1)
		}
		return t.count()
	}
	if r.tally == nil {
		return Count{}
	}
	return r.tally.count()
}

// ID returns the room of the row, or "".
func (r *Row) ID() chat.RoomID {
	if r.Room == nil {
		return ""
	}
	return r.Room.ID
}

// Server is an entry of the rail.
type Server struct {
	Room  *chat.Room
	Count Count
}

type view struct {
	server  chat.RoomID
	version uint64
	rows    []Row
	valid   bool
}

// maxDepth bounds the nesting of categories that is shown.
const maxDepth = 8

// Servers returns the rail.
func (m *Model) Servers() []Server {
	m.order()
	out := make([]Server, len(m.servers))
	for i, e := range m.servers {
		out[i] = Server{Room: &e.room, Count: m.SpaceCount(e.room.ID)}
	}
	return out
}

// SpaceCount returns what is unread below a space.
func (m *Model) SpaceCount(space chat.RoomID) Count {
	m.order()
	if t := m.tallies[space]; t != nil {
		return t.count()
	}
	return Count{}
}

// HomeCount returns what is unread in direct messages and invites.
func (m *Model) HomeCount() Count {
	m.order()
	t := m.sums[Direct]
	t.join(m.sums[Invites])
	return t.count()
}

// Total returns what is unread anywhere.
func (m *Model) Total() Count {
	m.order()
	t := m.sums[Direct]
	t.join(m.sums[Invites])
	t.join(m.sums[Unread])
	return t.count()
}

// Rows returns the tree of a server, or the home list for "". The slice is
// valid until the next call, its rooms until the model changes.
func (m *Model) Rows(server chat.RoomID) []Row {
	m.order()
	if m.cache.valid && m.cache.server == server && m.cache.version == m.version {
		return m.cache.rows
	}
	rows := m.cache.rows[:0]
	if server == "" {
		for _, s := range []Section{Invites, Direct, Unread, Recent} {
			rows = m.section(rows, s, false)
		}
	} else {
		rows = m.space(rows, server, 0, map[chat.RoomID]bool{server: true}, false)
		if !m.filter.OnlyUnread {
			rows = append(rows, Row{Kind: RowBrowse, Key: "browse", more: &more{hidden: m.unjoined(server)}})
		}
		rows = m.section(rows, Direct, false)
	}
	m.cache = view{server, m.version, rows, true}
	return rows
}

// SetFilter narrows what Rows returns.
func (m *Model) SetFilter(f Filter) {
	if f == m.filter {
		return
	}
	if f.OnlyUnread || m.filter.OnlyUnread || m.mayHide(f.Keep) || m.mayHide(m.filter.Keep) {
		m.version++
	}
	m.filter = f
}

// mayHide reports whether a room could be missing from the rows if it were not
// kept: something is folded, or it is one of the direct messages.
func (m *Model) mayHide(id chat.RoomID) bool {
	e := m.rooms[id]
	return e != nil && (len(m.folded) > 0 || e.room.Direct)
}

// Filter returns the filter in force.
func (m *Model) Filter() Filter { return m.filter }

func (m *Model) matches(e *entry) bool {
	return !m.filter.OnlyUnread || e.room.ID == m.filter.Keep || count(&e.room).Any
}

// section appends a heading and its rooms; all ignores folds and limits. The
// open room is never hidden.
func (m *Model) section(rows []Row, s Section, all bool) []Row {
	list := m.lists[s]
	if len(list) == 0 {
		return rows
	}
	key := sectionKey(s)
	folded := m.folded[key]
	rows = append(rows, Row{Kind: RowSection, Section: s, Folded: folded, Key: key, tally: &m.sums[s]})
	var rest more
	open := m.folded[allDirect]
	limited, shown := s == Direct && !all && !folded, 0
	rows = slices.Grow(rows, len(list)+1)
	for i, e := range list {
		if !m.matches(e) {
			continue
		}
		beyond := limited && !open && shown >= maxDirect
		if (beyond || folded && !all) && e.room.ID != m.filter.Keep {
			if beyond {
				if rest.hidden == 0 {
					rest.among = list[i:]
				}
				rest.hidden++
			}
			continue
		}
		shown++
		rows = append(rows, Row{Kind: RowRoom, Room: &e.room, Section: s})
	}
	if rest.hidden > 0 || (limited && open && shown > maxDirect) {
		rows = append(rows, Row{Kind: RowMore, Section: s, Folded: !open, Key: allDirect, more: &rest})
	}
	return rows
}

// allDirect is among the folded keys while all direct messages are shown.
const allDirect = "all:direct"

func sectionKey(s Section) string {
	return "section:" + [...]string{"none", "invites", "direct", "unread", "recent"}[s]
}

// space appends the children of a space; path holds the spaces above, so that a circle ends.
func (m *Model) space(rows []Row, space chat.RoomID, depth int, path map[chat.RoomID]bool, all bool) []Row {
	for _, e := range m.children[space] {
		if e.room.Type != chat.RoomSpace {
			if m.matches(e) {
				rows = append(rows, Row{Kind: RowRoom, Room: &e.room, Depth: depth})
			}
			continue
		}
		id := e.room.ID
		if path[id] || depth >= maxDepth {
			continue
		}
		key := string(id)
		folded := m.folded[key]
		rows = append(rows, Row{Kind: RowCategory, Room: &e.room, Depth: depth, Folded: folded, Key: key, tally: m.tallies[id]})
		if !folded || all {
			path[id] = true
			rows = m.space(rows, id, depth+1, path, all)
			delete(path, id)
			continue
		}
		for _, c := range m.children[id] {
			if c.room.ID == m.filter.Keep && c.room.Type != chat.RoomSpace {
				rows = append(rows, Row{Kind: RowRoom, Room: &c.room, Depth: depth + 1})
			}
		}
	}
	return rows
}

// SetFolded folds or unfolds a category or heading.
func (m *Model) SetFolded(key string, folded bool) {
	if m.folded[key] == folded {
		return
	}
	if folded {
		m.folded[key] = true
	} else {
		delete(m.folded, key)
	}
	m.version++
}

// Folded returns the keys of everything folded, sorted.
func (m *Model) Folded() []string {
	out := make([]string, 0, len(m.folded))
	for k := range m.folded {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
