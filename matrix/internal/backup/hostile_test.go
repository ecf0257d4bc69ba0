package backup

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	mbackup "maunium.net/go/mautrix/crypto/backup"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// TestForeignBackup: the homeserver shows a backup of its own, which nobody has signed.
func TestForeignBackup(t *testing.T) {
	proxy, d, hs, account := behind(t)
	peer := matrixtest.StartPeer(t, hs, account)
	peer.SetUpTrust()
	peer.DeleteBackup()
	d.trust(peer, false)
	d.create()
	d.backUp()
	d.hold(someKeys(t, 3))
	d.wait("keys saved", full(3))
	foreign, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	for name, swap := range map[string]func(a map[string]any){
		"same version": func(a map[string]any) { a["auth_data"].(map[string]any)["public_key"] = foreign.public },
		"new version": func(a map[string]any) {
			a["version"], a["auth_data"] = "99", map[string]any{"public_key": foreign.public}
		},
		"signatures of the old one": func(a map[string]any) {
			a["version"] = "7"
			a["auth_data"].(map[string]any)["public_key"] = foreign.public
		},
		"signed by a device that is not ours": func(a map[string]any) {
			a["version"], a["auth_data"] = "8", map[string]any{
				"public_key": foreign.public, "signatures": map[string]any{d.UserID: map[string]any{"ed25519:EVIL": strings.Repeat("A", 86)}},
			}
		},
		"signatures of odd shapes": func(a map[string]any) {
			a["version"], a["auth_data"] = "9", map[string]any{
				"public_key": foreign.public, "signatures": map[string]any{d.UserID: map[string]any{"ed25519:" + d.DeviceID: []any{1}}},
			}
		},
	} {
		rule := proxy.On(looks, matrixtest.RewriteJSON(swap))
		before := len(proxy.Requests(uploads))
		d.b.Recheck()
		d.wait(name, func(s chat.Backup) bool { return s.State == chat.BackupUntrusted })
		if s := d.b.Status(); s.Problem == nil || s.Problem.Kind != chat.ProblemUntrusted {
			t.Errorf("%s: %+v", name, s)
		}
		d.hold(someKeys(t, 2))
		if _, err := d.b.Restore(t.Context()); kindOf(err) != chat.ProblemUntrusted {
			t.Errorf("%s: restore: %v", name, err)
		}
		if ok, err := d.b.Fetch(t.Context(), "!r:x", "session"); ok || err != nil {
			t.Errorf("%s: fetch: %t %v", name, ok, err)
		}
		if n := len(proxy.Requests(uploads)); n != before {
			t.Errorf("%s: %d uploads", name, n-before)
		}
		rule.Off()
		d.b.Recheck()
		d.wait("the own backup again", func(s chat.Backup) bool { return on(s) && s.Saved == s.Total })
	}
	if err := d.b.Use(t.Context(), foreign.secret()); kindOf(err) != chat.ProblemUntrusted {
		t.Errorf("a key of another backup: %v", err)
	}
	if err := d.b.Use(t.Context(), "no key"); kindOf(err) != chat.ProblemSecretShape {
		t.Errorf("no key: %v", err)
	}
	if !on(d.b.Status()) {
		t.Error("a wrong key changed something")
	}
	// Making a backup over a homeserver that shows another one in its place.
	proxy.On(looks, matrixtest.RewriteJSON(func(a map[string]any) {
		a["auth_data"].(map[string]any)["public_key"] = foreign.public
	}))
	if key, err := d.b.Create(t.Context()); kindOf(err) != chat.ProblemUntrusted || key != "" {
		t.Errorf("create: %v", err)
	}
}

func TestUnknownAlgorithm(t *testing.T) {
	proxy, d, _, _ := behind(t)
	d.create()
	d.hold(someKeys(t, 1))
	proxy.On(looks, matrixtest.RewriteJSON(func(a map[string]any) { a["algorithm"] = "org.example.quantum" }))
	d.backUp()
	d.wait("an unknown kind", func(s chat.Backup) bool { return s.State == chat.BackupUnsupported && s.Problem != nil })
	if len(proxy.Requests(uploads)) > 0 {
		t.Error("keys were given to it")
	}
	if _, err := d.b.Restore(t.Context()); kindOf(err) != chat.ProblemCrypto {
		t.Errorf("restore: %v", err)
	}
}

func TestBrokenDescriptionsOfABackup(t *testing.T) {
	proxy, d, _, _ := behind(t)
	d.create()
	for _, bad := range []string{
		`{}`, `{"version":"1"}`, `{"algorithm":"` + algorithm + `","version":"1","auth_data":7}`,
		`{"algorithm":"` + algorithm + `","version":"1","auth_data":{"public_key":["x"]}}`,
		`{"algorithm":"` + algorithm + `","version":"1"}`, `[]`, `null`, `"x"`,
		`{"algorithm":"` + algorithm + `","version":1,"auth_data":{}}`,
	} {
		rule := proxy.On(looks, matrixtest.Status(200, bad))
		_, err := d.b.Create(t.Context())
		if bad[0] == '{' && strings.Contains(bad, `"version":"1","auth_data"`) {
			// A backup that cannot be used is replaced by one that can, whose description is broken as well.
			if kindOf(err) != chat.ProblemUntrusted {
				t.Errorf("%s: %v", bad, err)
			}
		} else if err == nil {
			t.Errorf("%s: no error", bad)
		}
		if on(d.b.Status()) && err == nil {
			t.Errorf("%s: it is on", bad)
		}
		rule.Off()
	}
}

