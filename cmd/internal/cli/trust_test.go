package cli_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hubbub/cmd/internal/app"
	"hubbub/cmd/internal/cli"
	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// setUp makes an identity for a signed-in account, as the window does, and returns the recovery key.
func (h home) setUp(a matrixtest.Account) string {
	h.t.Helper()
	env, err := app.Load(app.Streams{Getenv: h.getenv})
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() {
		if err := env.Close(); err != nil {
			h.t.Error(err)
		}
	}()
	c, err := env.Accounts(true).Open(h.t.Context(), chat.UserID(a.UserID))
	if err != nil {
		h.t.Fatal(err)
	}
	var key chat.Secret
	err = env.Headless(h.t.Context(), c, func(ctx context.Context) error {
		key, err = c.Trust().SetUp(ctx, chat.SetUp{Auth: chat.Auth{Password: chat.Secret(a.Password)}})
		return err
	})
	if err != nil || key == "" {
		h.t.Fatalf("set up: %v", err)
	}
	return string(key)
}

// signIn makes another machine with a session of the account.
func signIn(t *testing.T, hs *matrixtest.Homeserver, a matrixtest.Account) home {
	t.Helper()
	h := newHome(t)
	if code, _, errs := h.run(a.Password+"\n", "login", "--homeserver", hs.URL, "--user", a.Localpart); code != 0 {
		t.Fatalf("login: code %d, %q", code, errs)
	}
	return h
}

// found runs the checkup and returns its findings by topic.
func (h home) found(code int) map[string]map[string]any {
	h.t.Helper()
	got, out, errs := h.run("", "doctor", "--json")
	if got != code {
		h.t.Errorf("doctor: code %d, want %d: %s%s", got, code, out, errs)
	}
	all := map[string]map[string]any{}
	for line := range strings.Lines(out) {
		var f map[string]any
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			h.t.Fatalf("%q: %v", line, err)
		}
		all[f["topic"].(string)] = f
	}
	return all
}

// Recovery, key files and the checkup, as a script uses them on two machines.
func TestRecoveryAndKeyFiles(t *testing.T) {
	hs := matrixtest.Stack(t)
	ada := hs.NewAccount(t, "ada")
	one := signIn(t, hs, ada)
	key := one.setUp(ada)
	if f := one.found(0); f["identity"]["state"] != "good" || f["session"]["state"] != "good" || f["backup"]["state"] != "good" {
		t.Errorf("after set-up: %v", f)
	}
	two := signIn(t, hs, ada)
	if f := two.found(1); f["session"]["state"] != "broken" || f["backup"]["fix"] != "recover" {
		t.Errorf("a session that is not verified: %v", f)
	}
	_, out, _ := two.run("", "keys", "backup", "status", "--json")
	if !strings.Contains(out, `"state":"no_key"`) {
		t.Errorf("backup before: %s", out)
	}
	if code, _, errs := two.run("", "keys", "backup", "restore"); code != 1 || !strings.Contains(errs, "hubbub recovery") {
		t.Errorf("restore without the key: code %d, %q", code, errs)
	}
	for _, c := range []struct {
		typed string
		code  int
		says  string
	}{
		{"", 2, "standard input"},
		{"nonsense", 2, "recovery key"},
		{wrongKey(key), 5, "not the right"},
	} {
		code, out, errs := two.run(c.typed+"\n", "recovery")
		if code != c.code || out != "" || !strings.Contains(errs, c.says) || strings.Count(errs, "\n") != 1 {
			t.Errorf("recovery with %q: code %d, %q, %q", c.typed, code, out, errs)
		}
	}
	if code, out, errs := two.run(key+"\n", "recovery"); code != 0 || !strings.Contains(out, "verified") || strings.Contains(out+errs, key) {
		t.Fatalf("recovery: code %d, %q, %q", code, out, errs)
	}
	if f := two.found(0); f["session"]["state"] != "good" || f["secrets"]["state"] != "good" || f["backup"]["state"] != "good" {
		t.Errorf("after recovery: %v", f)
	}
	if code, out, errs := two.run("", "keys", "backup", "restore"); code != 0 || !strings.Contains(out, "restored") {
		t.Errorf("restore: code %d, %q, %q", code, out, errs)
	}
	room := hs.Login(t, ada).CreateRoom(map[string]any{"name": "quay", "initial_state": []any{map[string]any{
		"type": "m.room.encryption", "state_key": "", "content": map[string]any{"algorithm": "m.megolm.v1.aes-sha2"},
	}}})
	if code, _, errs := one.run("hello", "send", room); code != 0 {
		t.Fatalf("send: code %d, %q", code, errs)
	}
	keyFiles(t, one, two)
	for _, h := range []home{one, two} {
		if path := h.holds(key, "correct horse"); path != "" {
			t.Errorf("a secret that was typed is in %s", path)
		}
	}
}

