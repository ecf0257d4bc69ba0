package identity

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"maunium.net/go/mautrix/crypto/ssss"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// data reads account data as the homeserver has it.
func (d *device) data(name string, into any) {
	d.T.Helper()
	d.Call(http.MethodGet, "/_matrix/client/v3/user/"+url.PathEscape(d.UserID)+"/account_data/"+url.PathEscape(name), nil, into)
}

// full returns a session that has everything, and the recovery key.
func full(t *testing.T, hs *matrixtest.Homeserver, prefix string, want chat.SetUp) (*device, matrixtest.Account, chat.Secret) {
	t.Helper()
	a := hs.NewAccount(t, prefix)
	d := signIn(t, hs, a)
	key := d.setUp(want)
	d.wait("everything", complete)
	return d, a, key
}

// untouched fails unless a session that could not recover has taken nothing.
func (d *device) untouched(what string) {
	d.T.Helper()
	for _, name := range secretNames() {
		if s, err := d.Machine.Secret(d.T.Context(), name); err != nil || s != "" {
			d.T.Errorf("%s: %s was taken (%v)", what, name, err)
		}
	}
	if now := d.trust(); now.Identity == chat.IdentityOwn || !now.UnlockedUntil.IsZero() {
		d.T.Errorf("%s left %+v", what, now)
	}
}

// What is typed is told apart before anything is asked for or changed.
func TestWrongRecoveryKeys(t *testing.T) {
	hs := matrixtest.Synapse(t)
	_, a, key := full(t, hs, "wrong", chat.SetUp{})
	_, _, other := full(t, hs, "other", chat.SetUp{})
	proxy, before := hs.Before(t)
	e := signIn(t, before, a)
	e.wait("a foreign identity", func(t chat.Trust) bool { return t.Identity == chat.IdentityForeign })
	asked := len(proxy.Requests(matrixtest.Match{Where: writes}))
	for typed, want := range map[chat.Secret]chat.ProblemKind{
		"": chat.ProblemSecretShape, "hello": chat.ProblemSecretShape, key[:len(key)-5]: chat.ProblemSecretShape,
		key + " " + key: chat.ProblemSecretShape, other: chat.ProblemSecret, "\x00\xff": chat.ProblemSecretShape,
	} {
		wantKind(t, "wrong key", e.i.Recover(t.Context(), typed), want)
	}
	e.untouched("wrong keys")
	if now := len(proxy.Requests(matrixtest.Match{Where: writes})); now != asked {
		t.Errorf("%d requests that change something", now-asked)
	}
}

// A default key that names nothing does not lock anybody out, and is repaired
// by a new recovery key.
func TestStaleDefaultKey(t *testing.T) {
	hs := matrixtest.Synapse(t)
	d, a, key := full(t, hs, "stale", chat.SetUp{})
	for what, stale := range map[string]func(){
		"no such key": func() { d.SetAccountData(defaultKeyType, map[string]string{"key": "gone"}) },
		"a key that opens nothing": func() {
			other, err := ssss.NewKey("")
			if err != nil {
				t.Fatal(err)
			}
			d.SetAccountData(keyTypePrefix+other.ID, other.Metadata)
			d.SetAccountData(defaultKeyType, map[string]string{"key": other.ID})
		},
		"nothing":       func() { d.SetAccountData(defaultKeyType, map[string]any{}) },
		"another shape": func() { d.SetAccountData(defaultKeyType, map[string]any{"key": ""}) },
	} {
		stale()
		e := signIn(t, hs, a)
		e.wait("storage that is not complete", func(t chat.Trust) bool {
			return t.Recovery == chat.RecoveryNone || t.Recovery == chat.RecoveryIncomplete
		})
		if err := e.i.Recover(t.Context(), key); err != nil {
			t.Fatalf("%s: Recover: %v", what, err)
		}
		now := e.wait("the identity", func(t chat.Trust) bool { return t.Identity == chat.IdentityOwn && t.PrivateKeys })
		if now.Recovery == chat.RecoveryReady {
			t.Errorf("%s is shown as %+v", what, now)
		}
		key = newKey(t, e)
		e.wait("everything", complete)
	}
}

