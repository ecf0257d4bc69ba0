package term

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// ErrNotOpened says that a link is of a kind that is not handed to other programs.
var ErrNotOpened = errors.New("links of this kind are not opened")

// Opener returns the program that shows a link on the desktop of a system (as
// runtime.GOOS names it), or "" where nobody would see it: at the other end of a
// connection, or without a desktop.
func Opener(env Env, system string) string {
	switch {
	case env.SSH():
		return ""
	case system == "darwin":
		return "open"
	case env.Get("DISPLAY") != "" || env.Get("WAYLAND_DISPLAY") != "":
		return "xdg-open"
	}
	return ""
}

// Openable reports whether a link may be handed to another program. link is a
// result of safe.URL.
func Openable(link string) bool {
	// Some programs for mail attach a file that a link names.
	if lower := strings.ToLower(link); strings.HasPrefix(lower, "mailto:") && strings.Contains(lower, "attach") {
		return false
	}
	for _, scheme := range []string{"https://", "http://", "mailto:"} {
		if len(link) > len(scheme) && strings.EqualFold(link[:len(scheme)], scheme) {
			return true
		}
	}
	return false
}

// Open hands a link to the program and waits until that has ended, which can
// take as long as a browser runs. No shell sees the link, and it cannot be taken
// for an option. The error is [ErrNotOpened] or the program's.
func Open(program, link string, env Env) error {
	if !Openable(link) {
		return ErrNotOpened
	}
	cmd := exec.Command(program, link)
	cmd.Env = env
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run %s: %w", program, err)
	}
	return nil
}
