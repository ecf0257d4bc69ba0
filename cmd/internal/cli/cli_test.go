package cli_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hubbub/cmd/internal/app"
	"hubbub/cmd/internal/cli"
	"hubbub/matrix/matrixtest"
)

const limit = time.Minute

// home is a machine with its own directories.
type home struct {
	t   *testing.T
	dir string
}

func newHome(t *testing.T) home { return home{t, t.TempDir()} }

func (h home) getenv(name string) string {
	if name == "HOME" {
		return h.dir
	}
	return ""
}

// run runs a command with input on its standard input, and returns what it did.
func (h home) run(input string, args ...string) (code int, out, errs string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), limit)
	defer cancel()
	in := h.file("in", input)
	o, e := h.file("out", ""), h.file("err", "")
	code = cli.Main(ctx, args, app.Streams{In: in, Out: o, Err: e, Getenv: h.getenv})
	return code, h.content(o), h.content(e)
}

func (h home) file(name, content string) *os.File {
	h.t.Helper()
	f, err := os.CreateTemp(h.t.TempDir(), name)
	if err == nil {
		_, err = f.WriteString(content)
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return f
}

func (h home) content(f *os.File) string {
	h.t.Helper()
	b, err := os.ReadFile(f.Name())
	if err := errors.Join(err, f.Close()); err != nil {
		h.t.Fatal(err)
	}
	return string(b)
}

func TestWithoutAnAccount(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{nil, 2, "needs a terminal"},
		{[]string{"rooms"}, 3, "hubbub login"},
		{[]string{"logout"}, 3, "hubbub login"},
		{[]string{"tail"}, 3, "hubbub login"},
		{[]string{"send", "x"}, 2, "nothing to send"},
		{[]string{"send"}, 2, "hubbub send ROOM"},
		{[]string{"bogus"}, 2, "hubbub --help"},
		{[]string{"rooms", "--bogus"}, 2, "hubbub rooms --help"},
		{[]string{"login"}, 2, "--homeserver"},
		{[]string{"logn"}, 2, "is it login?"},
		{[]string{"config", "bogus"}, 2, "hubbub config --help"},
		{[]string{"keys", "backup", "bogus"}, 2, "hubbub keys backup --help"},
		{[]string{"help", "bogus"}, 2, "no command bogus"},
		{[]string{"login", "x"}, 2, "hubbub login takes no"},
		{[]string{"login", "--session-name", " "}, 2, "1 to 100"},
		{[]string{"login", "--homeserver", "exa mple", "--user", "ada"}, 2, "Give its name"},
		{[]string{"login", "--homeserver", "http://example.org", "--user", "ada"}, 2, "https"},
		{[]string{"login", "--homeserver", "no-such-host.invalid", "--user", "ada"}, 4, "host"},
		{[]string{"rooms", "--account", "ada"}, 2, "@ada:example.org"},
		{[]string{"doctor"}, 3, "hubbub login"},
		{[]string{"verify"}, 3, "hubbub login"},
		{[]string{"verify", "ada"}, 2, "@ada:example.org"},
		{[]string{"verify", "--show-code", "--scan", "x"}, 2, "--show-code"},
		{[]string{"recovery"}, 2, "standard input"},
		{[]string{"recovery", "EsUF adkU"}, 2, "hubbub recovery --help"},
		{[]string{"keys", "backup", "status"}, 3, "hubbub login"},
		{[]string{"keys", "import", "/nowhere"}, 2, "/nowhere"},
		{[]string{"rooms", "--account", "@ada:example.org"}, 3, "hubbub login --user @ada:example.org"},
	} {
		code, out, errs := newHome(t).run("", c.args...)
		if code != c.code || out != "" || !strings.Contains(errs, c.says) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: code %d, %q, %q", c.args, code, out, errs)
		}
	}
	if code, out, errs := newHome(t).run("", "accounts"); code != 0 || out+errs != "" {
		t.Errorf("accounts: code %d, %q, %q", code, out, errs)
	}
	if code, out, _ := newHome(t).run("", "--version"); code != 0 || !strings.HasPrefix(out, "hubbub version ") {
		t.Errorf("version: code %d, %q", code, out)
	}
}

