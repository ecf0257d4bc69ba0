package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/ui/safe"
)

// terminal is what the window asks of the screen beside drawing.
type terminal interface {
	SetTitle(title safe.Text)
	Clipboard(text string) error
	// Open shows a link on the desktop; nil where that cannot be.
	Open(link string) tea.Cmd
	Bell()
	Notify(title, body safe.Text)
	Redraw()
	// AfterFrame sends a message once the terminal has what is to be shown now.
	AfterFrame(msg tea.Msg) tea.Cmd
	Edit(text string) tea.Cmd
	Suspend() tea.Cmd
	Quit() tea.Cmd
}

// clock is the time, and the one timer of the window.
type clock interface {
	Now() time.Time
	// Wake sends a wakeMsg after d, and takes back what was asked before.
	// A negative d only takes back.
	Wake(d time.Duration)
}

// wakeMsg says that something is due.
type wakeMsg struct{}
