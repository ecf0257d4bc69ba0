package main_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hubbub/matrix/matrixtest"
	"hubbub/ui/uitest"
)

// limit is how long anything on the screen may take on the busiest machine.
const limit = 40 * time.Second

// bin is the folder of the program under test.
var bin string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

// buildAndRun builds the program once, with the race detector where the tests have it.
func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "hubbub-program")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary directory: what stays is cleared by the system
	args := []string{"build", "-tags", "goolm,fts5", "-o", filepath.Join(dir, "hubbub")}
	if raced {
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, ".")...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build hubbub: %v\n%s", err, out)
		return 1
	}
	bin = dir
	return m.Run()
}

// person is an account on the homeserver with a machine of its own, on which hubbub runs.
type person struct {
	t  *testing.T
	hs *matrixtest.Homeserver
	matrixtest.Account
	plain *matrixtest.Client // another session of the same account, which does in clear what a test tells it
	home  string
	more  []string // environment
	later bool     // has said that the identity is set up later
}

// newPerson registers an account.
func newPerson(t *testing.T, hs *matrixtest.Homeserver, prefix string) *person {
	t.Helper()
	p := &person{t: t, hs: hs, Account: hs.NewAccount(t, prefix), home: t.TempDir()}
	p.plain = matrixtest.Stack(t).Login(t, p.Account) // whatever stands before hubbub's homeserver
	return p
}

// env is the whole environment of the program.
func (p *person) env() []string {
	return append([]string{
		"HOME=" + p.home, "PATH=" + os.Getenv("PATH"), "TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8", "TZ=UTC",
		"GORACE=halt_on_error=1 exitcode=66",
	}, p.more...)
}

// file is a path on the person's machine.
func (p *person) file(parts ...string) string {
	return filepath.Join(append([]string{p.home}, parts...)...)
}

// account is the only file of that name in the account's folder below base.
func (p *person) account(base, name string) string {
	p.t.Helper()
	found, err := filepath.Glob(p.file(base, "hubbub", "*", name))
	if err != nil || len(found) != 1 {
		p.t.Fatalf("%s in %s: %v %v", name, base, found, err)
	}
	return found[0]
}

func (p *person) cacheDB() string  { return p.account(".cache", "cache.db") }
func (p *person) cryptoDB() string { return p.account(".local/share", "crypto.db") }

// result is what a command did.
type result struct {
	code     int
	out, err string
}

