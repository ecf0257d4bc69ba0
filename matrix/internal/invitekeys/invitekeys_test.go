package invitekeys

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/rs/zerolog"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/crypto/attachment"

	"hubbub/matrix/internal/crypto"
	"hubbub/store/chat"
)

const (
	room  = chat.RoomID("!r:x")
	alice = chat.UserID("@alice:x") // who invites
	me    = chat.UserID("@me:x")
)

// keys stands for the machine: what it is told is looked at.
type keys struct {
	Keys

	mu       sync.Mutex
	trust    chat.SessionTrust
	person   chat.PersonTrust
	bundles  []crypto.Bundle
	done     map[chat.UserID]bool
	values   map[string][]byte
	imported []crypto.RoomKey
	kept     []string
	fail     error
}

func (k *keys) Reload(context.Context, ...chat.UserID) error { return k.fail }

func (k *keys) People(_ context.Context, users ...chat.UserID) ([]chat.Person, error) {
	return []chat.Person{{User: users[0], Trust: k.person, Sessions: []chat.Session{{ID: "A"}}}}, nil
}

func (k *keys) SessionByKey(_ context.Context, user chat.UserID, key string) (chat.Session, error) {
	if user != alice || key != "curve" {
		return chat.Session{User: user, Trust: chat.SessionGone}, nil
	}
	return chat.Session{User: user, ID: "A", Trust: k.trust}, nil
}

func (k *keys) ImportRoomKeys(_ context.Context, from crypto.Origin, all []crypto.RoomKey) (crypto.Imported, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if from != (crypto.Origin{Source: chat.KeyShared, User: alice}) {
		return crypto.Imported{}, errors.New("wrong origin")
	}
	k.imported = append(k.imported, all...)
	return crypto.Imported{New: len(all)}, nil
}

func (k *keys) NotShared(_ context.Context, _ chat.RoomID, sessions []string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept = append(k.kept, sessions...)
	return nil
}

func (k *keys) PutBundle(_ context.Context, b crypto.Bundle) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.done[b.From] {
		b.At = time.Now()
		k.bundles = append(k.bundles, b)
	}
	return nil
}

func (k *keys) Bundles(context.Context) ([]crypto.Bundle, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]crypto.Bundle(nil), k.bundles...), nil
}

func (k *keys) EndBundle(_ context.Context, b crypto.Bundle, taken bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	kept := k.bundles[:0]
	for _, other := range k.bundles {
		if other.From != b.From || other.Room != b.Room {
			kept = append(kept, other)
		}
	}
	k.bundles, k.done[b.From] = kept, taken
	return nil
}

func (k *keys) ForgetBundles(context.Context, chat.RoomID) error { return nil }

func (k *keys) Value(_ context.Context, key string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.values[key], nil
}

func (k *keys) SetValue(_ context.Context, key string, value []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.values[key] = value
	return nil
}

func (k *keys) got() (imported []string, waiting int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, r := range k.imported {
		imported = append(imported, r.Session)
	}
	return imported, len(k.bundles)
}

// media is a homeserver that has one file; the transport answers by itself, so that the clock of a test may be a fake one.
type media struct {
	body   []byte
	status int
	asked  int
}

func (m *media) RoundTrip(r *http.Request) (*http.Response, error) {
	m.asked++
	rec := httptest.NewRecorder()
	rec.WriteHeader(m.status)
	_, _ = rec.Write(m.body) // a recorder takes everything
	resp := rec.Result()
	resp.Request = r
	return resp, nil
}

// offered is a file with keys, and the event that offers it.
func offered(t *testing.T, content any) (file []byte, ev *crypto.Received) {
	t.Helper()
	raw, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	keys := attachment.NewEncryptedFile()
	keys.EncryptInPlace(raw)
	return raw, event(t, fileInfo{keys, "mxc://x/file"})
}

func event(t *testing.T, info any) *crypto.Received {
	t.Helper()
	offer, err := json.Marshal(map[string]any{"room_id": room, "file": info})
	if err != nil {
		t.Fatal(err)
	}
	return &crypto.Received{Sender: alice, Type: TypeBundleUnstable, Content: jsontext.Value(offer), Encrypted: true, SenderKey: "curve"}
}

func content() bundle {
	key := func(r chat.RoomID, session string) bundleKey {
		return bundleKey{Algorithm: "m.megolm.v1.aes-sha2", Room: r, SenderKey: "s", SenderKeys: map[string]string{"ed25519": "e"}, Session: session, Key: "k"}
	}
	return bundle{
		Keys:     []bundleKey{key(room, "one"), key("!other:x", "other room"), {Algorithm: "m.other", Room: room, Session: "other algorithm"}},
		Withheld: []withheld{{Room: room, Session: "kept"}, {Room: "!other:x", Session: "kept elsewhere"}},
	}
}

// trial is what happens around one offer.
type trial struct {
	change func(k *keys, m *media, ev *crypto.Received)
	joined chat.UserID // by whose invitation we come; "" not at all
	late   time.Duration
	taken  bool
	waits  bool // the offer is kept
}

