package main_test

import (
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/ui/uitest"
)

// command runs a command of hubbub in a terminal.
func (p *person) command(args ...string) *screen {
	p.t.Helper()
	return p.window(uitest.Options{Argv: append([]string{filepath.Join(bin, "hubbub")}, args...), Cols: 80, Rows: 24})
}

// Whatever a command asks, it can be left: by keys, by signals, and with the terminal as it was.
func TestLeavingAQuestion(t *testing.T) {
	t.Parallel()
	p := newPerson(t, matrixtest.Stack(t), "ask")
	at := []string{"login", "--homeserver", p.hs.URL}
	ends := map[string]func(*screen){
		"ctrl+c":     func(s *screen) { s.Write("\x03") },
		"ctrl+d":     func(s *screen) { s.Write("\x04") },
		"interrupt":  func(s *screen) { s.Signal(syscall.SIGINT) },
		"terminate":  func(s *screen) { s.Signal(syscall.SIGTERM) },
		"hang up":    func(s *screen) { s.Signal(syscall.SIGHUP) },
		"after text": func(s *screen) { s.Type("some text"); s.Write("\x03") },
	}
	for asks, args := range map[string][]string{
		"Homeserver": {"login"}, "User:": at, "Password:": slices.Concat(at, []string{"--user", p.Localpart}),
		"Recovery key": {"recovery"}, "Passphrase for": {"keys", "export", p.file("keys.txt")}, "Type the message": {"send", "pier"},
	} {
		for how, end := range ends {
			if args[0] == "send" && how == "ctrl+d" {
				continue // how one sends
			}
			t.Run(strings.TrimSuffix(asks, ":")+" "+how, func(t *testing.T) {
				one := *p
				one.t = t
				s := one.command(args...)
				s.WaitFor(asks)
				end(s)
				if code := s.WaitExit(); code != 130 {
					t.Errorf("exit code %d\n%s", code, s.Dump())
				}
				s.restored()
			})
		}
	}
}

// Signing in by hand: nothing of the password is shown, and it can be corrected.
func TestSignInAtTheTerminal(t *testing.T) {
	t.Parallel()
	p := newPerson(t, matrixtest.Stack(t), "hand")
	s := p.command("login", "--session-name", "the boat")
	s.WaitFor("Homeserver (example.org):")
	s.Type(p.hs.URL + "\r")
	s.WaitFor("User:")
	s.Type(p.Localpart + "\r")
	s.WaitFor("Password:")
	s.Type("not this é\x7f")
	s.Write("\x15")
	s.Type(p.Password + "ß\x7f\r")
	s.WaitFor("Signed in as " + p.UserID)
	if code := s.WaitExit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.Dump())
	}
	s.restored()
	if raw := string(s.Raw()); strings.Contains(raw, p.Password) || strings.Contains(raw, "not this") {
		t.Errorf("the password is shown: %q", raw)
	}
	if names := sessionNames(p.plain); !slices.Contains(names, "the boat") {
		t.Errorf("the sessions are called %q", names)
	}
}

// One's own sessions can be told apart by what they are called.
func TestSessionName(t *testing.T) {
	t.Parallel()
	p := newPerson(t, matrixtest.Stack(t), "name").signIn()
	if names := sessionNames(p.plain); !slices.ContainsFunc(names, func(s string) bool { return strings.HasPrefix(s, "hubbub on ") }) {
		t.Errorf("the sessions are called %q", names)
	}
}

// sessionNames are what the sessions of an account are called.
func sessionNames(c *matrixtest.Client) []string {
	var answer struct {
		Devices []struct {
			Name string `json:"display_name"`
		} `json:"devices"`
	}
	c.Call("GET", "/_matrix/client/v3/devices", nil, &answer)
	var names []string
	for _, d := range answer.Devices {
		names = append(names, d.Name)
	}
	return names
}

// The reader of the output ends the command by going away, also while nothing is said.
func TestReaderThatGoesAway(t *testing.T) {
	t.Parallel()
	m := meet(t, matrixtest.Stack(t), "pipe", nil)
	if r := m.me.run("", "rooms"); r.code != 0 { // what comes from now on is new
		t.Fatalf("rooms: %+v", r)
	}
	s := m.me.window(uitest.Options{
		Argv: []string{"sh", "-c", filepath.Join(bin, "hubbub") + ` tail --json pipe | head -1; echo "next"; ` + filepath.Join(bin, "hubbub") + " rooms | head -0; echo done"},
		Cols: 200, Rows: 24,
	})
	m.ada.SendText(m.room, "one line")
	s.WaitFor(`"body":"one line"`)
	s.WaitFor("next")
	s.WaitFor("done")
	if code := s.WaitExit(); code != 0 || strings.Contains(s.Screen(), "wrong") {
		t.Errorf("exit code %d\n%s", code, s.Dump())
	}
}
