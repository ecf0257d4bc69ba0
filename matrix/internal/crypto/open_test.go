package crypto

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	mcrypto "maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

type (
	idUser   = id.UserID
	idDevice = id.DeviceID
	idRoom   = id.RoomID
)

func toDeviceType(s string) event.Type {
	return event.Type{Type: s, Class: event.ToDeviceEventType}
}

func rawContent(s string) event.Content { return event.Content{VeryRaw: json.RawMessage(s)} }

// knows reports whether a device's list of devices has another one.
func (d *device) knows(other *device) bool { return d.knowsID(other.UserID, other.DeviceID) }

func (d *device) knowsID(user, dev string) bool {
	eng, err := d.m.engine(d.t.Context())
	if err != nil {
		return false
	}
	known, err := eng.store.GetDevice(d.t.Context(), idUser(user), idDevice(dev))
	return err == nil && known != nil
}

func options(t testing.TB, path, homeserver string) Options {
	t.Helper()
	return Options{
		Path: path, PickleKey: pickleKey, Client: matrixtest.SignedIn(t, homeserver, "@me:x", "DEV", "token").Library(),
		User: "@me:x", Device: "DEV", Rooms: newBook(),
	}
}

func mustOpen(t testing.TB, o Options) *Machine {
	t.Helper()
	m, err := Open(t.Context(), o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return m
}

func mustClose(t testing.TB, m *Machine) {
	t.Helper()
	if err := m.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatalf("close: %v", err)
	}
}

func TestIdentityStaysAndOnlyItsOwnerMayReadIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?%#", "crypto.db")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	m := mustOpen(t, options(t, path, "http://127.0.0.1:1"))
	ed, curve := m.Identity()
	if len(ed) != 43 || len(curve) != 43 {
		t.Fatalf("identity %q %q", ed, curve)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("mode of %s is %v", suffix, info.Mode())
		}
	}
	mustClose(t, m)
	m = mustOpen(t, options(t, path, "http://127.0.0.1:1"))
	if ed2, curve2 := m.Identity(); ed2 != ed || curve2 != curve {
		t.Error("identity changed over a restart")
	}
	mustClose(t, m)
}

// TestFileThatCannotBeUsedIsLeftAlone: each case is refused with its own error, and not a byte changes.
func TestFileThatCannotBeUsedIsLeftAlone(t *testing.T) {
	exec := func(query string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			t.Helper()
			db, err := openDB(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.Exec(t.Context(), query); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tc := range []struct {
		name   string
		damage func(*testing.T, string)
		change func(*Options)
		want   error
	}{
		{"not a database", func(t *testing.T, path string) {
			if err := os.WriteFile(path, bytes.Repeat([]byte("garbage "), 2000), 0o600); err != nil {
				t.Fatal(err)
			}
		}, nil, ErrCorrupt},
		{"damaged page", func(t *testing.T, path string) {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for i := 4096; i < len(raw); i += 100 {
				raw[i] ^= 0xff
			}
			if err := os.WriteFile(path, raw, 0o600); err != nil {
				t.Fatal(err)
			}
		}, nil, ErrCorrupt},
		{"damaged account", exec(`UPDATE crypto_account SET account = x'00112233'`), nil, ErrCorrupt},
		{"keys without account", exec(`INSERT INTO crypto_olm_session VALUES ('@me:x','s','k',x'00',0,0,0); DELETE FROM crypto_account`), nil, ErrCorrupt},
		{"newer version", exec(`UPDATE crypto_version SET version = 9000, compat = 9000`), nil, ErrNewer},
		{"other key", nil, func(o *Options) { o.PickleKey = []byte("another key") }, ErrWrongKey},
		{"other device", nil, func(o *Options) { o.Device = "OTHER" }, ErrWrongDevice},
		{"other user", nil, func(o *Options) { o.User = "@you:x" }, ErrWrongDevice},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "crypto.db")
			mustClose(t, mustOpen(t, options(t, path, "http://127.0.0.1:1")))
			if tc.damage != nil {
				tc.damage(t, path)
			}
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			o := options(t, path, "http://127.0.0.1:1")
			if tc.change != nil {
				tc.change(&o)
			}
			if _, err := Open(t.Context(), o); !errors.Is(err, tc.want) {
				t.Fatalf("open: %v, want %v", err, tc.want)
			} else if p := KeyProblem(err); p == nil || p.Retry {
				t.Errorf("problem %+v", p)
			}
			after, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(before, after) {
				t.Error("the file was written to")
			}
		})
	}
}

