package uitest

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// Screen returns the rows as plain text, without blanks at their ends.
func (t *Term) Screen() string { return t.emu.text() }

// Cursor returns the place of the cursor, and whether it is shown.
func (t *Term) Cursor() (x, y int, visible bool) { return t.emu.cursor() }

// Title returns the title of the window.
func (t *Term) Title() string {
	t.emu.mu.Lock()
	defer t.emu.mu.Unlock()
	return t.emu.title
}

// Bells returns how often the bell rang.
func (t *Term) Bells() int {
	t.emu.mu.Lock()
	defer t.emu.mu.Unlock()
	return t.emu.bells
}

// Clipboard returns what was last put into the clipboard by OSC 52.
func (t *Term) Clipboard() string {
	t.emu.mu.Lock()
	defer t.emu.mu.Unlock()
	return t.emu.clipboard
}

// ModeCount returns how often a private mode was set and reset.
func (t *Term) ModeCount(mode int) (set, reset int) {
	t.emu.mu.Lock()
	defer t.emu.mu.Unlock()
	c := t.emu.modes[mode]
	return c.set, c.reset
}

// AltScreen reports whether the alternate screen is shown.
func (t *Term) AltScreen() bool {
	t.emu.mu.Lock()
	defer t.emu.mu.Unlock()
	return t.emu.vt.IsAltScreen()
}

// Raw mode is on when the terminal does not collect lines.
func (t *Term) rawMode() bool { return t.termios().Lflag&unix.ICANON == 0 }

// RawMode reports whether the terminal is in raw mode.
func (t *Term) RawMode() bool { return t.rawMode() }

// Restored says what the program left changed in the terminal: nil for nothing.
func (t *Term) Restored() error {
	var errs []error
	if now := t.termios(); *now != *t.before {
		errs = append(errs, fmt.Errorf("line settings: %+v, were %+v", *now, *t.before))
	}
	return errors.Join(append(errs, t.emu.restored()...)...)
}

// termios returns the line settings.
func (t *Term) termios() *unix.Termios {
	t.t.Helper()
	var state *unix.Termios
	t.control(func(fd int) (err error) {
		state, err = unix.IoctlGetTermios(fd, getTermios)
		return err
	})
	return state
}

// Dump returns the screen in a frame, and the end of what was written.
func (t *Term) Dump() string {
	var b strings.Builder
	b.WriteString("┌── screen\n")
	for _, row := range strings.Split(t.Screen(), "\n") {
		b.WriteString("│" + row + "\n")
	}
	x, y, visible := t.Cursor()
	raw := t.Raw()
	fmt.Fprintf(&b, "└── cursor %d,%d visible %t; %d bytes, the last: %q\n",
		x, y, visible, len(raw), raw[max(0, len(raw)-400):])
	return b.String()
}
