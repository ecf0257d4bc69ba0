package main_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/ui/uitest"
)

// What a stranger can put on the screen: names, topics and texts made to steer a terminal.
const (
	clipboardTrap = "\x1b]52;c;aHVudGVyMg==\x07"
	clearTrap     = "\x1b[2J\x1b[H"
	titleTrap     = "\x1b]0;pwned\x1b\\"
	bidiTrap      = "\u202eevil\u2066\u200f"
	c1Trap        = "\u009b31m\u009d52;c;eA==\u009c"
)

func TestHostileNames(t *testing.T) {
	t.Parallel()
	trap := clipboardTrap + clearTrap + titleTrap + bidiTrap + c1Trap
	m := meet(t, matrixtest.Stack(t), "trap "+trap, map[string]any{"topic": "topic " + trap})
	m.ada.SetDisplayName("Mallory " + trap)
	m.ada.SendState(m.room, "m.room.name", "", map[string]any{"name": trap + " depth " + trap})
	long := m.ada.CreateRoom(map[string]any{"preset": "public_chat", "name": strings.Repeat("\u0007\u200b\ufeff", 3000)})
	m.me.plain.Join(long)
	m.ada.SendText(m.room, "plain "+trap)
	m.ada.Send(m.room, "m.room.message", map[string]any{
		"msgtype": "m.text", "body": "html", "format": "org.matrix.custom.html",
		"formatted_body": "<b>bold " + trap + "</b><a href=\"javascript:alert(1)\">click</a><table></table><pre><code class=\"language-\x1b[2J\">x" + trap + "</code></pre>",
	})
	deep := strings.Repeat("<blockquote>", 1500) + "deep" + strings.Repeat("</blockquote>", 1500)
	m.ada.Send(m.room, "m.room.message", map[string]any{"msgtype": "m.text", "body": "deep", "format": "org.matrix.custom.html", "formatted_body": deep})
	m.ada.Send(m.room, "m.reaction", map[string]any{"m.relates_to": map[string]any{
		"rel_type": "m.annotation", "event_id": m.find("plain " + trap), "key": trap,
	}})
	m.ada.SendText(m.room, "the end")
	s := m.me.online(size(120, 40))
	s.Key("ctrl+k")
	s.WaitFor("─ Go to ─")
	s.WaitFor("# " + long[:12]) // nothing to see in its name: the id stands for it
	s.Type("depth")
	s.WaitMatch(regexp.MustCompile(`│▌# .*depth`))
	s.Key("enter")
	s.WaitFor("the end")
	s.WaitFor("bold ")
	s.choose("plain ")
	s.Key("i")
	s.WaitFor("As received")
	s.Key("esc")
	if got := s.Clipboard(); got != "" {
		t.Errorf("a stranger wrote %q to the clipboard", got)
	}
	if title := s.Title(); strings.Contains(title, "pwned") && !strings.HasSuffix(title, "· hubbub") {
		t.Errorf("the title is %q", title)
	}
	raw := s.Raw()
	for _, bad := range []string{
		clipboardTrap, clearTrap, titleTrap, "\x1b]52", "\u202e", "\u2066", "\u200f", "\u009b", "\u009d", "\x1b]0;", "\ufeff",
	} {
		if i := bytes.Index(raw, []byte(bad)); i >= 0 {
			t.Errorf("%q was written: %q", bad, raw[max(i-20, 0):min(i+40, len(raw))])
		}
	}
	s.quit()
}

// A cache that cannot be read is made anew; the keys are kept, so that old messages open again.
func TestDamagedCache(t *testing.T) {
	t.Parallel()
	hs := matrixtest.Stack(t)
	bo := newPerson(t, hs, "bo").signIn()
	m := meet(t, hs, "hull", map[string]any{"initial_state": []any{map[string]any{
		"type": "m.room.encryption", "state_key": "", "content": map[string]any{"algorithm": "m.megolm.v1.aes-sha2"},
	}}})
	bo.plain.Join(m.room)
	s := m.me.online(size(120, 30))
	eventually(t, "the keys of the session at the homeserver", func() bool { return hasKeys(m.me.plain) })
	if r := bo.run("under the water line", "send", m.room); r.code != 0 {
		t.Fatalf("send: %+v", r)
	}
	s.open("hull", "#hull")
	s.WaitFor("under the water line")
	s.quit()
	device := m.me.run("", "accounts").out
	for name, damage := range map[string]func(path string) error{
		"not a database": func(path string) error {
			return os.WriteFile(path, []byte(strings.Repeat("rust and salt ", 1000)), 0o600)
		},
		"cut short": func(path string) error { return os.Truncate(path, 5000) },
		"gone":      os.Remove,
	} {
		if err := damage(m.me.cacheDB()); err != nil {
			t.Fatal(err)
		}
		m.me.later = false // what was said is in the cache
		s = m.me.online(size(120, 30))
		s.open("hull", "#hull")
		s.WaitUntil("the encrypted message after "+name, func(screen string) bool { return strings.Contains(screen, "under the water line") })
		s.quit()
	}
	if now := m.me.run("", "accounts").out; now != device {
		t.Errorf("the session was %q and is %q", device, now)
	}
}

