package ui

import (
	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/roomlist"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// openSwitcher finds servers, channels and people: unread first, then newest.
func (w *window) openSwitcher() {
	s := &switcher{w: w, newest: map[chat.RoomID]int{}}
	for i, r := range w.list.Newest(recentRooms) {
		s.newest[r.ID] = recentRooms - i
	}
	p := dialog.NewFinder(dialogSwitcher, words.SwitcherTitle, words.SwitcherHint, s)
	p.Free = w.joinItem
	p.Search = w.findPeople(p, w.written, func(m *chat.Member) dialog.Item { return w.personItem(m, w.askDirect) })
	w.show(p)
}

// recentRooms is how many channels are found more easily for having been active last.
const recentRooms = 10

// switcher is what the switcher looks through: the rooms as they are when a query is typed.
type switcher struct {
	w      *window
	newest map[chat.RoomID]int // what they score
}

// Len implements dialog.Source.
func (s *switcher) Len() int { return len(s.w.list.Findings()) }

// Each implements dialog.Source.
func (s *switcher) Each(f func(e *dialog.Entry)) {
	var room *chat.Room
	e := dialog.Entry{Rank: func() (int, int64) { return s.rank(room) }}
	for _, found := range s.w.list.Findings() {
		room, e.Key, e.Find, e.Also = found.Room, string(found.ID), found.Name, found.Also
		f(&e)
	}
}

// rank returns what a room scores, and when it was active.
func (s *switcher) rank(r *chat.Room) (weight int, order int64) {
	weight = s.newest[r.ID]
	if r.Direct {
		weight += 4
	}
	count := roomlist.RoomCount(r)
	switch {
	case count.Mentions > 0:
		weight += 40
	case count.Unread > 0:
		weight += 25
	case count.Any:
		weight += 12
	}
	if r.ID == s.w.room {
		weight -= 60 // one is there already
	}
	return weight, r.LastActive.UnixMilli()
}

// Item implements dialog.Source. The room may have gone meanwhile.
func (s *switcher) Item(key string) dialog.Item {
	w, id := s.w, chat.RoomID(key)
	it := dialog.Item{Do: func() tea.Cmd { return w.open(id) }}
	r := w.list.Room(id)
	if r == nil {
		return it
	}
	count := roomlist.RoomCount(r)
	it.Title, it.Count, it.Mentions = safe.Line(r.Name), count.Unread, count.Mentions
	g := w.theme.Glyphs
	switch {
	case r.Membership == chat.MemberInvited:
		it.Mark, it.Detail = g.Invite, safe.Line(string(r.Inviter))
	case r.Type == chat.RoomSpace:
		it.Mark, it.Detail = g.Home, safe.Lit(words.ServerWord)
	case r.Direct:
		it.Mark, it.Detail = g.Person, safe.Line(string(r.DirectWith))
	case r.Type == chat.RoomVoice:
		it.Mark = g.Voice
	default:
		it.Mark = g.Hash
	}
	if srv := w.list.Room(w.list.ServerOf(id, "")); srv != nil && it.Detail.Empty() {
		it.Detail = safe.Line(srv.Name)
	}
	return it
}
