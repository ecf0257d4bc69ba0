package crypto

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"maunium.net/go/mautrix"
	mcrypto "maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/crypto/goolm/account"
	"maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/crypto/signatures"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// crowd is a homeserver with a room of many sessions, which a real one cannot
// be given in the time of a test. It knows the requests that a first message makes.
type crowd struct {
	*httptest.Server

	tb    testing.TB
	keys  map[id.UserID]map[id.DeviceID]json.RawMessage
	once  map[id.UserID]map[id.DeviceID]map[id.KeyID]json.RawMessage
	cross map[id.UserID]json.RawMessage // self-signing keys
	main  map[id.UserID]json.RawMessage // master keys

	sent, refused int // to-device messages
}

// newCrowd makes users, each with an identity and sessions of which it has confirmed the first signed ones.
func newCrowd(tb testing.TB, users, sessions, signed int) *crowd {
	tb.Helper()
	c := &crowd{
		tb: tb, keys: map[id.UserID]map[id.DeviceID]json.RawMessage{}, once: map[id.UserID]map[id.DeviceID]map[id.KeyID]json.RawMessage{},
		cross: map[id.UserID]json.RawMessage{}, main: map[id.UserID]json.RawMessage{},
	}
	for u := range users {
		c.join(id.UserID(fmt.Sprintf("@user%d:x", u)), sessions, signed)
	}
	c.Server = httptest.NewServer(http.HandlerFunc(c.serve))
	tb.Cleanup(c.Close)
	return c
}

func (c *crowd) check(err error) {
	if err != nil {
		c.tb.Fatal(err)
	}
}

func (c *crowd) raw(v any) json.RawMessage {
	b, err := json.Marshal(v)
	c.check(err)
	return b
}

func (c *crowd) join(user id.UserID, sessions, signed int) {
	master, err := olm.NewPKSigning()
	c.check(err)
	self, err := olm.NewPKSigning()
	c.check(err)
	obj := keyObject(user, id.XSUsageSelfSigning, self.PublicKey())
	sig, err := master.SignJSON(obj)
	c.check(err)
	obj.Signatures = signatures.NewSingleSignature(user, id.KeyAlgorithmEd25519, string(master.PublicKey()), sig)
	c.main[user], c.cross[user] = c.raw(masterObject(user, master.PublicKey())), c.raw(obj)
	c.keys[user], c.once[user] = map[id.DeviceID]json.RawMessage{}, map[id.DeviceID]map[id.KeyID]json.RawMessage{}
	for s := range sessions {
		dev := id.DeviceID(fmt.Sprintf("D%d", s))
		acc, err := account.NewAccount()
		c.check(err)
		signing, identity, err := acc.IdentityKeys()
		c.check(err)
		keys := mautrix.DeviceKeys{
			UserID: user, DeviceID: dev, Algorithms: []id.Algorithm{id.AlgorithmMegolmV1, id.AlgorithmOlmV1},
			Keys: mautrix.KeyMap{
				id.NewDeviceKeyID(id.KeyAlgorithmCurve25519, dev): string(identity),
				id.NewDeviceKeyID(id.KeyAlgorithmEd25519, dev):    string(signing),
			},
		}
		sign := func(obj any) string {
			sig, err := (&mcrypto.OlmAccount{Internal: acc}).SignJSON(obj)
			c.check(err)
			return sig
		}
		sigs := signatures.NewSingleSignature(user, id.KeyAlgorithmEd25519, string(dev), sign(keys))
		if s < signed {
			by, err := self.SignJSON(keys)
			c.check(err)
			sigs[user][id.NewKeyID(id.KeyAlgorithmEd25519, string(self.PublicKey()))] = by
		}
		keys.Signatures = sigs
		c.keys[user][dev] = c.raw(keys)
		c.check(acc.GenOneTimeKeys(1))
		otks, err := acc.OneTimeKeys()
		c.check(err)
		for name, key := range otks {
			k := mautrix.OneTimeKey{Key: key, IsSigned: true}
			k.Signatures = signatures.NewSingleSignature(user, id.KeyAlgorithmEd25519, string(dev), sign(&k))
			c.once[user][dev] = map[id.KeyID]json.RawMessage{id.NewKeyID(id.KeyAlgorithmSignedCurve25519, name): c.raw(k)}
		}
	}
}

func (c *crowd) serve(w http.ResponseWriter, r *http.Request) {
	answer := map[string]any{}
	switch {
	case strings.HasSuffix(r.URL.Path, "/keys/query"):
		var q struct {
			Devices map[id.UserID]any `json:"device_keys"`
		}
		_ = json.NewDecoder(r.Body).Decode(&q) // ours
		keys, main, cross := map[id.UserID]any{}, map[id.UserID]any{}, map[id.UserID]any{}
		for u := range q.Devices {
			if keys[u] = c.keys[u]; c.main[u] != nil {
				main[u], cross[u] = c.main[u], c.cross[u]
			}
		}
		answer["device_keys"], answer["master_keys"], answer["self_signing_keys"] = keys, main, cross
	case strings.HasSuffix(r.URL.Path, "/keys/claim"):
		var q mautrix.ReqClaimKeys
		_ = json.NewDecoder(r.Body).Decode(&q) // ours
		out := map[id.UserID]map[id.DeviceID]any{}
		for u, devices := range q.OneTimeKeys {
			out[u] = map[id.DeviceID]any{}
			for d := range devices {
				out[u][d] = c.once[u][d]
			}
		}
		answer["one_time_keys"] = out
	case strings.Contains(r.URL.Path, "/sendToDevice/"):
		var q struct {
			Messages map[string]map[string]any `json:"messages"`
		}
		_ = json.NewDecoder(r.Body).Decode(&q) // ours
		for _, devices := range q.Messages {
			if strings.Contains(r.URL.Path, "withheld") {
				c.refused += len(devices)
			} else {
				c.sent += len(devices)
			}
		}
	}
	_ = json.NewEncoder(w).Encode(answer) // who reads it fails
}

