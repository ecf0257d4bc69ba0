package ui

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/pane/members"
)

// fetchLimit is how long the window says that a member list is being fetched.
// Where the homeserver's count is not that of its list, nothing else ends it.
const fetchLimit = 20 * time.Second

// fetched is what became of asking the homeserver for a member list.
type fetched struct {
	state   members.Fetch
	until   time.Time // while it is running
	changed bool      // the list changed since
}

// Limits of the member lists that are kept: of how many channels, and how long.
const (
	maxLists   = 24
	maxListLen = 1000
)

// keepList keeps the member list of a channel for the next time that it is opened.
func (w *window) keepList(l members.List) {
	w.lists = slices.DeleteFunc(w.lists, func(old members.List) bool { return old.Room == l.Room })
	if len(l.Rows) <= maxListLen {
		w.lists = append(w.lists, l)
	}
	if len(w.lists) > maxLists {
		w.lists = slices.Delete(w.lists, 0, 1)
	}
}

// showPeople begins the list of another channel: as it was when it was seen
// last, else how many there are, which is known before who they are.
func (w *window) showPeople(r *chat.Room) {
	l := members.List{Room: r.ID}
	if i := slices.IndexFunc(w.lists, func(l members.List) bool { return l.Room == r.ID }); i >= 0 {
		l = w.lists[i]
	}
	w.people.SetList(l)
	w.people.SetTotal(r.Joined)
	w.people.SetFetch(w.members[r.ID].state)
}

// readMembers reads the known members of the open channel, and what we may do among them.
func (w *window) readMembers() tea.Cmd {
	w.membersStale, w.membersRead = false, w.clock.Now()
	if w.room == "" {
		return nil
	}
	type known struct {
		list  members.List
		power chat.Power
	}
	room, reader := w.room, w.back.Reader
	return query(w, askMembers, diskLimit, func(ctx context.Context) (known, error) {
		all, err := reader.Members(ctx, room)
		if err != nil {
			return known{}, err
		}
		power, err := reader.Power(ctx, room)
		return known{members.Build(room, all), power}, err
	}, func(k known, err error) tea.Cmd {
		if err != nil {
			w.sayProblem(problemOf(err))
			return nil
		}
		if room == w.room {
			w.people.SetList(k.list)
			w.keepList(k.list)
			w.chat.SetMembers(k.list.People)
			w.chat.SetPower(room, k.power)
			w.showLock()
			w.showFetch()
		}
		return nil
	})
}

// wantMembers asks the homeserver for the whole member list when it is on the
// screen: once a channel, and again where that did not work.
func (w *window) wantMembers() {
	if w.room == "" || !shown(w.frame.people) {
		return
	}
	if f, asked := w.members[w.room]; asked && f.state != members.FetchFailed {
		return
	}
	w.members[w.room] = fetched{state: members.FetchRunning, until: w.clock.Now().Add(fetchLimit)}
	w.refs[w.back.Rooms.FetchMembers(w.room)] = followUp{people: w.room}
	w.showFetch()
}

// membersFailed notes that a member list was not fetched. The list says so; it
// is asked for again once there is a connection, or the channel is opened anew.
func (w *window) membersFailed(room chat.RoomID) {
	w.members[room] = fetched{state: members.FetchFailed}
	w.showFetch()
}

// membersChanged notes that the member list of the open channel is another.
func (w *window) membersChanged() {
	w.membersStale = true
	if f, ok := w.members[w.room]; ok {
		f.changed = true
		w.members[w.room] = f
	}
}

// showFetch shows whether the missing members of the open channel are being fetched.
func (w *window) showFetch() {
	f := w.members[w.room]
	if f.state == members.FetchRunning && (f.changed && !w.membersStale || !w.clock.Now().Before(f.until)) {
		f.state = members.FetchIdle
		w.members[w.room] = f
	}
	w.people.SetFetch(f.state)
}

// fetchDue returns when it is no longer said that a member list is being fetched, zero for never.
func (w *window) fetchDue() time.Time {
	if f := w.members[w.room]; f.state == members.FetchRunning {
		return f.until
	}
	return time.Time{}
}

// membersDue returns when a changed member list is read again.
func (w *window) membersDue() time.Time {
	switch f := w.members[w.room]; {
	case f.state == members.FetchRunning:
		return w.membersRead // what was asked for has come
	case shown(w.frame.people):
		return w.membersRead.Add(membersWait)
	}
	return w.membersRead.Add(membersIdle)
}
