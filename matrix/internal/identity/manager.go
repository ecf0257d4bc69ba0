package identity

import (
	"context"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"time"

	"maunium.net/go/mautrix"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/upkeep"
	"hubbub/store/chat"
)

// unlockTime is how long the key of secret storage stays in memory after it was used.
const unlockTime = 5 * time.Minute

// Backup is the key backup as far as the identity has to do with it.
type Backup interface {
	// Create makes a backup, or joins the one there is when its private key is here.
	Create(ctx context.Context) (chat.Secret, error)
	// Reset makes a new version of the backup, with a new private key.
	Reset(ctx context.Context) (chat.Secret, error)
	// Use takes a private key, if it is that of the backup there is.
	Use(ctx context.Context, key chat.Secret) error
	// Status tells how the backup is, from memory.
	Status() chat.Backup
}

// Options is what a Manager is made of.
type Options struct {
	Machine *crypto.Machine
	Client  *mautrix.Client
	Backup  Backup
	User    chat.UserID
	Device  chat.DeviceID
	// Unlocked is how long secret storage stays unlocked; 0 is five minutes.
	Unlocked time.Duration
	Log      *slog.Logger // may be nil
}

// Manager keeps the identity of one account. All methods may be called from
// any goroutine.
type Manager struct {
	opt  Options
	log  *slog.Logger
	turn upkeep.Turn // of whoever changes identity or storage
	wake upkeep.Bell // Run has something to do

	computing sync.Mutex // one computation of trust at a time, so that an older one never wins

	mu     sync.Mutex // guards everything below; never held across I/O
	trust  chat.Trust
	known  bool // trust has been computed
	hooks  []func(chat.Trust)
	view   view      // secret storage as last seen
	open   *openKey  // nil when locked
	seen   time.Time // when secret storage was last looked at; zero: look again
	moves  int       // how often it was said to be different
	lists  bool      // the own device list has been asked for since the start
	inbox  []*crypto.Received
	wanted []request // of other own sessions
	given  []time.Time
	asked  map[string]*question // by secret
}

// New makes a Manager. It starts nothing.
func New(opt Options) *Manager {
	m := &Manager{
		opt: opt, log: opt.Log, turn: upkeep.NewTurn(), wake: upkeep.NewBell(),
		asked: map[string]*question{},
	}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	if m.opt.Unlocked <= 0 {
		m.opt.Unlocked = unlockTime
	}
	opt.Machine.OnPeople(func(users []chat.UserID) {
		if slices.Contains(users, opt.User) {
			m.Changed()
		}
	})
	return m
}

// OnChange names a function that is told of every change of Trust. It must
// not call the Manager. Set it before Run.
func (m *Manager) OnChange(fn func(chat.Trust)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hooks = append(m.hooks, fn)
}

// Changed says that something that Trust tells may be different: the backup,
// or the device list.
func (m *Manager) Changed() { m.wake.Ring() }

// StorageChanged says that secret storage is different on the homeserver.
func (m *Manager) StorageChanged() {
	m.mu.Lock()
	m.seen = time.Time{}
	m.moves++
	m.mu.Unlock()
	m.Changed()
}

// Trust returns how the account is set up.
func (m *Manager) Trust(ctx context.Context) (chat.Trust, error) {
	m.mu.Lock()
	t, known := copyTrust(m.trust), m.known
	m.mu.Unlock()
	if known {
		return t, nil
	}
	if err := m.update(ctx); err != nil {
		return chat.Trust{}, crypto.Explain(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return copyTrust(m.trust), nil
}

func copyTrust(t chat.Trust) chat.Trust {
	t.Fresh = slices.Clone(t.Fresh)
	return t
}

// update computes Trust anew and tells it when it is another.
func (m *Manager) update(ctx context.Context) error {
	m.computing.Lock()
	defer m.computing.Unlock()
	t, err := m.compute(ctx)
	if err != nil {
		return err
	}
	m.mu.Lock()
	same := m.known && reflect.DeepEqual(t, m.trust)
	m.trust, m.known = t, true
	hooks := slices.Clone(m.hooks)
	m.mu.Unlock()
	if !same {
		for _, fn := range hooks {
			fn(copyTrust(t))
		}
	}
	return nil
}

func (m *Manager) compute(ctx context.Context) (chat.Trust, error) {
	var t chat.Trust
	own, err := m.opt.Machine.OwnIdentity(ctx)
	if err != nil {
		return t, err
	}
	people, err := m.opt.Machine.People(ctx, m.opt.User)
	if err != nil {
		return t, err
	}
	t.Identity, t.MasterKey, t.PrivateKeys = own.State, own.Master, len(own.Missing) == 0
	t.Backup = m.opt.Backup.Status()
	for _, s := range people[0].Sessions {
		if s.Current {
			continue
		}
		if s.Trust == chat.SessionSigned || s.Trust == chat.SessionVerified {
			t.CanVerify++
			continue
		}
		fresh, err := m.isFresh(ctx, own, s)
		if err != nil {
			return t, err
		}
		if fresh {
			t.Fresh = append(t.Fresh, s)
		}
	}
	here, err := m.here(ctx, own)
	if err != nil {
		return t, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	t.Recovery = m.view.recovery(here)
	t.Passphrase = m.view.meta != nil && m.view.meta.Passphrase != nil
	if m.open != nil {
		t.UnlockedUntil = m.open.until
	}
	return t, nil
}

// isFresh reports whether an own session deserves an alert: one that the
// account's identity has not signed, and that was not dismissed.
func (m *Manager) isFresh(ctx context.Context, own crypto.OwnIdentity, s chat.Session) (bool, error) {
	if own.State != chat.IdentityOwn || (s.Trust != chat.SessionUnsigned && s.Trust != chat.SessionRekeyed) {
		return false, nil
	}
	note, err := m.opt.Machine.Value(ctx, dismissedPrefix+string(s.ID))
	return err == nil && string(note) != s.Fingerprint, err
}

// here lists the secrets of the published identity and the present backup that this session has.
func (m *Manager) here(ctx context.Context, own crypto.OwnIdentity) ([]string, error) {
	var out []string
	for _, name := range secretNames() {
		if name == crypto.SecretBackup || slices.Contains(own.Missing, name) {
			continue
		}
		out = append(out, name)
	}
	key, err := m.backupKey(ctx)
	if err == nil && key != "" {
		out = append(out, crypto.SecretBackup)
	}
	return out, err
}

// backupKey returns the key of the backup in use, or "".
func (m *Manager) backupKey(ctx context.Context) (chat.Secret, error) {
	switch m.opt.Backup.Status().State {
	case chat.BackupOn, chat.BackupFailed:
		return m.opt.Machine.Secret(ctx, crypto.SecretBackup)
	default:
		return "", nil
	}
}

// secretNames are the secrets that belong in secret storage.
func secretNames() []string {
	return []string{crypto.SecretMaster, crypto.SecretSelfSigning, crypto.SecretUserSigning, crypto.SecretBackup}
}
