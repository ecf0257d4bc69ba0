package screen

import (
	"slices"

	tea "charm.land/bubbletea/v2"
)

// afterMsg is a message for the model that is to wait for the terminal.
type afterMsg struct{ tea.Msg }

// afterFrame is a message that waits until the terminal has taken a frame.
type afterFrame struct {
	msg   tea.Msg
	frame uint64 // as pace.frames counts them
}

// AfterFrame returns a Cmd that sends m once the terminal has taken what there
// is to show: what m begins then does not compete with drawing.
func (s *Screen) AfterFrame(m tea.Msg) tea.Cmd {
	return func() tea.Msg { return afterMsg{m} }
}

// await keeps a message until the terminal has what is to be shown now.
func (s *Screen) await(m tea.Msg) {
	frame := s.pace.frames
	if s.model.Dirty() {
		frame++
	}
	s.after = append(s.after, afterFrame{m, frame})
}

// afterFrame returns commands that send what needs to wait no longer.
func (s *Screen) afterFrame() []tea.Cmd {
	if s.pace.busy() {
		return nil
	}
	var cmds []tea.Cmd
	s.after = slices.DeleteFunc(s.after, func(a afterFrame) bool {
		due := a.frame <= s.pace.frames
		if due {
			cmds = append(cmds, func() tea.Msg { return a.msg })
		}
		return due
	})
	return cmds
}
