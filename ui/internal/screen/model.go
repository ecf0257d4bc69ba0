package screen

import (
	"log/slog"
	"os"

	tea "charm.land/bubbletea/v2"

	"hubbub/ui/internal/term"
)

// Model is the program that a [Screen] shows. All methods are called from one
// goroutine.
type Model interface {
	// Init returns the first Cmd.
	Init() tea.Cmd
	// Update takes a message. Before any other message come a
	// [tea.ColorProfileMsg] and a [tea.WindowSizeMsg].
	Update(msg tea.Msg) tea.Cmd
	// Dirty reports whether Paint would draw something different.
	Dirty() bool
	// Paint draws what changed and returns where the cursor is. It clears what
	// Dirty reports.
	Paint(c Canvas) Cursor
}

// CursorShape is the form of the cursor.
type CursorShape uint8

// The forms of the cursor, as DECSCUSR numbers them.
const (
	CursorDefault   CursorShape = 0
	CursorBlock     CursorShape = 2
	CursorUnderline CursorShape = 4
	CursorBar       CursorShape = 6
)

// Cursor is the place of the terminal's cursor after a frame. The zero value
// hides it.
type Cursor struct {
	// X and Y are the position on the canvas that Paint was given.
	X, Y int
	// Visible says whether the cursor is shown.
	Visible bool
	// Shape is the form of the cursor.
	Shape CursorShape
}

// Options are the surroundings of a [Screen].
type Options struct {
	// In and Out are the terminal.
	In, Out *os.File
	// Env is the environment of the terminal, in the form of [os.Environ].
	Env []string
	// Log takes what goes wrong with the terminal.
	Log *slog.Logger
	// CrashFile is the file to which the standard error output goes while the
	// screen is on: crashes, and what libraries print. It is created with mode
	// 0600 and appended to. If it is empty a temporary file is used.
	CrashFile string
	// CrashNote is the sentence that is left on the terminal when the process
	// died without a chance to restore it; it may name the CrashFile.
	CrashNote string
	// TempDir is where text is put for the user's editor; it should not survive
	// a reboot. If it is empty, XDG_RUNTIME_DIR of Env or the system's
	// directory is used.
	TempDir string
	// NoBell keeps the bell silent, as a notification too.
	NoBell bool
	// Profile is the terminal's profile as it was measured last time, or the
	// zero value.
	Profile term.Profile
	// Exit ends the process when the program does not end by itself within two
	// seconds after a signal or a crash. It is os.Exit if nil.
	Exit func(code int)
}

// Awaited is a message that may answer a key, as what was read from the disk for
// it. If it does, its frame is as urgent as the key's own.
type Awaited interface {
	tea.Msg
	Awaited() bool
}

// WidthsMsg tells the model that the terminal draws some clusters with another
// width than was supposed. What was measured or normalised before is void, and
// everything has to be drawn.
type WidthsMsg struct {
	// Widths is the width function from now on.
	Widths Widths
}

// ProfileMsg tells the model that the terminal was measured, so that the profile
// can be kept for the next start. It comes once.
type ProfileMsg struct {
	// Key names the kind of terminal; see [term.ProfileKey].
	Key string
	// Profile is what was measured.
	Profile term.Profile
}