// run runs a command to its end.
func (p *person) run(input string, args ...string) result {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 2*limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "hubbub"), args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env = strings.NewReader(input), &out, &errs, p.env()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatalf("run %v: %v", args, err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// signIn signs in on the command line, as most tests are about what comes after.
func (p *person) signIn() *person {
	p.t.Helper()
	r := p.run(p.Password+"\n", "login", "--homeserver", p.hs.URL, "--user", p.Localpart)
	if r.code != 0 {
		p.t.Fatalf("sign in: %+v", r)
	}
	return p
}

// size is a terminal.
func size(cols, rows int) uitest.Options { return uitest.Options{Cols: cols, Rows: rows} }

// window starts hubbub in a terminal.
func (p *person) window(o uitest.Options) *screen {
	p.t.Helper()
	if o.Argv == nil {
		o.Argv = []string{filepath.Join(bin, "hubbub")}
	}
	if o.Cols == 0 {
		o.Cols, o.Rows = 120, 36
	}
	o.Env, o.Dir, o.Timeout = p.env(), p.home, limit
	s := &screen{uitest.Start(p.t, o), p.t, 0}
	switch {
	case o.Cols >= 120:
		s.left = 35
	case o.Cols >= 80:
		s.left = 27
	}
	return s
}

// online starts hubbub and waits until it is connected.
func (p *person) online(o uitest.Options) *screen {
	p.t.Helper()
	s := p.window(o)
	if !p.later {
		s.sayLater()
		p.later = true
	}
	s.WaitFor("● online")
	return s
}

// sayLater puts off what the first start of a new account asks.
func (s *screen) sayLater() {
	s.t.Helper()
	s.WaitFor("Your account has no identity yet.")
	s.WaitGone("Keys count when you stop typing") // it opened by itself
	s.Key("l")
	s.WaitGone("Your account has no identity yet.")
}

// screen is the window of a running hubbub.
type screen struct {
	*uitest.Term
	t    *testing.T
	left int // column where the timeline starts
}

// open goes to a channel or person with the quick switcher.
func (s *screen) open(name, placeholder string) {
	s.t.Helper()
	s.Key("ctrl+k")
	s.WaitFor("─ Go to ─")
	s.Type(name)
	s.WaitMatch(regexp.MustCompile(`│▌. ` + regexp.QuoteMeta(name)))
	s.Key("enter")
	s.WaitGone("─ Go to ─")
	s.WaitFor("Message " + placeholder)
}

// send types a message and sends it.
func (s *screen) send(text string) {
	s.t.Helper()
	s.Type(text)
	s.WaitFor(text)
	s.Key("enter")
	s.WaitFor("Message ") // the composer is empty again
}

// sent waits until no message is on its way.
func (s *screen) sent(text string) {
	s.t.Helper()
	s.WaitUntil(text+" to be sent", func(screen string) bool {
		return strings.Contains(screen, text) && strings.Contains(screen, "Message ") && !strings.ContainsAny(screen, "◌◔✗")
	})
}

// chosen is the text of the rows under the cursor of message mode: those whose gutter has a background.
func (s *screen) chosen() string {
	var out []string
	for y, row := range strings.Split(s.Screen(), "\n") {
		if s.Cell(s.left+1, y).Style.Bg != nil {
			out = append(out, row)
		}
	}
	return strings.Join(out, "\n")
}

// choose moves the cursor of message mode up to the message with that text.
func (s *screen) choose(text string) {
	s.t.Helper()
	reading := func(screen string) bool { // message mode; a message that was not sent cannot be answered
		return strings.Contains(screen, "r reply") || strings.Contains(screen, "d delete") || strings.Contains(screen, "R try again")
	}
	if reading(s.Screen()) { // there already: begin at the newest again
		s.Key("esc")
		s.WaitFor("⏎ send")
	}
	s.Key("esc")
	s.WaitUntil("message mode", reading)
	s.WaitUntil("a chosen message", func(string) bool { return s.chosen() != "" })
	for range 30 {
		on := s.chosen()
		if slices.ContainsFunc(strings.Split(on, "\n"), func(row string) bool {
			return strings.Contains(row, text) && !strings.Contains(row, "↳") // a preview of it is not it
		}) {
			return
		}
		s.Key("k")
		s.WaitUntil("another chosen message", func(string) bool { now := s.chosen(); return now != "" && now != on })
	}
	s.t.Fatalf("no message %q\n%s", text, s.Dump())
}

// sure answers a question about what cannot be taken back. What is typed like a
// sentence does not: it waits until keys count.
func (s *screen) sure() {
	s.t.Helper()
	s.Type("jj")
	s.WaitFor("Keys count when you stop typing.")
	s.WaitGone("Keys count when you stop typing.")
	s.Type("y")
}

// quit leaves hubbub and checks what it leaves behind.
func (s *screen) quit() {
	s.t.Helper()
	s.Key("ctrl+q")
	if code := s.WaitExit(); code != 0 {
		s.t.Errorf("exit code %d\n%s", code, s.Dump())
	}
	s.restored()
}

func (s *screen) restored() {
	s.t.Helper()
	if err := s.Restored(); err != nil {
		s.t.Errorf("the terminal is not as it was: %v", err)
	}
}

// eventually waits for a condition outside the screen.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	matrixtest.Wait(t, limit, what, cond)
}

// hasKeys reports whether a session of the account, other than the plain one, has published its keys.
func hasKeys(c *matrixtest.Client) bool {
	var answer struct {
		Keys map[string]map[string]any `json:"device_keys"`
	}
	c.Call(http.MethodPost, "/_matrix/client/v3/keys/query", map[string]any{"device_keys": map[string]any{c.UserID: []string{}}}, &answer)
	return len(answer.Keys[c.UserID]) > 0
}

// bodies are the texts of a room as the homeserver has them.
func bodies(c *matrixtest.Client, room string) []string {
	var out []string
	for _, e := range c.Events(room) {
		if b := e.Body(); b != "" {
			out = append(out, b)
		}
	}
	return out
}

func count(list []string, s string) int {
	n := 0
	for _, x := range list {
		if x == s {
			n++
		}
	}
	return n
}
