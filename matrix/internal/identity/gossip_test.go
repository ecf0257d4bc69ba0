package identity

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// verifyEach does what a verification between own sessions comes to: d, which
// has the identity, signs e, and e takes d's word for whose the identity is.
func verifyEach(t *testing.T, d, e *device) {
	t.Helper()
	finger, _ := e.Machine.Identity()
	matrixtest.Wait(t, waitLimit, "the other session's keys", func() bool {
		if err := d.Machine.Refresh(t.Context(), chat.UserID(d.UserID)); err != nil {
			t.Fatal(err)
		}
		s, err := d.Machine.SessionTrust(t.Context(), chat.UserID(d.UserID), chat.DeviceID(e.DeviceID))
		return err == nil && s.Fingerprint == finger
	})
	if err := d.Machine.SignSession(t.Context(), chat.DeviceID(e.DeviceID), finger); err != nil {
		t.Fatalf("SignSession: %v", err)
	}
	if err := e.Machine.Reload(t.Context(), chat.UserID(e.UserID)); err != nil {
		t.Fatal(err)
	}
	if err := e.Machine.TrustOwnMaster(t.Context(), d.trust().MasterKey); err != nil {
		t.Fatalf("TrustOwnMaster: %v", err)
	}
}

// asks has a device ask another one for a secret, and returns the id.
func (d *device) asks(name string, of *device) string {
	d.T.Helper()
	id := name + " for " + d.DeviceID
	d.tell(typeRequest, secretRequest{Name: name, Action: "request", Device: chat.DeviceID(d.DeviceID), ID: id}, of, false)
	return id
}

func (d *device) tell(typ string, content any, to *device, encrypted bool) {
	d.T.Helper()
	devices := []chat.DeviceID{chat.DeviceID(to.DeviceID)}
	if err := d.Machine.SendToDevice(d.T.Context(), typ, content, chat.UserID(to.UserID), devices, encrypted); err != nil {
		d.T.Fatalf("send %s: %v", typ, err)
	}
}