// The key file is never replaced: hubbub stops, says why, and touches nothing.
func TestDamagedKeys(t *testing.T) {
	t.Parallel()
	p := newPerson(t, matrixtest.Stack(t), "keys").signIn()
	room := p.plain.CreateRoom(nil)
	if r := p.run("", "rooms"); r.code != 0 {
		t.Fatalf("rooms: %+v", r)
	}
	path := p.cryptoDB()
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := []byte(strings.Repeat("rust and salt ", 1000))
	if err := os.WriteFile(path, bad, 0o600); err != nil {
		t.Fatal(err)
	}
	s := p.window(size(120, 30))
	s.WaitFor("─ Stopped")
	s.WaitFor("A file of hubbub is damaged")
	s.WaitFor("hubbub logout") // what helps
	s.quit()
	if r := p.run("hi", "send", room); r.code != 7 || strings.Count(r.err, "\n") != 1 || !strings.Contains(r.err, "damaged") {
		t.Errorf("send: %+v", r)
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, bad) {
		t.Errorf("the damaged file was touched: %d bytes, %v", len(now), err)
	}
	// Put back from a backup, everything works again.
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	p.online(size(120, 30)).quit()

	// The key that opens it is gone: the same.
	secrets := p.account(".local/share", "secrets.json")
	if err := os.Rename(secrets, secrets+".away"); err != nil {
		t.Fatal(err)
	}
	if r := p.run("hi", "send", room); r.code != 7 || strings.Count(r.err, "\n") != 1 || !strings.Contains(r.err, "key that opens") {
		t.Errorf("without its key: %+v", r)
	}
	if _, err := os.Stat(secrets); err == nil {
		t.Error("a new key was made")
	}
}

// A disk that is full: nothing is lost, and it goes on when there is room again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	m := meet(t, matrixtest.Stack(t), "hold", nil)
	m.ada.SendText(m.room, "still some room")
	warm := m.me.online(size(120, 30))
	warm.open("hold", "#hold")
	warm.WaitFor("still some room")
	warm.quit()
	o := size(120, 30)
	largest := int64(0)
	for _, path := range []string{m.me.cacheDB(), m.me.cryptoDB()} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		largest = max(largest, info.Size())
	}
	// No file may grow past the largest: SQLite's log soon meets the limit.
	o.Argv = []string{"/bin/bash", "-c", fmt.Sprintf(`trap '' XFSZ; ulimit -f %d; exec "$0"`, largest/1024+64), filepath.Join(bin, "hubbub")}
	s := m.me.window(o)
	s.WaitFor("still some room")
	for i := range 40 {
		m.ada.SendText(m.room, numbered(i)+strings.Repeat(" cargo", 8000))
	}
	m.ada.SendText(m.room, "the last crate")
	s.WaitFor("disk is full")
	s.Key("ctrl+q")
	s.WaitExit()
	s.restored()
	s = m.me.online(size(120, 30))
	s.WaitFor("the last crate")
	s.quit()
}

// A folder that cannot be written says so before anything is shown. Tests may run as root, whom only a mount can stop.
func TestReadOnlyDisk(t *testing.T) {
	t.Parallel()
	p := newPerson(t, matrixtest.Stack(t), "ro").signIn()
	if r := p.run("", "rooms"); r.code != 0 {
		t.Fatalf("rooms: %+v", r)
	}
	o := uitest.Options{Cols: 120, Rows: 30}
	if os.Geteuid() == 0 {
		script := `mount --bind "$HOME" "$HOME" && mount -o remount,bind,ro "$HOME" && exec "$0"`
		o.Argv = []string{"unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script, filepath.Join(bin, "hubbub")}
		if err := exec.Command("unshare", "--mount", "true").Run(); err != nil {
			t.Fatalf("as root this test needs a mount namespace: %v", err)
		}
	} else {
		for _, dir := range []string{filepath.Dir(p.cacheDB()), filepath.Dir(p.cryptoDB())} {
			if err := os.Chmod(dir, 0o500); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Chmod(dir, 0o700) }) // for the removal of the directory, which says so itself
		}
	}
	s := p.window(o)
	if code := s.WaitExit(); code != 7 || !strings.Contains(s.Screen(), "cannot be written") {
		t.Errorf("exit code %d\n%s", code, s.Dump())
	}
	s.restored()
	if code := p.run("", "rooms").code; os.Geteuid() == 0 && code != 0 {
		t.Errorf("afterwards: %d", code)
	}
}

