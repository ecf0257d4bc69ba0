package ui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/roomlist"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// openLeave asks before a channel or server is left, and says what coming back takes.
func (w *window) openLeave(r *chat.Room) {
	if r == nil {
		return
	}
	id := r.ID
	w.show(&dialog.Confirm{
		Name: dialogLeave, Head: safe.Own(words.LeaveTitle + " " + roomTitle(r)), Question: safe.Own(words.LeaveQuestion(r)), Danger: true,
		Yes: func() tea.Cmd {
			w.refs[w.back.Rooms.Leave(id)] = followUp{leaves: id, next: w.neighbour(id)}
			return nil
		},
	})
}

// neighbour returns the channel below another one in the tree, or else the one above, or "".
func (w *window) neighbour(id chat.RoomID) chat.RoomID {
	rows := slices.DeleteFunc(slices.Clone(w.list.Rows(w.side.Server())), func(r roomlist.Row) bool {
		return r.Kind != roomlist.RowRoom || r.Room.ID != id && r.Room.Membership != chat.MemberJoined
	})
	at := slices.IndexFunc(rows, func(r roomlist.Row) bool { return r.Room.ID == id })
	switch {
	case at >= 0 && at+1 < len(rows):
		return rows[at+1].Room.ID
	case at > 0:
		return rows[at-1].Room.ID
	}
	return ""
}

// gone goes on after the open channel was taken from us: next is what is
// opened when we have left it ourselves, "" shows that none is open.
func (w *window) gone(next chat.RoomID) tea.Cmd {
	if r := w.list.Room(next); r != nil && r.Membership == chat.MemberJoined {
		return w.open(next)
	}
	w.closeRoom()
	return nil
}

// leavingFor returns what is to be opened when the open channel is left, where that was asked for.
func (w *window) leavingFor() chat.RoomID {
	for _, f := range w.refs {
		if f.leaves == w.room {
			return f.next
		}
	}
	return ""
}
