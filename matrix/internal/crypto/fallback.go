package crypto

import (
	"context"
	"fmt"
	"time"

	mcrypto "maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/id"
)

// fallbackAge is how long a fallback key is kept at least: messages to the one
// before it may still be under way, and a sync response that was under way
// when it was replaced reports the old one as used.
const fallbackAge = time.Hour

// fallbackNote names the value that keeps when the last fallback key was uploaded.
const fallbackNote = "fallback_uploaded"

// fallbackAccount is what the Go implementation of the Olm account can do
// beyond the library's interface.
type fallbackAccount interface {
	GenFallbackKey() error
	FallbackKeyUnpublished() map[string]id.Curve25519
	ForgetOldFallbackKey()
}

// renewedFallback notes that the homeserver has a new fallback key.
func (m *Machine) renewedFallback(ctx context.Context) error {
	now := time.Now()
	m.mu.Lock()
	m.todo.keys.renewed = now
	m.todo.keys.forget = now.Add(fallbackAge)
	m.mu.Unlock()
	return m.SetValue(ctx, fallbackNote, now.UTC().AppendFormat(nil, time.RFC3339))
}

// keepFallback takes the wish for another fallback key back where a life
// before this one has just made one: a homeserver may repeat the answer that
// reported the one before as used (Synapse does for two minutes), and the key
// before the last one, to which messages are under way, would be lost.
func (m *Machine) keepFallback(ctx context.Context) error {
	m.mu.Lock()
	known := !m.todo.keys.fallback || !m.todo.keys.renewed.IsZero()
	m.mu.Unlock()
	if known {
		return nil
	}
	note, err := m.Value(ctx, fallbackNote)
	if err != nil || note == nil {
		return err
	}
	at, err := time.Parse(time.RFC3339, string(note))
	if age := time.Since(at); err != nil || age < -clockSlack || age > fallbackAge {
		return nil // long ago, or by a clock that was wrong
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.todo.keys.renewed, m.todo.keys.fallback = at, false
	return nil
}

// forgetFallback drops the fallback key before the last one when its time has come.
func (m *Machine) forgetFallback(ctx context.Context) error {
	m.mu.Lock()
	at := m.todo.keys.forget
	m.mu.Unlock()
	if at.IsZero() || time.Now().Before(at) {
		return nil
	}
	err := m.changeAccount(ctx, func(_ *engine, acc *mcrypto.OlmAccount) error {
		if fb, ok := acc.Internal.(fallbackAccount); ok {
			fb.ForgetOldFallbackKey()
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("forget old fallback key: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.todo.keys.forget = time.Time{}
	return nil
}
