package ui

import (
	"fmt"
	"image/color"
	"testing"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/screen"
)

// TestNextMentionGoesToTheMessage: Alt+A opens the channel at the message.
func TestNextMentionGoesToTheMessage(t *testing.T) {
	w := harbour()
	for i := range 60 {
		m := text(i+1, "bo", fmt.Sprintf("news %d", i+1))
		m.Room, m.Mention = "!i", i == 9
		w.items["!i"] = append(w.items["!i"], m)
	}
	for i := range w.sidebar.Rooms {
		if r := &w.sidebar.Rooms[i]; r.ID == "!i" {
			r.ReadUpTo = "$5"
		}
	}
	s := sit(t, w, 120, 30, nil)
	s.Key("alt+a")
	s.want("news 10")
	if m := s.win.chat.Selected(); m == nil || m.ID != "$10" {
		t.Errorf("the cursor is on %+v", m)
	}
	s.Key("esc", "alt+end")
	s.want("news 60")
	s.Key("alt+a") // the open channel still has it
	s.want("news 10")
	s.Key("esc", "alt+u")
	s.want("55 new", "news 6")
}

// TestWelcomeInTheWindow: without a channel the window says what waits and how to go on.
func TestWelcomeInTheWindow(t *testing.T) {
	w := harbour()
	w.state = map[string][]byte{}
	s := sit(t, w, 120, 30, nil)
	s.Send(feedMsg{changes: chat.ChangeSet{Conn: online()}})
	s.want("No channel is open", "1 invite waits", "2 channels have something new, 1 mention of you.", "Ctrl+K", "F1")
	s.wantNot("Message #", "╰")
	s.Key("alt+a")
	s.want("Message #infra")
}

// TestLightTerminalIsRemembered: only the very first frame can have the wrong background.
func TestLightTerminalIsRemembered(t *testing.T) {
	w := harbour()
	opts := Options{Env: []string{"TERM=foot"}, Backend: w.backend()}
	opts.known, _ = knownTerminal(t.Context(), opts)
	s := sit(t, w, 120, 30, func(o *Options) { o.known = opts.known })
	if s.win.theme.Light {
		t.Fatal("light without a reason")
	}
	s.Send(tea.BackgroundColorMsg{Color: color.White})
	s.Send(screen.ProfileMsg{Key: "foot foot(1.2)"})
	again, _ := knownTerminal(t.Context(), opts)
	if s = sit(t, w, 120, 30, func(o *Options) { o.known = again }); !s.win.theme.Light {
		t.Error("the next start is dark")
	}
	if s = sit(t, w, 120, 30, func(o *Options) { o.known, o.Theme = again, "dark" }); s.win.theme.Light {
		t.Error("the configured theme gives way")
	}
	opts.Env = []string{"TERM=other"}
	if other, _ := knownTerminal(t.Context(), opts); other.Light {
		t.Error("another terminal is light too")
	}
}