// What a homeserver can put into secret storage is refused, quickly.
func TestHostileStorage(t *testing.T) {
	hs := matrixtest.Synapse(t)
	d, a, key := full(t, hs, "hostile", chat.SetUp{Passphrase: "correct horse"})
	var head struct {
		Key string `json:"key"`
	}
	d.data(defaultKeyType, &head)
	var meta ssss.KeyMetadata
	d.data(keyTypePrefix+head.Key, &meta)
	e := signIn(t, hs, a)
	e.wait("a foreign identity", func(t chat.Trust) bool { return t.Identity == chat.IdentityForeign })
	try := func(what string, change func(m *ssss.KeyMetadata), typed chat.Secret, want chat.ProblemKind) {
		t.Helper()
		bad := meta
		pass := *meta.Passphrase
		bad.Passphrase = &pass
		change(&bad)
		d.SetAccountData(keyTypePrefix+head.Key, bad)
		began := time.Now()
		wantKind(t, what, e.i.Recover(t.Context(), typed), want)
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s took %s", what, took)
		}
		e.untouched(what)
	}
	try("absurd rounds", func(m *ssss.KeyMetadata) { m.Passphrase.Iterations = 2_000_000_000 }, "correct horse", chat.ProblemCrypto)
	try("no rounds", func(m *ssss.KeyMetadata) { m.Passphrase.Iterations = 0 }, "correct horse", chat.ProblemCrypto)
	try("absurd length", func(m *ssss.KeyMetadata) { m.Passphrase.Bits = 1 << 40 }, "correct horse", chat.ProblemCrypto)
	try("another salt", func(m *ssss.KeyMetadata) { m.Passphrase.Salt = "salt" }, "correct horse", chat.ProblemSecret)
	try("unknown algorithm", func(m *ssss.KeyMetadata) { m.Algorithm = "m.new" }, key, chat.ProblemCrypto)
	try("short check", func(m *ssss.KeyMetadata) { m.MAC = "AA" }, key, chat.ProblemSecret)
	try("nothing to check, wrong words", func(m *ssss.KeyMetadata) { m.MAC, m.IV = "", "" }, "wrong horse", chat.ProblemSecret)
	d.SetAccountData(keyTypePrefix+head.Key, map[string]any{"algorithm": 5, "iv": []int{}})
	if err := e.i.Recover(t.Context(), key); err == nil {
		t.Error("storage of another shape opened")
	}
	// Without a check value the secrets themselves prove the key.
	bare := meta
	bare.MAC, bare.IV = "", ""
	d.SetAccountData(keyTypePrefix+head.Key, bare)
	if err := e.i.Recover(t.Context(), "correct horse"); err != nil {
		t.Fatalf("Recover without a check value: %v", err)
	}
	e.wait("the identity", func(t chat.Trust) bool { return t.Identity == chat.IdentityOwn })
}

// A homeserver that shows another identity than the one whose keys are in
// storage gets nothing signed, and nothing is taken.
func TestIdentitySwappedByTheHomeserver(t *testing.T) {
	hs := matrixtest.Synapse(t)
	_, a, key := full(t, hs, "swapped", chat.SetUp{})
	mallory, _, _ := full(t, hs, "mallory", chat.SetUp{})
	keys := theirKeys(t, mallory, a.UserID)
	proxy, before := hs.Before(t)
	proxy.On(matrixtest.Match{Path: "**/keys/query"}, matrixtest.RewriteJSON(func(answer map[string]any) {
		for part, value := range keys {
			if byUser, ok := answer[part].(map[string]any); ok {
				byUser[a.UserID] = value
			}
		}
	}))
	e := signIn(t, before, a)
	now := e.wait("a foreign identity", func(t chat.Trust) bool { return t.Identity == chat.IdentityForeign })
	if now.MasterKey != mallory.trust().MasterKey {
		t.Fatal("the attack does not work")
	}
	wantKind(t, "recovery of a swapped identity", e.i.Recover(t.Context(), key), chat.ProblemUntrusted)
	e.untouched("a swapped identity")
	if n := len(proxy.Requests(matrixtest.Match{Path: "**/keys/signatures/upload"})); n > 0 {
		t.Errorf("%d signatures were given", n)
	}
}

