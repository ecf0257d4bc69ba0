package term

import (
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"slices"
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
	if len(link) > len(mailto) && strings.EqualFold(link[:len(mailto)], mailto) {
		return harmlessMail(link[len(mailto):])
	}
	for _, scheme := range []string{"https://", "http://"} {
		if len(link) > len(scheme) && strings.EqualFold(link[:len(scheme)], scheme) {
			return true
		}
	}
	return false
}

const mailto = "mailto:"

// harmlessMail reports whether a link to mail asks for nothing but a recipient,
// a subject and a text: some programs for mail attach a file that a link names.
func harmlessMail(rest string) bool {
	to, query, _ := strings.Cut(rest, "?")
	if strings.HasPrefix(to, "-") || strings.HasPrefix(strings.ToLower(to), "%2d") {
		return false // a program that takes the scheme off would see an option
	}
	for field := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(field, "=")
		name, err := url.PathUnescape(name)
		if err != nil || !slices.Contains([]string{"", "to", "cc", "bcc", "subject", "body", "in-reply-to"}, strings.ToLower(name)) {
			return false
		}
	}
	return true
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
