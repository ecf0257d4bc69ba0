package identity

import (
	"context"
	"errors"
	"log/slog"

	"maunium.net/go/mautrix/crypto/ssss"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// Recover opens secret storage with a recovery key or passphrase: the private
// keys come here, this session is signed, and the backup's key is handed on.
//
// A wrong one is ProblemSecret, what has not the shape of one
// ProblemSecretShape. Keys in storage that are not those of the published
// identity are ProblemUntrusted; then nothing is taken.
func (m *Manager) Recover(ctx context.Context, secret chat.Secret) error {
	done, err := m.turn.Take(ctx)
	if err != nil {
		return crypto.Explain(err)
	}
	defer done()
	err = m.recover(ctx, secret)
	return crypto.Explain(errors.Join(err, m.update(ctx)))
}

func (m *Manager) recover(ctx context.Context, secret chat.Secret) error {
	v, err := m.look(ctx)
	if err != nil {
		return err
	}
	key, err := m.openStorage(ctx, v, secret)
	if err != nil {
		return err
	}
	if err := m.opt.Machine.Reload(ctx, m.opt.User); err != nil {
		return err
	}
	found := map[string]chat.Secret{}
	for _, name := range secretNames() {
		s, err := v.unseal(key, name)
		if err != nil {
			return &chat.Problem{Kind: chat.ProblemUntrusted, Detail: name, Err: err}
		}
		if s != "" {
			found[name] = s
		}
	}
	if err := m.takeIdentity(ctx, found); err != nil {
		return err
	}
	if err := m.takeBackup(ctx, found[crypto.SecretBackup]); err != nil {
		return err
	}
	m.log.Info("Secret storage opened", slog.Int("secrets", len(found)))
	m.keepOpen(key)
	return m.complete(ctx, v, key)
}

// takeIdentity checks the private keys against the published ones, keeps them,
// and signs this session.
func (m *Manager) takeIdentity(ctx context.Context, found map[string]chat.Secret) error {
	own, err := m.opt.Machine.OwnIdentity(ctx)
	if err != nil {
		return err
	}
	if own.Master == "" {
		if found[crypto.SecretBackup] != "" {
			return nil // there is no identity: the backup is all that can be recovered
		}
		return &chat.Problem{Kind: chat.ProblemNoIdentity}
	}
	if found[crypto.SecretSelfSigning] == "" {
		return &chat.Problem{Kind: chat.ProblemNoRecovery, Detail: crypto.SecretSelfSigning}
	}
	if err := m.opt.Machine.TakePrivateKeys(ctx, own.Master, found); err != nil {
		if errors.Is(err, crypto.ErrNoPrivateKey) {
			return &chat.Problem{Kind: chat.ProblemNoRecovery, Detail: crypto.SecretMaster, Err: err}
		}
		if errors.Is(err, crypto.ErrKeyDiffers) || errors.Is(err, crypto.ErrSecretShape) {
			return &chat.Problem{Kind: chat.ProblemUntrusted, Detail: "secret storage holds another identity", Err: err}
		}
		return err
	}
	if own, err = m.opt.Machine.OwnIdentity(ctx); err != nil {
		return err
	}
	return m.signSelf(ctx, own)
}

// takeBackup hands the backup's key on. That it is not the key of the backup
// there is does not undo the rest: Trust says so.
func (m *Manager) takeBackup(ctx context.Context, key chat.Secret) error {
	if key == "" {
		return nil
	}
	err := m.opt.Backup.Use(ctx, key)
	if err == nil {
		return nil
	}
	switch p := fault.From(err); p.Kind {
	case chat.ProblemNotFound, chat.ProblemUntrusted, chat.ProblemSecret, chat.ProblemSecretShape, chat.ProblemMismatch, chat.ProblemCrypto:
		m.log.Warn("Backup key from secret storage is of no use", slog.String("problem", p.Kind.String()))
		return nil
	}
	return err
}

// complete puts secrets that are here and not in storage there.
func (m *Manager) complete(ctx context.Context, v view, key *ssss.Key) error {
	if key.ID != v.keyID {
		return nil // a stale default key: a new recovery key repairs that
	}
	secrets, err := m.secrets(ctx)
	if err != nil {
		return err
	}
	done := false
	for _, name := range secretNames() {
		if secrets[name] == "" || v.has(name) {
			continue
		}
		if err := m.seal(ctx, key, name, secrets[name], true); err != nil {
			return err
		}
		done = true
	}
	if done {
		_, err = m.look(ctx)
	}
	return err
}

// secrets returns what belongs in storage and is here.
func (m *Manager) secrets(ctx context.Context) (map[string]chat.Secret, error) {
	own, err := m.opt.Machine.OwnIdentity(ctx)
	if err != nil {
		return nil, err
	}
	names, err := m.here(ctx, own)
	if err != nil {
		return nil, err
	}
	out := map[string]chat.Secret{}
	for _, name := range names {
		if out[name], err = m.opt.Machine.Secret(ctx, name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// NewRecoveryKey puts a new recovery key, or one made from a passphrase, in the
// place of the present one and returns it. The secrets must be here or unlocked.
func (m *Manager) NewRecoveryKey(ctx context.Context, passphrase chat.Secret) (chat.Secret, error) {
	done, err := m.turn.Take(ctx)
	if err != nil {
		return "", crypto.Explain(err)
	}
	defer done()
	key, err := m.rotate(ctx, passphrase)
	err = errors.Join(err, m.update(ctx))
	return key, crypto.Explain(err)
}

func (m *Manager) rotate(ctx context.Context, passphrase chat.Secret) (chat.Secret, error) {
	v, err := m.look(ctx)
	if err != nil {
		return "", err
	}
	if err := m.opt.Machine.Reload(ctx, m.opt.User); err != nil {
		return "", err
	}
	own, err := m.opt.Machine.OwnIdentity(ctx)
	if err != nil {
		return "", err
	}
	if own.Master == "" {
		return "", &chat.Problem{Kind: chat.ProblemNoIdentity}
	}
	if !own.Trusted {
		return "", &chat.Problem{Kind: chat.ProblemUntrusted, Detail: "identity"}
	}
	secrets, err := m.secrets(ctx)
	if err != nil {
		return "", err
	}
	if open := m.unlocked(v); open != nil && secrets[crypto.SecretBackup] == "" {
		if secrets[crypto.SecretBackup], err = v.unseal(open, crypto.SecretBackup); err != nil {
			return "", err
		}
	}
	for _, name := range secretNames() {
		if secrets[name] == "" && (name != crypto.SecretBackup || v.has(name)) {
			return "", &chat.Problem{Kind: chat.ProblemNoRecovery, Detail: name}
		}
	}
	return m.newStorage(ctx, passphrase, secrets)
}
