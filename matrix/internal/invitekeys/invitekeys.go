// Package invitekeys gives people who are invited to a room the keys of what
// was said there before, and takes in what an inviter gives.
//
// Share is called before an invitation is sent. Receive takes what comes with
// to-device events; Joined says by whom the own invitation was that is now
// accepted; Run downloads and imports.
//
// What it guarantees: keys go only to sessions that their owner has confirmed,
// of rooms whose history they may see, and only those that were made while that
// was so. Keys are taken only from the person whose invitation was accepted, for
// that room, once, from a session confirmed by its owner, and never in the place
// of better ones. What they open carries the remark that nobody proves who wrote it.
//
// MSC4268
package invitekeys

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"maunium.net/go/mautrix"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/upkeep"
	"hubbub/store/chat"
)

// Types of the event that offers keys. The second is that of clients from
// before the first was settled; both are taken.
const (
	TypeBundle         = "m.room_key_bundle"
	TypeBundleUnstable = "io.element.msc4268.room_key_bundle"
)

// Limits of what is taken in.
const (
	maxBytes   = 32 << 20 // a file of keys
	maxKeys    = 50_000   // in one file
	maxQueue   = 100      // events that wait to be written down
	maxContent = 16 << 10 // bytes of an offer
	// acceptFor is how long after an invitation was accepted its sender's keys are taken.
	acceptFor = 24 * time.Hour
	// askLimit is how long the download of a file may take.
	askLimit = 2 * time.Minute
)

// Keys is what the package needs of *crypto.Machine.
type Keys interface {
	History(ctx context.Context, room chat.RoomID) (shared, kept []crypto.RoomKey, err error)
	MayGetHistory(ctx context.Context, room chat.RoomID, user chat.UserID) ([]chat.DeviceID, error)
	SendSecret(ctx context.Context, eventType string, content any, user chat.UserID, devices []chat.DeviceID, p chat.Policy) error
	SessionTrust(ctx context.Context, user chat.UserID, device chat.DeviceID) (chat.Session, error)
	SessionByKey(ctx context.Context, user chat.UserID, identityKey string) (chat.Session, error)
	Reload(ctx context.Context, users ...chat.UserID) error
	People(ctx context.Context, users ...chat.UserID) ([]chat.Person, error)
	Lock(ctx context.Context, room chat.RoomID) (chat.RoomLock, error)
	ImportRoomKeys(ctx context.Context, from crypto.Origin, keys []crypto.RoomKey) (crypto.Imported, error)
	NotShared(ctx context.Context, room chat.RoomID, sessions []string) error
	PutBundle(ctx context.Context, b crypto.Bundle) error
	Bundles(ctx context.Context) ([]crypto.Bundle, error)
	EndBundle(ctx context.Context, b crypto.Bundle, taken bool) error
	ForgetBundles(ctx context.Context, room chat.RoomID) error
	Value(ctx context.Context, key string) ([]byte, error)
	SetValue(ctx context.Context, key string, value []byte) error
}

// Options is what a Manager is made of.
type Options struct {
	Keys   Keys
	Client *mautrix.Client
	User   chat.UserID
	Device chat.DeviceID
	Log    *slog.Logger // may be nil
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Manager gives and takes history keys. Its methods may be called from any goroutine.
type Manager struct {
	opt  Options
	log  *slog.Logger
	wake upkeep.Bell // Run has something to do

	mu     sync.Mutex
	offers []crypto.Bundle // guarded by mu: not yet written down
	joins  []join          // guarded by mu: likewise
}

// join is an invitation that was accepted.
type join struct {
	Room chat.RoomID `json:"-"`
	By   chat.UserID `json:"by"`
	AtMS int64       `json:"at_ms"`
}

// New returns a Manager that does nothing until Run.
func New(o Options) *Manager {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Manager{opt: o, log: o.Log, wake: upkeep.NewBell()}
}

// Handles reports whether Receive is for events of that type.
func Handles(eventType string) bool {
	return eventType == TypeBundle || eventType == TypeBundleUnstable
}

// offer is the content of the event.
type offer struct {
	Room chat.RoomID     `json:"room_id"`
	File json.RawMessage `json:"file"`
}

// Receive takes an offer of keys. What did not come encrypted is nobody's. Intent.
func (m *Manager) Receive(ev *crypto.Received) {
	var o offer
	if !ev.Encrypted || ev.SenderKey == "" || len(ev.Content) > maxContent || json.Unmarshal(ev.Content, &o) != nil || o.Room == "" || len(o.File) == 0 {
		m.log.Warn("Offer of history keys cannot be read", slog.String("sender", string(ev.Sender)))
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.offers) < maxQueue {
		m.offers = append(m.offers, crypto.Bundle{Room: o.Room, From: ev.Sender, Key: string(ev.SenderKey), Content: chat.Secret(o.File)})
		m.wake.Ring()
	}
}

// Joined says that we have come into a room by somebody's invitation. Intent.
func (m *Manager) Joined(room chat.RoomID, by chat.UserID) {
	if by == "" || by == m.opt.User {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.joins) < maxQueue {
		m.joins = append(m.joins, join{Room: room, By: by, AtMS: m.opt.Now().UnixMilli()})
		m.wake.Ring()
	}
}