// An account that cannot be read is not taken for none: else a command would use another one, or a sign-in begin anew.
func TestDamagedAccount(t *testing.T) {
	h := newHome(t)
	dir := filepath.Join(h.dir, ".local", "share", "hubbub", "ada@example.org")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "account.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"rooms"}, {"accounts"}, {"logout"}, {"rooms", "--account", "@ada:example.org"}} {
		if code, _, errs := h.run("", args...); code != 7 || !strings.Contains(errs, "damaged") || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: code %d, %q", args, code, errs)
		}
	}
	if code, out, errs := h.run("", "logout", "--account", "@ada:example.org"); code != 0 || !strings.Contains(out, "@ada:example.org") {
		t.Errorf("giving it up: code %d, %q, %q", code, out, errs)
	}
	if code, _, _ := h.run("", "rooms"); code != 3 {
		t.Errorf("afterwards: code %d", code)
	}
}

// Help fits a terminal of 80 columns, and every command has it.
func TestHelpFits(t *testing.T) {
	h := newHome(t)
	for _, args := range []string{
		"", "login", "logout", "accounts", "send", "tail", "rooms", "config", "config init", "doctor", "verify", "recovery",
		"keys", "keys backup", "keys backup status", "keys backup restore", "keys export", "keys import", "help",
	} {
		code, out, errs := h.run("", append(strings.Fields(args), "--help")...)
		if code != 0 || errs != "" || !strings.Contains(out, "Use it so:\n  hubbub "+args) {
			t.Errorf("%s: code %d, %q, %q", args, code, out, errs)
		}
		for line := range strings.Lines(out) {
			if len(line) > 80 || strings.TrimRight(line, " \n") != strings.TrimSuffix(line, "\n") {
				t.Errorf("%s: %d columns: %q", args, len(line)-1, line)
			}
		}
	}
}

