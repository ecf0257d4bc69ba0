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

// TestNextMentionGoesOnInTheChannel: on a mention, Alt+A goes to the one below
// it, and from the last one round to the first that is not read.
func TestNextMentionGoesOnInTheChannel(t *testing.T) {
	w := harbour()
	for i := range 60 {
		m := text(i+1, "bo", fmt.Sprintf("news %d", i+1))
		m.Room, m.Mention = "!i", i == 9 || i == 39
		w.items["!i"] = append(w.items["!i"], m)
	}
	for i := range w.sidebar.Rooms {
		if r := &w.sidebar.Rooms[i]; r.ID == "!i" {
			r.ReadUpTo = "$5"
		}
	}
	s := sit(t, w, 120, 30, nil)
	for i, want := range []chat.EventID{"$10", "$40", "$10"} {
		s.Key("alt+a")
		if m := s.win.chat.Selected(); m == nil || m.ID != want {
			t.Errorf("press %d: the cursor is on %+v, not on %s", i+1, m, want)
		}
	}
}

// TestAnswersStayInTheirChannel: what a key was answered is not said in another channel.
func TestAnswersStayInTheirChannel(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.Key("esc", "s")
	s.want("This message has no file.")
	s.Key("alt+down")
	s.want("Message #infra")
	s.wantNot("This message has no file.")
	s.Key("alt+9")
	s.want("no such server")
}

// TestInvitationNamesTheInviter: the name where it is known, and the id in any case.
func TestInvitationNamesTheInviter(t *testing.T) {
	w := harbour()
	w.people = append(w.people, chat.Member{User: "@eve:evil.example", Name: "Eve\u202e", Membership: chat.MemberJoined})
	s := sit(t, w, 120, 30, nil)
	s.Key("ctrl+k")
	s.Type("party")
	s.Key("enter")
	s.want("Invitation", "party", "Eve invites you.", "@eve:evil.example", "Accept")
}

// TestNothingIsOfferedForTheDeleted: the menu says why, and so do the keys.
func TestNothingIsOfferedForTheDeleted(t *testing.T) {
	w := harbour()
	gone := text(5, "me", "")
	gone.Kind, gone.RedactedBy = chat.KindRedacted, "@me:example.org"
	w.items["!g"] = append(w.items["!g"], gone)
	s := sit(t, w, 120, 30, nil)
	s.Key("esc")
	s.wantNot("d delete", "e edit", "+ react")
	s.want("r reply")
	for _, key := range []string{"d", "e", "+"} {
		s.Key("alt+9") // something else is said
		s.Key("esc", "esc")
		s.Key(key)
		s.want("This message is deleted.")
	}
	s.Key("k")
	s.want("d delete", "e edit", "+ react")
}

// TestKeysOnWhatWasNotSent: the foot names what helps, delete drops it and
// gives the text back; what needs the homeserver's copy is not offered.
func TestKeysOnWhatWasNotSent(t *testing.T) {
	w := harbour()
	failed := text(5, "me", "never sent")
	failed.ID, failed.Send, failed.SendProblem = "", chat.SendError, &chat.Problem{Kind: chat.ProblemTooLarge}
	topic := text(6, "ada", "")
	topic.Kind, topic.State = chat.KindState, &chat.StateChange{Type: "m.room.topic", Value: "Tea"}
	w.items["!g"] = append(w.items["!g"], failed, topic)
	s := sit(t, w, 120, 30, nil)
	s.Key("esc", "y")
	s.wantCall("copy ada changed the topic to: Tea")
	s.Key("k")
	s.want("never sent", "R try again", "x discard", "i why?")
	s.wantNot("r reply", "+ react")
	s.Key("d")
	s.wantCall(`draft !g "never sent"`, "discard 5")
	s.want("its text is back in the composer")
	s.Key("esc", "ctrl+p")
	s.Type("delete the m")
	s.wantNot("This message is deleted.")
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
