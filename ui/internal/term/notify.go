package term

import (
	"strings"

	"hubbub/ui/safe"
)

// Notifier is a way to get the attention of the terminal's user.
type Notifier uint8

// The ways to notify.
const (
	// NotifyOff does nothing.
	NotifyOff Notifier = iota
	// NotifyBell rings the bell.
	NotifyBell
	// NotifyOSC9 is the notification of iTerm2, WezTerm and ConEmu.
	NotifyOSC9
	// NotifyOSC777 is the notification of urxvt, foot and Ghostty.
	NotifyOSC777
	// NotifyOSC99 is the notification of kitty.
	NotifyOSC99
)

// String implements fmt.Stringer.
func (n Notifier) String() string {
	switch n {
	case NotifyOff:
		return "off"
	case NotifyBell:
		return "bell"
	case NotifyOSC9:
		return "osc9"
	case NotifyOSC777:
		return "osc777"
	case NotifyOSC99:
		return "osc99"
	}
	return "unknown"
}

// ChooseNotifier returns the way that the terminal is known to understand, the
// bell if none. tmux handles a bell itself and shows it in its status line, so it
// gets one. version is the terminal's answer to XTVERSION, or "".
func ChooseNotifier(env Env, version string) Notifier {
	if env.Tmux() || env.Screen() {
		return NotifyBell
	}
	names := strings.ToLower(version + " " + env.Get("TERM") + " " + env.Get("TERM_PROGRAM"))
	switch {
	case strings.Contains(names, "kitty"):
		return NotifyOSC99
	case strings.Contains(names, "foot"), strings.Contains(names, "rxvt"), strings.Contains(names, "ghostty"):
		return NotifyOSC777
	case strings.Contains(names, "iterm"), strings.Contains(names, "wezterm"), strings.Contains(names, "rio"):
		return NotifyOSC9
	}
	return NotifyBell
}

// Notification returns the bytes of a notification. Title and body pass
// [safe.OSC]; they need not be safe before. Some desktops read markup in them:
// what would begin it is replaced by what looks alike.
func Notification(n Notifier, title, body string) string {
	bare := strings.NewReplacer("<", "‹", ">", "›", "&", "+")
	title, body = safe.OSC(bare.Replace(title)), safe.OSC(bare.Replace(body))
	const st = "\x1b\\"
	switch n {
	case NotifyBell:
		return "\a"
	case NotifyOSC9:
		if body != "" {
			title += ": " + body
		}
		// "4" at the start would be read as progress.
		return "\x1b]9;" + strings.TrimLeft(title, "0123456789") + st
	case NotifyOSC777:
		return "\x1b]777;notify;" + title + ";" + body + st
	case NotifyOSC99:
		if body == "" {
			return "\x1b]99;i=hubbub:p=title;" + title + st
		}
		return "\x1b]99;i=hubbub:d=0:p=title;" + title + st + "\x1b]99;i=hubbub:p=body;" + body + st
	case NotifyOff:
	}
	return ""
}
