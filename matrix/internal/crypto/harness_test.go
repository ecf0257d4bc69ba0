package crypto

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// book is what a device knows about rooms: set by the test.
type book struct {
	mu         sync.Mutex
	encryption map[chat.RoomID]string
	members    map[chat.RoomID]Members
	visibility map[chat.RoomID]string
	parents    map[chat.RoomID][]chat.RoomID
	fetch      func(room chat.RoomID) Members
}

func newBook() *book {
	return &book{encryption: map[chat.RoomID]string{}, members: map[chat.RoomID]Members{}, visibility: map[chat.RoomID]string{}, parents: map[chat.RoomID][]chat.RoomID{}}
}

func (b *book) Encryption(_ context.Context, room chat.RoomID) ([]byte, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	raw, ok := b.encryption[room]
	return []byte(raw), ok, nil
}

func (b *book) Members(_ context.Context, room chat.RoomID) (Members, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.members[room], nil
}

func (b *book) FetchMembers(_ context.Context, room chat.RoomID) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fetch != nil {
		b.members[room] = b.fetch(room)
	}
	return nil
}

func (b *book) HistoryVisibility(_ context.Context, room chat.RoomID) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.visibility[room], nil
}

func (b *book) Parents(_ context.Context, room chat.RoomID) ([]chat.RoomID, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.parents[room], nil
}

func (b *book) set(room string, encryption string, joined ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	users := make([]chat.UserID, len(joined))
	for i, u := range joined {
		users[i] = chat.UserID(u)
	}
	b.encryption[chat.RoomID(room)] = encryption
	b.members[chat.RoomID(room)] = Members{Joined: users, Complete: true}
}

// device is a signed-in session with a Machine, driven by the test instead of a sync loop.
type device struct {
	*matrixtest.Client
	t     *testing.T
	path  string
	book  *book
	m     *Machine
	since string
	told  sync.Mutex
	keys  []string // sessions that OnKey reported; guarded by told: Run reports too
	got   []*Received
	stop  func()
}

const waitLimit = 20 * time.Second

const megolm = `{"algorithm":"m.megolm.v1.aes-sha2"}`

var pickleKey = []byte("a key for tests, 32 bytes long..")

func newDevice(t *testing.T, c *matrixtest.Client) *device {
	t.Helper()
	d := &device{Client: c, t: t, path: filepath.Join(t.TempDir(), "crypto.db"), book: newBook()}
	d.open()
	t.Cleanup(func() { d.close() })
	d.sync()
	return d
}

// open starts the machine and its upkeep, and waits for the keys to be uploaded.
func (d *device) open() {
	d.t.Helper()
	m, err := Open(d.t.Context(), Options{
		Path: d.path, PickleKey: pickleKey, Client: d.Library(), User: chat.UserID(d.UserID), Device: chat.DeviceID(d.DeviceID), Rooms: d.book,
	})
	if err != nil {
		d.t.Fatalf("open: %v", err)
	}
	d.m = m
	m.OnKey(func(_ chat.RoomID, session string) {
		d.told.Lock()
		defer d.told.Unlock()
		d.keys = append(d.keys, session)
	})
	m.OnToDevice(func(ev *Received) { d.got = append(d.got, ev) })
	ctx, cancel := context.WithCancel(d.t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	d.stop = func() {
		cancel()
		if err := <-done; err != nil {
			d.t.Errorf("Run: %v", err)
		}
		if err := m.Close(context.WithoutCancel(ctx)); err != nil {
			d.t.Errorf("Close: %v", err)
		}
	}
	matrixtest.Wait(d.t, waitLimit, "keys uploaded", func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		return m.todo.keys.compared && !m.todo.keys.low && !m.todo.keys.fallback
	})
}

// came returns the sessions that OnKey reported since the last call with forget.
func (d *device) came(forget bool) []string {
	d.told.Lock()
	defer d.told.Unlock()
	out := d.keys
	if forget {
		d.keys = nil
	}
	return out
}

func (d *device) close() {
	if d.stop != nil {
		d.stop()
		d.stop = nil
	}
}

func (d *device) restart() {
	d.t.Helper()
	d.close()
	d.open()
}

// sync takes in what is new.
func (d *device) sync() matrixtest.SyncAnswer {
	d.t.Helper()
	a := d.MustAsk(d.since)
	if err := d.m.HandleSync(d.t.Context(), ToDevice(a.Keys)); err != nil {
		d.t.Fatalf("HandleSync: %v", err)
	}
	d.since = a.Next
	return a
}

// say encrypts a text, sends it and returns the Megolm session that it used.
func (d *device) say(room, text string) (session string) {
	d.t.Helper()
	content, err := d.m.Encrypt(d.t.Context(), chat.RoomID(room), "m.room.message", matrixtest.Text(text))
	if err != nil {
		d.t.Fatalf("Encrypt: %v", err)
	}
	d.Send(room, "m.room.encrypted", content)
	return matrixtest.MegolmSession(content)
}

// hear syncs until as many encrypted events have come as there are texts, and
// they read as wanted; an event that cannot be read gives "!" and its cause. A
// homeserver may hand out an event before the key that it needs: what cannot be
// read is read again after every sync, as the program does when a key comes.
func (d *device) hear(room string, want ...string) {
	d.t.Helper()
	var events []jsontext.Value
	var got []string
	defer func() {
		if d.t.Failed() {
			d.t.Logf("heard %q, want %q", got, want)
		}
	}()
	matrixtest.Wait(d.t, waitLimit, "encrypted events", func() bool {
		events = append(events, d.sync().Encrypted(room)...)
		got = got[:0]
		for _, e := range events {
			got = append(got, d.read(room, e))
		}
		return slices.Equal(got, want)
	})
}

func (d *device) read(room string, e jsontext.Value) string {
	d.t.Helper()
	c, u := d.m.Decrypt(d.t.Context(), chat.RoomID(room), e)
	if u != nil {
		return "!" + [...]string{"unknown session", "withheld", "unknown index", "before join", "corrupt", "unsupported"}[u.Cause]
	}
	return matrixtest.Event{Content: []byte(c.Content)}.Body()
}

// couple returns two devices that are in one encrypted room.
func couple(t *testing.T, encryption string) (a, b *device, room string) {
	t.Helper()
	hs := matrixtest.Synapse(t)
	a, b = newDevice(t, hs.NewClient(t, "alice")), newDevice(t, hs.NewClient(t, "bob"))
	room = a.CreateEncryptedRoom(encryption, b.UserID)
	b.Join(room)
	a.book.set(room, encryption, a.UserID, b.UserID)
	b.book.set(room, encryption, a.UserID, b.UserID)
	a.sync()
	b.sync()
	return a, b, room
}

// acknowledge accepts the identity of somebody that is known now.
func (d *device) acknowledge(ctx context.Context, user chat.UserID) error {
	known, err := d.m.KeysOf(ctx, user)
	if err != nil {
		return err
	}
	return d.m.Acknowledge(ctx, user, known.Master)
}
