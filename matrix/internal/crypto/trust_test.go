package crypto

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"maunium.net/go/mautrix"
	mcrypto "maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/crypto/signatures"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// sees returns what a device knows about somebody, after asking again.
func (d *device) sees(user string) chat.Person {
	d.t.Helper()
	if err := d.m.Reload(d.t.Context(), chat.UserID(user)); err != nil {
		d.t.Fatalf("Reload: %v", err)
	}
	return d.remembers(user)
}

func (d *device) remembers(user string) chat.Person {
	d.t.Helper()
	p, err := d.m.People(d.t.Context(), chat.UserID(user))
	if err != nil {
		d.t.Fatalf("People: %v", err)
	}
	return p[0]
}

func trustIn(p chat.Person, device string) chat.SessionTrust {
	for _, s := range p.Sessions {
		if s.ID == chat.DeviceID(device) {
			return s.Trust
		}
	}
	return chat.SessionGone
}

// An identity is pinned when it is first seen; another one is a change that
// waits for the person, and a withdrawal where the first one was verified.
func TestIdentitiesOfOthersArePinned(t *testing.T) {
	hs := matrixtest.Synapse(t)
	alice := newDevice(t, hs.NewClient(t, "alice"))
	bobs, carols := hs.NewAccount(t, "bob"), hs.NewAccount(t, "carol")
	bob, carol := newDevice(t, hs.Login(t, bobs)), newDevice(t, hs.Login(t, carols))
	if p := alice.sees(bobs.UserID); p.Trust != chat.PersonUnknown || trustIn(p, bob.DeviceID) != chat.SessionUnsigned {
		t.Errorf("without an identity: %+v", p)
	}
	first := bob.identify(bobs)
	carol.identify(carols)
	alice.identify(matrixtest.Account{})
	alice.sees(carols.UserID)
	if p := alice.sees(bobs.UserID); p.Trust != chat.PersonPinned || p.MasterKey != first || trustIn(p, bob.DeviceID) != chat.SessionSigned {
		t.Errorf("first seen: %+v", p)
	}
	second := newDevice(t, hs.Login(t, bobs))
	if p := alice.sees(bobs.UserID); trustIn(p, second.DeviceID) != chat.SessionUnsigned {
		t.Errorf("a session that bob has not confirmed: %+v", p)
	}
	if err := alice.m.SignPerson(t.Context(), chat.UserID(bobs.UserID), carol.remembers(carols.UserID).MasterKey); !errors.Is(err, ErrKeyDiffers) {
		t.Errorf("signing another key: %v", err)
	}
	if err := alice.m.SignPerson(t.Context(), chat.UserID(bobs.UserID), first); err != nil {
		t.Fatalf("SignPerson: %v", err)
	}
	for range 2 {
		p := alice.remembers(bobs.UserID)
		if p.Trust != chat.PersonVerified || trustIn(p, bob.DeviceID) != chat.SessionVerified || trustIn(p, second.DeviceID) != chat.SessionUnsigned {
			t.Errorf("verified: %+v", p)
		}
		alice.restart()
	}

	bob.identify(bobs)
	carol.identify(carols)
	if p := alice.sees(bobs.UserID); p.Trust != chat.PersonWithdrawn || trustIn(p, bob.DeviceID) != chat.SessionSigned {
		t.Errorf("after a reset of who was verified: %+v", p)
	}
	if p := alice.sees(carols.UserID); p.Trust != chat.PersonChanged {
		t.Errorf("after a reset: %+v", p)
	}
	alice.restart()
	for _, user := range []string{bobs.UserID, carols.UserID} {
		if err := alice.acknowledge(t.Context(), chat.UserID(user)); err != nil {
			t.Fatal(err)
		}
		if p := alice.remembers(user); p.Trust != chat.PersonPinned {
			t.Errorf("acknowledged: %+v", p)
		}
	}
	if err := alice.acknowledge(t.Context(), chat.UserID(alice.UserID)); !errors.Is(err, ErrOwnIdentity) {
		t.Errorf("acknowledging oneself: %v", err)
	}
	// When we make a new identity, nobody is verified by it; nobody has changed either.
	bob.identify(bobs)
	alice.sees(bobs.UserID)
}

