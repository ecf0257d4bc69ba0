package backup

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"maunium.net/go/mautrix/crypto/olm"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/crypto/cryptotest"
	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

const waitLimit = 30 * time.Second

// device is a session with its keys and its backup, driven by the test in place of a sync loop.
type device struct {
	*cryptotest.Device
	b *Manager

	mu     sync.Mutex
	keys   []string      // sessions that came and that somebody waited for
	states []chat.Backup // as reported
}

// newDevice signs in nobody: c is signed in. It does not run the backup.
func newDevice(t testing.TB, c *matrixtest.Client) *device {
	t.Helper()
	d := &device{Device: cryptotest.New(t, c)}
	d.open()
	d.Take()
	return d
}

func (d *device) open() {
	d.T.Helper()
	d.Open()
	d.b = New(Options{Machine: d.Machine, Client: d.HTTP})
	d.b.limits = limits{
		upload: 20, restore: 10,
		check: time.Hour, gather: 20 * time.Millisecond, pace: time.Millisecond, minWait: 20 * time.Millisecond, maxWait: 100 * time.Millisecond,
		missing: time.Hour, progress: time.Millisecond, stall: 5 * time.Second,
	}
	d.Machine.OnKey(func(_ chat.RoomID, session string) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.keys = append(d.keys, session)
	})
	d.Machine.AskBackup(d.b.Fetch)
	d.b.OnChange(func(s chat.Backup) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.states = append(d.states, s)
	})
	d.Run(d.Machine.Run)
}

func (d *device) restart() {
	d.T.Helper()
	d.Close()
	d.open()
}

// backUp runs the backup.
func (d *device) backUp() { d.Run(d.b.Run) }

// wait waits until the backup is in a state and says everything else wants.
func (d *device) wait(what string, done func(s chat.Backup) bool) {
	d.T.Helper()
	defer func() {
		if d.T.Failed() {
			s := d.b.Status()
			d.T.Logf("backup is %+v", s)
		}
	}()
	matrixtest.Wait(d.T, waitLimit, what, func() bool { return done(d.b.Status()) })
}

func on(s chat.Backup) bool { return s.State == chat.BackupOn }

func full(total int) func(s chat.Backup) bool {
	return func(s chat.Backup) bool { return on(s) && s.Saved == total && s.Total == total }
}

// create makes a backup.
func (d *device) create() chat.Secret {
	d.T.Helper()
	key, err := d.b.Create(d.T.Context())
	if err != nil || key == "" {
		d.T.Fatalf("create backup: %v", err)
	}
	return key
}

func (d *device) use(key chat.Secret) {
	d.T.Helper()
	if err := d.b.Use(d.T.Context(), key); err != nil {
		d.T.Fatalf("use key: %v", err)
	}
}

// hold gives the device keys that it did not have.
func (d *device) hold(keys []crypto.RoomKey) {
	d.T.Helper()
	n, err := d.Machine.ImportRoomKeys(d.T.Context(), crypto.Origin{Source: chat.KeyImported}, keys)
	if err != nil || n.New != len(keys) {
		d.T.Fatalf("imported %+v of %d: %v", n, len(keys), err)
	}
}

func publicKey() string {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails
	return base64.RawStdEncoding.EncodeToString(raw[:])
}

// someKeys makes sessions, a hundred to a room.
func someKeys(t testing.TB, n int) []crypto.RoomKey {
	t.Helper()
	keys := make([]crypto.RoomKey, n)
	for i := range keys {
		out, err := olm.NewOutboundGroupSession()
		if err != nil {
			t.Fatal(err)
		}
		in, err := olm.NewInboundGroupSession([]byte(out.Key()))
		if err != nil {
			t.Fatal(err)
		}
		key, err := in.Export(0)
		if err != nil {
			t.Fatal(err)
		}
		keys[i] = crypto.RoomKey{
			Room: chat.RoomID(fmt.Sprintf("!room%d:x", i/100)), Session: string(out.ID()), SenderKey: publicKey(), SigningKey: string(out.ID()), Key: chat.Secret(key),
		}
	}
	return keys
}

// onServer is what the homeserver says about its backup, past any proxy of the device.
func onServer(c *matrixtest.Client) versionInfo {
	var info versionInfo
	status, raw, err := c.Do(context.Background(), http.MethodGet, "/_matrix/client/v3/room_keys/version", nil)
	if err == nil && status == http.StatusOK {
		_ = json.Unmarshal(raw, &info) // an empty one shows
	}
	return info
}

// stored lists the sessions in the homeserver's backup.
func stored(t testing.TB, c *matrixtest.Client, version string) []string {
	t.Helper()
	var keys struct {
		Rooms map[string]struct {
			Sessions map[string]json.RawMessage `json:"sessions"`
		} `json:"rooms"`
	}
	c.Call(http.MethodGet, "/_matrix/client/v3/room_keys/keys?version="+version, nil, &keys)
	var out []string
	for _, r := range keys.Rooms {
		for s := range r.Sessions {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}

func kindOf(err error) chat.ProblemKind {
	p, ok := err.(*chat.Problem)
	if !ok {
		return chat.ProblemUnknown
	}
	return p.Kind
}
