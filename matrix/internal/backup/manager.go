package backup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"maunium.net/go/mautrix"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/fault"
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

// failedAfter is how many uploads may fail in a row before that is shown.
const failedAfter = 3

// Manager looks after the account's key backup.
type Manager struct {
	o      Options
	log    *slog.Logger
	limits limits

	wake     chan struct{} // one slot: Run has something to do
	online   chan struct{} // one slot: what failed may work now
	deciding chan struct{} // one slot: held by who changes which backup it is
	uploads  chan struct{} // one slot: held by who uploads
	restores chan struct{} // one slot: held by who restores

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
		wake: make(chan struct{}, 1), online: make(chan struct{}, 1), deciding: make(chan struct{}, 1), uploads: make(chan struct{}, 1), restores: make(chan struct{}, 1),
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
	b.nudge()
}

// Online ends the wait after a failure: the connection is back.
func (b *Manager) Online() {
	select {
	case b.online <- struct{}{}:
	default: // it has been told
	}
}

// Recheck has Run look at which backup there is.
func (b *Manager) Recheck() {
	b.mu.Lock()
	b.checkAt = time.Time{}
	b.mu.Unlock()
	b.nudge()
}

// keysCame is told that the machine has new room keys.
func (b *Manager) keysCame() {
	b.mu.Lock()
	if b.uploadAt.IsZero() {
		b.uploadAt = time.Now().Add(b.limits.gather)
	}
	b.mu.Unlock()
	b.nudge()
}

func (b *Manager) nudge() {
	select {
	case b.wake <- struct{}{}:
	default: // it is awake already
	}
}

// lock waits for the right to change which backup it is.
func (b *Manager) lock(ctx context.Context) (release func(), err error) {
	return hold(ctx, b.deciding)
}

// hold waits for a slot.
func hold(ctx context.Context, slot chan struct{}) (release func(), err error) {
	select {
	case slot <- struct{}{}:
		return func() { <-slot }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the backup: %w", ctx.Err())
	}
}

// Run looks at the backup and uploads to it until ctx ends. What fails is
// tried again. It returns an error only when crypto.db is damaged.
func (b *Manager) Run(ctx context.Context) error {
	wait := b.limits.minWait
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		case <-b.wake:
		}
		next, err := b.work(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, crypto.ErrCorrupt):
			return err
		case err != nil:
			p := b.failed(err)
			pause := max(wait, p.RetryAfter)
			b.log.Warn("Backup will be tried again", slog.String("problem", p.Kind.String()), slog.Duration("wait", pause))
			wait = min(wait*2, b.limits.maxWait)
			if !b.pause(ctx, pause) {
				return nil
			}
			next = time.Now()
		default:
			wait = b.limits.minWait
		}
		timer.Reset(max(time.Until(next), 0))
	}
}

// pause waits after a failure, until the connection comes back.
func (b *Manager) pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
	case <-b.online:
	}
	return true
}

// rest waits whatever wakes meanwhile.
func rest(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// work does what is due and returns when to come back at the latest.
func (b *Manager) work(ctx context.Context) (next time.Time, err error) {
	b.mu.Lock()
	due := !time.Now().Before(b.checkAt)
	if due {
		b.checkAt = time.Now().Add(b.limits.check)
	}
	b.mu.Unlock()
	if due {
		if err := b.check(ctx); err != nil {
			b.mu.Lock()
			b.checkAt = time.Time{}
			b.mu.Unlock()
			return next, err
		}
	}
	b.mu.Lock()
	due = !b.uploadAt.IsZero() && !time.Now().Before(b.uploadAt)
	if due {
		b.uploadAt = time.Time{} // a key that comes from now on sets it again
	}
	b.mu.Unlock()
	if due {
		if err := b.upload(ctx); err != nil {
			b.mu.Lock()
			b.uploadAt = time.Now()
			b.mu.Unlock()
			return next, err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	next = b.checkAt
	if !b.uploadAt.IsZero() && b.uploadAt.Before(next) {
		next = b.uploadAt
	}
	return next, nil
}

// failed counts a failure, and shows it when it lasts or will not go by itself.
func (b *Manager) failed(err error) *chat.Problem {
	p := fault.From(err)
	b.mu.Lock()
	b.failures++
	show := b.state.State == chat.BackupOn && (b.failures >= failedAfter || !p.Retry) && !isConnection(p.Kind)
	if show {
		b.state.State, b.state.Problem = chat.BackupFailed, p
	}
	b.mu.Unlock()
	if show {
		b.tell(true)
	}
	return p
}

// isConnection reports whether a problem is one of the connection, which says so itself.
func isConnection(kind chat.ProblemKind) bool {
	switch kind {
	case chat.ProblemOffline, chat.ProblemNoHost, chat.ProblemTLS, chat.ProblemTimeout, chat.ProblemSignedOut, chat.ProblemCancelled:
		return true
	default:
		return false
	}
}

// worked ends a series of failures.
func (b *Manager) worked() {
	b.mu.Lock()
	b.failures = 0
	if b.state.State == chat.BackupFailed {
		b.state.State, b.state.Problem = chat.BackupOn, nil
	}
	b.mu.Unlock()
}

// enter takes in which backup there is. The caller holds the lock of deciding.
func (b *Manager) enter(ctx context.Context, info *versionInfo, key *keyPair, st chat.BackupState) error {
	next := chat.Backup{State: st}
	name := ""
	if info != nil {
		next.Version = info.Version
		if key != nil {
			name = mark(info.Version, key.public)
		}
	}
	saved, total, err := b.o.Machine.CountSaved(ctx, name)
	if err != nil {
		return err
	}
	next.Saved, next.Total = saved, total
	switch st {
	case chat.BackupUntrusted, chat.BackupUnsupported:
		next.Problem, _ = unusable(next).(*chat.Problem) // always one
	default:
	}
	b.mu.Lock()
	old := b.state
	same := old.Version == next.Version && b.public == info.public()
	if same && old.State == chat.BackupFailed && st == chat.BackupOn {
		next.State, next.Problem = old.State, old.Problem // until an upload works
	}
	next.Restoring, next.Restored, next.RestoreTotal = old.Restoring, old.Restored, old.RestoreTotal
	fresh := key != nil && (b.key == nil || !same)
	b.state, b.key, b.public = next, key, info.public()
	if !same {
		clear(b.missing)
	}
	if key != nil && b.uploadAt.IsZero() && saved < total {
		b.uploadAt = time.Now()
	}
	b.mu.Unlock()
	if !same || old.State != st {
		b.log.Info("Key backup", slog.Int("state", int(st)), slog.String("version", next.Version))
	}
	b.tell(true)
	if fresh {
		b.o.Machine.SeekAll()
		b.nudge()
	}
	return nil
}

// tell reports the state: always when it matters, else not too often.
func (b *Manager) tell(always bool) {
	b.telling.Lock()
	defer b.telling.Unlock()
	now := time.Now()
	if b.onChange == nil || (!always && now.Sub(b.told) < b.limits.progress) {
		return
	}
	b.told = now
	b.onChange(b.Status())
}

// target is a backup that keys can be given to.
type target struct {
	version string
	key     *keyPair
}

func (t target) mark() string { return mark(t.version, t.key.public) }

// usable returns the backup if it is ours.
func (b *Manager) usable() (target, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.key == nil || (b.state.State != chat.BackupOn && b.state.State != chat.BackupFailed) {
		return target{}, false
	}
	return target{b.state.Version, b.key}, true
}