// TestOtherKeysOnTheHomeserverStopUpkeep: crypto.db was lost and made anew under a device that had keys.
func TestOtherKeysOnTheHomeserverStopUpkeep(t *testing.T) {
	uploads := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/keys/upload") {
			uploads++
		}
		_, _ = w.Write([]byte(`{"device_keys":{"@me:x":{"DEV":{"user_id":"@me:x","device_id":"DEV","algorithms":[],"keys":{"ed25519:DEV":"old","curve25519:DEV":"old"},"signatures":{}}}}}`))
	}))
	defer srv.Close()
	m := mustOpen(t, options(t, filepath.Join(t.TempDir(), "crypto.db"), srv.URL))
	defer mustClose(t, m)
	if err := m.Run(t.Context()); !errors.Is(err, ErrDeviceKeys) {
		t.Errorf("Run: %v, want ErrDeviceKeys", err)
	}
	if uploads != 0 {
		t.Error("keys were uploaded over the ones there")
	}
}

func TestForeignBytesNeverPanic(t *testing.T) {
	m := mustOpen(t, options(t, filepath.Join(t.TempDir(), "crypto.db"), "http://127.0.0.1:1"))
	defer mustClose(t, m)
	_, curve := m.Identity()
	olm := func(kind, body string) string {
		return `{"type":"m.room.encrypted","sender":"@a:x","content":{"algorithm":"m.olm.v1.curve25519-aes-sha2","sender_key":"short","ciphertext":{"` + curve + `":{"type":` + kind + `,"body":"` + body + `"}}}}`
	}
	for _, raw := range []string{
		``, `null`, `[]`, `{}`, `{"type":1}`, `{"type":"m.room.encrypted","sender":"@a:x"}`,
		`{"type":"m.room.encrypted","sender":"@a:x","content":[]}`,
		`{"type":"m.room.encrypted","sender":"@a:x","content":{"algorithm":"m.olm.v1.curve25519-aes-sha2","ciphertext":"x"}}`,
		olm("0", ""), olm("0", "AAAA"), olm("1", "AwoA"), olm("7", "A"), olm("0", "AwogAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIgA"),
		`{"type":"m.room_key","sender":"@a:x","content":{"session_key":"x"}}`,
		`{"type":"m.room_key_request","sender":"@me:x","content":7}`,
		`{"type":"m.room_key.withheld","sender":"@a:x","content":{"algorithm":"m.megolm.v1.aes-sha2"}}`,
	} {
		if err := m.HandleSync(t.Context(), ToDevice{Events: []jsontext.Value{jsontext.Value(raw)}}); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func FuzzDecrypt(f *testing.F) {
	f.Add([]byte(`{"event_id":"$e","sender":"@a:x","content":{"algorithm":"m.megolm.v1.aes-sha2","session_id":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","ciphertext":"AwgAEgA"}}`))
	f.Add([]byte(`{"event_id":"$e","sender":"@a:x","content":{"algorithm":"m.megolm.v1.aes-sha2","session_id":7,"ciphertext":{}}}`))
	f.Add([]byte(`null`))
	m := mustOpen(f, options(f, filepath.Join(f.TempDir(), "crypto.db"), "http://127.0.0.1:1"))
	f.Cleanup(func() { mustClose(f, m) })
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, u := m.Decrypt(t.Context(), chat.RoomID("!r:x"), raw); u == nil {
			t.Error("decrypted without a key")
		}
	})
}

