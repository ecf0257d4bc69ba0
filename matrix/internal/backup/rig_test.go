package backup

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/rs/zerolog"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

const (
	waitLimit = 30 * time.Second
	megolm    = `{"algorithm":"m.megolm.v1.aes-sha2"}`
)

// rooms has every room encrypted, with the members that the test names.
type rooms struct {
	mu      sync.Mutex
	members map[chat.RoomID][]chat.UserID
}

func (r *rooms) Encryption(context.Context, chat.RoomID) ([]byte, bool, error) {
	return []byte(megolm), true, nil
}

func (r *rooms) Members(_ context.Context, room chat.RoomID) (crypto.Members, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return crypto.Members{Joined: r.members[room], Complete: true}, nil
}
func (r *rooms) FetchMembers(context.Context, chat.RoomID) error { return nil }
func (r *rooms) HistoryVisibility(context.Context, chat.RoomID) (string, error) {
	return "shared", nil
}
func (r *rooms) Parents(context.Context, chat.RoomID) ([]chat.RoomID, error) { return nil, nil }

// device is a session with its keys and its backup, driven by the test in place of a sync loop.
type device struct {
	*matrixtest.Client
	t     testing.TB
	path  string
	rooms *rooms
	m     *crypto.Machine
	b     *Manager
	since string
	stop  func()

	mu     sync.Mutex
	keys   []string      // sessions that came and that somebody waited for
	states []chat.Backup // as reported
}

// newDevice signs in nobody: c is signed in. It does not run the backup.
func newDevice(t testing.TB, c *matrixtest.Client) *device {
	t.Helper()
	d := &device{Client: c, t: t, path: filepath.Join(t.TempDir(), "crypto.db"), rooms: &rooms{members: map[chat.RoomID][]chat.UserID{}}}
	d.open()
	t.Cleanup(func() { d.close() })
	d.sync()
	return d
}

func (d *device) open() {
	d.t.Helper()
	cl, err := mautrix.NewClient(d.URL, id.UserID(d.UserID), d.Token)
	if err != nil {
		d.t.Fatal(err)
	}
	cl.DeviceID, cl.Log = id.DeviceID(d.DeviceID), zerolog.Nop()
	d.m, err = crypto.Open(d.t.Context(), crypto.Options{
		Path: d.path, PickleKey: []byte("a key for tests, 32 bytes long.."), Client: cl,
		User: chat.UserID(d.UserID), Device: chat.DeviceID(d.DeviceID), Rooms: d.rooms,
	})
	if err != nil {
		d.t.Fatalf("open: %v", err)
	}
	d.b = New(Options{Machine: d.m, Client: cl})
	d.b.limits = limits{
		upload: 20, restore: 10,
		check: time.Hour, gather: 20 * time.Millisecond, pace: time.Millisecond, minWait: 20 * time.Millisecond, maxWait: 100 * time.Millisecond,
		missing: time.Hour, progress: time.Millisecond, stall: 5 * time.Second,
	}
	d.m.OnKey(func(_ chat.RoomID, session string) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.keys = append(d.keys, session)
	})
	d.m.AskBackup(d.b.Fetch)
	d.b.OnChange(func(s chat.Backup) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.states = append(d.states, s)
	})
	d.run(d.m.Run)
}

// run runs a part until the device is closed.
func (d *device) run(part func(ctx context.Context) error) {
	ctx, cancel := context.WithCancel(d.t.Context())
	done := make(chan error, 1)
	go func() { done <- part(ctx) }()
	before := d.stop
	d.stop = func() {
		cancel()
		if err := <-done; err != nil {
			d.t.Errorf("Run: %v", err)
		}
		if before != nil {
			before()
		}
	}
}

func (d *device) close() {
	if d.stop == nil {
		return
	}
	d.stop()
	d.stop = nil
	if err := d.m.Close(context.Background()); err != nil {
		d.t.Errorf("Close: %v", err)
	}
}

func (d *device) restart() {
	d.t.Helper()
	d.close()
	d.open()
}

// backUp runs the backup.
func (d *device) backUp() { d.run(d.b.Run) }