// got returns the ids of the requests that were answered.
func (d *device) got() (ids []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, ev := range d.secret {
		var c secretSend
		if ev.Type == typeSend && json.Unmarshal(ev.Content, &c) == nil {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// After a session was verified by another one, the secrets come to it by
// themselves; sessions that were not verified, and other people, get nothing.
func TestSecretsComeFromAnotherSession(t *testing.T) {
	hs := matrixtest.Synapse(t)
	a := hs.NewAccount(t, "gossip")
	d := signIn(t, hs, a)
	d.setUp(chat.SetUp{})
	d.wait("everything", complete)

	stranger, fresh := signIn(t, hs, hs.NewAccount(t, "stranger")), signIn(t, hs, a)
	for _, other := range []*device{stranger, fresh} {
		other.asks(crypto.SecretSelfSigning, d)
	}
	// In the name of a verified session, from one that is not.
	e := signIn(t, hs, a)
	fresh.tell(typeRequest, secretRequest{Name: crypto.SecretMaster, Action: "request", Device: chat.DeviceID(e.DeviceID), ID: "for the wrong one"}, d, false)
	verifyEach(t, d, e)
	e.wait("everything", complete)
	if got := append(stranger.got(), fresh.got()...); len(got) > 0 {
		t.Errorf("unverified sessions got %q", got)
	}
	// What is asked in another session's name goes to that one, which does not take it.
	if got := e.trust(); !got.Complete() {
		t.Errorf("after an answer that was not asked for: %+v", got)
	}

	// The reference client answers too, and is asked as well as answered.
	p := matrixtest.StartPeer(t, hs, a)
	p.UnlockSecrets(string(newKey(t, d)))
	d.Close()
	e.Close()
	f := signIn(t, hs, a)
	p.WaitDevice(a.UserID, f.DeviceID)
	p.CrossSignDevice(f.DeviceID)
	if err := f.Machine.Reload(t.Context(), chat.UserID(a.UserID)); err != nil {
		t.Fatal(err)
	}
	if err := f.Machine.TrustOwnMaster(t.Context(), p.IdentityKeys(a.UserID).Master); err != nil {
		t.Fatal(err)
	}
	f.wait("the private keys", complete)
}

func newKey(t *testing.T, d *device) chat.Secret {
	t.Helper()
	key, err := d.i.NewRecoveryKey(t.Context(), "")
	if err != nil {
		t.Fatalf("NewRecoveryKey: %v", err)
	}
	return key
}

// A secret counts from a verified own session that was asked, and when it
// belongs to the published key.
func TestSecretsThatAreNotTaken(t *testing.T) {
	hs := matrixtest.Synapse(t)
	a := hs.NewAccount(t, "notaken")
	d := signIn(t, hs, a)
	d.setUp(chat.SetUp{})
	d.wait("everything", complete)
	seed := map[string]chat.Secret{}
	for _, name := range secretNames() {
		var err error
		if seed[name], err = d.Machine.Secret(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	e := signIn(t, hs, a)
	verifyEach(t, d, e)
	// d falls silent about what e asks it for.
	d.i.mu.Lock()
	d.i.given = make([]time.Time, maxGiven)
	for n := range d.i.given {
		d.i.given[n] = time.Now().Add(time.Hour)
	}
	d.i.mu.Unlock()
	for _, name := range secretNames() {
		if err := e.Machine.PutSecret(t.Context(), name, ""); err != nil {
			t.Fatal(err)
		}
	}
	e.restart()
	e.wait("no private keys", func(t chat.Trust) bool { return t.Identity == chat.IdentityOwn && !t.PrivateKeys })
	question := func(name string) (id string) {
		matrixtest.Wait(t, waitLimit, "a question", func() bool {
			e.i.mu.Lock()
			defer e.i.mu.Unlock()
			if q := e.i.asked[name]; q != nil {
				id = q.id
			}
			return id != ""
		})
		return id
	}
	id := question(crypto.SecretMaster)
	stranger, fresh := signIn(t, hs, hs.NewAccount(t, "stranger")), signIn(t, hs, a)
	right := map[string]string{"request_id": id, "secret": string(seed[crypto.SecretMaster])}
	before := len(e.got())
	stranger.tell(typeSend, right, e, true)
	fresh.tell(typeSend, right, e, true)
	fresh.tell(typeSend, right, e, false) // in clear
	d.tell(typeSend, map[string]string{"request_id": "another", "secret": string(seed[crypto.SecretMaster])}, e, true)
	d.tell(typeSend, map[string]string{"request_id": id, "secret": string(seed[crypto.SecretSelfSigning])}, e, true)
	d.tell(typeSend, map[string]string{"request_id": id, "secret": "AAAA"}, e, true)
	d.tell(typeSend, map[string]string{"request_id": id}, e, true)
	matrixtest.Wait(t, waitLimit, "the wrong ones", func() bool { return len(e.got()) >= before+6 })
	e.wait("nothing taken", func(chat.Trust) bool {
		e.i.mu.Lock()
		defer e.i.mu.Unlock()
		return len(e.i.inbox) == 0
	})
	if got, err := e.Machine.Secret(t.Context(), crypto.SecretMaster); err != nil || got != "" {
		t.Errorf("a secret was taken (%v)", err)
	}
	d.tell(typeSend, right, e, true)
	matrixtest.Wait(t, waitLimit, "the right one", func() bool {
		got, err := e.Machine.Secret(t.Context(), crypto.SecretMaster)
		return err == nil && got == seed[crypto.SecretMaster]
	})
}

// A flood of requests costs a bounded amount of memory and of secrets.
func TestSecretRequestsAreBounded(t *testing.T) {
	hs := matrixtest.Synapse(t)
	d := signIn(t, hs, hs.NewAccount(t, "flood"))
	d.Close() // Run is not there: nothing is worked off
	for n := range 10_000 {
		content, err := json.Marshal(secretRequest{Name: crypto.SecretMaster, Action: "request", Device: "D", ID: strings.Repeat("x", n%100)})
		if err != nil {
			t.Fatal(err)
		}
		d.i.HandleToDevice(&crypto.Received{Sender: chat.UserID(d.UserID), Type: typeRequest, Content: content})
		if n%1000 == 0 {
			if err := d.i.receive(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(d.i.inbox) > maxInbox || len(d.i.wanted) > maxRequests {
		t.Errorf("%d events and %d requests are kept", len(d.i.inbox), len(d.i.wanted))
	}
	for range maxGiven {
		if !d.i.mayGive() {
			t.Fatal("too few secrets are given")
		}
	}
	if d.i.mayGive() {
		t.Error("secrets are given without bound")
	}
}

// No secret is in the log, nor where a value is printed.
func TestSecretsAreNotLogged(t *testing.T) {
	hs := matrixtest.Synapse(t)
	a := hs.NewAccount(t, "log")
	var log bytes.Buffer
	d := signIn(t, hs, a)
	d.Close()
	d.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	d.start()
	key := d.setUp(chat.SetUp{Passphrase: "words that nobody else knows"})
	d.wait("everything", complete)
	_, err := d.i.SetUp(t.Context(), chat.SetUp{Reset: true, Auth: chat.Auth{Password: "a wrong password"}})
	wantKind(t, "wrong password", err, chat.ProblemAuth)
	e := signIn(t, hs, a)
	verifyEach(t, d, e)
	e.wait("everything", complete)
	known := []chat.Secret{key, "words that nobody else knows", "a wrong password"}
	for _, name := range secretNames() {
		s, err := d.Machine.Secret(context.WithoutCancel(t.Context()), name)
		if err != nil {
			t.Fatal(err)
		}
		known = append(known, s)
	}
	d.Close()
	if !strings.Contains(log.String(), "Secret given to an own session") {
		t.Error("the log does not tell of the secrets that were given")
	}
	for n, s := range known {
		if strings.Contains(log.String(), string(s)) {
			t.Errorf("secret %d is in the log", n)
		}
	}
}
