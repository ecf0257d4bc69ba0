package matrix_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/mattn/go-sqlite3" // the driver that changes a cache's version

	"hubbub/matrix/matrixtest"
	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

func kindOf(err error) chat.ProblemKind {
	var p *chat.Problem
	if errors.As(err, &p) {
		return p.Kind
	}
	return chat.ProblemUnknown
}

func TestLoginProblemsOfARealHomeserver(t *testing.T) {
	hs := matrixtest.Stack(t)
	proxy, behind := hs.Before(t)
	account := hs.NewAccount(t, "ada")
	accounts := accountsIn(t.TempDir())
	offer, err := accounts.Discover(t.Context(), behind.URL)
	if err != nil || !offer.Password {
		t.Fatalf("%+v, %v", offer, err)
	}
	try := func(password string) error {
		_, err := accounts.Login(t.Context(), chat.LoginRequest{Homeserver: offer.Homeserver, User: account.Localpart, Password: password})
		return err
	}
	if err := try("wrong"); kindOf(err) != chat.ProblemPassword {
		t.Errorf("wrong password: %v", err)
	}
	login := matrixtest.Match{Method: "POST", Path: "**/login"}
	for what, c := range map[string]struct {
		action matrixtest.Action
		kind   chat.ProblemKind
	}{
		"rate limit":   {matrixtest.RateLimit(2000), chat.ProblemRateLimit},
		"html":         {matrixtest.Reply(200, "text/html", "<html>"), chat.ProblemNotMatrix},
		"gateway":      {matrixtest.Reply(502, "text/html", "<html>"), chat.ProblemHomeserver},
		"dropped":      {matrixtest.DropBefore(), chat.ProblemOffline},
		"cut off":      {matrixtest.Truncate(20), chat.ProblemOffline},
		"shut account": {matrixtest.Refuse(403, "M_USER_DEACTIVATED", nil), chat.ProblemForbidden},
	} {
		rule := proxy.On(login, c.action)
		err := try(account.Password)
		rule.Off()
		if kindOf(err) != c.kind {
			t.Errorf("%s: %v", what, err)
		}
	}
	if list, _, err := accounts.List(); err != nil || len(list) != 0 {
		t.Errorf("accounts %v, %v", list, err)
	}
}

// A soft logout takes the password and goes on: the same session, the keys,
// the draft and the message that could not leave.
func TestSoftLogout(t *testing.T) {
	hs := matrixtest.Stack(t)
	proxy, behind := hs.Before(t)
	account := hs.NewAccount(t, "ada")
	ada := signIn(t, behind, account, t.TempDir())
	bo := signIn(t, hs, hs.NewAccount(t, "bo"), t.TempDir())
	room := chat.RoomID(ada.made(func() string {
		return ada.Create(chat.NewRoom{Name: "quay", Invite: []chat.UserID{bo.Account().User}})
	}))
	bo.made(func() string { return bo.Join(string(room)) })
	bo.say(room, "before")
	ada.message(room, "before")

	rule := proxy.On(matrixtest.Match{Path: "/_matrix/client/*/**", Where: func(r matrixtest.Record) bool {
		return !strings.HasSuffix(r.Path, "/login")
	}}, matrixtest.UnknownToken(true))
	conn := ada.conn(chat.ConnSignedOut, proxy.Cut)
	if conn.Problem == nil || conn.Problem.Kind != chat.ProblemSignedOut || !conn.Problem.Retry {
		t.Errorf("signed out: %+v", conn.Problem)
	}
	ada.Send(chat.Outgoing{Room: room, Text: "while signed out"})
	bo.say(room, "meanwhile")
	if err := ada.SignIn(t.Context(), "wrong"); kindOf(err) != chat.ProblemPassword {
		t.Errorf("wrong password: %v", err)
	}
	rule.Off()
	device := ada.Account().Device
	ada.conn(chat.ConnOnline, func() {
		if err := ada.SignIn(t.Context(), account.Password); err != nil {
			t.Fatal(err)
		}
	})
	bo.message(room, "while signed out")
	if m := ada.message(room, "meanwhile"); !m.Encrypted || ada.Account().Device != device {
		t.Errorf("after the sign-in: %+v", m)
	}
}