// sync takes in what is new and returns the encrypted events of a room.
func (d *device) sync(room ...string) []jsontext.Value {
	d.t.Helper()
	raw, next := d.Sync(d.since, 0)
	var p struct {
		ToDevice struct {
			Events []jsontext.Value `json:"events"`
		} `json:"to_device"`
		Lists struct {
			Changed []chat.UserID `json:"changed"`
			Left    []chat.UserID `json:"left"`
		} `json:"device_lists"`
		OTK   map[string]int `json:"device_one_time_keys_count"`
		Rooms struct {
			Join map[string]struct {
				Timeline struct {
					Events []jsontext.Value `json:"events"`
				} `json:"timeline"`
			} `json:"join"`
		} `json:"rooms"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		d.t.Fatal(err)
	}
	err := d.m.HandleSync(d.t.Context(), crypto.ToDevice{
		First: d.since == "", Events: p.ToDevice.Events, Changed: p.Lists.Changed, Left: p.Lists.Left, OTKCounts: p.OTK, HasOTKCounts: p.OTK != nil,
	})
	if err != nil {
		d.t.Fatalf("HandleSync: %v", err)
	}
	d.since = next
	var out []jsontext.Value
	for _, r := range room {
		for _, e := range p.Rooms.Join[r].Timeline.Events {
			var head struct {
				Type string `json:"type"`
			}
			if json.Unmarshal(e, &head) == nil && head.Type == "m.room.encrypted" {
				out = append(out, e)
			}
		}
	}
	return out
}

// read decrypts an event; "!" is one that cannot be.
func (d *device) read(room string, e jsontext.Value) string {
	d.t.Helper()
	c, u := d.m.Decrypt(d.t.Context(), chat.RoomID(room), e)
	if u != nil {
		return "!"
	}
	var content struct {
		Body string `json:"body"`
	}
	if err := json.Unmarshal(c.Content, &content); err != nil {
		d.t.Fatal(err)
	}
	return content.Body
}

// say sends a text to an encrypted room and returns its session.
func (d *device) say(room, text string) (session string) {
	d.t.Helper()
	content, err := d.m.Encrypt(d.t.Context(), chat.RoomID(room), "m.room.message", jsontext.Value(`{"msgtype":"m.text","body":"`+text+`"}`))
	if err != nil {
		d.t.Fatalf("Encrypt: %v", err)
	}
	d.Send(room, "m.room.encrypted", json.RawMessage(content))
	return sessionOf(d.t, content)
}

func sessionOf(t testing.TB, raw []byte) string {
	t.Helper()
	var c struct {
		Session string `json:"session_id"`
		Content struct {
			Session string `json:"session_id"`
		} `json:"content"`
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	return c.Session + c.Content.Session
}

// wait waits until the backup is in a state and says everything else wants.
func (d *device) wait(what string, done func(s chat.Backup) bool) {
	d.t.Helper()
	defer func() {
		if d.t.Failed() {
			s := d.b.Status()
			d.t.Logf("backup is %+v", s)
		}
	}()
	matrixtest.Wait(d.t, waitLimit, what, func() bool { return done(d.b.Status()) })
}

func on(s chat.Backup) bool { return s.State == chat.BackupOn }

func full(total int) func(s chat.Backup) bool {
	return func(s chat.Backup) bool { return on(s) && s.Saved == total && s.Total == total }
}

// create makes a backup.
func (d *device) create() chat.Secret {
	d.t.Helper()
	key, err := d.b.Create(d.t.Context())
	if err != nil || key == "" {
		d.t.Fatalf("create backup: %v", err)
	}
	return key
}

func (d *device) use(key chat.Secret) {
	d.t.Helper()
	if err := d.b.Use(d.t.Context(), key); err != nil {
		d.t.Fatalf("use key: %v", err)
	}
}

func (d *device) has(k crypto.RoomKey) bool {
	d.t.Helper()
	ok, err := d.m.HasSession(d.t.Context(), k.Room, k.Session)
	if err != nil {
		d.t.Fatal(err)
	}
	return ok
}

// hold gives the device keys that it did not have.
func (d *device) hold(keys []crypto.RoomKey) {
	d.t.Helper()
	n, err := d.m.ImportRoomKeys(d.t.Context(), crypto.Origin{Source: chat.KeyImported}, keys)
	if err != nil || n.New != len(keys) {
		d.t.Fatalf("imported %+v of %d: %v", n, len(keys), err)
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
