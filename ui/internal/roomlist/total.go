package roomlist

import "hubbub/store/chat"

// Waiting says how much of the home list there is, and how much of it waits for
// the person.
type Waiting struct {
	Rooms   int // channels and direct messages that we are in
	Invites int
	Unread  int // rooms with anything unread
}

// Waiting counts the home list.
func (m *Model) Waiting() Waiting {
	m.order()
	w := Waiting{Invites: len(m.lists[Invites])}
	for _, s := range []Section{Direct, Unread, Recent} {
		w.Rooms += len(m.lists[s])
		w.Unread += m.sums[s].rooms
	}
	return w
}

// unjoined counts what a server lists that we are not in, as far as its edges tell.
func (m *Model) unjoined(server chat.RoomID) int {
	spaces := map[chat.RoomID]bool{}
	m.reach(server, spaces)
	n := 0
	for id := range spaces {
		n += m.missing[id]
	}
	return n
}
