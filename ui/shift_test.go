package ui

import (
	"testing"

	tea "charm.land/bubbletea/v2"

	"hubbub/ui/internal/screen"
)

// TestNewLineKeyThatWorks: Shift+Enter is named once the terminal has shown that
// it tells it from Enter.
func TestNewLineKeyThatWorks(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.want("Alt+⏎ newline")
	s.Send(tea.KeyboardEnhancementsMsg{Flags: 1}, screen.ProfileMsg{Key: "xterm 1"})
	s.want("⇧⏎ newline")
	s.wantNot("Alt+⏎")
	s = sit(t, harbour(), 120, 30, nil)
	s.Send(screen.ProfileMsg{Key: "xterm 1"})
	s.want("Alt+⏎ newline")
	s.Key("shift+enter")
	s.want("⇧⏎ newline")
}
