package ui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
)

// TestAlertsRing: for what one does not look at, and not as often as somebody
// else likes.
func TestAlertsRing(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.world.took()
	alert := func(r chat.RoomID) feedMsg {
		return feedMsg{changes: chat.ChangeSet{Alerts: []chat.Alert{{Room: r, Mention: true}}}}
	}
	s.Send(alert("!g"))
	if got := s.world.took(); strings.Contains(got, "bell") {
		t.Error("rings for what one looks at")
	}
	s.Send(alert("!i"))
	s.wantCall("bell")
	s.Send(alert("!i"))
	if got := s.world.took(); strings.Contains(got, "bell") {
		t.Error("rings as often as somebody wants it to")
	}
	s.clock.now = s.clock.now.Add(alertEvery)
	s.Send(tea.BlurMsg{})
	s.Send(alert("!g"))
	s.wantCall("bell", "notify #general: You are mentioned.")
}
