package crypto

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// belong makes two sessions part of the identity that a peer made: the first has its private keys.
func belong(t *testing.T, peer *matrixtest.Peer, devices ...*device) {
	t.Helper()
	for i, d := range devices {
		me := chat.UserID(d.UserID)
		if err := d.m.Refresh(t.Context(), me); err != nil {
			t.Fatal(err)
		}
		keys, err := d.m.KeysOf(t.Context(), me)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.m.TrustOwnMaster(t.Context(), keys.Master); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{SecretMaster, SecretSelfSigning, SecretUserSigning} {
			if i > 0 {
				break
			}
			if err := d.m.PutSecret(t.Context(), name, chat.Secret(peer.Secret(name))); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestKeyRequestsAreAnsweredForVerifiedSessionsOnly: a session that the homeserver may have added gets no key, and none
// is taken from it.
func TestKeyRequestsAreAnsweredForVerifiedSessionsOnly(t *testing.T) {
	hs := matrixtest.Synapse(t)
	account := hs.NewAccount(t, "jane")
	peer := matrixtest.StartPeer(t, hs, account)
	peer.SetUpTrust()
	proxy, before := hs.Before(t)
	old := newDevice(t, before.Login(t, account))
	fresh := newDevice(t, hs.Login(t, account))
	fresh.m.delay = 0
	old.sync()
	belong(t, peer, old, fresh)

	k := newMegolmKey(t)
	key := k.from(0)
	if _, err := old.m.ImportRoomKeys(t.Context(), Origin{Source: chat.KeyImported}, []RoomKey{key}); err != nil {
		t.Fatal(err)
	}
	ask := func() {
		fresh.m.Seek(key.Room, key.Session)
		matrixtest.Wait(t, waitLimit, "the request", func() bool { return fresh.m.Asked(key.Room, key.Session) })
		fresh.marker(old) // the request came before it
	}
	answered := func() bool {
		old.m.mu.Lock()
		defer old.m.mu.Unlock()
		return len(old.m.todo.requests) == 0
	}
	ask()
	matrixtest.Wait(t, waitLimit, "the request to be looked at", answered)
	old.marker(fresh)
	if fresh.has(string(key.Room), key.Session) {
		t.Fatal("a session that is not verified got a key")
	}
	signing, _ := fresh.m.Identity()
	if err := old.m.SignSession(t.Context(), chat.DeviceID(fresh.DeviceID), signing); err != nil {
		t.Fatal(err)
	}

	// The answer of a session that is not verified is not taken either.
	ask()
	matrixtest.Wait(t, waitLimit, "the request to be looked at", answered)
	old.marker(fresh)
	if fresh.has(string(key.Room), key.Session) {
		t.Fatal("a key was taken from a session that is not verified")
	}
	signing, _ = old.m.Identity()
	if err := old.m.SignSession(t.Context(), chat.DeviceID(old.DeviceID), signing); err != nil {
		t.Fatal(err)
	}
	matrixtest.Wait(t, waitLimit, "the news of the verification", func() bool {
		fresh.sync()
		s, err := fresh.m.SessionTrust(t.Context(), chat.UserID(old.UserID), chat.DeviceID(old.DeviceID))
		return err == nil && s.Trust == chat.SessionVerified
	})
	// The homeserver does not take the answer at once.
	busy := proxy.On(matrixtest.Match{Path: "**/sendToDevice/m.room.encrypted/*"}.Nth(1), matrixtest.Status(http.StatusBadGateway, "{}"))
	fresh.m.Seek(key.Room, key.Session)
	matrixtest.Wait(t, waitLimit, "the key", func() bool {
		old.sync()
		fresh.sync()
		return fresh.has(string(key.Room), key.Session)
	})
	if busy.Hits() == 0 {
		t.Error("the answer went another way")
	}
}

// vaultWithBackup is a machine whose backup is the test.
func vaultWithBackup(t *testing.T, backup func(k WantedSession) (bool, error)) vault {
	v := newVault(t)
	v.m.delay = time.Hour // own devices are out of reach
	v.m.AskBackup(func(_ context.Context, room chat.RoomID, session string) (bool, error) {
		return backup(WantedSession{room, session})
	})
	return v
}

// lookForAll looks for what is wanted until nothing is due.
func (v vault) lookForAll() {
	v.t.Helper()
	eng, err := v.m.engine(v.t.Context())
	if err != nil {
		v.t.Fatal(err)
	}
	for range 20 {
		next, err := v.m.askFor(v.t.Context(), eng)
		if err != nil {
			v.t.Fatal(err)
		}
		if next.IsZero() || next.After(time.Now()) {
			return
		}
	}
	v.t.Fatal("it does not rest")
}

// hurry is as if the time to look for the first time had come.
func (v vault) hurry() {
	v.m.mu.Lock()
	defer v.m.mu.Unlock()
	for _, a := range v.m.todo.wanted {
		if !a.looked && a.failed == 0 {
			a.due = time.Now()
		}
	}
}

// TestBackupIsAskedFirst: what is wanted is looked for in the backup, once, and again when that may help.
func TestBackupIsAskedFirst(t *testing.T) {
	var mu sync.Mutex
	asked := map[string]int{}
	count := func(session string) int {
		mu.Lock()
		defer mu.Unlock()
		return asked[session]
	}
	var v vault
	k := newMegolmKey(t)
	v = vaultWithBackup(t, func(w WantedSession) (bool, error) {
		mu.Lock()
		asked[w.Session]++
		n := asked[w.Session]
		mu.Unlock()
		switch w.Session {
		case "none":
			return false, nil
		case "down":
			return false, errors.New("down")
		}
		if n < 2 {
			return false, nil
		}
		got := v.take(chat.KeyBackup, k.from(0))
		return got.New == 1, nil
	})
	var came []string
	v.m.OnKey(func(_ chat.RoomID, session string) { mu.Lock(); came = append(came, session); mu.Unlock() })
	session := string(k.out.ID())
	for _, s := range []string{"none", "down", session} {
		v.m.want("!r:x", s, "")
	}
	v.lookForAll()
	if count("none")+count("down")+count(session) != 0 {
		t.Error("a key that is only late was looked for")
	}
	v.hurry()
	v.lookForAll()
	v.lookForAll()
	if count("none") != 1 || count("down") != 1 || count(session) != 1 {
		t.Errorf("asked %v", asked)
	}
	v.m.SeekAll()
	v.lookForAll()
	if count("none") != 2 || count("down") != 2 || count(session) != 2 {
		t.Errorf("asked %v after the backup could be read", asked)
	}
	if len(came) != 1 || came[0] != session {
		t.Errorf("came %v", came)
	}
	v.m.mu.Lock()
	left := len(v.m.todo.wanted)
	v.m.mu.Unlock()
	if left != 2 {
		t.Errorf("%d wanted sessions are left", left)
	}
	v.m.Seek("!r:x", "none")
	v.m.mu.Lock()
	v.m.todo.wanted[WantedSession{"!r:x", "none"}].own = time.Now().Add(time.Hour)
	v.m.mu.Unlock()
	v.lookForAll()
	if count("none") != 3 {
		t.Error("a key that somebody asked for was not looked for")
	}
}

// TestEverythingThatIsWantedIsLookedFor: more sessions than are looked for at once, most of which the backup lacks.
func TestEverythingThatIsWantedIsLookedFor(t *testing.T) {
	const all, there = 3 * maxWanted, 40
	keys := map[WantedSession]RoomKey{}
	var waiting []WantedSession
	for i := range all {
		w := WantedSession{"!r:x", fmt.Sprint("missing ", i)}
		if i%(all/there) == all/there-1 {
			k := newMegolmKey(t).from(0)
			w.Session = k.Session
			keys[w] = k
		}
		waiting = append(waiting, w)
	}
	asked := map[WantedSession]int{}
	var v vault
	v = vaultWithBackup(t, func(w WantedSession) (bool, error) {
		asked[w]++
		if k, ok := keys[w]; ok {
			return v.take(chat.KeyBackup, k).New == 1, nil
		}
		return false, nil
	})
	v.m.delay = 0
	v.m.opt.Wanted = func(context.Context) ([]WantedSession, error) { return waiting, nil }
	v.m.OnKey(func(room chat.RoomID, session string) {
		waiting = slices.DeleteFunc(slices.Clone(waiting), func(w WantedSession) bool { return w.Session == session })
	})
	eng, err := v.m.engine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	v.m.tracked.mu.Lock()
	v.m.tracked.known[id.UserID(v.m.opt.User)] = true // there are no other own devices
	v.m.tracked.mu.Unlock()
	v.m.SeekAll()
	for round := 0; ; round++ {
		if err := v.m.healAgain(t.Context()); err != nil {
			t.Fatal(err)
		}
		next, err := v.m.askFor(t.Context(), eng)
		if err != nil {
			t.Fatal(err)
		}
		if next.IsZero() {
			break
		}
		if round > 3*all {
			t.Fatal("it does not end")
		}
	}
	if len(waiting) != all-len(keys) || len(asked) != all {
		t.Errorf("%d of %d were looked for, %d are waiting, %d should", len(asked), all, len(waiting), all-len(keys))
	}
	for w, n := range asked {
		if n != 1 {
			t.Fatalf("%s was looked for %d times", w.Session, n)
		}
	}
}

// TestRefusedKeyIsLookedForElsewhere: another own session may have been given what was refused to this one.
func TestRefusedKeyIsLookedForElsewhere(t *testing.T) {
	v := newVault(t)
	session := strings.Repeat("A", 43)
	if err := v.m.putRefused(t.Context(), "", event.RoomKeyWithheldEventContent{
		RoomID: "!r:x", SessionID: id.SessionID(session), SenderKey: maker, Code: event.RoomKeyWithheldUnverified,
	}); err != nil {
		t.Fatal(err)
	}
	_, u := v.m.Decrypt(t.Context(), "!r:x", jsontext.Value(`{"event_id":"$e","sender":"@maker:x","origin_server_ts":1,"type":"m.room.encrypted","content":{
		"algorithm":"m.megolm.v1.aes-sha2","session_id":"`+session+`","sender_key":"x","ciphertext":"`+strings.Repeat("A", 200)+`"}}`))
	if u == nil || u.Cause != chat.CauseWithheld {
		t.Fatalf("%+v", u)
	}
	v.m.mu.Lock()
	defer v.m.mu.Unlock()
	if v.m.todo.wanted[WantedSession{"!r:x", session}] == nil {
		t.Error("it is not looked for")
	}
}
