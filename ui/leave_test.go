package ui

import (
	"testing"

	"hubbub/store/chat"
)

// TestLeaveSaysWhatComingBackTakes, as far as that is known, before anything is done.
func TestLeaveSaysWhatComingBackTakes(t *testing.T) {
	for says, change := range map[string]func(r *chat.Room){
		"Coming back may take":  func(*chat.Room) {},
		"Everybody may join it": func(r *chat.Room) { r.JoinRule, r.Joined = "public", 12 },
		"be invited again":      func(r *chat.Room) { r.JoinRule, r.Joined = "invite", 2 },
		"as long as you are":    func(r *chat.Room) { r.JoinRule, r.Joined = "restricted", 12 },
		"only one in it":        func(r *chat.Room) { r.JoinRule, r.Joined = "invite", 1 },
	} {
		w := harbour()
		for i := range w.sidebar.Rooms {
			if w.sidebar.Rooms[i].ID == "!g" {
				change(&w.sidebar.Rooms[i])
			}
		}
		s := sit(t, w, 120, 30, nil)
		s.Key("alt+shift+w")
		s.want("Leave it?", says)
	}
}

// TestLeavingOpensTheNextChannel of the tree, the one above at its end, and none
// where there is none; the outcome and the list may come in either order.
func TestLeavingOpensTheNextChannel(t *testing.T) {
	gone := func(s *seat, id chat.RoomID) { s.Send(feedMsg{changes: chat.ChangeSet{Gone: []chat.RoomID{id}}}) }
	s := sit(t, harbour(), 120, 30, nil)
	s.Key("alt+shift+w")
	s.sure()
	s.wantCall("leave !g")
	gone(s, "!g")
	s.want("# infra")
	s.wantNot("No channel is open")

	s = sit(t, harbour(), 120, 30, nil)
	s.Key("alt+shift+w")
	s.sure()
	for ref := range s.win.refs {
		s.Send(feedMsg{changes: chat.ChangeSet{Notices: []chat.Notice{{Ref: ref, Room: "!g", Done: chat.DoneLeft}}}})
	}
	s.want("# infra", "Left.")
	gone(s, "!g")
	s.want("# infra")

	// Whom somebody else has put out stays where it can be read.
	gone(s, "!i")
	s.want("No channel is open")
}
