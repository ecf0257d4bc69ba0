// Package cryptotest gives tests of what rests on the encryption a session with
// its keys on a real homeserver.
package cryptotest

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"maunium.net/go/mautrix"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// limit is how long a session may take to get ready.
const limit = 30 * time.Second

// Device is a signed-in session with its keys. The test syncs it, or has it
// follow by itself.
type Device struct {
	*matrixtest.Client
	T       testing.TB
	Machine *crypto.Machine
	HTTP    *mautrix.Client // of this life
	Log     *slog.Logger    // may be set before Open

	path  string // crypto.db
	since string
	run   func(part func(ctx context.Context) error)
	stop  func() // nil while it is closed
}

// New makes a session of a client that is signed in, and closes it when the
// test ends.
func New(t testing.TB, c *matrixtest.Client) *Device {
	d := &Device{Client: c, T: t, path: filepath.Join(t.TempDir(), "crypto.db")}
	t.Cleanup(d.Close)
	return d
}

// User returns whose session it is.
func (d *Device) User() chat.UserID { return chat.UserID(d.UserID) }

// ID returns the session's id.
func (d *Device) ID() chat.DeviceID { return chat.DeviceID(d.DeviceID) }

// Open opens the keys; hooks are set before Run.
func (d *Device) Open() {
	d.T.Helper()
	d.HTTP = d.Library()
	m, err := crypto.Open(d.T.Context(), crypto.Options{
		Path: d.path, PickleKey: []byte("a key for tests, 32 bytes long.."), Client: d.HTTP,
		User: d.User(), Device: d.ID(), Rooms: rooms{d.Client}, Log: d.Log,
	})
	if err != nil {
		d.T.Fatalf("open: %v", err)
	}
	d.Machine = m
	ctx, cancel := context.WithCancel(d.T.Context())
	var parts sync.WaitGroup
	d.run = func(part func(ctx context.Context) error) {
		parts.Go(func() {
			if err := part(ctx); err != nil && ctx.Err() == nil {
				d.T.Errorf("session %s: %v", d.DeviceID, err)
			}
		})
	}
	d.stop = func() {
		cancel()
		parts.Wait()
		if err := m.Close(context.WithoutCancel(ctx)); err != nil {
			d.T.Errorf("close: %v", err)
		}
	}
}

// Run runs parts until the session is closed.
func (d *Device) Run(parts ...func(ctx context.Context) error) {
	for _, part := range parts {
		d.run(part)
	}
}

// Close stops what runs and closes the keys, which Open finds again.
func (d *Device) Close() {
	if d.stop != nil {
		d.stop()
		d.stop = nil
	}
}

// Known waits until the homeserver has this session's keys, and keys to begin with.
func (d *Device) Known() {
	d.T.Helper()
	matrixtest.Wait(d.T, limit, "own keys on the homeserver", func() bool {
		s, err := d.Machine.Stock(d.T.Context())
		return err == nil && s.Same && s.OneTime > 0
	})
}

// Rewind has the next sync begin anew.
func (d *Device) Rewind() { d.since = "" }

// Take takes in once what is new.
func (d *Device) Take() matrixtest.SyncAnswer {
	d.T.Helper()
	a := d.MustAsk(d.since)
	if err := d.Machine.HandleSync(d.T.Context(), crypto.ToDevice(a.Keys)); err != nil {
		d.T.Fatalf("HandleSync: %v", err)
	}
	d.since = a.Next
	return a
}

// Follow takes in what is new until ctx ends, also where the homeserver fails for a while. It is a part for Run.
func (d *Device) Follow(ctx context.Context) error {
	return d.FollowWith(func(context.Context, matrixtest.SyncAnswer) {})(ctx)
}

// FollowWith is Follow for who looks at the answers, after their keys were taken in.
func (d *Device) FollowWith(look func(ctx context.Context, a matrixtest.SyncAnswer)) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		for ctx.Err() == nil {
			a, err := d.Ask(ctx, d.since, 2*time.Second)
			if err != nil {
				continue
			}
			if err := d.Machine.HandleSync(ctx, crypto.ToDevice(a.Keys)); err != nil {
				return err
			}
			d.since = a.Next
			look(ctx, a)
		}
		return nil
	}
}

// SetUpIdentity makes the account's identity with this session.
func (d *Device) SetUpIdentity(password string) {
	d.T.Helper()
	ctx := d.T.Context()
	draft, err := d.Machine.Draft(ctx)
	if err != nil {
		d.T.Fatal(err)
	}
	body := map[string]any{"auth": map[string]any{
		"type": "m.login.password", "identifier": map[string]any{"type": "m.id.user", "user": d.UserID}, "password": password,
	}}
	for name, part := range draft.Body {
		body[name] = part
	}
	d.Call(http.MethodPost, "/_matrix/client/v3/keys/device_signing/upload", body, nil)
	if err := errors.Join(d.Machine.Adopt(ctx, draft), d.Machine.Reload(ctx, d.User())); err != nil {
		d.T.Fatal(err)
	}
	fingerprint, _ := d.Machine.Identity()
	if err := d.Machine.SignSession(ctx, d.ID(), fingerprint); err != nil {
		d.T.Fatal(err)
	}
}

// Say sends a text to an encrypted room and returns its session.
func (d *Device) Say(room, text string) (session string) {
	d.T.Helper()
	content, err := d.Machine.Encrypt(d.T.Context(), chat.RoomID(room), "m.room.message", matrixtest.Text(text))
	if err != nil {
		d.T.Fatalf("Encrypt: %v", err)
	}
	d.Send(room, "m.room.encrypted", content)
	return matrixtest.MegolmSession(content)
}

// Read decrypts a message; "!" is one that cannot be.
func (d *Device) Read(room string, e jsontext.Value) string {
	d.T.Helper()
	c, u := d.Machine.Decrypt(d.T.Context(), chat.RoomID(room), e)
	if u != nil {
		return "!"
	}
	return matrixtest.Event{Content: []byte(c.Content)}.Body()
}

// Has reports whether a room key is there.
func (d *Device) Has(key crypto.RoomKey) bool {
	d.T.Helper()
	k, err := d.Machine.KeyInfo(d.T.Context(), crypto.SessionUse{Room: key.Room, Session: key.Session, Sender: d.User()})
	if err != nil {
		d.T.Fatal(err)
	}
	return k.Here
}
