package identity

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"maunium.net/go/mautrix/crypto/ssss"

	"hubbub/matrix/internal/crypto"
)

// openKey is the key of secret storage while it is unlocked.
type openKey struct {
	key   *ssss.Key
	until time.Time
}

// String hides the key.
func (*openKey) String() string { return "[secret storage key]" }

// GoString hides the key.
func (*openKey) GoString() string { return "[secret storage key]" }

// LogValue hides the key.
func (*openKey) LogValue() slog.Value { return slog.StringValue("[secret storage key]") }

// keepOpen remembers a key for a while.
func (m *Manager) keepOpen(key *ssss.Key) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open = &openKey{key: key, until: time.Now().Add(m.opt.Unlocked)}
	m.Changed()
}

// unlocked returns the key that is open for the storage, or nil.
func (m *Manager) unlocked(v view) *ssss.Key {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.open == nil || time.Now().After(m.open.until) || m.open.key.ID != v.keyID {
		return nil
	}
	key := *m.open.key
	key.Key = slices.Clone(key.Key)
	return &key
}

// expire forgets the key when its time is over.
func (m *Manager) expire() {
	m.mu.Lock()
	over := m.open != nil && !time.Now().Before(m.open.until)
	m.mu.Unlock()
	if over {
		m.forget()
	}
}

// forget wipes the key.
func (m *Manager) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.open != nil {
		clear(m.open.key.Key)
		m.open = nil
	}
}

// LockSecrets forgets the key of secret storage.
func (m *Manager) LockSecrets(ctx context.Context) error {
	m.forget()
	return crypto.Explain(m.update(ctx))
}