// wrongKey is a recovery key of the right shape that opens nothing.
func wrongKey(key string) string {
	if other := "EsUF adkU Z789 fJPg C7Qp 8UEJ Gayz vya6 ZXfx qndG YZ4k jYKN"; other != key {
		return other
	}
	return key[1:]
}

func keyFiles(t *testing.T, one, two home) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.txt")
	if code, _, errs := one.run("", "keys", "export", path); code != 2 || !strings.Contains(errs, "standard input") {
		t.Errorf("export without a passphrase: code %d, %q", code, errs)
	}
	if code, _, errs := one.run("short\n", "keys", "export", path); code != 2 || !strings.Contains(errs, "easy to guess") {
		t.Errorf("export with a weak passphrase: code %d, %q", code, errs)
	}
	if code, out, errs := one.run("correct horse\n", "keys", "export", path); code != 0 || !strings.Contains(out, path) {
		t.Fatalf("export: code %d, %q, %q", code, out, errs)
	}
	if stat, err := os.Stat(path); err != nil || stat.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", stat, err)
	}
	whole, err := os.ReadFile(path)
	if err != nil || !strings.HasPrefix(string(whole), "-----BEGIN MEGOLM SESSION DATA-----") {
		t.Fatalf("%v: %.40q", err, whole)
	}
	if code, _, errs := one.run("correct horse\n", "keys", "export", path); code != 2 || !strings.Contains(errs, "already") {
		t.Errorf("export over a file: code %d, %q", code, errs)
	}
	if code, _, errs := two.run("wrong\n", "keys", "import", path); code != 5 || strings.Count(errs, "\n") != 1 {
		t.Errorf("import with a wrong passphrase: code %d, %q", code, errs)
	}
	cut := path + ".cut"
	if err := os.WriteFile(cut, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := two.run("correct horse\n", "keys", "import", cut); code != 2 || strings.Count(errs, "\n") != 1 {
		t.Errorf("import of half a file: code %d, %q", code, errs)
	}
	for _, other := range []string{"/dev/zero", t.TempDir(), path + ".none"} {
		if code, _, errs := two.run("x\n", "keys", "import", other); code != 2 || strings.Count(errs, "\n") != 1 {
			t.Errorf("import of %s: code %d, %q", other, code, errs)
		}
	}
	if code, out, errs := two.run("correct horse\n", "keys", "import", path); code != 0 || !strings.Contains(out, "were new") {
		t.Errorf("import: code %d, %q, %q", code, out, errs)
	}
}

