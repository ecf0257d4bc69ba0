package screen

import (
	"runtime"

	tea "charm.land/bubbletea/v2"

	"hubbub/ui/internal/term"
)

// OpenedMsg says that a link could not be opened.
type OpenedMsg struct {
	Link string
	Err  error
}

// Open returns a command that shows a link, a result of safe.URL, on the
// desktop, or nil where that cannot be. When it fails an [OpenedMsg] follows.
func (s *Screen) Open(link string) tea.Cmd {
	env, program := s.env, term.Opener(s.env, runtime.GOOS)
	if program == "" || !term.Openable(link) {
		return nil
	}
	return func() tea.Msg {
		if err := term.Open(program, link, env); err != nil {
			return OpenedMsg{link, err}
		}
		return nil
	}
}
