package crypto

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// keysOf is what the homeserver shows as somebody's keys.
func (d *device) keysOf(user string) map[string]map[string]json.RawMessage {
	d.t.Helper()
	var answer map[string]map[string]json.RawMessage
	d.Call(http.MethodPost, "/_matrix/client/v3/keys/query", map[string]any{"device_keys": map[string]any{user: []string{}}}, &answer)
	return answer
}

// A homeserver that shows the identity of somebody whom we have verified as
// that of another person, signatures and all, makes nobody verified: what we
// signed names whom we meant.
func TestIdentityUnderAnotherName(t *testing.T) {
	hs := matrixtest.Synapse(t)
	proxy, before := hs.Before(t)
	bobs, carols, mallorys := hs.NewAccount(t, "bob"), hs.NewAccount(t, "carol"), hs.NewAccount(t, "mallory")
	bob, carol, mallory := newDevice(t, hs.Login(t, bobs)), newDevice(t, hs.Login(t, carols)), newDevice(t, hs.Login(t, mallorys))
	bob.identify(bobs)
	carol.identify(carols)
	master := mallory.identify(mallorys)
	alice := newDevice(t, before.NewClient(t, "alice"))
	alice.identify(matrixtest.Account{})
	alice.sees(bobs.UserID)
	alice.verify(mallorys.UserID, master)
	stolen := alice.keysOf(mallorys.UserID)
	rule := proxy.On(matrixtest.Match{Path: "**/keys/query"}, matrixtest.RewriteJSON(func(a map[string]any) {
		users, _ := a["device_keys"].(map[string]any)
		for _, user := range []string{bobs.UserID, carols.UserID} {
			if users[user] == nil {
				continue
			}
			a["master_keys"].(map[string]any)[user] = stolen["master_keys"][mallorys.UserID]
			a["self_signing_keys"].(map[string]any)[user] = stolen["self_signing_keys"][mallorys.UserID]
		}
	}))
	if p := alice.sees(bobs.UserID); p.Trust != chat.PersonChanged {
		t.Errorf("somebody who was known: %+v", p)
	}
	if p := alice.sees(carols.UserID); p.Trust != chat.PersonPinned || trustIn(p, carol.DeviceID) != chat.SessionUnsigned {
		t.Errorf("somebody new: %+v", p)
	}
	rule.Off()
	if p := alice.sees(bobs.UserID); p.Trust != chat.PersonPinned || trustIn(p, bob.DeviceID) != chat.SessionSigned {
		t.Errorf("afterwards: %+v", p)
	}
}

// A secret goes to the session that was verified, and not to what a homeserver
// has put under its id since.
func TestSecretForASessionThatWasSwapped(t *testing.T) {
	hs := matrixtest.Synapse(t)
	proxy, before := hs.Before(t)
	account := hs.NewAccount(t, "alice")
	alice := newDevice(t, before.Login(t, account))
	alice.identify(account)
	other := newDevice(t, hs.Login(t, account))
	alice.vouch(other)
	send := func() error {
		return alice.m.SendSecret(t.Context(), "org.example.test", map[string]string{"secret": "hush"},
			chat.UserID(alice.UserID), []chat.DeviceID{chat.DeviceID(other.DeviceID)}, chat.PolicyVerified)
	}
	if err := send(); err != nil {
		t.Fatalf("to the verified session: %v", err)
	}
	rule := show(proxy, alice.UserID, other.DeviceID, nil)
	alice.sees(alice.UserID)
	rule.Off()
	show(proxy, alice.UserID, other.DeviceID, forge(t, alice.UserID, other.DeviceID))
	if p := alice.sees(alice.UserID); trustIn(p, other.DeviceID) != chat.SessionUnsigned {
		t.Fatalf("the swapped session: %+v", p)
	}
	sent := matrixtest.Match{Path: "**/sendToDevice/m.room.encrypted/*"}
	asked := len(proxy.Requests(sent)) + len(proxy.Requests(matrixtest.Match{Path: "**/keys/claim"}))
	if err := send(); !errors.Is(err, ErrUnreachable) {
		t.Errorf("to the swapped session: %v", err)
	}
	if now := len(proxy.Requests(sent)) + len(proxy.Requests(matrixtest.Match{Path: "**/keys/claim"})); now != asked {
		t.Error("something was encrypted for the swapped session")
	}
}

// Another identity that a homeserver shows beside no list of sessions is told
// of like any other one.
func TestIdentityWithoutSessions(t *testing.T) {
	hs := matrixtest.Synapse(t)
	proxy, before := hs.Before(t)
	bobs := hs.NewAccount(t, "bob")
	bob := newDevice(t, hs.Login(t, bobs))
	first := bob.identify(bobs)
	alice := newDevice(t, before.NewClient(t, "alice"))
	if p := alice.sees(bobs.UserID); p.MasterKey != first {
		t.Fatalf("before: %+v", p)
	}
	var told atomic.Int32
	alice.m.OnPeople(func(users []chat.UserID) {
		for _, u := range users {
			if string(u) == bobs.UserID {
				told.Add(1)
			}
		}
	})
	second := bob.identify(bobs)
	proxy.On(matrixtest.Match{Path: "**/keys/query"}, matrixtest.RewriteJSON(func(a map[string]any) {
		users, _ := a["device_keys"].(map[string]any)
		delete(users, bobs.UserID)
	}))
	if err := alice.m.Reload(t.Context(), chat.UserID(bobs.UserID)); !errors.Is(err, ErrNoList) {
		t.Errorf("a list that did not come: %v", err)
	}
	if p := alice.remembers(bobs.UserID); p.MasterKey != second || p.Trust != chat.PersonChanged {
		t.Errorf("afterwards: %+v", p)
	}
	if told.Load() == 0 {
		t.Error("nobody was told of the change")
	}
}