// enter opens a machine in a room with everybody of the crowd.
func (c *crowd) enter(tb testing.TB) (*Machine, chat.RoomID) {
	tb.Helper()
	o := options(tb, filepath.Join(tb.TempDir(), "crypto.db"), c.URL)
	m := mustOpen(tb, o)
	tb.Cleanup(func() { mustClose(tb, m) })
	m.todo.keys.uploaded = true
	b := o.Rooms.(*book)
	users := make([]chat.UserID, 0, len(c.keys))
	for u := range c.keys {
		users = append(users, chat.UserID(u))
	}
	b.encryption["!r:x"] = `{"algorithm":"m.megolm.v1.aes-sha2","rotation_period_msgs":10000}`
	b.members["!r:x"] = Members{Joined: users, Complete: true}
	return m, "!r:x"
}

func (c *crowd) say(m *Machine, room chat.RoomID) {
	c.tb.Helper()
	if _, err := m.Encrypt(c.tb.Context(), room, "m.room.message", jsontext.Value(`{"msgtype":"m.text","body":"hello, everybody"}`)); err != nil {
		c.tb.Fatal(err)
	}
}

// TestCrowdUnderAPolicy: each session is either given the key or told that it is not, once.
func TestCrowdUnderAPolicy(t *testing.T) {
	c := newCrowd(t, 30, 10, 4)
	m, room := c.enter(t)
	if err := m.SetPolicy(t.Context(), room, chat.RoomPolicy{Share: chat.PolicySigned}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		c.say(m, room)
	}
	if c.sent != 120 || c.refused != 180 {
		t.Errorf("%d got the key, %d were refused", c.sent, c.refused)
	}
	l, err := m.Lock(t.Context(), room)
	if err != nil || l.People != 31 || l.Sessions != 120 || l.ExcludedCount != 180 || len(l.Excluded) != maxExcluded || l.Messages != 3 {
		t.Errorf("lock: %d people %d sessions %d excluded, %d named, %d messages: %v", l.People, l.Sessions, l.ExcludedCount, len(l.Excluded), l.Messages, err)
	}
}

// BenchmarkCrowd measures a room of 10,000 sessions, half of them confirmed:
// the device lists and the first message (once), then what each message costs,
// what it costs after somebody's trust moved, and the lock in the header.
func BenchmarkCrowd(b *testing.B) {
	c := newCrowd(b, 1000, 10, 5)
	m, room := c.enter(b)
	begin := time.Now()
	users := make([]chat.UserID, 0, len(c.keys))
	for u := range c.keys {
		users = append(users, chat.UserID(u))
	}
	if err := m.Refresh(b.Context(), users...); err != nil {
		b.Fatal(err)
	}
	lists := time.Since(begin)
	begin = time.Now()
	before := processorTime(b)
	c.say(m, room)
	first, work := time.Since(begin), processorTime(b)-before
	if c.sent != 10_000 {
		b.Fatalf("%d got the key", c.sent)
	}
	b.Run("first", func(b *testing.B) {
		for range b.N {
			c.say(m, room) // a sub-benchmark is needed to report on
		}
		b.ReportMetric(lists.Seconds(), "s/lists")
		b.ReportMetric(first.Seconds(), "s/first")
		b.ReportMetric(work.Seconds(), "cpu-s/first")
	})
	b.Run("settled", func(b *testing.B) {
		for range b.N {
			c.say(m, room)
		}
	})
	b.Run("trust-moved", func(b *testing.B) {
		for range b.N {
			m.trustMoved()
			c.say(m, room)
		}
	})
	b.Run("lock", func(b *testing.B) {
		for range b.N {
			if _, err := m.Lock(b.Context(), room); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// processorTime is what this process has used so far, the homeserver of the test included.
func processorTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkJudge measures the verdict about a session that was not seen before,
// and about one that was, of a sender in a crowd.
func BenchmarkJudge(b *testing.B) {
	c := newCrowd(b, 200, 5, 5)
	m, room := c.enter(b)
	users := make([]chat.UserID, 0, len(c.keys))
	for u := range c.keys {
		users = append(users, chat.UserID(u))
	}
	if err := m.Refresh(b.Context(), users...); err != nil {
		b.Fatal(err)
	}
	eng, err := m.engine(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	var devices []*id.Device
	for _, u := range users {
		all, err := eng.store.GetDevices(b.Context(), id.UserID(u))
		if err != nil {
			b.Fatal(err)
		}
		for _, d := range all {
			devices = append(devices, d)
		}
	}
	for _, seen := range []bool{false, true} {
		b.Run(fmt.Sprintf("seen=%v", seen), func(b *testing.B) {
			n := 0
			for b.Loop() {
				d := devices[n%len(devices)]
				igs := &mcrypto.InboundGroupSession{SenderKey: d.IdentityKey, SigningKey: d.SigningKey, KeySource: id.KeySourceDirect}
				name := fmt.Sprint(n)
				if n++; seen {
					d, name = devices[0], "seen"
					igs.SenderKey, igs.SigningKey = d.IdentityKey, d.SigningKey
				}
				v, err := m.judge(b.Context(), eng, igs, SessionUse{room, name, chat.UserID(d.UserID)})
				if err != nil || v.Shield != chat.ShieldNone {
					b.Fatal(v, err)
				}
			}
		})
	}
}