func TestConfigInit(t *testing.T) {
	h := newHome(t)
	path := filepath.Join(h.dir, ".config", "hubbub", "config.toml")
	if code, out, _ := h.run("", "config", "init"); code != 0 || !strings.Contains(out, path) {
		t.Errorf("code %d, %q", code, out)
	}
	if code, _, errs := h.run("", "config", "init"); code != 2 || !strings.Contains(errs, "already") {
		t.Errorf("again: code %d, %q", code, errs)
	}
	if err := os.WriteFile(path, []byte("mouse = true\ncolour = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := h.run("", "rooms"); code != 2 || !strings.Contains(errs, "config.toml:2: unknown key") {
		t.Errorf("bad configuration: code %d, %q", code, errs)
	}
}

// A channel that says it has the address of another gets nothing that is sent there.
func TestClaimedAddress(t *testing.T) {
	hs := matrixtest.Stack(t)
	ada, bo, eve := hs.NewAccount(t, "ada"), hs.NewClient(t, "bo"), hs.NewClient(t, "eve")
	open := map[string]any{"preset": "public_chat"}
	ops, claims := bo.CreateRoom(open), eve.CreateRoom(open)
	bo.Join(claims)
	alias := "#ops-" + ada.Localpart + ":" + strings.SplitN(ada.UserID, ":", 2)[1]
	directory := "/_matrix/client/v3/directory/room/" + url.PathEscape(alias)
	do := func(method string, content any) {
		t.Helper()
		if status, body, err := bo.Do(t.Context(), method, directory, content); err != nil || status != http.StatusOK {
			t.Fatalf("%s: %d %s %v", method, status, body, err)
		}
	}
	// The address is her channel's for as long as it takes to claim it.
	do(http.MethodPut, map[string]any{"room_id": claims})
	eve.SendState(claims, "m.room.canonical_alias", "", map[string]any{"alias": alias})
	do(http.MethodDelete, nil)
	do(http.MethodPut, map[string]any{"room_id": ops})

	h := newHome(t)
	if code, _, errs := h.run(ada.Password+"\n", "login", "--homeserver", hs.URL, "--user", ada.Localpart); code != 0 {
		t.Fatalf("login: code %d, %q", code, errs)
	}
	me := hs.Login(t, ada)
	me.Join(claims)
	if code, out, _ := h.run("", "rooms"); code != 0 || !strings.Contains(out, alias) {
		t.Fatalf("nothing is claimed: %q", out)
	}
	if code, _, errs := h.run("secret", "send", alias); code != 2 || !strings.Contains(errs, "no channel") {
		t.Errorf("the channel that claims the address: code %d, %q", code, errs)
	}
	me.Join(ops)
	if code, _, errs := h.run("secret", "send", alias); code != 0 {
		t.Errorf("the channel that has it: code %d, %q", code, errs)
	}
	for room, want := range map[string]bool{ops: true, claims: false} {
		events := bo.Events(room)
		if got := events[len(events)-1].Body() == "secret"; got != want {
			t.Errorf("%s got it: %t", room, got)
		}
	}
}

// Sign in, send, follow and sign out on a real homeserver, as a script does.
func TestScript(t *testing.T) {
	hs := matrixtest.Stack(t)
	ada, bo := hs.NewAccount(t, "ada"), hs.NewClient(t, "bo")
	room := bo.CreateRoom(map[string]any{"name": "quay", "preset": "public_chat"})
	evil := "evil \x1b[2J\u202e\u009b name"
	bo.SendState(room, "m.room.topic", "", map[string]any{"topic": evil})
	h := newHome(t)
	login := []string{"login", "--homeserver", hs.URL, "--user", ada.Localpart}
	if code, _, errs := h.run("wrong\n", login...); code != 5 || strings.Count(errs, "\n") != 1 {
		t.Errorf("wrong password: code %d, %q", code, errs)
	}
	if code, out, errs := h.run(ada.Password+"\n", login...); code != 0 || !strings.Contains(out, ada.UserID) || !strings.Contains(errs, "secrets.json") {
		t.Fatalf("login: code %d, %q, %q", code, out, errs)
	}
	hs.Login(t, ada).Join(room)
	if code, out, errs := h.run("", "rooms", "--json"); code != 0 || !strings.Contains(out, room) {
		t.Errorf("rooms: code %d, %q, %q", code, out, errs)
	}
	if code, _, errs := h.run("hi", "send", "nowhere"); code != 2 || !strings.Contains(errs, "hubbub rooms") {
		t.Errorf("send to nowhere: code %d, %q", code, errs)
	}
	bo.SendText(room, "while nobody looked")
	lines, stop := h.follow("tail", "--json", "quay")
	wait(t, lines, "while nobody looked")
	if code, _, errs := h.run("hi", "send", "quay"); code != 6 || !strings.Contains(errs, "process") {
		t.Errorf("send beside tail: code %d, %q", code, errs)
	}
	bo.SendText(room, evil)
	if line := wait(t, lines, "evil"); strings.ContainsAny(line, "\x1b\u202e\u009b") {
		t.Errorf("steers a terminal: %q", line)
	}
	first := bo.SendText(room, "before the edit")
	wait(t, lines, "before the edit")
	text := func(body string) map[string]any { return map[string]any{"msgtype": "m.text", "body": body} }
	edit := text("* after the edit")
	edit["m.new_content"], edit["m.relates_to"] = text("after the edit"), map[string]any{"rel_type": "m.replace", "event_id": first}
	bo.Send(room, "m.room.message", edit)
	if line := wait(t, lines, "after the edit"); !strings.Contains(line, first) || !strings.Contains(line, `"body":"after the edit"`) || !strings.Contains(line, `"edited":true`) {
		t.Errorf("an edit: %s", line)
	}
	if code := stop(); code != 0 {
		t.Errorf("tail ended with %d", code)
	}
	code, out, errs := h.run("**hello**\nbo\n", "send", "--json", room)
	if code != 0 || !strings.Contains(out, `"event_id":"$`) {
		t.Fatalf("send: code %d, %q, %q", code, out, errs)
	}
	if events := bo.Events(room); events[len(events)-1].Body() != "**hello**\nbo" {
		t.Errorf("arrived as %q", events[len(events)-1].Body())
	}
	if code, out, _ := h.run("", "logout"); code != 0 || !strings.Contains(out, ada.UserID) {
		t.Errorf("logout: code %d, %q", code, out)
	}
	if code, _, _ := h.run("", "rooms"); code != 3 {
		t.Errorf("after logout: code %d", code)
	}
}

// follow runs a command until stop, and gives its lines of output.
func (h home) follow(args ...string) (lines <-chan string, stop func() int) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	r, w, err := os.Pipe()
	if err != nil {
		h.t.Fatal(err)
	}
	in, errs := h.file("in", ""), h.file("err", "")
	done := make(chan int, 1)
	go func() {
		done <- cli.Main(ctx, args, app.Streams{In: in, Out: w, Err: errs, Getenv: h.getenv})
		if err := w.Close(); err != nil {
			h.t.Error(err)
		}
	}()
	out := make(chan string, 100)
	go func() {
		defer close(out)
		for s := bufio.NewScanner(r); s.Scan(); {
			out <- s.Text()
		}
	}()
	return out, func() int {
		cancel()
		return <-done
	}
}

// wait returns the first JSON line with that word.
func wait(t *testing.T, lines <-chan string, word string) string {
	t.Helper()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				t.Fatalf("it ended before %q", word)
			}
			if !json.Valid([]byte(line)) {
				t.Errorf("not JSON: %q", line)
			}
			if strings.Contains(line, word) {
				return line
			}
		case <-timer.C:
			t.Fatalf("no line with %q", word)
		}
	}
}