// TestSessionStaysWithItsRoomAndDevice: whoever was given a session knows its id and key, and could send it again as
// their own, or for another room, to take it away.
func TestSessionStaysWithItsRoomAndDevice(t *testing.T) {
	m := mustOpen(t, options(t, filepath.Join(t.TempDir(), "crypto.db"), "http://127.0.0.1:1"))
	defer mustClose(t, m)
	eng, err := m.engine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out, err := mcrypto.NewOutboundGroupSession("!r:x", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	put := func(room id.RoomID, senderKey string, source id.UserID) error {
		in, err := mcrypto.NewInboundGroupSession(id.SenderKey(senderKey), "signing", room, out.Internal.Key(), time.Hour, 100, nil, false)
		if err != nil {
			t.Fatal(err)
		}
		in.SourceUser = source
		return eng.mach.StoreGroupSession(t.Context(), in)
	}
	if err := put("!r:x", "alice", "@alice:x"); err != nil {
		t.Fatal(err)
	}
	if err := put("!other:x", "mallory", "@mallory:x"); !errors.Is(err, errConflict) {
		t.Errorf("other room: %v", err)
	}
	_ = put("!r:x", "mallory", "@mallory:x") // no better than the one there: kept out silently
	got, err := eng.store.GetGroupSession(t.Context(), "!r:x", out.ID())
	if err != nil || got == nil || got.SenderKey != "alice" || got.SourceUser != "@alice:x" {
		t.Errorf("session %+v %v", got, err)
	}
}

// TestFirstSyncDistrustsAllDeviceLists: what changed while there was no token is not told.
func TestFirstSyncDistrustsAllDeviceLists(t *testing.T) {
	m := mustOpen(t, options(t, filepath.Join(t.TempDir(), "crypto.db"), "http://127.0.0.1:1"))
	defer mustClose(t, m)
	eng, err := m.engine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := eng.store.PutDevices(t.Context(), "@a:x", map[id.DeviceID]*id.Device{}); err != nil {
		t.Fatal(err)
	}
	m.tracked.init([]id.UserID{"@a:x"}, nil)
	if err := m.HandleSync(t.Context(), ToDevice{Changed: []chat.UserID{"@stranger:x"}}); err != nil {
		t.Fatal(err)
	}
	if due := m.tracked.due(nil, time.Now()); len(due) != 0 {
		t.Errorf("due %v", due)
	}
	if err := m.HandleSync(t.Context(), ToDevice{First: true}); err != nil {
		t.Fatal(err)
	}
	if due := m.tracked.due(nil, time.Now()); len(due) != 1 {
		t.Errorf("due %v", due)
	}
	if old, err := eng.store.GetOutdatedTrackedUsers(t.Context()); err != nil || len(old) != 1 {
		t.Errorf("on disk %v %v", old, err)
	}
}

// TestChangeDuringTheFirstRequestIsNotLost: somebody's devices change while they are asked for for the first time.
func TestChangeDuringTheFirstRequestIsNotLost(t *testing.T) {
	var m *Machine
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked == 1 {
			if err := m.HandleSync(t.Context(), ToDevice{Changed: []chat.UserID{"@a:x"}}); err != nil {
				t.Error(err)
			}
		}
		_, _ = w.Write([]byte(`{"device_keys":{"@a:x":{}}}`))
	}))
	defer srv.Close()
	m = mustOpen(t, options(t, filepath.Join(t.TempDir(), "crypto.db"), srv.URL))
	defer mustClose(t, m)
	eng, err := m.engine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 3; n++ {
		if err := m.freshen(t.Context(), eng, []id.UserID{"@a:x"}); err != nil {
			t.Fatal(err)
		}
		if want := min(n, 2); asked != want {
			t.Errorf("asked %d times, want %d", asked, want)
		}
	}
}
