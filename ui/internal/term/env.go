package term

import (
	"strings"

	"github.com/charmbracelet/colorprofile"
	xterm "github.com/charmbracelet/x/term"
)

// Env is the environment of the terminal in the form of [os.Environ]. The
// program's own environment is not asked: another front end has another one.
type Env []string

// Get returns a variable; the last of several counts. It is empty when unset.
func (e Env) Get(name string) string {
	for i := len(e) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(e[i], name+"="); ok {
			return v
		}
	}
	return ""
}

// Tmux reports whether the terminal is a pane of tmux.
func (e Env) Tmux() bool { return e.Get("TMUX") != "" || strings.HasPrefix(e.Get("TERM"), "tmux") }

// Screen reports whether the terminal is a window of GNU screen.
func (e Env) Screen() bool {
	return !e.Tmux() && (e.Get("STY") != "" || strings.HasPrefix(e.Get("TERM"), "screen"))
}

// SSH reports whether the terminal is at the other end of a connection.
func (e Env) SSH() bool { return e.Get("SSH_TTY") != "" || e.Get("SSH_CONNECTION") != "" }

// NotUTF8 returns the setting of the locale, such as "LANG=C", when it says that
// the terminal shows other text than UTF-8; "" when it says UTF-8, or nothing.
// It is what tmux, editors and the shell go by; the terminal itself is not asked.
// Spec: POSIX.1-2017, Base Definitions, 8.2
func (e Env) NotUTF8() string {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		value := e.Get(name)
		if value == "" {
			continue
		}
		if charset := strings.ToUpper(value); strings.Contains(charset, "UTF-8") || strings.Contains(charset, "UTF8") {
			return ""
		}
		return name + "=" + value
	}
	return ""
}

// NoColor reports whether colours are unwanted: NO_COLOR is set to anything.
// Spec: https://no-color.org
func (e Env) NoColor() bool { return e.Get("NO_COLOR") != "" }

// ColorProfile returns the colours that the terminal out shows. It starts no
// other program: inside tmux it supposes 256 colours unless COLORTERM says more;
// [TmuxColorProfile] asks tmux.
func ColorProfile(out xterm.File, env Env) colorprofile.Profile {
	if env.NoColor() {
		return colorprofile.ASCII
	}
	if !env.Tmux() {
		return colorprofile.Detect(out, env)
	}
	p := colorprofile.Env(env)
	switch strings.ToLower(env.Get("COLORTERM")) {
	case "truecolor", "24bit":
		p = colorprofile.TrueColor
	}
	return max(p, colorprofile.ANSI256)
}

// TmuxColorProfile asks tmux which colours the terminal around it shows. It runs
// the tmux command and takes some milliseconds.
func TmuxColorProfile(env Env) colorprofile.Profile {
	if env.NoColor() {
		return colorprofile.ASCII
	}
	return colorprofile.Tmux(env)
}