// A session that another identity in our own name has confirmed is none that we
// have confirmed: a policy that asks for that keeps the keys from it.
func TestOwnSessionsOfAnotherIdentityAreKeptOut(t *testing.T) {
	alice, account := person(t, "alice")
	bob, _ := person(t, "bob")
	room := roomOf(t, alice, bob)
	alice.policy(room, chat.PolicySigned)
	intruder := alice.newSession(t, account)
	matrixtest.Wait(t, waitLimit, "the session", func() bool { alice.sync(); return alice.lock(room).ExcludedCount == 1 })
	intruder.identify(account)
	if p := alice.sees(alice.UserID); p.Trust != chat.PersonWithdrawn || trustIn(p, intruder.DeviceID) != chat.SessionSigned {
		t.Fatalf("the attack does not work: %+v", p)
	}
	if l := alice.lock(room); l.ExcludedCount != 1 || l.Excluded[0].ID != chat.DeviceID(intruder.DeviceID) {
		t.Errorf("lock %+v", l)
	}
	alice.say(room, "for bob")
	bob.hear(room, "for bob")
	intruder.refresh(alice.UserID)
	intruder.hear(room, "!withheld")
}

// What was encrypted before somebody was kept out is not to be sent any more.
func TestWhatWaitsIsEncryptedAnew(t *testing.T) {
	alice, _ := person(t, "alice")
	bob, account := person(t, "bob")
	room := roomOf(t, alice, bob)
	second := bob.newSession(t, account)
	alice.refresh(bob.UserID)
	sent, err := alice.m.Encrypt(t.Context(), chat.RoomID(room), "m.room.message", []byte(`{"msgtype":"m.text","body":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, want bool) {
		t.Helper()
		if got, err := alice.m.Current(t.Context(), chat.RoomID(room), sent); err != nil || got != want {
			t.Errorf("%s: %v (%v)", what, got, err)
		}
	}
	check("at once", true)
	if err := alice.m.Block(t.Context(), chat.UserID(bob.UserID), chat.DeviceID(second.DeviceID), true); err != nil {
		t.Fatal(err)
	}
	check("after a session was blocked", false)
	if got, err := alice.m.Current(t.Context(), chat.RoomID(room), []byte(`{"session_id":5}`)); err != nil || got {
		t.Errorf("something else: %v (%v)", got, err)
	}
	alice.verify(bob.UserID, alice.remembers(bob.UserID).MasterKey)
	bob.identify(account)
	alice.sees(bob.UserID)
	if _, err := alice.m.Current(t.Context(), chat.RoomID(room), sent); !errors.Is(err, ErrIdentity) {
		t.Errorf("with another identity: %v", err)
	}
}

// A stranger who names sessions by whole books fills no memory with them.
func TestNamesOfSessionsAreShort(t *testing.T) {
	m, _, _ := policies(t)
	m.want(channel, strings.Repeat("x", 60_000), "")
	m.Seek(channel, strings.Repeat("y", 60_000))
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.todo.wanted); n > 0 {
		t.Errorf("%d are looked for", n)
	}
}

// A homeserver that shows an identity again which was verified once, after the
// person has accepted another one in its place, does not get it verified.
func TestVerificationThatWasWithdrawnDoesNotComeBack(t *testing.T) {
	proxy, alice, bob, bobs, first := acquaintances(t)
	alice.verify(bobs.UserID, first)
	old := alice.keysOf(bobs.UserID)
	bob.identify(bobs)
	if p := alice.sees(bobs.UserID); p.Trust != chat.PersonWithdrawn {
		t.Fatalf("after the reset: %+v", p)
	}
	if err := alice.acknowledge(t.Context(), chat.UserID(bobs.UserID)); err != nil {
		t.Fatal(err)
	}
	proxy.On(matrixtest.Match{Path: "**/keys/query"}, matrixtest.RewriteJSON(func(a map[string]any) {
		users, _ := a["device_keys"].(map[string]any)
		if users[bobs.UserID] == nil {
			return
		}
		for _, part := range []string{"master_keys", "self_signing_keys"} {
			a[part].(map[string]any)[bobs.UserID] = old[part][bobs.UserID]
		}
	}))
	for range 2 {
		if p := alice.sees(bobs.UserID); p.MasterKey != first || p.Trust != chat.PersonChanged {
			t.Errorf("the old identity: %+v", p)
		}
		alice.restart()
	}
	proxy.On(matrixtest.Match{Path: "**/keys/signatures/upload"}, matrixtest.Status(http.StatusOK, `{"failures":{}}`))
	alice.verify(bobs.UserID, first)
	if p := alice.sees(bobs.UserID); p.Trust != chat.PersonVerified {
		t.Errorf("verified anew: %+v", p)
	}
}