// holds returns a file under the machine's home that holds one of some texts.
func (h home) holds(texts ...string) string {
	h.t.Helper()
	found := ""
	err := filepath.WalkDir(h.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, s := range texts {
			if strings.Contains(string(b), s) {
				found = path
			}
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return found
}

// run of a command that others wait for.
type running struct {
	lines chan string
	code  chan int
	all   []string
}

// start runs a command whose input is typed as it asks.
func (h home) start(input string, args ...string) *running {
	h.t.Helper()
	return h.startWith(h.file("in", input), args...)
}

func (h home) startWith(in *os.File, args ...string) *running {
	h.t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		h.t.Fatal(err)
	}
	errs := h.file("err", "")
	x := &running{lines: make(chan string, 100), code: make(chan int, 1)}
	ctx, cancel := context.WithTimeout(h.t.Context(), limit)
	h.t.Cleanup(cancel)
	go func() {
		code := cli.Main(ctx, args, app.Streams{In: in, Out: w, Err: errs, Getenv: h.getenv})
		if err := w.Close(); err != nil {
			h.t.Error(err)
		}
		if code != 0 {
			h.t.Logf("%v: code %d, %s", args, code, h.content(errs))
		}
		x.code <- code
	}()
	go func() {
		defer close(x.lines)
		for s := bufio.NewScanner(r); s.Scan(); {
			x.lines <- s.Text()
		}
	}()
	return x
}

// end returns the exit code and what was printed.
func (x *running) end() (int, string) {
	for line := range x.lines {
		x.all = append(x.all, line)
	}
	return <-x.code, strings.Join(x.all, "\n")
}

// Two own sessions verify each other from two shells, both of which ask.
func TestVerifyFromTwoShells(t *testing.T) {
	hs := matrixtest.Stack(t)
	ada := hs.NewAccount(t, "ada")
	one := signIn(t, hs, ada)
	one.setUp(ada)
	if code, _, errs := one.run("", "verify"); code != 1 || !strings.Contains(errs, "no other session") {
		t.Errorf("alone: code %d, %q", code, errs)
	}
	two := signIn(t, hs, ada)
	two.found(1)
	a, b := one.start("y\n", "verify"), two.start("y\n", "verify")
	codeA, outA := a.end()
	codeB, outB := b.end()
	emojiA, _, _ := strings.Cut(outA, "\n")
	emojiB, _, _ := strings.Cut(outB, "\n")
	if codeA != 0 || codeB != 0 || emojiA != emojiB || !strings.Contains(emojiA, ",") || !strings.Contains(outB, "Verified.") {
		t.Fatalf("codes %d and %d:\n%s\n\n%s", codeA, codeB, outA, outB)
	}
	if f := two.found(0); f["session"]["state"] != "good" {
		t.Errorf("after the verification: %v", f["session"])
	}
	three := signIn(t, hs, ada)
	three.found(1)
	a, b = one.start("n\n", "verify"), three.start("y\n", "verify")
	codeA, outA = a.end()
	codeB, _ = b.end()
	if codeA != 1 || codeB != 1 || strings.Contains(outA, "Verified.") {
		t.Errorf("said to be different: codes %d and %d, %q", codeA, codeB, outA)
	}
	three.found(1)
}

// The code that one shell shows as text is taken in by the other.
func TestVerifyByCode(t *testing.T) {
	hs := matrixtest.Stack(t)
	ada := hs.NewAccount(t, "ada")
	one := signIn(t, hs, ada)
	one.setUp(ada)
	two := signIn(t, hs, ada)
	two.found(1)
	for _, args := range [][]string{{"--scan", "-", "--show-code"}, {"nobody"}} {
		if code, _, errs := two.run("", append([]string{"verify"}, args...)...); code != 2 || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: %d, %q", args, code, errs)
		}
	}
	in, typed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	a, b := one.start("y\n", "verify", "--show-code"), two.startWith(in, "verify", "--scan", "-")
	shown, ok := <-a.lines
	if !ok {
		t.Fatal("no code is shown")
	}
	_, err = typed.WriteString(shown + "\n")
	if err := errors.Join(err, typed.Close()); err != nil {
		t.Fatal(err)
	}
	codeA, outA := a.end()
	codeB, outB := b.end()
	if codeA != 0 || codeB != 0 || !strings.Contains(outA, "Verified.") || !strings.Contains(outB, "The private keys and the key backup are here.") {
		t.Errorf("codes %d and %d: %q, %q", codeA, codeB, outA, outB)
	}
	two.found(0)
	three := signIn(t, hs, ada)
	three.found(1)
	a, b = one.start("y\n", "verify", "--show-code"), three.start(shown+"\n", "verify", "--scan", "-") // the code of before
	codeA, _ = a.end()
	codeB, _ = b.end()
	if codeA == 0 || codeB == 0 {
		t.Errorf("an old code verifies: codes %d and %d", codeA, codeB)
	}
	three.found(1)
}
