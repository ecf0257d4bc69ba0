package ui

import (
	"strings"
	"testing"
	"time"

	"hubbub/ui/internal/screen"
)

// TestBurstInTheComposer: lines from a terminal that does not mark a paste are
// written and not sent, and many are asked about, though they come in pieces.
func TestBurstInTheComposer(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.world.took()
	s.Send(screen.BurstMsg{Text: "one\r\ttwo\rthree\r"})
	if got := s.win.chat.Text(); got != "one\n    two\nthree" {
		t.Errorf("written: %q", got)
	}
	s.Key("ctrl+u", "esc")
	s.win.chat.SetText("")
	s.Key("esc")
	s.Send(screen.BurstMsg{Text: "dd\rdd\r"})
	if got := s.win.chat.Text(); got != "dd\ndd" {
		t.Errorf("written from message mode: %q", got)
	}
	s.win.chat.SetText("")
	s.Send(screen.BurstMsg{Text: strings.Repeat("line\r", 30)})
	s.want("Paste 30 lines")
	s.pass(time.Second)
	s.Send(screen.BurstMsg{Text: strings.Repeat("more\r", 30)})
	s.want("Paste 60 lines")
	s.Key("enter")
	if got := s.win.chat.Text(); strings.Count(got, "\n") != 59 {
		t.Errorf("pasted %q", got)
	}
	if got := s.world.took(); strings.Contains(got, "send") {
		t.Errorf("something was sent:\n%s", got)
	}
}

// TestBurstInADialog: where Enter chooses it still does, and the lines behind it
// are a paste.
func TestBurstInADialog(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.Key("ctrl+k")
	s.world.took()
	s.Send(screen.BurstMsg{Text: "infra\rhello there\r"})
	s.wantCall(`send kind=0 text="hello there" reply= edit= target= key=`)
	s.want("Message #infra")
	s.Key("ctrl+k")
	s.Send(screen.BurstMsg{Text: "general\rone\rtwo\r"})
	s.want("# general", "one", "two")
}
