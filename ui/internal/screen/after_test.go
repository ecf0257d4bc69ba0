package screen

import (
	"testing"

	tea "charm.land/bubbletea/v2"
)

// still is a model that is dirty when told.
type still struct {
	Model
	dirty bool
}

func (s *still) Dirty() bool { return s.dirty }

// TestAfterFrame: a message waits for the frame that shows what was dirty when
// it was sent, until the terminal has it, and for no later one.
func TestAfterFrame(t *testing.T) {
	m := &still{}
	s := &Screen{model: m}
	sent := func() (n int) {
		for _, cmd := range s.afterFrame() {
			if _, ok := cmd().(tea.FocusMsg); ok {
				n++
			}
		}
		return n
	}
	wait := func() {
		msg, ok := s.AfterFrame(tea.FocusMsg{})().(afterMsg)
		if !ok {
			t.Fatal("not a message for the screen")
		}
		s.await(msg.Msg)
	}
	wait()
	if n := sent(); n != 1 {
		t.Errorf("nothing to show: %d sent, want 1", n)
	}
	s.pace.writing = true
	wait()
	if n := sent(); n != 0 {
		t.Errorf("while a frame is written: %d sent", n)
	}
	m.dirty, s.pace.writing = true, false
	if n := sent(); n != 1 {
		t.Errorf("the frame was taken, another is due: %d sent, want 1", n)
	}
	wait()
	if n := sent(); n != 0 {
		t.Errorf("before the frame was made: %d sent", n)
	}
	s.pace.frames, s.pace.acks.waiting = s.pace.frames+1, true
	if n := sent(); n != 0 {
		t.Errorf("before the terminal answered: %d sent", n)
	}
	s.pace.acks.waiting = false
	if n := sent(); n != 1 {
		t.Errorf("after the terminal answered: %d sent, want 1", n)
	}
	if n := sent(); n != 0 {
		t.Errorf("%d sent twice", n)
	}
}
