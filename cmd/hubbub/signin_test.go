package main_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"

	"hubbub/matrix/matrixtest"
)

func TestSignInOnTheScreen(t *testing.T) {
	t.Parallel()
	hs := matrixtest.Stack(t)
	p := newPerson(t, hs, "new")
	room := p.plain.CreateRoom(map[string]any{"name": "pier", "preset": "public_chat"})
	p.plain.SendText(room, "from before")
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html><body>It works!</body></html>")) // a client that went away is its own business
	}))
	t.Cleanup(web.Close)

	s := p.window(size(100, 30))
	s.WaitFor("Sign in to Matrix")
	for _, c := range []struct{ address, says string }{
		{"no-such-host.invalid", "There is no host of that name"},
		{"http://example.org", "Refused, because it would not be private"},
		{web.URL, "is not a Matrix homeserver"},
	} {
		s.Key("ctrl+u")
		s.Type(c.address)
		s.Key("enter")
		s.WaitFor(c.says)
	}
	s.Key("ctrl+u")
	s.Type(hs.URL)
	s.Key("enter")
	s.WaitFor("Homeserver: " + hs.URL)
	s.Type(p.Localpart)
	s.Key("tab")
	s.Type("wrong password")
	s.Key("enter")
	s.WaitFor("The user name or the password is wrong.")
	if strings.Contains(s.Screen(), "wrong password\n") || strings.Contains(string(s.Raw()), "wrong password") {
		t.Error("the password is shown")
	}
	s.Type(p.Password)
	s.Key("enter")
	s.sayLater()
	s.WaitFor("● online")
	s.open("pier", "#pier")
	s.WaitFor("from before")
	s.quit()
	if strings.Contains(string(s.Raw()), p.Password) {
		t.Error("the password was written to the terminal")
	}
	info, err := os.Stat(p.account(".local/share", "secrets.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("secrets: %v, %v", info, err)
	}
}

func TestSignedOutByTheHomeserver(t *testing.T) {
	t.Parallel()
	m := meet(t, matrixtest.Stack(t), "cape", nil)
	m.ada.SendText(m.room, "still readable")
	s := m.me.online(size(120, 30))
	s.open("cape", "#cape")
	s.WaitFor("still readable")
	s.Type("a draft")
	s.WaitFor("a draft")
	m.me.plain.Call(http.MethodPost, "/_matrix/client/v3/logout/all", map[string]any{}, nil)
	s.WaitFor("signed out by the homeserver")
	s.WaitFor("Everything on this machine is still here")
	s.Key("esc")
	s.WaitFor("still readable")
	s.WaitFor("a draft")
	s.quit()
	if r := m.me.run("hi", "send", m.room); r.code != 3 || strings.Count(r.err, "\n") != 1 {
		t.Errorf("send: %+v", r)
	}
}

// A soft logout asks for the password and goes on in the same session.
func TestSoftLogout(t *testing.T) {
	t.Parallel()
	proxy, hs := matrixtest.Stack(t).Before(t)
	m := meet(t, hs, "reef", nil)
	before := len(m.me.plain.DeviceIDs())
	s := m.me.online(size(120, 30))
	s.open("reef", "#reef")
	rule := proxy.On(matrixtest.Match{Path: "/_matrix/client/*/sync"}, matrixtest.UnknownToken(true))
	proxy.Cut()
	s.WaitFor("Type your password to go on in the same session.")
	s.WaitGone("Keys count when you stop typing") // it opened by itself
	rule.Off()
	s.Type(m.me.Password)
	s.Key("enter")
	s.WaitFor("● online")
	s.send("back again")
	s.sent("back again")
	if after := len(m.me.plain.DeviceIDs()); after != before {
		t.Errorf("%d sessions became %d", before, after)
	}
	s.quit()
}

func TestTwoOnOneAccount(t *testing.T) {
	t.Parallel()
	p := newPerson(t, matrixtest.Stack(t), "twin").signIn()
	first := p.online(size(100, 30))
	second := p.window(size(100, 30))
	if code := second.WaitExit(); code != 6 {
		t.Errorf("exit code %d\n%s", code, second.Dump())
	}
	second.restored()
	for _, r := range []string{second.Screen(), p.run("", "rooms").err} {
		if !strings.Contains(r, "Another hubbub already uses this account: process "+strconv.Itoa(first.Pid())) {
			t.Errorf("it says %q", r)
		}
	}
	first.quit()
	if r := p.run("", "rooms"); r.code != 0 {
		t.Errorf("afterwards: %+v", r)
	}
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	p := newPerson(t, matrixtest.Stack(t), "gone").signIn()
	before := len(p.plain.DeviceIDs())
	s := p.online(size(100, 30))
	s.Key("alt+shift+q")
	s.WaitFor("The keys and messages on this machine are removed")
	s.sure()
	if code := s.WaitExit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.Dump())
	}
	s.restored()
	eventually(t, "the end of the session at the homeserver", func() bool { return len(p.plain.DeviceIDs()) == before-1 })
	if r := p.run("", "accounts"); r.code != 0 || r.out != "" {
		t.Errorf("accounts: %+v", r)
	}
}

// What a homeserver says about signing in is said in words, with the wait or the way out.
func TestSignInTroubles(t *testing.T) {
	t.Parallel()
	proxy, hs := matrixtest.Stack(t).Before(t)
	p := newPerson(t, hs, "late")
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // that its handshake is refused is expected
	secure.StartTLS()                                   // with a certificate that nobody knows
	t.Cleanup(secure.Close)
	s := p.window(size(100, 30))
	s.WaitFor("Sign in to Matrix")
	s.Type(secure.URL)
	s.Key("enter")
	s.WaitFor("is not secure: certificate")

	flows := proxy.On(matrixtest.Match{Method: http.MethodGet, Path: "/_matrix/client/*/login"},
		matrixtest.Reply(http.StatusOK, "application/json", `{"flows":[{"type":"m.login.sso"}]}`))
	s.Key("ctrl+u")
	s.Type(hs.URL)
	s.Key("enter")
	s.WaitFor("This homeserver does not take passwords.")
	flows.Off()

	slow := proxy.On(matrixtest.Match{Method: http.MethodPost, Path: "/_matrix/client/*/login"}, matrixtest.RateLimit(45_000))
	s.Key("enter")
	s.WaitFor("Homeserver: " + hs.URL)
	s.Type(p.Localpart)
	s.Key("tab")
	s.Type(p.Password)
	s.Key("enter")
	s.WaitFor("The homeserver asks us to slow down.")
	s.WaitFor("Try again in 45 seconds.")
	slow.Off()
	s.Key("enter")
	s.sayLater()
	s.WaitFor("● online")
	s.quit()
}
