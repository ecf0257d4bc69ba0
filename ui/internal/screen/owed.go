package screen

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// owedLimit is how long an answer of the terminal may be on its way. Whoever
// gets the terminal next would take it for something typed, so it is awaited
// before the terminal is given away by a wish of the user.
const owedLimit = 500 * time.Millisecond

// owedMsg says that an answer did not come in time.
type owedMsg struct{}

// handoverMsg wants the terminal for something else.
type handoverMsg struct{ cmd tea.Cmd }

// asking notes that the terminal was asked for DA1.
func (a *acks) asking() {
	a.asked++
	a.askedAt = now()
}

// owed returns how long to wait for what the terminal was asked.
func (a *acks) owed() time.Duration {
	if a.asked == 0 {
		return 0
	}
	return time.Until(a.askedAt.Add(owedLimit))
}

// whenSilent calls f, which gives the terminal away, once no answer is on its
// way: at once, or from Update. Nothing is drawn or typed until then.
func (s *Screen) whenSilent(f func() tea.Cmd) tea.Cmd {
	wait := s.pace.acks.owed()
	if wait <= 0 || s.cause.Load() != nil {
		return f()
	}
	if s.leaving == nil {
		time.AfterFunc(wait, func() { s.Send(owedMsg{}) })
	}
	s.leaving = f
	return nil
}

// hand gives the terminal to another program. No frame comes before it has it.
func (s *Screen) hand(m handoverMsg) tea.Cmd {
	s.handing = true
	return m.cmd
}

// silent goes on with what waited for the last answer.
func (s *Screen) silent() tea.Cmd {
	f := s.leaving
	if f == nil || s.pace.acks.owed() > 0 && s.cause.Load() == nil {
		return nil
	}
	s.leaving = nil
	return f()
}