// forge makes the keys of a device that a homeserver could show as somebody's.
func forge(t *testing.T, user, device string) json.RawMessage {
	t.Helper()
	internal, err := olm.NewAccount()
	if err != nil {
		t.Fatal(err)
	}
	acc := mcrypto.OlmAccount{Internal: internal}
	signing, identity := acc.Keys()
	keys := &mautrix.DeviceKeys{
		UserID: id.UserID(user), DeviceID: id.DeviceID(device), Algorithms: []id.Algorithm{id.AlgorithmMegolmV1, id.AlgorithmOlmV1},
		Keys: mautrix.KeyMap{
			id.NewDeviceKeyID(id.KeyAlgorithmEd25519, id.DeviceID(device)):    string(signing),
			id.NewDeviceKeyID(id.KeyAlgorithmCurve25519, id.DeviceID(device)): string(identity),
		},
	}
	sig, err := acc.SignJSON(keys)
	if err != nil {
		t.Fatal(err)
	}
	keys.Signatures = signatures.NewSingleSignature(keys.UserID, id.KeyAlgorithmEd25519, device, sig)
	raw, err := json.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// show has the homeserver answer with other keys for a device; nil leaves it out.
func show(proxy *matrixtest.Proxy, user, device string, keys json.RawMessage) *matrixtest.Rule {
	return proxy.On(matrixtest.Match{Path: "**/keys/query"}, matrixtest.RewriteJSON(func(answer map[string]any) {
		users, _ := answer["device_keys"].(map[string]any)
		list, _ := users[user].(map[string]any)
		if list == nil {
			return
		}
		if keys == nil {
			delete(list, device)
			return
		}
		list[device] = keys
	}))
}

// A homeserver that shows other keys for a session that was verified, at once
// or after it showed none, gets no trust for them.
func TestSessionSwappedByTheHomeserver(t *testing.T) {
	proxy, alice, bob, bobs, master := acquaintances(t)
	alice.sees(bobs.UserID)
	if err := alice.m.SignPerson(t.Context(), chat.UserID(bobs.UserID), master); err != nil {
		t.Fatal(err)
	}
	real, _ := bob.m.Identity()
	check := func(what string, want chat.SessionTrust, finger string) {
		t.Helper()
		p := alice.sees(bobs.UserID)
		if got := trustIn(p, bob.DeviceID); got != want || (len(p.Sessions) > 0 && p.Sessions[0].Fingerprint == real) != (finger == real) {
			t.Errorf("%s: trust %d, want %d: %+v", what, got, want, p)
		}
		keys, err := alice.m.KeysOf(t.Context(), chat.UserID(bobs.UserID))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := keys.Devices[chat.DeviceID(bob.DeviceID)]; ok != (want == chat.SessionVerified || want == chat.SessionUnsigned) {
			t.Errorf("%s: keys to verify with: %v", what, ok)
		}
	}
	check("the real one", chat.SessionVerified, real)
	rule := show(proxy, bobs.UserID, bob.DeviceID, forge(t, bobs.UserID, bob.DeviceID))
	check("swapped", chat.SessionRekeyed, real)
	rule.Off()
	check("back again", chat.SessionVerified, real)
	if err := alice.m.Block(t.Context(), chat.UserID(bobs.UserID), chat.DeviceID(bob.DeviceID), true); err != nil {
		t.Fatal(err)
	}
	rule = show(proxy, bobs.UserID, bob.DeviceID, forge(t, bobs.UserID, bob.DeviceID))
	alice.sees(bobs.UserID)
	rule.Off()
	if p := alice.sees(bobs.UserID); trustIn(p, bob.DeviceID) != chat.SessionBlocked {
		t.Errorf("a blocked session was freed by showing other keys for a while: %+v", p)
	}
	if err := alice.m.Block(t.Context(), chat.UserID(bobs.UserID), chat.DeviceID(bob.DeviceID), false); err != nil {
		t.Fatal(err)
	}
	rule = show(proxy, bobs.UserID, bob.DeviceID, nil)
	check("taken away", chat.SessionGone, "")
	rule.Off()
	rule = show(proxy, bobs.UserID, bob.DeviceID, forge(t, bobs.UserID, bob.DeviceID))
	check("another one in its place", chat.SessionUnsigned, "another")
	rule.Off()
	check("and the real one again", chat.SessionRekeyed, "another")
	rule = show(proxy, bobs.UserID, bob.DeviceID, nil)
	alice.sees(bobs.UserID)
	rule.Off()
	check("after the other one went", chat.SessionVerified, real)
}

// Chains that are broken anywhere confirm nothing.
func TestBrokenChains(t *testing.T) {
	hs := matrixtest.Synapse(t)
	proxy, before := hs.Before(t)
	bobs, mallorys := hs.NewAccount(t, "bob"), hs.NewAccount(t, "mallory")
	bob, mallory := newDevice(t, hs.Login(t, bobs)), newDevice(t, hs.Login(t, mallorys))
	bob.identify(bobs)
	mallory.identify(mallorys)
	var answer map[string]map[string]json.RawMessage
	mallory.Call(http.MethodPost, "/_matrix/client/v3/keys/query", map[string]any{"device_keys": map[string]any{mallorys.UserID: []string{}}}, &answer)
	for what, change := range map[string]func(a map[string]any){
		"self-signing key of somebody else": func(a map[string]any) {
			a["self_signing_keys"].(map[string]any)[bobs.UserID] = answer["self_signing_keys"][mallorys.UserID]
		},
		"no self-signing key": func(a map[string]any) { delete(a, "self_signing_keys") },
		"self-signing key without a signature": func(a map[string]any) {
			delete(a["self_signing_keys"].(map[string]any)[bobs.UserID].(map[string]any), "signatures")
		},
		"session without a signature of its owner": func(a map[string]any) {
			dev := a["device_keys"].(map[string]any)[bobs.UserID].(map[string]any)[bob.DeviceID].(map[string]any)
			sigs := dev["signatures"].(map[string]any)[bobs.UserID].(map[string]any)
			for name := range sigs {
				if name != "ed25519:"+bob.DeviceID {
					delete(sigs, name)
				}
			}
		},
		"master key of somebody else": func(a map[string]any) {
			a["master_keys"].(map[string]any)[bobs.UserID] = answer["master_keys"][mallorys.UserID]
		},
		"master key as self-signing key": func(a map[string]any) {
			a["self_signing_keys"].(map[string]any)[bobs.UserID] = a["master_keys"].(map[string]any)[bobs.UserID]
		},
	} {
		alice := newDevice(t, before.NewClient(t, "alice"))
		rule := proxy.On(matrixtest.Match{Path: "**/keys/query"}, matrixtest.RewriteJSON(func(a map[string]any) {
			if users, _ := a["device_keys"].(map[string]any); users[bobs.UserID] != nil {
				change(a)
			}
		}))
		if p := alice.sees(bobs.UserID); trustIn(p, bob.DeviceID) != chat.SessionUnsigned || p.Trust == chat.PersonVerified {
			t.Errorf("%s: %+v", what, p)
		}
		rule.Off()
		alice.close()
	}
}

// What a homeserver does not take is not taken for granted.
func TestSignatureThatIsNotKept(t *testing.T) {
	proxy, alice, bob, bobs, master := acquaintances(t)
	alice.sees(bobs.UserID)
	rule := proxy.On(matrixtest.Match{Path: "**/keys/signatures/upload"},
		matrixtest.Status(200, `{"failures":{"`+bobs.UserID+`":{"x":{"errcode":"M_INVALID_SIGNATURE"}}}}`))
	if err := alice.m.SignPerson(t.Context(), chat.UserID(bobs.UserID), master); !errors.Is(err, ErrSignatureRefused) {
		t.Errorf("SignPerson: %v", err)
	}
	if p := alice.remembers(bobs.UserID); p.Trust != chat.PersonPinned {
		t.Errorf("a refused signature counts: %+v", p)
	}
	rule.Off()
	if err := alice.m.SignPerson(t.Context(), chat.UserID(bobs.UserID), master); err != nil {
		t.Fatal(err)
	}
	if err := alice.m.SignSession(t.Context(), chat.DeviceID(bob.DeviceID), "whose"); !errors.Is(err, ErrKeyDiffers) {
		t.Errorf("somebody else's session: %v", err)
	}
}

// Events for other sessions arrive, in clear and encrypted, and what cannot be
// delivered is said.
func TestSendToDevice(t *testing.T) {
	hs := matrixtest.Synapse(t)
	alice, bob := newDevice(t, hs.NewClient(t, "alice")), newDevice(t, hs.NewClient(t, "bob"))
	content := map[string]any{"word": "hello"}
	for _, how := range []struct {
		devices   []chat.DeviceID
		encrypted bool
	}{{nil, false}, {[]chat.DeviceID{chat.DeviceID(bob.DeviceID)}, false}, {nil, true}, {[]chat.DeviceID{chat.DeviceID(bob.DeviceID)}, true}} {
		bob.got = nil
		if err := alice.m.SendToDevice(t.Context(), "org.example.test", content, chat.UserID(bob.UserID), how.devices, how.encrypted); err != nil {
			t.Fatalf("%+v: %v", how, err)
		}
		matrixtest.Wait(t, waitLimit, "the event", func() bool { bob.sync(); return len(bob.got) > 0 })
		got := bob.got[0]
		if got.Type != "org.example.test" || got.Encrypted != how.encrypted || string(got.Sender) != alice.UserID {
			t.Errorf("%+v arrived as %+v", how, got)
		}
		s, err := bob.m.SenderTrust(t.Context(), got)
		if err != nil || s.Trust != chat.SessionGone {
			t.Errorf("a sender whose list was not fetched: %+v (%v)", s, err)
		}
	}
	bob.sees(alice.UserID)
	if s, err := bob.m.SenderTrust(t.Context(), bob.got[0]); err != nil || s.ID != chat.DeviceID(alice.DeviceID) || s.Trust != chat.SessionUnsigned {
		t.Errorf("the sender is %+v (%v)", s, err)
	}
	err := alice.m.SendToDevice(t.Context(), "org.example.test", content, chat.UserID(bob.UserID), []chat.DeviceID{"NOBODY"}, true)
	if !errors.Is(err, ErrUnreachable) {
		t.Errorf("to nobody: %v", err)
	}
}

// Notes survive a restart; secrets too, and they do not stand in the file.
func TestValuesAndSecrets(t *testing.T) {
	d := newDevice(t, matrixtest.Synapse(t).NewClient(t, "notes"))
	for _, v := range []string{"one", "two"} {
		if err := d.m.SetValue(t.Context(), "test.a", []byte(v)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.m.PutSecret(t.Context(), SecretMaster, "a secret that nobody reads"); err != nil {
		t.Fatal(err)
	}
	d.restart()
	if v, err := d.m.Value(t.Context(), "test.a"); err != nil || string(v) != "two" {
		t.Errorf("value %q (%v)", v, err)
	}
	if s, err := d.m.Secret(t.Context(), SecretMaster); err != nil || string(s) != "a secret that nobody reads" {
		t.Errorf("secret %v", err)
	}
	if err := errors.Join(d.m.SetValue(t.Context(), "test.a", nil), d.m.PutSecret(t.Context(), SecretMaster, "")); err != nil {
		t.Fatal(err)
	}
	if v, err := d.m.Value(t.Context(), "test.a"); err != nil || v != nil {
		t.Errorf("deleted value %q (%v)", v, err)
	}
	if s, err := d.m.Secret(t.Context(), SecretMaster); err != nil || s != "" {
		t.Errorf("deleted secret (%v)", err)
	}
}

// Trust is asked for from everywhere at once while lists come and events are read.
func TestTrustIsSafeForConcurrentUse(t *testing.T) {
	hs := matrixtest.Synapse(t)
	bobs := hs.NewAccount(t, "bob")
	bob := newDevice(t, hs.Login(t, bobs))
	master := bob.identify(bobs)
	alice := newDevice(t, hs.NewClient(t, "alice"))
	var told sync.Map
	alice.m.OnPeople(func(users []chat.UserID) {
		for _, u := range users {
			told.Store(u, true)
		}
	})
	alice.identify(matrixtest.Account{})
	alice.sees(bobs.UserID)
	var group sync.WaitGroup
	user := chat.UserID(bobs.UserID)
	for _, act := range []func(ctx context.Context) error{
		func(ctx context.Context) error { return alice.m.Reload(ctx, user) },
		func(ctx context.Context) error { _, err := alice.m.People(ctx, user); return err },
		func(ctx context.Context) error { return alice.acknowledge(ctx, user) },
		func(ctx context.Context) error { _, err := alice.m.OwnIdentity(ctx); return err },
		func(ctx context.Context) error {
			return alice.m.HandleSync(ctx, ToDevice{Changed: []chat.UserID{user}, Events: []jsontext.Value{jsontext.Value(`{"sender":"@a:b","type":"m.dummy","content":{}}`)}})
		},
		func(ctx context.Context) error {
			return alice.m.SendToDevice(ctx, "org.example.test", map[string]any{}, user, nil, true)
		},
		func(ctx context.Context) error { return alice.m.SignPerson(ctx, user, master) },
	} {
		group.Go(func() {
			for range 10 {
				if err := act(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if p := alice.sees(bobs.UserID); p.Trust != chat.PersonVerified {
		t.Errorf("in the end: %+v", p)
	}
	for _, u := range []chat.UserID{user, chat.UserID(alice.UserID)} {
		if _, ok := told.Load(u); !ok {
			t.Errorf("nobody was told that %s changed", u)
		}
	}
}

// BenchmarkTrustOf resolves the trust of 10,000 sessions of 2,500 people, of
// whom all have signed theirs and every tenth is verified.
func BenchmarkTrustOf(b *testing.B) {
	m := mustOpen(b, options(b, filepath.Join(b.TempDir(), "crypto.db"), "http://127.0.0.1:1"))
	defer mustClose(b, m)
	eng, err := m.engine(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	var devices []*id.Device
	err = m.db.DoTxn(b.Context(), nil, func(ctx context.Context) error {
		put := func(user id.UserID, key, by id.Ed25519) error {
			return eng.store.PutSignature(ctx, user, key, user, by, "x")
		}
		for n := range 2500 {
			user := id.UserID(fmt.Sprintf("@user%d:example.org", n))
			master, self := id.Ed25519(fmt.Sprintf("master%037d", n)), id.Ed25519(fmt.Sprintf("self%039d", n))
			err := errors.Join(eng.store.PutCrossSigningKey(ctx, user, id.XSUsageMaster, master),
				eng.store.PutCrossSigningKey(ctx, user, id.XSUsageSelfSigning, self), put(user, self, master))
			for k := range 4 {
				d := &id.Device{UserID: user, DeviceID: id.DeviceID(fmt.Sprintf("DEVICE%d", k)), SigningKey: id.Ed25519(fmt.Sprintf("%d signs %033d", k, n)), IdentityKey: id.Curve25519(fmt.Sprintf("%d is %036d", k, n))}
				devices = append(devices, d)
				err = errors.Join(err, put(user, d.SigningKey, self))
			}
			if err != nil {
				return err
			}
		}
		return m.pin(ctx, nil)
	})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		sessions, people, err := m.trustOf(b.Context(), devices)
		if err != nil || len(sessions) != 10_000 || len(people) != 2500 {
			b.Fatal(len(sessions), len(people), err)
		}
		if sessions[recipientOf(devices[0])] != chat.SessionSigned {
			b.Fatal("not signed")
		}
	}
}