// Without a network everything that was there is there, and what is written goes out later.
func TestOfflineStart(t *testing.T) {
	hs := matrixtest.Stack(t)
	proxy, behind := hs.Before(t)
	account, dir := hs.NewAccount(t, "ada"), t.TempDir()
	ada := signIn(t, behind, account, dir)
	room := chat.RoomID(ada.made(func() string { return ada.Create(chat.NewRoom{Name: "quay"}) }))
	ada.say(room, "kept")
	ada.message(room, "kept")
	ada.stop()

	proxy.Offline(true)
	c, err := accountsIn(dir).Open(t.Context(), chat.UserID(account.UserID))
	if err != nil {
		t.Fatal(err)
	}
	page, err := c.Store().Page(t.Context(), chat.PageQuery{Room: room, Limit: 50}) // before anything runs
	if err != nil || len(page.Items) == 0 || page.Items[len(page.Items)-1].Body != "kept" {
		t.Errorf("cached page: %+v, %v", page.Items, err)
	}
	c.SaveDraft(chat.Draft{Room: room, Text: "half a"})
	ada = run(t, c)
	conn, err := ada.WaitConnection(t.Context(), func(c chat.Connection) bool { return c.State == chat.ConnOffline })
	if err != nil || conn.Problem == nil {
		t.Errorf("offline: %+v, %v", conn, err)
	}
	ada.Send(chat.Outgoing{Room: room, Text: "queued"})
	ada.stop()
	ada = start(t, account.UserID, dir)
	if drafts, err := ada.Store().Drafts(t.Context()); err != nil || len(drafts) != 0 {
		t.Errorf("sending left the draft: %+v, %v", drafts, err)
	}
	proxy.Offline(false)
	ada.Reconnect()
	ada.message(room, "queued")
	storetest.Check(t, ada.Store())
}

// An answer that is lost after the homeserver took the message in: sent once.
func TestLostAnswerSendsOnce(t *testing.T) {
	hs := matrixtest.Stack(t)
	proxy, behind := hs.Before(t)
	account := hs.NewAccount(t, "ada")
	ada := signIn(t, behind, account, t.TempDir())
	room := chat.RoomID(ada.made(func() string { return ada.Create(chat.NewRoom{Name: "quay"}) }))
	send := matrixtest.Match{Method: "PUT", Path: "**/send/**"}
	proxy.On(send.Nth(1), matrixtest.DropAfter())
	proxy.On(send.Nth(2), matrixtest.Reply(503, "text/html", "busy"))
	proxy.On(send.Nth(4), matrixtest.Repeat())
	for _, text := range []string{"one", "two", "three"} {
		ada.say(room, text)
	}
	sent := 0
	for _, e := range hs.Login(t, account).Events(string(room)) {
		if e.Type == "m.room.encrypted" {
			sent++
		}
	}
	if sent != 3 {
		t.Errorf("%d messages on the homeserver", sent)
	}
	ada.message(room, "three")
	storetest.Check(t, ada.Store())
}

