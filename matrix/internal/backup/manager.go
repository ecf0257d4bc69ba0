package backup

import (
	"log/slog"
	"slices"
	"sync"
	"time"

	"maunium.net/go/mautrix"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/upkeep"
	"hubbub/store/chat"
)

// Options is what a Manager is made of.
type Options struct {
	Machine *crypto.Machine
	Client  *mautrix.Client
	Log     *slog.Logger // may be nil
}

// limits are the waits and sizes of a Manager; tests have smaller ones.
type limits struct {
	upload   int           // keys in one request
	restore  int           // keys taken in at once
	check    time.Duration // between two looks at which backup there is
	gather   time.Duration // new keys are collected that long before they are uploaded
	pace     time.Duration // between two uploads
	minWait  time.Duration // after a failure
	maxWait  time.Duration
	missing  time.Duration // how long a key that the backup lacks is not asked for again
	progress time.Duration // between two reports of progress
	stall    time.Duration // between two pieces of a long answer
}

func usual() limits {
	return limits{
		upload: 200, restore: 100,
		check: 3 * time.Hour, gather: 2 * time.Second, pace: 100 * time.Millisecond, minWait: 2 * time.Second, maxWait: 5 * time.Minute,
		missing: time.Minute, progress: 250 * time.Millisecond, stall: time.Minute,
	}
}

// Manager looks after the account's key backup.
type Manager struct {
	o      Options
	log    *slog.Logger
	limits limits

	wake     upkeep.Bell // Run has something to do
	online   upkeep.Bell // what failed may work now
	deciding upkeep.Turn // of who changes which backup it is
	uploads  upkeep.Turn // of who uploads
	restores upkeep.Turn // of who restores

	telling  sync.Mutex // held while onChange is called, so that calls keep their order
	onChange func(chat.Backup)
	told     time.Time // guarded by telling

	mu       sync.Mutex // guards everything below; never held across I/O
	state    chat.Backup
	public   string   // of the backup that state is about
	key      *keyPair // nil unless the backup is ours
	checkAt  time.Time
	uploadAt time.Time // zero: there is nothing to upload
	failures int
	missing  map[crypto.WantedSession]time.Time // the backup lacks it: not asked for again before
}

// New makes a Manager and has the machine tell it of new keys, and of changes
// of the own identity. It starts nothing.
func New(opt Options) *Manager {
	b := &Manager{
		o: opt, log: opt.Log, limits: usual(),
		wake: upkeep.NewBell(), online: upkeep.NewBell(),
		deciding: upkeep.NewTurn(), uploads: upkeep.NewTurn(), restores: upkeep.NewTurn(),
		missing: map[crypto.WantedSession]time.Time{},
	}
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	opt.Machine.OnRoomKey(b.keysCame)
	opt.Machine.OnPeople(b.peopleChanged)
	return b
}

// OnChange names the function that is told how the backup is, a few times a
// second at most while it changes. It must not block. Set it before Run.
func (b *Manager) OnChange(fn func(chat.Backup)) { b.onChange = fn }

// Status returns how the backup is, from memory.
func (b *Manager) Status() chat.Backup {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state
}

// peopleChanged has Run look at who has signed the backup, when it is another
// question than before.
func (b *Manager) peopleChanged(users []chat.UserID) {
	if !slices.Contains(users, chat.UserID(b.o.Client.UserID)) {
		return
	}
	b.mu.Lock()
	if soon := time.Now().Add(b.limits.gather); b.checkAt.After(soon) {
		b.checkAt = soon
	}
	b.mu.Unlock()
	b.wake.Ring()
}

// Online ends the wait after a failure: the connection is back.
func (b *Manager) Online() { b.online.Ring() }

// Recheck has Run look at which backup there is.
func (b *Manager) Recheck() {
	b.mu.Lock()
	b.checkAt = time.Time{}
	b.mu.Unlock()
	b.wake.Ring()
}

// keysCame is told that the machine has new room keys.
func (b *Manager) keysCame() {
	b.mu.Lock()
	if b.uploadAt.IsZero() {
		b.uploadAt = time.Now().Add(b.limits.gather)
	}
	b.mu.Unlock()
	b.wake.Ring()
}
