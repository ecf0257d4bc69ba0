package ui

import (
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
	s.wantCall("discard 61")
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
