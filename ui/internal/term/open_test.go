package term

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestOpener(t *testing.T) {
	for _, c := range []struct {
		env    Env
		system string
		want   string
	}{
		{Env{"DISPLAY=:0"}, "linux", "xdg-open"},
		{Env{"WAYLAND_DISPLAY=wayland-0"}, "linux", "xdg-open"},
		{nil, "linux", ""},
		{Env{"DISPLAY=:10", "SSH_CONNECTION=1 2 3 4"}, "linux", ""}, // forwarded X shows on another machine's screen
		{nil, "darwin", "open"},
		{Env{"SSH_TTY=/dev/pts/1"}, "darwin", ""},
	} {
		if got := Opener(c.env, c.system); got != c.want {
			t.Errorf("%v on %s: %q, want %q", c.env, c.system, got, c.want)
		}
	}
}

// TestOpenGivesOneArgument: the link is one argument, whatever is in it, and
// only links of the web and of mail are handed on.
func TestOpenGivesOneArgument(t *testing.T) {
	dir := t.TempDir()
	program, out := filepath.Join(dir, "show"), filepath.Join(dir, "out")
	script := "#!/bin/sh\nprintf '%s|' \"$#\" \"$@\" > \"$OUT\"\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	env := Env{"OUT=" + out, "PATH=" + os.Getenv("PATH")}
	link := "https://example.org/$(touch%20x)?a=b&c=d;e"
	if err := Open(program, link, env); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil || string(got) != "1|"+link+"|" {
		t.Errorf("the program got %q, %v", got, err)
	}
	for _, good := range []string{"http://x.example", "mailto:a@b", "mailto:a@b?Subject=attached&body=x&cc=c@d"} {
		if !Openable(good) {
			t.Errorf("%q is not opened", good)
		}
	}
	for _, bad := range []string{
		"", "file:///etc/passwd", "-x", "javascript:alert(1)", "https://", "matrix:r/x:y", "mailto:", "mailto:a@b?Attach=/etc/passwd",
		"mailto:a@b?subject=x&%61ttachment=/etc/passwd", "mailto:a@b?body=x&insert=/etc/passwd", "mailto:a@b?%zz=1", "mailto:-x", "mailto:%2Dx",
	} {
		if err := Open(program, bad, env); !errors.Is(err, ErrNotOpened) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if err := Open(filepath.Join(dir, "none"), link, env); err == nil {
		t.Error("a program that is not there worked")
	}
}
