package crypto

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.mau.fi/util/dbutil"
	"go.mau.fi/util/exsync"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/internal/upkeep"
	"hubbub/store/chat"
)

// Options is what a Machine is made of.
type Options struct {
	Path      string // crypto.db
	PickleKey []byte // encrypts the keys in crypto.db; never logged
	Client    *mautrix.Client
	User      chat.UserID
	Device    chat.DeviceID
	Rooms     Rooms
	// Wanted lists the sessions that stored events wait for. It may be nil: then
	// only sessions seen missing since the start are asked for.
	Wanted func(ctx context.Context) ([]WantedSession, error)
	Log    *slog.Logger // may be nil
}

// Machine is the encryption of one device. All methods may be called from any
// goroutine.
type Machine struct {
	opt   Options
	own   id.UserID   // whose device this is, as the library names them
	this  id.DeviceID // and which one
	log   *slog.Logger
	delay time.Duration // askDelay, but in tests
	db    *dbutil.Database
	seed  maphash.Seed // of hash

	// olm orders everything that touches Olm sessions or the account: their
	// state is cached in memory. It is never held across a network request.
	olm sync.Mutex
	eng atomic.Pointer[engine] // nil after Close, or when a failed write could not be undone

	uploading upkeep.Turn // one upload of keys at a time
	fetching  upkeep.Turn // one request for device lists at a time, so that an older answer never wins
	ownKeys   atomic.Pointer[mautrix.DeviceKeys]
	roomLocks *exsync.KeyedMutex[chat.RoomID] // one share or encryption per room at a time
	wake      upkeep.Bell                     // Run has something to do

	policyEdit sync.Mutex // one change of the policies at a time
	rooms      roomMemory
	verdicts   verdicts
	strangers  strangers
	refused    atomic.Uint32 // refusals of others written in this run
	lives      lives
	hooks      hooks

	mu      sync.Mutex // guards everything below; never held across I/O
	todo    todo
	tracked tracked
	settled map[chat.RoomID]settled
	given   map[id.SessionID]map[recipient]bool
	noOlm   map[recipient]time.Time // devices without one-time keys, and when that was seen
}

// recipient is a device by what identifies it for good.
type recipient struct {
	user id.UserID
	key  id.IdentityKey
}

func recipientOf(d *id.Device) recipient { return recipient{d.UserID, d.IdentityKey} }

// Open reads crypto.db, or creates it with a new identity when it does not
// exist. It does no network requests. The errors are those of this package's
// errors.go, or those of the file system.
func Open(ctx context.Context, opt Options) (*Machine, error) {
	if len(opt.PickleKey) == 0 || opt.Client == nil || opt.Rooms == nil {
		return nil, errors.New("crypto: options lack the key, the client or the rooms")
	}
	m := &Machine{
		opt: opt, own: id.UserID(opt.User), this: id.DeviceID(opt.Device), log: opt.Log, seed: maphash.MakeSeed(), delay: askDelay,
		roomLocks: exsync.NewKeyedMutex[chat.RoomID](),
		uploading: upkeep.NewTurn(),
		fetching:  upkeep.NewTurn(),
		wake:      upkeep.NewBell(),
		settled:   map[chat.RoomID]settled{},
		given:     map[id.SessionID]map[recipient]bool{},
		noOlm:     map[recipient]time.Time{},
		verdicts:  verdicts{known: map[SessionUse]verdict{}},
		strangers: strangers{users: map[id.UserID]bool{}},
	}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	m.todo.init()
	db, err := openDB(ctx, opt.Path)
	if err != nil {
		return nil, err
	}
	m.db = db
	if err := m.load(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", opt.Path, err), db.Close())
	}
	return m, nil
}

// load prepares the tables and the machine.
func (m *Machine) load(ctx context.Context) error {
	if err := m.upgrade(ctx); err != nil {
		return err
	}
	if err := m.ownership(ctx); err != nil {
		return err
	}
	if err := m.sleptOn(ctx); err != nil {
		return err
	}
	if err := m.loadRooms(ctx); err != nil {
		return err
	}
	eng, err := m.newEngine(ctx)
	if err != nil {
		return err
	}
	if err := m.awake(ctx); err != nil {
		return err
	}
	known, outdated, err := eng.store.trackedUsers(ctx)
	if err != nil {
		return err
	}
	m.tracked.init(known, outdated)
	m.setEngine(eng)
	return nil
}

// Identity returns the own device's public keys (unpadded base64).
func (m *Machine) Identity() (ed25519, curve25519 string) {
	e := m.eng.Load()
	if e == nil {
		return "", ""
	}
	s, i := e.mach.GetAccount().Keys()
	return string(s), string(i)
}

// Counts says how many keys the device holds.
type Counts struct {
	Megolm   int // inbound Megolm sessions
	Withheld int // sessions that somebody refused to give
	Olm      int // Olm sessions with other devices
	Devices  int // known devices of all users
}

// Counts reads how many keys there are.
func (m *Machine) Counts(ctx context.Context) (Counts, error) {
	var c Counts
	err := m.db.QueryRow(ctx, `SELECT
		(SELECT count(*) FROM crypto_megolm_inbound_session WHERE session IS NOT NULL),
		(SELECT count(*) FROM hubbub_refused),
		(SELECT count(*) FROM crypto_olm_session),
		(SELECT count(*) FROM crypto_device WHERE deleted=false)`).Scan(&c.Megolm, &c.Withheld, &c.Olm, &c.Devices)
	if err != nil {
		return Counts{}, fmt.Errorf("count keys: %w", asDamage(err))
	}
	return c, nil
}

// Close writes what is left and closes crypto.db. Call it after Run has returned.
func (m *Machine) Close(ctx context.Context) error {
	m.olm.Lock()
	defer m.olm.Unlock()
	e := m.eng.Swap(nil)
	m.mu.Lock()
	closed := m.todo.closed
	m.todo.closed = true
	m.mu.Unlock()
	if closed {
		return nil
	}
	var err error
	if e != nil {
		err = e.store.flush(ctx)
		e.mach.Destroy()
	}
	return errors.Join(err, m.db.Close())
}

func (m *Machine) isClosed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.todo.closed
}
