package matrix_test

import (
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// The first words after a start are for those who are there now: they wait
// until it is known who left and who signed in meanwhile. The same holds after
// the connection was lost.
func TestFirstWordsAreForThoseWhoAreThere(t *testing.T) {
	t.Parallel()
	hs := matrixtest.Synapse(t)
	proxy, behind := hs.Before(t)
	boAccount, adaAccount, dir := hs.NewAccount(t, "bo"), hs.NewAccount(t, "ada"), t.TempDir()
	bo := signIn(t, behind, boAccount, dir)
	ada, eve := signIn(t, hs, adaAccount, t.TempDir()), signIn(t, hs, hs.NewAccount(t, "eve"), t.TempDir())
	room := chat.RoomID(bo.made(func() string {
		return bo.Create(chat.NewRoom{Name: "quay", Invite: []chat.UserID{ada.Account().User, eve.Account().User}})
	}))
	for _, k := range []*core{ada, eve} {
		k.room(room, chat.MemberInvited)
		k.made(func() string { return k.Join(string(room)) })
	}
	eve.say(room, "all are here") // after both have come
	bo.message(room, "all are here")
	bo.say(room, "for all")
	key := eve.message(room, "for all").SessionID
	ada.message(room, "for all")

	away := func(what string, goes, comes func()) {
		goes()
		second := signIn(t, hs, adaAccount, t.TempDir())
		second.room(room, chat.MemberJoined)
		second.listed()
		comes()
		bo.say(room, what)
		if m := second.message(room, what); m.Kind == chat.KindUndecrypted {
			t.Errorf("%s: ada's new session cannot read %+v", what, m)
		}
	}
	away("after a start", func() {
		bo.stop()
		eve.made(func() string { return eve.Leave(room) })
	}, func() {
		gate := matrixtest.NewGate(t)
		rule := proxy.On(matrixtest.Match{Method: http.MethodGet, Path: syncPath}, matrixtest.HoldAnswer(gate))
		bo = start(t, boAccount.UserID, dir)
		bo.Send(chat.Outgoing{Room: room, Text: "at the very start"})
		rule.Wait(t, 1)
		rule.Off()
		gate.Open()
	})
	ada.message(room, "after a start")
	if m := ada.message(room, "at the very start"); m.SessionID == key {
		t.Error("the key that eve has is used on")
	}
	away("after a lost connection", func() {
		bo.conn(chat.ConnOffline, func() { proxy.Offline(true) })
		bo.Send(chat.Outgoing{Room: room, Text: "while offline"})
	}, func() {
		proxy.Offline(false)
		bo.Reconnect()
	})
	ada.message(room, "while offline")
	storetest.Check(t, bo.Store())
}

// listed waits until the homeserver hands out the session's keys.
func (k *core) listed() {
	k.t.Helper()
	me := k.Account()
	matrixtest.Wait(k.t, limit, "own keys on the homeserver", func() bool {
		p, err := k.Trust().Person(k.t.Context(), me.User)
		if err != nil {
			return false
		}
		for _, s := range p.Sessions {
			if s.ID == me.Device && s.Fingerprint != "" {
				return true
			}
		}
		return false
	})
}

// A message to the fallback key that is on its way while that key is replaced
// is read all the same, also after a restart.
func TestMessageToTheFallbackKeyOfBefore(t *testing.T) {
	t.Parallel()
	hs := matrixtest.Synapse(t)
	proxy, behind := hs.Before(t)
	account, dir := hs.NewAccount(t, "ada"), t.TempDir()
	ada, bo := signIn(t, behind, account, dir), signIn(t, behind, hs.NewAccount(t, "bo"), t.TempDir())
	room := chat.RoomID(ada.made(func() string {
		return ada.Create(chat.NewRoom{Name: "quay", Invite: []chat.UserID{bo.Account().User}})
	}))
	bo.room(room, chat.MemberInvited)
	bo.made(func() string { return bo.Join(string(room)) })
	device := string(ada.Account().Device)
	ada.listed()
	ada.stop()
	thief := hs.NewClient(t, "thief")
	for taken := 0; !claim(t, thief, account.UserID, device); taken++ {
		if taken > 500 {
			t.Fatal("there is no fallback key")
		}
	}
	longAgo(t, dir, "fallback_uploaded")
	renewed := matrixtest.Match{Path: "**/keys/upload", Where: func(r matrixtest.Record) bool {
		return strings.Contains(string(r.Body), `"fallback_keys":{"`)
	}}
	before := len(proxy.Requests(renewed))
	gate := matrixtest.NewGate(t)
	rule := proxy.On(matrixtest.Match{Method: http.MethodPut, Path: "**/sendToDevice/m.room.encrypted/*"}, matrixtest.HoldRequest(gate))
	bo.Send(chat.Outgoing{Room: room, Text: "long on its way"})
	rule.Wait(t, 1)
	for range 2 {
		ada = start(t, account.UserID, dir)
		matrixtest.Wait(t, limit, "new one-time keys", func() bool { return !claim(t, thief, account.UserID, device) })
		ada.stop()
	}
	if len(proxy.Requests(renewed)) == before {
		t.Fatal("the fallback key is the same: the test does not work")
	}
	ada = start(t, account.UserID, dir)
	gate.Open()
	ada.message(room, "long on its way")
	ada.say(room, "it came")
	bo.message(room, "it came")
}

// longAgo has a note of the time in the keys of a stopped account tell of years ago.
func longAgo(t *testing.T, dir, note string) {
	t.Helper()
	found, err := filepath.Glob(dir + "/data/*/crypto.db")
	if err != nil || len(found) != 1 {
		t.Fatalf("keys in %v, %v", found, err)
	}
	db, err := sql.Open("sqlite3", found[0])
	if err != nil {
		t.Fatal(err)
	}
	done, err := db.ExecContext(t.Context(), `UPDATE hubbub_value SET value=CAST('2020-02-20T20:20:20Z' AS BLOB) WHERE key=$1`, note)
	if err == nil {
		if n, _ := done.RowsAffected(); n != 1 { // SQLite always knows
			t.Errorf("%d notes %s", n, note)
		}
	}
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// More keys than one answer of sync brings wait for who comes back.
func TestManyKeysWaitForWhoComesBack(t *testing.T) {
	t.Parallel()
	const many = 130 // Synapse gives 100 at a time
	hs := matrixtest.Synapse(t)
	account, dir := hs.NewAccount(t, "ada"), t.TempDir()
	ada, bo := signIn(t, hs, account, dir), matrixtest.StartPeer(t, hs, hs.NewAccount(t, "bo"))
	room := bo.CreateRoom("logbook", true, account.UserID)
	ada.room(chat.RoomID(room), chat.MemberInvited)
	ada.made(func() string { return ada.Join(room) })
	bo.WaitMember(room, account.UserID, "join")
	bo.WaitDevice(account.UserID, string(ada.Account().Device))
	ada.stop()
	for n := range many {
		bo.Rotate(room)
		bo.SendText(room, fmt.Sprint("entry ", n))
	}
	ada = start(t, account.UserID, dir)
	ada.older(chat.RoomID(room), "entry 0")
	for n := range many {
		ada.older(chat.RoomID(room), fmt.Sprint("entry ", n))
	}
	storetest.Check(t, ada.Store())
}

// A homeserver whose clock is three days ahead, or behind: people understand
// each other, no key is given up for it, and the checkup says what is wrong.
func TestClocksThatAreDaysApart(t *testing.T) {
	t.Parallel()
	hs := matrixtest.Synapse(t)
	for name, off := range map[string]time.Duration{"ahead": 72 * time.Hour, "behind": -72 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy, behind := hs.Before(t)
			proxy.On(matrixtest.Match{}, func(x *matrixtest.Exchange) {
				a := x.Upstream()
				a.Header.Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
				a.Body = shifted(t, a.Body, off)
				x.Reply(a)
			})
			account := hs.NewAccount(t, "ada")
			ada, bo := signIn(t, behind, account, t.TempDir()), signIn(t, behind, hs.NewAccount(t, "bo"), t.TempDir())
			ada.setUp(account.Password)
			room := chat.RoomID(ada.made(func() string {
				return ada.Create(chat.NewRoom{Name: "quay", Invite: []chat.UserID{bo.Account().User}})
			}))
			bo.room(room, chat.MemberInvited)
			bo.made(func() string { return bo.Join(string(room)) })
			bo.say(room, "what time is it?")
			ada.message(room, "what time is it?")
			ada.say(room, "late")
			key := bo.message(room, "late").SessionID
			ada.say(room, "or early")
			if again := bo.message(room, "or early"); again.SessionID != key || key == "" {
				t.Errorf("key %q, then %q", key, again.SessionID)
			}
			lock, err := ada.Trust().Lock(t.Context(), room)
			if err != nil || !lock.HasKey || lock.Age < 0 || lock.Age > time.Hour {
				t.Errorf("lock %+v %v", lock, err)
			}
			found, err := ada.Trust().Checkup(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range found {
				if f.Topic == chat.TopicClock && (f.State != chat.FindingWarning || f.Fix != chat.FixClock) {
					t.Errorf("the clock: %+v", f)
				}
			}
		})
	}
}

// shifted moves all times of an answer of the homeserver.
func shifted(t *testing.T, body []byte, off time.Duration) []byte {
	if len(body) == 0 || body[0] != '{' {
		return body
	}
	return edited(t, body, func(answer map[string]any) { shift(answer, off.Milliseconds()) }, "", "")
}

func shift(at any, ms int64) {
	switch v := at.(type) {
	case map[string]any:
		for key, value := range v {
			if n, ok := value.(interface{ Int64() (int64, error) }); ok && key == "origin_server_ts" {
				if at, err := n.Int64(); err == nil {
					v[key] = at + ms
				}
				continue
			}
			shift(value, ms)
		}
	case []any:
		for _, one := range v {
			shift(one, ms)
		}
	}
}
