package identity

import (
	"context"
	"fmt"
	"log/slog"

	"maunium.net/go/mautrix/crypto/ssss"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// newStorage makes a new key, encrypts the secrets with it, and makes it the
// default one at the end. It returns the key as it is written down.
func (m *Manager) newStorage(ctx context.Context, passphrase chat.Secret, secrets map[string]chat.Secret) (chat.Secret, error) {
	key, err := ssss.NewKey(string(passphrase))
	if err != nil {
		return "", fmt.Errorf("make recovery key: %w", err)
	}
	if err := m.setAccountData(ctx, keyTypePrefix+key.ID, key.Metadata); err != nil {
		return "", err
	}
	for _, name := range secretNames() {
		if secret := secrets[name]; secret != "" {
			if err := m.seal(ctx, key, name, secret, true); err != nil {
				return "", err
			}
		}
	}
	// What a homeserver did not keep would be found out when it is too late.
	if meta, err := m.keyMeta(ctx, key.ID); err != nil {
		return "", err
	} else if meta == nil || !meta.VerifyKey(key.Key) {
		return "", notKept(keyTypePrefix)
	}
	for _, note := range []string{pruneValue, storageValue} {
		if err := m.opt.Machine.SetValue(ctx, note, []byte(key.ID)); err != nil {
			return "", err
		}
	}
	if err := m.setAccountData(ctx, defaultKeyType, map[string]string{"key": key.ID}); err != nil {
		return "", err
	}
	if v, err := m.look(ctx); err != nil {
		return "", err
	} else if v.keyID != key.ID {
		return "", notKept(defaultKeyType)
	}
	m.keepOpen(key)
	if err := m.prune(ctx); err != nil {
		// The key counts from now on, whatever else: Run tries again.
		m.log.Warn("An old recovery key still opens something", slog.String("problem", fault.From(err).Kind.String()))
		m.StorageChanged()
	}
	return chat.Secret(key.RecoveryKey()), nil
}

// prune takes the ciphertexts of keys that are no longer the default one out of
// storage: a recovery key that was replaced opens nothing any more. The note
// that it is due survives a restart.
func (m *Manager) prune(ctx context.Context) error {
	note, err := m.opt.Machine.Value(ctx, pruneValue)
	if err != nil || len(note) == 0 {
		return err
	}
	v, err := m.look(ctx)
	if err != nil {
		return err
	}
	if v.keyID != string(note) {
		return m.opt.Machine.SetValue(ctx, pruneValue, nil) // somebody has chosen another key meanwhile
	}
	for _, name := range secretNames() {
		data, ok := v.secrets[name].Encrypted[v.keyID]
		if !ok || len(v.secrets[name].Encrypted) == 1 {
			continue
		}
		if err := m.setAccountData(ctx, name, sealed{Encrypted: map[string]ssss.EncryptedKeyData{v.keyID: data}}); err != nil {
			return err
		}
	}
	if _, err := m.look(ctx); err != nil {
		return err
	}
	return m.opt.Machine.SetValue(ctx, pruneValue, nil)
}

// Keep puts a secret in secret storage when that is unlocked, and does nothing
// when it is not: Trust then says that storage is incomplete.
func (m *Manager) Keep(ctx context.Context, name string, secret chat.Secret) error {
	done, err := m.turn.Take(ctx)
	if err != nil {
		return crypto.Explain(err)
	}
	defer done()
	v, err := m.look(ctx)
	if err != nil {
		return crypto.Explain(err)
	}
	if key := m.unlocked(v); key != nil {
		if err := m.seal(ctx, key, name, secret, false); err != nil {
			return crypto.Explain(err)
		}
		if _, err := m.look(ctx); err != nil {
			return crypto.Explain(err)
		}
	}
	return crypto.Explain(m.update(ctx))
}
