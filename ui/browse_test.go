package ui

import (
	"testing"

	"hubbub/store/chat"
)

// TestBrowse: the channels of a server that one is not in can be found and joined.
func TestBrowse(t *testing.T) {
	w := harbour()
	w.listed = []chat.Listed{
		{ID: "!t", Parent: "!s", Name: "TEXT", Type: chat.RoomSpace, Members: 12},
		{ID: "!g", Parent: "!t", Name: "general", Members: 12, JoinRule: "public"},
		{ID: "!new", Parent: "!t", Name: "rust \x1b[31mlings", Topic: "small questions", Members: 1, JoinRule: "public", Via: []string{"example.org", "other.example"}},
		{ID: "!closed", Parent: "!s", Name: "crew", Members: 3, JoinRule: "invite"},
		{ID: "!call", Parent: "!s", Name: "lounge", Type: chat.RoomVoice},
	}
	s := sit(t, w, 120, 34, nil)
	s.want("+ Browse channels")
	s.Key("alt+c")
	s.wantCall("browse !s")
	s.want("Channels of Rust Harbour", "rust lings  small questions", "1 member", "joined · 12 members", "♪ lounge")
	s.wantNot("Fetching the channels")
	s.Type("TEXT")
	s.Key("enter") // a category stands in the tree of its server
	s.want("Rust Harbour", "▾ VOICE")
	if got := s.win.side.Selected(); got != "!t" {
		t.Errorf("the cursor is on %q", got)
	}
	s.Key("alt+c")
	s.Type("lings")
	s.Key("enter")
	s.wantCall("join https://matrix.to/#/%21new?via=example.org&via=other.example")
	s.Key("alt+c")
	s.Type("crew")
	s.Key("enter")
	s.want("by invitation only")
	s.Key("esc")
	s.Key("alt+down", "alt+c")
	s.Type("general")
	s.Key("enter")
	s.want("Message #general")
	w.listed = nil
	s.Key("alt+c")
	s.want("This server lists no channels.")
	s.Key("alt+0", "alt+c")
	s.want("No server is shown.")
}