// theirKeys returns the answer of a key query for a user, written as if it
// were about another one. Its signatures do not fit; a homeserver that makes an
// identity of its own does no better.
func theirKeys(t *testing.T, d *device, as string) map[string]any {
	t.Helper()
	var answer map[string]map[string]json.RawMessage
	d.Call(http.MethodPost, "/_matrix/client/v3/keys/query", map[string]any{"device_keys": map[string]any{d.UserID: []string{}}}, &answer)
	out := map[string]any{}
	for _, part := range []string{"master_keys", "self_signing_keys", "user_signing_keys"} {
		var obj map[string]any
		if err := json.Unmarshal(answer[part][d.UserID], &obj); err != nil {
			t.Fatal(err)
		}
		obj["user_id"] = as
		out[part] = obj
	}
	return out
}

// A swap after this session was verified is seen, and the old identity's keys
// sign nothing under the new one; when it is swapped back all is as before.
func TestIdentitySwappedLater(t *testing.T) {
	hs := matrixtest.Synapse(t)
	mallory, _, _ := full(t, hs, "mallory", chat.SetUp{})
	proxy, before := hs.Before(t)
	a := hs.NewAccount(t, "later")
	d := signIn(t, before, a)
	d.setUp(chat.SetUp{})
	first := d.wait("everything", complete)
	keys := theirKeys(t, mallory, a.UserID)
	rule := proxy.On(matrixtest.Match{Path: "**/keys/query"}, matrixtest.RewriteJSON(func(answer map[string]any) {
		for part, value := range keys {
			if byUser, ok := answer[part].(map[string]any); ok {
				byUser[a.UserID] = value
			}
		}
	}))
	if err := d.Machine.Reload(t.Context(), chat.UserID(a.UserID)); err != nil {
		t.Fatal(err)
	}
	d.wait("the replacement", func(t chat.Trust) bool { return t.Identity == chat.IdentityReplaced && !t.PrivateKeys })
	finger, _ := d.Machine.Identity()
	for what, err := range map[string]error{
		"sign session": d.Machine.SignSession(t.Context(), chat.DeviceID(d.DeviceID), finger),
		"sign person":  d.Machine.SignPerson(t.Context(), chat.UserID(mallory.UserID), mallory.trust().MasterKey),
		"trust":        d.Machine.TrustOwnMaster(t.Context(), first.MasterKey),
	} {
		if err == nil {
			t.Errorf("%s went through", what)
		}
	}
	_, err := d.i.NewRecoveryKey(t.Context(), "")
	wantKind(t, "new recovery key", err, chat.ProblemUntrusted)
	rule.Off()
	if err := d.Machine.Reload(t.Context(), chat.UserID(a.UserID)); err != nil {
		t.Fatal(err)
	}
	d.wait("everything", complete)
}

// What is unlocked is forgotten after a while, at once when asked, and at the end.
func TestUnlockedSecretsAreForgotten(t *testing.T) {
	hs := matrixtest.Synapse(t)
	d, _, _ := full(t, hs, "lock", chat.SetUp{})
	d.i.mu.Lock()
	key := d.i.open.key.Key
	d.i.mu.Unlock()
	if err := d.i.LockSecrets(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now := d.trust(); !now.UnlockedUntil.IsZero() {
		t.Errorf("still unlocked until %s", now.UnlockedUntil)
	}
	for _, b := range key {
		if b != 0 {
			t.Fatal("the key is still in memory")
		}
	}
	d.Close()
	d.i.opt.Unlocked = 300 * time.Millisecond
	other, err := ssss.NewKey("")
	if err != nil {
		t.Fatal(err)
	}
	d.i.keepOpen(other)
	if d.i.unlocked(view{keyID: other.ID}) == nil {
		t.Error("not unlocked")
	}
	matrixtest.Wait(t, waitLimit, "the end", func() bool { return d.i.unlocked(view{keyID: other.ID}) == nil })
	d.i.expire()
	if d.i.open != nil || other.Key[0]|other.Key[7]|other.Key[31] != 0 {
		t.Error("the key is still in memory")
	}
	if _, err := d.Machine.Secret(t.Context(), crypto.SecretMaster); err == nil {
		t.Error("a closed machine gives secrets")
	}
}
