package matrix

import (
	"context"

	"hubbub/matrix/internal/crypto"
	"hubbub/store/chat"
)

// SetUp makes what is missing: an identity, secret storage, a backup. It
// returns the new recovery key, which is kept nowhere.
func (t *Trust) SetUp(ctx context.Context, want chat.SetUp) (chat.Secret, error) {
	return ask(ctx, t, func(p *trustParts) (chat.Secret, error) { return p.identity.SetUp(ctx, want) })
}

// Recover opens secret storage with the recovery key or passphrase, verifies
// this session, and then looks for the keys that messages wait for.
func (t *Trust) Recover(ctx context.Context, secret chat.Secret) error {
	return t.do(ctx, func(p *trustParts) error {
		err := p.identity.Recover(ctx, secret)
		if err == nil {
			p.machine.SeekAll()
		}
		return err
	})
}

// NewRecoveryKey puts a new recovery key (or passphrase) in the place of the present one.
func (t *Trust) NewRecoveryKey(ctx context.Context, passphrase chat.Secret) (chat.Secret, error) {
	return ask(ctx, t, func(p *trustParts) (chat.Secret, error) { return p.identity.NewRecoveryKey(ctx, passphrase) })
}

// LockSecrets forgets what is unlocked.
func (t *Trust) LockSecrets(ctx context.Context) error {
	return t.do(ctx, func(p *trustParts) error { return p.identity.LockSecrets(ctx) })
}

// RestoreBackup fetches every key of the backup; progress is on the feed.
func (t *Trust) RestoreBackup(ctx context.Context) (restored int, err error) {
	return ask(ctx, t, func(p *trustParts) (int, error) { return p.backup.Restore(ctx) })
}

// ResetBackup makes a new version of the backup. Its key goes to secret storage
// when that is unlocked; otherwise Trust says that storage is incomplete.
func (t *Trust) ResetBackup(ctx context.Context) error {
	return t.do(ctx, func(p *trustParts) error {
		key, err := p.backup.Reset(ctx)
		if err != nil {
			return err
		}
		return p.identity.Keep(ctx, crypto.SecretBackup, key)
	})
}

// ExportKeys returns all room keys in the standard file format.
func (t *Trust) ExportKeys(ctx context.Context, passphrase chat.Secret) ([]byte, error) {
	return ask(ctx, t, func(p *trustParts) ([]byte, error) { return p.backup.Export(ctx, passphrase) })
}

// ImportKeys takes in such a file.
func (t *Trust) ImportKeys(ctx context.Context, file []byte, passphrase chat.Secret) (imported, total int, err error) {
	err = t.do(ctx, func(p *trustParts) error {
		imported, total, err = p.backup.Import(ctx, file, passphrase)
		return err
	})
	return imported, total, err
}

// Sessions lists the account's own sessions, this one first, then by when they were last seen.
func (t *Trust) Sessions(ctx context.Context) ([]chat.Session, error) {
	return ask(ctx, t, func(p *trustParts) ([]chat.Session, error) { return p.identity.Sessions(ctx) })
}

// RenameSession gives an own session a name.
func (t *Trust) RenameSession(ctx context.Context, session chat.DeviceID, name string) error {
	return t.do(ctx, func(p *trustParts) error { return p.identity.RenameSession(ctx, session, name) })
}

// EndSessions signs own other sessions out.
func (t *Trust) EndSessions(ctx context.Context, sessions []chat.DeviceID, auth chat.Auth) error {
	return t.do(ctx, func(p *trustParts) error { return p.identity.EndSessions(ctx, sessions, auth) })
}

// DismissSession ends the alert about a new own session that is not verified.
func (t *Trust) DismissSession(ctx context.Context, session chat.DeviceID) error {
	return t.do(ctx, func(p *trustParts) error { return p.identity.DismissSession(ctx, session) })
}
