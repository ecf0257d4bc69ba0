package session_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/matrix/internal/session"
	"hubbub/store/chat"
)

func TestDiscover(t *testing.T) {
	const html = "<html>It works!</html>"
	for name, c := range map[string]struct {
		pattern string
		h       http.HandlerFunc
		address string // "" for the homeserver's URL
		kind    chat.ProblemKind
	}{
		"html instead of json":  {"GET /_matrix/client/versions", answer(200, html), "", chat.ProblemNotMatrix},
		"not found":             {"GET /_matrix/client/versions", answer(404, html), "", chat.ProblemNotMatrix},
		"no versions":           {"GET /_matrix/client/versions", answer(200, `{}`), "", chat.ProblemNotMatrix},
		"too long":              {"GET /_matrix/client/versions", answer(200, `{"a":"`+strings.Repeat("a", 70000)+`"}`), "", chat.ProblemNotMatrix},
		"gateway":               {"GET /_matrix/client/v3/login", answer(502, html), "", chat.ProblemHomeserver},
		"rate limit":            {"GET /_matrix/client/v3/login", answer(429, `{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":2000}`), "", chat.ProblemRateLimit},
		"plain http":            {"", nil, "http://example.org", chat.ProblemInsecure},
		"credentials in a url":  {"", nil, "https://ada:pw@example.org", chat.ProblemBadInput},
		"not a name":            {"", nil, "exa mple.org", chat.ProblemBadInput},
		"control characters":    {"", nil, "example.org\x1b[2J", chat.ProblemBadInput},
		"path":                  {"", nil, "example.org/../x", chat.ProblemBadInput},
		"port out of range":     {"", nil, "example.org:99999", chat.ProblemBadInput},
		"empty":                 {"", nil, " ", chat.ProblemBadInput},
		"unknown host":          {"", nil, "no-such-host.invalid", chat.ProblemNoHost},
		"refused":               {"", nil, "127.0.0.1:1", chat.ProblemOffline},
		"other scheme":          {"", nil, "ftp://example.org", chat.ProblemBadInput},
		"redirect to plain":     {"GET /_matrix/client/versions", redirect("http://example.org/"), "", chat.ProblemInsecure},
		"redirects without end": {"GET /_matrix/client/versions", redirect("/_matrix/client/versions"), "", chat.ProblemNotMatrix},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHomeserver(t)
			if c.pattern != "" {
				h.on(c.pattern, c.h)
			}
			if c.address == "" {
				c.address = h.URL
			}
			opts, err := registry(t, t.TempDir(), nil).Discover(t.Context(), c.address)
			if err == nil || kindOf(err) != c.kind {
				t.Errorf("got %+v, %v", opts, err)
			}
		})
	}
}

func TestDiscoverOverBrokenTLS(t *testing.T) {
	secure := httptest.NewUnstartedServer(answer(200, `{"versions":["v1.11"]}`))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // its complaint is what is wanted
	secure.StartTLS()
	defer secure.Close()
	r := registry(t, t.TempDir(), nil)
	if _, err := r.Discover(t.Context(), secure.URL); kindOf(err) != chat.ProblemTLS {
		t.Errorf("unknown authority: %v", err)
	}
	plain := newHomeserver(t)
	if _, err := r.Discover(t.Context(), "https"+strings.TrimPrefix(plain.URL, "http")); kindOf(err) != chat.ProblemTLS {
		t.Errorf("https to an http port: %v", err)
	}
}

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
}

func TestDiscoverFindsFlows(t *testing.T) {
	h := newHomeserver(t)
	host := strings.TrimPrefix(h.URL, "http://")
	for _, address := range []string{h.URL, h.URL + "/", host, " " + host + " ", "@ada:" + host} {
		opts, err := registry(t, t.TempDir(), nil).Discover(t.Context(), address)
		if err != nil || opts.Homeserver != h.URL || !opts.Password || len(opts.Flows) != 2 || opts.Name != host {
			t.Errorf("%q: %+v, %v", address, opts, err)
		}
	}
	h.on("GET /_matrix/client/v3/login", answer(200, `{"flows":[{"type":"m.login.sso"},{"type":"m.login.sso"},{}]}`))
	opts, err := registry(t, t.TempDir(), nil).Discover(t.Context(), h.URL)
	if err != nil || opts.Password || len(opts.Flows) != 1 {
		t.Errorf("without password: %+v, %v", opts, err)
	}
}