func TestLogoutRemovesEverything(t *testing.T) {
	hs := matrixtest.Stack(t)
	account, dir := hs.NewAccount(t, "ada"), t.TempDir()
	ada := signIn(t, hs, account, dir)
	ada.conn(chat.ConnSignedOut, func() {
		if err := ada.Logout(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	ada.stop()
	for _, d := range []string{"/data/*", "/data/.*", "/cache/*"} {
		if left, err := filepath.Glob(dir + d); err != nil || len(left) > 0 {
			t.Errorf("left: %v, %v", left, err)
		}
	}
	if devices := hs.Login(t, account).DeviceIDs(); len(devices) != 1 {
		t.Errorf("sessions on the homeserver: %v", devices)
	}
}

func TestHeldAccountNamesItsProcess(t *testing.T) {
	hs := matrixtest.Stack(t)
	account, dir := hs.NewAccount(t, "ada"), t.TempDir()
	signIn(t, hs, account, dir)
	_, err := accountsIn(dir).Open(t.Context(), chat.UserID(account.UserID))
	if kindOf(err) != chat.ProblemLocked {
		t.Errorf("got %v", err)
	}
}

// damage writes garbage over the middle of a file.
func damage(t *testing.T, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) != 1 {
		t.Fatalf("%s: %v, %v", pattern, files, err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	copy(b, strings.Repeat("garbage ", len(b)/8))
	if err := os.WriteFile(files[0], b, 0o600); err != nil {
		t.Fatal(err)
	}
	return files[0]
}

// A damaged cache is built again with the keys as they are; damaged keys stop
// the account with an explanation, and are left as they are.
func TestDamagedFiles(t *testing.T) {
	hs := matrixtest.Stack(t)
	account, dir := hs.NewAccount(t, "ada"), t.TempDir()
	ada := signIn(t, hs, account, dir)
	room := chat.RoomID(ada.made(func() string { return ada.Create(chat.NewRoom{Name: "quay"}) }))
	ada.say(room, "kept by the homeserver")
	ada.stop()

	damage(t, dir+"/cache/*/cache.db")
	ada = start(t, account.UserID, dir)
	if m := ada.message(room, "kept by the homeserver"); !m.Encrypted {
		t.Errorf("got %+v", m)
	}
	storetest.Check(t, ada.Store())
	ada.stop()

	path := damage(t, dir+"/data/*/crypto.db")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ada = start(t, account.UserID, dir)
	conn, err := ada.WaitConnection(t.Context(), func(c chat.Connection) bool { return c.Problem != nil })
	if err != nil || conn.State != chat.ConnFailed || conn.Problem.Kind != chat.ProblemCorrupt {
		t.Errorf("damaged keys: %+v, %v", conn, err)
	}
	ada.message(room, "kept by the homeserver") // reading goes on
	ada.stop()
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("damaged keys were written over: %v", err)
	}
}

func TestLostKeyOfTheKeys(t *testing.T) {
	hs := matrixtest.Stack(t)
	account, dir := hs.NewAccount(t, "ada"), t.TempDir()
	ada := signIn(t, hs, account, dir)
	ada.made(func() string { return ada.Create(chat.NewRoom{Name: "quay"}) })
	secrets := ada.SecretsFile()
	ada.stop()
	kept, err := os.ReadFile(secrets)
	if err := errors.Join(err, os.Remove(secrets)); err != nil {
		t.Fatal(err)
	}
	ada = start(t, account.UserID, dir)
	conn, err := ada.WaitConnection(t.Context(), func(c chat.Connection) bool { return c.Problem != nil })
	if err != nil || conn.State != chat.ConnFailed || conn.Problem.Kind != chat.ProblemKeyGone {
		t.Errorf("key gone: %+v, %v", conn, err)
	}
	if n := ada.notice(func() string { return ada.Join("#x") }); n.Problem == nil || n.Problem.Kind != chat.ProblemKeyGone {
		t.Errorf("an intent meanwhile: %+v", n)
	}
	if err := os.WriteFile(secrets, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	ada.conn(chat.ConnOnline, ada.Reconnect) // the key is back: the same program goes on
}

// setVersion makes a cache look as if a newer version had written it.
func setVersion(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), `UPDATE meta SET value = 9999 WHERE key = 'version'`)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// A cache from a newer version is left alone.
func TestCacheOfANewerVersion(t *testing.T) {
	hs := matrixtest.Stack(t)
	account, dir := hs.NewAccount(t, "ada"), t.TempDir()
	ada := signIn(t, hs, account, dir)
	path := ada.Store().Path()
	ada.stop()
	setVersion(t, path)
	_, err := accountsIn(dir).Open(t.Context(), chat.UserID(account.UserID))
	if kindOf(err) != chat.ProblemNewer || !errors.Is(err, store.ErrNewer) {
		t.Errorf("got %v", err)
	}
	if _, err := accountsIn(dir).Open(t.Context(), chat.UserID(account.UserID)); kindOf(err) != chat.ProblemNewer {
		t.Errorf("the lock was kept: %v", err)
	}
}

// A room that sync has not brought may be encrypted: nothing goes there before that is known.
func TestNothingLeavesForARoomThatIsNotKnown(t *testing.T) {
	hs := matrixtest.Stack(t)
	proxy, behind := hs.Before(t)
	account := hs.NewAccount(t, "ada")
	ada := signIn(t, behind, account, t.TempDir())
	ada.conn(chat.ConnOnline, ada.Reconnect)
	gate := matrixtest.NewGate(t)
	hold := proxy.On(matrixtest.Match{Method: "GET", Path: "**/sync"}, matrixtest.HoldAnswer(gate))
	other := hs.Login(t, account)
	room := other.CreateRoom(map[string]any{"initial_state": []any{map[string]any{
		"type": "m.room.encryption", "state_key": "", "content": map[string]any{"algorithm": "m.megolm.v1.aes-sha2"},
	}}})
	ada.Send(chat.Outgoing{Room: chat.RoomID(room), Text: "early"})
	ada.wait("a message that waits", func(ctx context.Context) (bool, error) {
		p, ok, err := ada.Store().NextPending(ctx, chat.RoomID(room))
		return !ok || p.State == chat.Waiting, err
	})
	hold.Off()
	gate.Open()
	ada.message(chat.RoomID(room), "early")
	for _, e := range other.Events(room) {
		if e.Type == "m.room.message" {
			t.Errorf("in the clear: %s", e.Content)
		}
	}
}