// Answers of the homeserver that make no sense: hubbub says so and goes on.
func TestNonsenseFromTheHomeserver(t *testing.T) {
	t.Parallel()
	proxy, hs := matrixtest.Stack(t).Before(t)
	m := meet(t, hs, "fog", nil)
	s := m.me.online(size(120, 30))
	s.open("fog", "#fog")
	sync := matrixtest.Match{Path: "/_matrix/client/*/sync"}
	for i, action := range []matrixtest.Action{
		matrixtest.Truncate(200), matrixtest.Reply(http.StatusOK, "text/html", "<html>hello</html>"),
		matrixtest.Status(http.StatusBadGateway, "oops"), matrixtest.Repeat(), matrixtest.Replay(),
	} {
		text := "through the fog " + numbered(i)
		rule := proxy.On(sync, action)
		proxy.Cut()
		s.Key("f5")
		rule.Wait(t, 1)
		m.ada.SendText(m.room, text)
		rule.Off()
		proxy.Cut()
		s.Key("f5")
		s.WaitFor(text)
		s.WaitFor("● online")
	}
	for i := range 5 {
		if n := strings.Count(s.Screen(), "through the fog "+numbered(i)); n != 1 {
			t.Errorf("message %d is shown %d times\n%s", i, n, s.Dump())
		}
	}
	s.quit()
}

// Events of absurd times and shapes, and of the largest size, are rows like others and do not hold them up.
func TestAbsurdMessages(t *testing.T) {
	t.Parallel()
	proxy, hs := matrixtest.Stack(t).Before(t)
	nested := []byte(`"body":` + strings.Repeat("[", 500) + strings.Repeat("]", 500))
	stamp := regexp.MustCompile(`"origin_server_ts":[0-9]+`)
	proxy.On(matrixtest.Match{Path: "/_matrix/client/*/sync"}, matrixtest.Rewrite(func(body []byte) []byte {
		body = bytes.ReplaceAll(body, []byte(`"body":"nested"`), nested)
		return stamp.ReplaceAll(body, []byte(`"origin_server_ts":9223372036854775807`))
	}))
	m := meet(t, hs, "odd", nil)
	m.ada.SendText(m.room, strings.Repeat("large ", 10000))
	m.ada.SendText(m.room, "nested")
	m.ada.SendText(m.room, "after")
	s := m.me.online(size(120, 44))
	s.open("odd", "#odd")
	s.WaitFor("Unreadable event")
	s.WaitFor("long message")
	s.WaitFor("after")
	s.send("and I")
	s.sent("and I")
	s.quit()
}

// kill -9 leaves a terminal that works, and a sentence.
func TestKilledOnTheScreen(t *testing.T) {
	t.Parallel()
	p := newPerson(t, matrixtest.Stack(t), "dead").signIn()
	s := p.online(size(100, 30))
	s.Signal(syscall.SIGKILL)
	s.WaitUntil("the terminal as it was", func(string) bool { return !s.AltScreen() && !s.RawMode() })
	s = p.window(size(100, 30))
	s.WaitUntil("the window", func(screen string) bool {
		return strings.Contains(screen, "● online") || strings.Contains(screen, "no identity yet") // killed before that was kept
	})
	s.quit()
}

// Signing out is possible when nothing else is.
func TestGiveUpDamagedKeys(t *testing.T) {
	t.Parallel()
	p := newPerson(t, matrixtest.Stack(t), "lost").signIn()
	if r := p.run("", "rooms"); r.code != 0 {
		t.Fatalf("rooms: %+v", r)
	}
	if err := os.WriteFile(p.cryptoDB(), []byte("not a database at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := p.run("", "logout"); r.code != 0 {
		t.Errorf("logout: %+v", r)
	}
	if r := p.run("", "accounts"); r.out != "" {
		t.Errorf("accounts: %+v", r)
	}
	var profile map[string]any
	p.plain.Call(http.MethodGet, "/_matrix/client/v3/profile/"+url.PathEscape(p.UserID), nil, &profile)
}