// A URL that is a web site's leads to the homeserver by its well-known document.
func TestDiscoverByWebSite(t *testing.T) {
	h, site := newHomeserver(t), newHomeserver(t)
	site.on("GET /_matrix/client/versions", answer(404, "<html>"))
	site.on("GET /.well-known/matrix/client", answer(200, `{"m.homeserver":{"base_url":"`+h.URL+`/"}}`))
	opts, err := registry(t, t.TempDir(), nil).Discover(t.Context(), site.URL)
	if err != nil || opts.Homeserver != h.URL {
		t.Errorf("got %+v, %v", opts, err)
	}
	site.on("GET /.well-known/matrix/client", answer(200, `{"m.homeserver":{"base_url":"http://example.org"}}`))
	if _, err := registry(t, t.TempDir(), nil).Discover(t.Context(), site.URL); kindOf(err) != chat.ProblemInsecure {
		t.Errorf("plain http by well-known: %v", err)
	}
}

func TestLoginProblems(t *testing.T) {
	for name, c := range map[string]struct {
		h    http.HandlerFunc
		user string
		pw   string
		kind chat.ProblemKind
	}{
		"wrong password":  {nil, "ada", "wrong", chat.ProblemPassword},
		"odd name":        {answer(400, `{"errcode":"M_INVALID_USERNAME"}`), "ada", "right", chat.ProblemPassword},
		"deactivated":     {answer(403, `{"errcode":"M_USER_DEACTIVATED"}`), "ada", "right", chat.ProblemForbidden},
		"rate limit":      {answer(429, `{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":2000}`), "ada", "right", chat.ProblemRateLimit},
		"html":            {answer(200, "<html>"), "ada", "right", chat.ProblemNotMatrix},
		"no user":         {nil, " ", "right", chat.ProblemBadInput},
		"half a user id":  {nil, "@ada", "right", chat.ProblemBadInput},
		"another account": {nil, "@bo:example.org", "right", chat.ProblemNotMatrix},
		"no user id":      {answer(200, `{"user_id":"ada","device_id":"D","access_token":"t"}`), "ada", "right", chat.ProblemNotMatrix},
		"no device":       {answer(200, `{"user_id":"@ada:b","access_token":"t"}`), "ada", "right", chat.ProblemNotMatrix},
		"sent elsewhere":  {redirect("http://localhost:1/"), "ada", "right", chat.ProblemNotMatrix},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHomeserver(t)
			if c.h != nil {
				h.on("POST /_matrix/client/v3/login", c.h)
			}
			dir := t.TempDir()
			_, err := registry(t, dir, nil).Login(t.Context(), chat.LoginRequest{Homeserver: h.URL, User: c.user, Password: c.pw})
			if err == nil || kindOf(err) != c.kind {
				t.Errorf("got %v", err)
			}
			if left, err := filepath.Glob(dir + "/data/hubbub/*"); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestAccountLivesOnDisk(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o277)) // takes away everything that it can
	h, dir := newHomeserver(t), t.TempDir()
	r := registry(t, dir, nil)
	s := login(t, r, h)
	want := chat.Account{User: "@ada:example.org", Device: "MADE", Homeserver: h.URL}
	if s.Account() != want {
		t.Errorf("account %+v", s.Account())
	}
	key := string(s.PickleKey())
	path, inFile := s.InFile()
	if len(key) != 32 || !inFile {
		t.Errorf("key of %d bytes, in a file: %t", len(key), inFile)
	}
	checkModes(t, dir)
	if printed := fmt.Sprintf("%v %+v %#v", s, s, s); strings.Contains(printed, "syt_") {
		t.Errorf("printing shows the token")
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, err := r.Open("@ada:example.org")
	if err != nil {
		t.Fatal(err)
	}
	defer closeSession(t, again)
	if len(again.PickleKey()) != 0 {
		t.Error("Open touched the secrets")
	}
	if err := again.Unlock(t.Context()); err != nil || string(again.PickleKey()) != key {
		t.Errorf("unlock: %v", err)
	}
	if list, broken, err := r.Accounts(); err != nil || len(list) != 1 || len(broken) != 0 || list[0].Account != want {
		t.Errorf("accounts %+v, %v", list, err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func checkModes(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !strings.Contains(path, "/hubbub") {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if want := map[bool]os.FileMode{true: 0o700, false: 0o600}[d.IsDir()]; info.Mode().Perm() != want {
			t.Errorf("%s is %o", path, info.Mode().Perm())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func closeSession(t *testing.T, s *session.Session) {
	t.Helper()
	if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

func TestSecondProcessIsToldWhoHasIt(t *testing.T) {
	h, dir := newHomeserver(t), t.TempDir()
	r := registry(t, dir, nil)
	s := login(t, r, h)
	pid := fmt.Sprint(os.Getpid())
	for name, try := range map[string]func() error{
		"open": func() error { _, err := registry(t, dir, nil).Open("@ada:example.org"); return err },
		"login": func() error {
			_, err := r.Login(t.Context(), chat.LoginRequest{Homeserver: h.URL, User: "ada", Password: "right"})
			return err
		},
	} {
		var p *chat.Problem
		if err := try(); !errors.As(err, &p) || p.Kind != chat.ProblemLocked || p.Detail != pid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(h.devices) != 1 {
		t.Errorf("a sign-in of a locked account reached the homeserver")
	}
	closeSession(t, s)
	s, err := r.Open("@ada:example.org")
	if err != nil {
		t.Fatal(err)
	}
	closeSession(t, s)
}

func TestSigningInAgainKeepsTheDevice(t *testing.T) {
	h, dir := newHomeserver(t), t.TempDir()
	r := registry(t, dir, nil)
	s := login(t, r, h)
	key := string(s.PickleKey())
	write(t, s.CryptoPath(), "keys")
	closeSession(t, s)

	s = login(t, r, h)
	if h.devices[1] != "MADE" || string(s.PickleKey()) != key {
		t.Errorf("devices %q, same key: %t", h.devices, string(s.PickleKey()) == key)
	}
	secrets, _ := s.InFile()
	crypto := s.CryptoPath()
	closeSession(t, s)

	if err := os.Remove(secrets); err != nil {
		t.Fatal(err)
	}
	_, err := r.Login(t.Context(), chat.LoginRequest{Homeserver: h.URL, User: "ada", Password: "right"})
	if kindOf(err) != chat.ProblemKeyGone || len(h.devices) != 2 {
		t.Errorf("keys without their key: %v", err)
	}
	if _, err := os.Stat(crypto); err != nil {
		t.Errorf("the keys: %v", err)
	}
	if err := r.Forget(t.Context(), "@ada:example.org"); err != nil {
		t.Fatal(err)
	}
	s = login(t, r, h)
	if h.devices[2] != "" || string(s.PickleKey()) == key {
		t.Errorf("after giving up the keys: devices %q", h.devices)
	}
	closeSession(t, s)
}

// A second homeserver that claims the user id of an account gets nothing of it.
func TestImpostorHomeserver(t *testing.T) {
	h, evil, dir := newHomeserver(t), newHomeserver(t), t.TempDir()
	r := registry(t, dir, nil)
	s := login(t, r, h)
	write(t, s.CryptoPath(), "keys")
	closeSession(t, s)
	_, err := r.Login(t.Context(), chat.LoginRequest{Homeserver: evil.URL, User: "ada", Password: "right"})
	if kindOf(err) != chat.ProblemBadInput {
		t.Errorf("got %v", err)
	}
	list, _, err := r.Accounts()
	if err != nil || len(list) != 1 || list[0].Homeserver != h.URL {
		t.Errorf("accounts %+v, %v", list, err)
	}
	if len(evil.loggedOut) != 1 {
		t.Errorf("its token was not given back")
	}
}

func TestSoftLogout(t *testing.T) {
	h, dir := newHomeserver(t), t.TempDir()
	r := registry(t, dir, nil)
	s := login(t, r, h)
	defer closeSession(t, s)
	key := string(s.PickleKey())
	if err := s.SignIn(t.Context(), "wrong"); kindOf(err) != chat.ProblemPassword {
		t.Errorf("wrong password: %v", err)
	}
	if err := s.SignIn(t.Context(), "right"); err != nil {
		t.Fatal(err)
	}
	if h.devices[1] != "MADE" || string(s.PickleKey()) != key {
		t.Errorf("devices %q", h.devices)
	}
	h.mu.Lock()
	h.user = "@bo:example.org"
	h.mu.Unlock()
	if err := s.SignIn(t.Context(), "right"); kindOf(err) != chat.ProblemNotMatrix {
		t.Errorf("another account: %v", err)
	}
}

func TestLogout(t *testing.T) {
	h, dir, keys := newHomeserver(t), t.TempDir(), &ring{}
	r := registry(t, dir, keys)
	s := login(t, r, h)
	write(t, s.CryptoPath(), "keys")
	write(t, s.CachePath(), "cache")
	if p := s.Logout(t.Context()); p != nil {
		t.Errorf("logout: %v", p)
	}
	closeSession(t, s)
	gone(t, dir, keys)
	if len(h.loggedOut) != 1 || h.loggedOut[0] != "Bearer syt_MADE" {
		t.Errorf("told the homeserver %q", h.loggedOut)
	}

	s = login(t, r, h)
	h.Server.Close()
	if p := s.Logout(t.Context()); p == nil || p.Kind != chat.ProblemOffline {
		t.Errorf("offline: %v", p)
	}
	closeSession(t, s)
	gone(t, dir, keys)
}

func gone(t *testing.T, dir string, keys *ring) {
	t.Helper()
	for _, pattern := range []string{"/data/hubbub/*", "/data/hubbub/.*", "/cache/hubbub/*"} {
		if left, err := filepath.Glob(dir + pattern); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
	if n := keys.size(); n > 0 {
		t.Errorf("%d secrets left in the keyring", n)
	}
}

func TestKeyring(t *testing.T) {
	h, dir, keys := newHomeserver(t), t.TempDir(), &ring{}
	r := registry(t, dir, keys)
	s := login(t, r, h)
	if _, inFile := s.InFile(); inFile || keys.size() != 1 {
		t.Errorf("in a file: %t, in the keyring: %d", inFile, keys.size())
	}
	closeSession(t, s)
	unlock := func(k session.Keyring) error {
		s, err := registry(t, dir, k).Open("@ada:example.org")
		if err != nil {
			t.Fatal(err)
		}
		defer closeSession(t, s)
		return s.Unlock(t.Context())
	}
	if err := unlock(keys); err != nil {
		t.Error(err)
	}
	for want, k := range map[string]session.Keyring{
		session.DetailNoKeyring + " ":    nil,
		session.DetailNoKeyring + " bus": &ring{broken: errors.New("no bus")},
		session.DetailKeyringEmpty:       &ring{},
	} {
		var p *chat.Problem
		if err := unlock(k); !errors.As(err, &p) || p.Kind != chat.ProblemKeyGone || p.Detail != strings.Fields(want)[0] {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// A keyring that never answers holds nobody up for longer than two seconds.
func TestKeyringThatHangs(t *testing.T) {
	h, dir, keys := newHomeserver(t), t.TempDir(), &ring{}
	closeSession(t, login(t, registry(t, dir, keys), h))
	synctest.Test(t, func(t *testing.T) {
		keys.hang = make(chan struct{})
		defer close(keys.hang)
		s, err := registry(t, dir, keys).Open("@ada:example.org")
		if err != nil {
			t.Fatal(err)
		}
		defer closeSession(t, s)
		begin := time.Now()
		if err := s.Unlock(t.Context()); kindOf(err) != chat.ProblemKeyGone || time.Since(begin) != 2*time.Second {
			t.Errorf("after %s: %v", time.Since(begin), err)
		}
	})
}

// A broken keyring at sign-in: a file takes the secrets.
func TestKeyringRefuses(t *testing.T) {
	h, dir := newHomeserver(t), t.TempDir()
	s := login(t, registry(t, dir, &ring{broken: errors.New("locked")}), h)
	defer closeSession(t, s)
	if path, inFile := s.InFile(); !inFile {
		t.Errorf("not in %s", path)
	}
}

func TestBadRecord(t *testing.T) {
	h, dir := newHomeserver(t), t.TempDir()
	r := registry(t, dir, nil)
	s := login(t, r, h)
	path := filepath.Join(filepath.Dir(s.CryptoPath()), "account.json")
	closeSession(t, s)
	for body, want := range map[string]chat.ProblemKind{
		`{`:              chat.ProblemCorrupt,
		`{"version":99}`: chat.ProblemNewer,
		`{"version":1,"user":"@bo:example.org","device":"D","homeserver":"https://x"}`: chat.ProblemCorrupt,
		`{"version":1,"user":"@ada:example.org","device":"D","homeserver":"http://x"}`: chat.ProblemInsecure,
	} {
		write(t, path, body)
		if _, err := r.Open("@ada:example.org"); kindOf(err) != want {
			t.Errorf("%s: %v", body, err)
		}
		if list, broken, err := r.Accounts(); err != nil || len(list) != 0 || len(broken) != 1 || broken[0].Kind != want {
			t.Errorf("%s: %+v, %v, %v", body, list, broken, err)
		}
	}
	if _, err := r.Open("@nobody:example.org"); kindOf(err) != chat.ProblemNotFound {
		t.Errorf("no account: %v", err)
	}
}

func write(t *testing.T, path, body string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
}

func FuzzFolder(f *testing.F) {
	for _, s := range []string{"@ada:example.org", "@Ada:Example.org:8448", "@../..:x", "@.:.", "@a\x00/b:c", "@é:[::1]:1"} {
		f.Add(s, "@bo:x")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		one, err := session.Folder(chat.UserID(a))
		if err != nil {
			return
		}
		if one != filepath.Base(one) || strings.HasPrefix(one, ".") || len(one) > 255 || one != strings.ToLower(one) {
			t.Errorf("%q: %q", a, one)
		}
		if two, err := session.Folder(chat.UserID(b)); err == nil && (one == two) != (a == b) {
			t.Errorf("%q and %q share %q", a, b, one)
		}
	})
}