// TestPoisonedBackup: what is in a backup was written by anybody who knows its public key, the homeserver among them.
func TestPoisonedBackup(t *testing.T) {
	proxy, d, _, _ := behind(t)
	key := d.create()
	pair, err := parseKey(key)
	if err != nil {
		t.Fatal(err)
	}
	keys := someKeys(t, 4)
	mine, good, other, odd := keys[0], keys[1], keys[2], keys[3]
	d.hold([]crypto.RoomKey{mine})
	entry := func(k crypto.RoomKey) map[string]any {
		sealed, err := pair.seal(&k)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(sealed)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	with := func(m map[string]any, name string, value any) map[string]any {
		m = maps.Clone(m)
		m["session_data"] = maps.Clone(m["session_data"].(map[string]any))
		m["session_data"].(map[string]any)[name] = value
		return m
	}
	elsewhere := mine
	elsewhere.Room = "!elsewhere:x"
	sessions := map[string]any{
		good.Session:  entry(good),
		other.Session: entry(good), // another session under its name
		mine.Session:  entry(elsewhere),
		"no mac":      with(entry(odd), "mac", nil),
		"bad mac":     with(entry(odd), "mac", "AAAAAAAAAAA"),
		"no key":      with(entry(odd), "ephemeral", nil),
		"bad key":     with(entry(odd), "ephemeral", "AAAA"),
		"zero key":    with(entry(odd), "ephemeral", strings.Repeat("A", 43)),
		"no text":     with(entry(odd), "ciphertext", ""),
		"bad text":    with(entry(odd), "ciphertext", "AAAA"),
		"block":       with(entry(odd), "ciphertext", strings.Repeat("A", 22)),
		"number":      7, "null": nil, "list": []any{}, "empty": map[string]any{},
		"data":      map[string]any{"session_data": "x"},
		"plaintext": map[string]any{"session_data": map[string]any{"session_key": string(odd.Key)}},
	}
	body, err := json.Marshal(map[string]any{"rooms": map[string]any{
		string(good.Room): map[string]any{"sessions": sessions}, "!empty:x": map[string]any{}, "": map[string]any{"sessions": map[string]any{odd.Session: entry(odd)}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	proxy.On(restore, matrixtest.Status(200, string(body)))
	n, err := d.b.Restore(t.Context())
	if err != nil || n != 2 {
		t.Errorf("restored %d, want the two that are what they are called: %v", n, err)
	}
	if !d.Has(good) || !d.Has(mine) || d.Has(other) || d.Has(odd) || d.Has(elsewhere) {
		t.Error("what was taken is not what it is called")
	}
	for session, e := range sessions {
		raw, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		rule := proxy.On(fetches, matrixtest.Status(200, string(raw)))
		if ok, err := d.b.Fetch(t.Context(), other.Room, session); ok || err != nil {
			t.Errorf("%s: %t %v", session, ok, err)
		}
		rule.Off()
	}
	var source []chat.KeySource
	if _, err := d.Machine.EachRoomKey(t.Context(), func(k crypto.RoomKey) error {
		if k.Session == good.Session {
			source = append(source, k.Source)
		}
		return nil
	}); err != nil || !slices.Equal(source, []chat.KeySource{chat.KeyBackup}) {
		t.Errorf("where it came from: %v %v", source, err)
	}
}

// TestRoomInsideTheEntryCounts: some programs write the room into what is encrypted; then it must be the one that was asked for.
func TestRoomInsideTheEntryCounts(t *testing.T) {
	pair, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	k := someKeys(t, 1)[0]
	data := dataOf(&k)
	data.RoomID = "!other:x"
	sealed, err := mbackup.EncryptSessionDataWithPubkey(pair.private.PublicKey(), data)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(map[string]any{"session_data": sealed})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pair.open(k.Room, k.Session, raw); err == nil {
		t.Error("a key of another room was taken")
	}
	if got, err := pair.open("!other:x", k.Session, raw); err != nil || got.Key != k.Key {
		t.Errorf("%v %v", got, err)
	}
}

// TestMissingKeysAreAskedForOnce: and again when the person wants it.
func TestMissingKeysAreAskedForOnce(t *testing.T) {
	proxy, d, hs, account := behind(t)
	d.create()
	for range 3 {
		if ok, err := d.b.Fetch(t.Context(), "!r:x/y", "none/of+them"); ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	if n := len(proxy.Requests(fetches)); n != 1 || !d.b.Lacks("!r:x/y", "none/of+them") {
		t.Errorf("asked %d times", n)
	}
	broken := proxy.On(fetches, matrixtest.Refuse(500, "M_UNKNOWN", nil))
	if ok, err := d.b.Fetch(t.Context(), "!r:x", "other"); ok || kindOf(err) != chat.ProblemHomeserver || d.b.Lacks("!r:x", "other") {
		t.Errorf("a failing homeserver: %t %v", ok, err)
	}
	broken.Off()
	k := someKeys(t, 1)
	if ok, err := d.b.Fetch(t.Context(), k[0].Room, k[0].Session); ok || err != nil {
		t.Fatal(ok, err)
	}
	late := newDevice(t, hs.Login(t, account))
	late.hold(k)
	secret, err := d.Machine.Secret(t.Context(), crypto.SecretBackup)
	if err != nil {
		t.Fatal(err)
	}
	late.use(secret)
	late.backUp()
	late.wait("the key saved", full(1))
	d.b.Retry(k[0].Room, k[0].Session)
	matrixtest.Wait(t, waitLimit, "the key", func() bool { return d.Has(k[0]) })
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Contains(d.keys, k[0].Session) {
		t.Error("nobody was told")
	}
	if got := proxy.Requests(matrixtest.Match{Method: http.MethodGet, Where: func(r matrixtest.Record) bool {
		return strings.Contains(r.Path, "none%2Fof%2Bthem") || strings.Contains(r.Path, "none%2Fof+them")
	}}); len(got) != 1 {
		t.Errorf("a name with a slash was asked for %d times", len(got))
	}
}
