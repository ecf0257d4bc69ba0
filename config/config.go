// Package config reads hubbub's configuration file and says where files live.
//
// A [Config] is a plain value: [Default] is complete, [Load] puts the file's
// values over it and checks all of them, so that nobody else validates. An
// unknown key is an error with its line, never ignored. [Sample] is the
// commented file that `hubbub config init` writes; it is made from the same
// table that parsing uses, so that every key is documented.
package config

import (
	"fmt"
	"path/filepath"
	"runtime"
)

// Keymaps that come with hubbub.
const (
	KeymapDefault = "default"
	KeymapVim     = "vim"
)

// Themes.
const (
	ThemeAuto  = "auto"
	ThemeDark  = "dark"
	ThemeLight = "light"
)

// Receipts says who learns what has been read.
type Receipts string

// Kinds of read receipts.
const (
	ReceiptsPublic  Receipts = "public"  // everybody in the room (m.read)
	ReceiptsPrivate Receipts = "private" // the own sessions only (m.read.private)
	ReceiptsOff     Receipts = "off"     // none; unread counts are kept on this machine only
)

// Config holds every setting. The zero value is not usable: start from [Default].
type Config struct {
	// Keymap is KeymapDefault or KeymapVim.
	Keymap string
	// Keys maps an action name to the keys that replace its own. The names and
	// keys are checked by the keymap, which knows them.
	Keys map[string][]string
	// KeyLines are the lines on which Keys stand, for whoever finds one wrong.
	KeyLines map[string]int
	// Theme is ThemeAuto, ThemeDark or ThemeLight.
	Theme string
	// Mouse lets clicks and the wheel work; off leaves selection to the terminal.
	Mouse bool
	// Bell rings on mentions and direct messages while nobody looks.
	Bell bool
	// Notifications sends a desktop notification through the terminal with the bell.
	Notifications bool
	// Receipts says who learns what has been read.
	Receipts Receipts
	// Typing tells others that one types.
	Typing bool
	// DownloadDir is where saved files go, an absolute path.
	DownloadDir string
	// SessionName is what other sessions see of one that is signed in here.
	SessionName string
	// ASCII draws with letters only, for terminals and fonts without box drawing.
	ASCII bool
}

// Default returns the settings without a file. The home directory is the base
// of the download folder.
func Default(home string) Config {
	return Config{
		Keymap: KeymapDefault, Theme: ThemeAuto, Mouse: true, Bell: true, Notifications: true,
		Receipts: ReceiptsPublic, Typing: true, DownloadDir: filepath.Join(home, "Downloads"),
		SessionName: "hubbub on " + system(),
	}
}

// system names the operating system. The machine is not named: on some
// homeservers strangers can read what a session is called.
func system() string {
	switch runtime.GOOS {
	case "linux":
		return "Linux"
	case "darwin":
		return "macOS"
	case "freebsd":
		return "FreeBSD"
	case "netbsd":
		return "NetBSD"
	case "openbsd":
		return "OpenBSD"
	}
	return runtime.GOOS
}

// Error is a fault in the configuration file.
type Error struct {
	Path string
	Line int    // 1 is the first; 0 when unknown
	Text string // what is wrong, and what would be right
}

// Error implements error: the place and what is wrong there.
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.Path, e.Text)
	}
	return fmt.Sprintf("%s:%d: %s", e.Path, e.Line, e.Text)
}
