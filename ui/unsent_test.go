package ui

import (
	"strings"
	"testing"

	"hubbub/store/chat"
)

// TestWayToWhatWasNotSent: the status line counts it and names the key, which
// leads to the message with its reason.
func TestWayToWhatWasNotSent(t *testing.T) {
	w := busy()
	s := sit(t, w, 120, 30, nil)
	s.Send(feedMsg{changes: chat.ChangeSet{Conn: online(), Outbox: &chat.OutboxState{Pending: 1, Failed: 1}}})
	s.want("1 not sent (Alt+X), 1 waiting")
	s.Key("alt+down")
	s.wantNot("message 60")
	s.Key("alt+x")
	s.want("lost", "not sent: ", "R tries again, x discards it")
	if m := s.win.chat.Selected(); m == nil || m.Body != "lost" {
		t.Fatalf("the cursor is on %+v", m)
	}
	s.world.took()
	s.Key("R")
	s.wantCall("retry 61")
	s.Key("x")
	s.wantCall(`draft !g "lost"`, "discard 61")
	s.want("its text is back in the composer")
	w.items["!g"] = w.items["!g"][:60]
	s.Key("alt+x")
	s.want("No message was refused.")
}

// TestRefusedTextComesBack: what cannot even be queued stands in the composer again.
func TestRefusedTextComesBack(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.Type("/file /nowhere.pdf")
	s.Key("enter")
	s.wantNot("nowhere")
	refused := chat.Notice{Room: "!g", Problem: &chat.Problem{Kind: chat.ProblemNotFound, Detail: "/nowhere.pdf"}}
	s.Send(feedMsg{changes: chat.ChangeSet{Notices: []chat.Notice{refused}}})
	if got := s.win.chat.Text(); got != "/file /nowhere.pdf" {
		t.Errorf("the composer holds %q", got)
	}
	s.want("There is no file: /nowhere.pdf")
	s.Key("ctrl+u")
	s.Type("next")
	s.Send(feedMsg{changes: chat.ChangeSet{Notices: []chat.Notice{refused}}})
	if got := s.win.chat.Text(); got != "next" {
		t.Errorf("the composer holds %q", got)
	}
}

// TestDiscardLosesNoText: a text that was refused goes back to the composer,
// with what it answers; where that is taken, one is asked, and the history has it.
func TestDiscardLosesNoText(t *testing.T) {
	w := harbour()
	failed := text(5, "me", "a long thought")
	failed.ID, failed.Send, failed.SendProblem = "", chat.SendError, &chat.Problem{Kind: chat.ProblemForbidden}
	failed.Reply = &chat.ReplyPreview{ID: "$3", Sender: "@bo:example.org", SenderName: "bo", Body: "Nice"}
	w.items["!g"] = append(w.items["!g"], failed)
	s := sit(t, w, 120, 30, nil)
	s.Key("esc", "x")
	s.want("Replying to bo: Nice", "Not sent any more")
	if got := s.win.chat.Draft(); got.Text != "a long thought" || got.ReplyTo != "$3" {
		t.Fatalf("the composer holds %+v", got)
	}
	s.wantCall(`draft !g "a long thought"`, "discard 5")

	s = sit(t, w, 120, 30, nil)
	s.Type("another")
	s.Key("esc")
	s.world.took()
	s.Key("x")
	s.want("something else is", "“a long thought”")
	s.Key("esc")
	if got := s.world.took(); strings.Contains(got, "discard") {
		t.Fatalf("dropped without an answer:\n%s", got)
	}
	s.Key("x", "y")
	s.wantCall("discard 5")
	s.want("Discarded; Ctrl+↑ brings its text back.")
	s.Key("esc", "ctrl+up")
	if got := s.win.chat.Text(); got != "a long thought" {
		t.Errorf("the history brings %q", got)
	}
	s.Key("ctrl+down")
	if got := s.win.chat.Text(); got != "another" {
		t.Errorf("what was being written is %q", got)
	}
}

// TestDiscardedText: what is brought back would be sent as it was.
func TestDiscardedText(t *testing.T) {
	for _, c := range []struct {
		kind chat.MessageKind
		body string
		want string
	}{
		{chat.KindText, "plain", "plain"},
		{chat.KindEmote, "waves", "/me waves"},
		{chat.KindNotice, "built", "/notice built"},
		{chat.KindText, "/etc/passwd is a file", "//etc/passwd is a file"},
	} {
		if got := unsentDraft(&chat.Message{Kind: c.kind, Body: c.body, Room: "!g"}); got.Text != c.want {
			t.Errorf("%q comes back as %q", c.body, got.Text)
		}
	}
	file := text(5, "me", "tide.png")
	file.ID, file.Send, file.Kind, file.Media = "", chat.SendError, chat.KindImage, &chat.Media{Name: "tide.png"}
	w := harbour()
	w.items["!g"] = append(w.items["!g"], file)
	s := sit(t, w, 120, 30, nil)
	s.Key("esc", "x")
	s.want("the file stays where", "“tide.png”")
	s.Key("enter")
	s.wantCall("discard 5")
}

// TestRefusedEditComesBack: the sending side puts the text of a refused edit
// into the draft; the window shows it, unless something is being written.
func TestRefusedEditComesBack(t *testing.T) {
	w := harbour()
	s := sit(t, w, 120, 30, nil)
	w.drafts = []chat.Draft{{Room: "!g", Text: "Thanks a lot!", Edit: "$4"}, {Room: "!i", Text: "other", Edit: "$9"}}
	refused := func(room chat.RoomID) feedMsg {
		return feedMsg{changes: chat.ChangeSet{Notices: []chat.Notice{{Room: room, Problem: &chat.Problem{Kind: chat.ProblemForbidden}}}}}
	}
	s.Send(refused("!g"))
	if got := s.win.chat.Draft(); got.Text != "Thanks a lot!" || got.Edit != "$4" {
		t.Fatalf("the composer holds %+v", got)
	}
	s.want("Editing your message")
	s.Send(refused("!i"))
	if got := s.win.drafts["!i"]; got.Text != "other" || got.Edit != "$9" {
		t.Errorf("the other channel's draft is %+v", got)
	}
	s = sit(t, harbour(), 120, 30, nil)
	s.Type("mine")
	s.world.drafts = w.drafts
	s.Send(refused("!g"))
	if got := s.win.chat.Text(); got != "mine" {
		t.Errorf("what was being written became %q", got)
	}
}