func TestKeysAreTakenFromTheInviterAlone(t *testing.T) {
	for name, tc := range map[string]trial{
		"from the inviter":      {joined: alice, taken: true},
		"not invited":           {waits: true},
		"invited by another":    {joined: "@bob:x", waits: true},
		"from another":          {joined: alice, change: func(_ *keys, _ *media, ev *crypto.Received) { ev.Sender = "@bob:x" }, waits: true},
		"in clear":              {joined: alice, change: func(_ *keys, _ *media, ev *crypto.Received) { ev.Encrypted = false }},
		"session not confirmed": {joined: alice, change: func(k *keys, _ *media, _ *crypto.Received) { k.trust = chat.SessionUnsigned }},
		"session blocked":       {joined: alice, change: func(k *keys, _ *media, _ *crypto.Received) { k.trust = chat.SessionBlocked }},
		"session not listed":    {joined: alice, change: func(_ *keys, _ *media, ev *crypto.Received) { ev.SenderKey = "unknown" }},
		"identity changed":      {joined: alice, change: func(k *keys, _ *media, _ *crypto.Received) { k.person = chat.PersonChanged }},
		"identity withdrawn":    {joined: alice, change: func(k *keys, _ *media, _ *crypto.Received) { k.person = chat.PersonWithdrawn }},
		"too late":              {joined: alice, late: 25 * time.Hour},
		"not too late":          {joined: alice, late: 23 * time.Hour, taken: true},
		"another file":          {joined: alice, change: func(_ *keys, m *media, _ *crypto.Received) { m.body[0] ^= 1 }},
		"a cut file":            {joined: alice, change: func(_ *keys, m *media, _ *crypto.Received) { m.body = m.body[:10] }},
		"a huge file":           {joined: alice, change: func(_ *keys, m *media, _ *crypto.Received) { m.body = bytes.Repeat([]byte("x"), maxBytes+10) }},
		"no file": {joined: alice, change: func(_ *keys, m *media, _ *crypto.Received) {
			m.status, m.body = 404, []byte(`{"errcode":"M_NOT_FOUND"}`)
		}},
		"no address": {joined: alice, change: func(_ *keys, _ *media, ev *crypto.Received) { ev.Content = []byte(`{"room_id":"!r:x","file":{}}`) }},
		"an address elsewhere": {joined: alice, change: func(_ *keys, _ *media, ev *crypto.Received) {
			ev.Content = []byte(`{"room_id":"!r:x","file":{"url":"http://evil/x"}}`)
		}},
		"no room":                 {joined: alice, change: func(_ *keys, _ *media, ev *crypto.Received) { ev.Content = []byte(`{"file":{}}`) }},
		"garbage":                 {joined: alice, change: func(_ *keys, _ *media, ev *crypto.Received) { ev.Content = []byte(`[7`) }},
		"a homeserver in trouble": {joined: alice, change: func(_ *keys, m *media, _ *crypto.Received) { m.status, m.body = 500, []byte(`{}`) }, waits: true},
		"homeserver out of reach": {joined: alice, change: func(k *keys, _ *media, _ *crypto.Received) { k.fail = errors.New("no network") }, waits: true},
	} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { tc.run(t) }) })
	}
}

func (tc trial) run(t *testing.T) {
	t.Helper()
	k := &keys{trust: chat.SessionSigned, person: chat.PersonPinned, values: map[string][]byte{}, done: map[chat.UserID]bool{}}
	file, ev := offered(t, content())
	hs := &media{body: file, status: http.StatusOK}
	if tc.change != nil {
		tc.change(k, hs, ev)
	}
	cl, err := mautrix.NewClient("http://homeserver.test", "@me:x", "token")
	if err != nil {
		t.Fatal(err)
	}
	cl.Client, cl.Log, cl.DefaultHTTPRetries = &http.Client{Transport: hs}, zerolog.Nop(), 0
	// The clock of the invitation is behind that of the offer by so much.
	clock := func() time.Time { return time.Now().Add(-tc.late) }
	m := New(Options{Keys: k, Client: cl, User: me, Device: "DEV", Now: clock})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	if tc.late == 0 {
		m.Receive(ev) // the offer comes before the invitation is accepted
		synctest.Wait()
		if got, _ := k.got(); len(got) > 0 {
			t.Errorf("taken before we are in the room: %v", got)
		}
	}
	m.Joined(room, tc.joined)
	if tc.late > 0 {
		m.Receive(ev)
	}
	synctest.Wait()
	got, waiting := k.got()
	if taken := len(got) == 1 && got[0] == "one"; taken != tc.taken || len(got) > 1 {
		t.Errorf("taken: %v", got)
	}
	if tc.taken && (len(k.kept) != 1 || k.kept[0] != "kept") {
		t.Errorf("not shared: %v", k.kept)
	}
	if (waiting > 0) != tc.waits {
		t.Errorf("%d offers wait", waiting)
	}
	if tc.taken {
		m.Receive(ev)
		synctest.Wait()
		if got, _ := k.got(); len(got) != 1 {
			t.Errorf("taken twice: %v", got)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
}
