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
	mcrypto "maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/id"

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
	log   *slog.Logger
	delay time.Duration // askDelay, but in tests
	db    *dbutil.Database
	// seed of the hash by which lists of recipients are compared
	seed maphash.Seed

	// olm orders everything that touches Olm sessions or the account: their
	// state is cached in memory. It is never held across a network request.
	olm sync.Mutex
	eng atomic.Pointer[engine] // nil after Close, or when a failed write could not be undone

	uploading sync.Mutex // one upload of keys at a time
	fetching  sync.Mutex // one request for device lists at a time, so that an older answer never wins
	ownKeys   atomic.Pointer[mautrix.DeviceKeys]
	roomLocks *exsync.KeyedMutex[chat.RoomID] // one share or encryption per room at a time
	wake      chan struct{}                   // one slot: Run has something to do

	policyEdit sync.Mutex // one change of the policies at a time
	rooms      roomMemory
	lives      lives

	hooks     sync.Mutex // guards those below
	onKey     func(room chat.RoomID, session string)
	onDevice  func(ev *Received)
	onPeople  []func(users []chat.UserID)
	onRoomKey func()
	backup    func(ctx context.Context, room chat.RoomID, session string) (bool, error)

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

// Open reads crypto.db, or creates it with a new identity when it does not
// exist. It does no network requests. The errors are those of this package's
// errors.go, or those of the file system.
func Open(ctx context.Context, opt Options) (*Machine, error) {
	if len(opt.PickleKey) == 0 || opt.Client == nil || opt.Rooms == nil {
		return nil, errors.New("crypto: options lack the key, the client or the rooms")
	}
	m := &Machine{
		opt: opt, log: opt.Log, seed: maphash.MakeSeed(), delay: askDelay,
		roomLocks: exsync.NewKeyedMutex[chat.RoomID](),
		wake:      make(chan struct{}, 1),
		settled:   map[chat.RoomID]settled{},
		given:     map[id.SessionID]map[recipient]bool{},
		noOlm:     map[recipient]time.Time{},
		rooms:     roomMemory{verdicts: map[SessionUse]verdict{}, look: map[id.UserID]bool{}},
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
		return asDamage(err)
	}
	m.tracked.init(known, outdated)
	m.setEngine(eng)
	return nil
}

func (m *Machine) setEngine(e *engine) { m.eng.Store(e) }

// engine returns the present machine. After a failed write that could not be
// undone it tries once more to load what the disk has.
func (m *Machine) engine(ctx context.Context) (*engine, error) {
	if e := m.eng.Load(); e != nil {
		return e, nil
	}
	m.olm.Lock()
	defer m.olm.Unlock()
	return m.engineLocked(ctx)
}

func (m *Machine) engineLocked(ctx context.Context) (*engine, error) {
	if e := m.eng.Load(); e != nil {
		return e, nil
	}
	if m.isClosed() {
		return nil, errClosed
	}
	e, err := m.newEngine(ctx)
	if err != nil {
		return nil, err
	}
	m.setEngine(e)
	return e, nil
}

// OnKey names the function that is told of every Megolm session that arrives,
// after it is on disk. It is called from HandleSync (and from Run for
// sessions that stored events still wait for) and must not call back into
// HandleSync. Set it before Run.
func (m *Machine) OnKey(fn func(room chat.RoomID, session string)) {
	m.hooks.Lock()
	defer m.hooks.Unlock()
	m.onKey = fn
}

// OnToDevice names the function that gets the to-device events that are not
// about keys (call keys, verification), decrypted if they came encrypted. It
// is called from HandleSync, after the events are committed. Set it before Run.
func (m *Machine) OnToDevice(fn func(ev *Received)) {
	m.hooks.Lock()
	defer m.hooks.Unlock()
	m.onDevice = fn
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

// HasSession reports whether the key of a Megolm session is there.
func (m *Machine) HasSession(ctx context.Context, room chat.RoomID, session string) (bool, error) {
	e, err := m.engine(ctx)
	if err != nil {
		return false, err
	}
	igs, err := e.store.SQLCryptoStore.GetGroupSession(ctx, id.RoomID(room), id.SessionID(session))
	if errors.Is(err, mcrypto.ErrGroupSessionWithheld) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("load session: %w", asDamage(err))
	}
	return igs != nil, nil
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

// nudge wakes Run.
func (m *Machine) nudge() {
	select {
	case m.wake <- struct{}{}:
	default: // it is awake already
	}
}
