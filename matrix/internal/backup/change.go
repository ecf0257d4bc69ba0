package backup

import (
	"context"
	"fmt"
	"net/http"

	"hubbub/matrix/internal/crypto"
	"hubbub/store/chat"
)

// Create makes a backup, or joins the one that there is when its key is here,
// and returns its key for secret storage. One that was made although its
// answer was lost is joined by the next call. Errors are *chat.Problem.
func (b *Manager) Create(ctx context.Context) (chat.Secret, error) {
	key, err := b.decide(ctx, func(info *versionInfo) (*keyPair, error) {
		key, err := b.keyFor(ctx, info)
		if err != nil || key != nil {
			return key, err
		}
		return b.make(ctx)
	})
	return key, crypto.Explain(err)
}

// Reset makes a new version of the backup with a new key and returns that for
// secret storage. Where the present one can be read its keys are fetched first,
// so that none is left behind; it stays on the homeserver. Errors are *chat.Problem.
func (b *Manager) Reset(ctx context.Context) (chat.Secret, error) {
	if err := b.check(ctx); err != nil {
		return "", crypto.Explain(err)
	}
	if _, ok := b.usable(); ok {
		if _, err := b.Restore(ctx); err != nil {
			return "", err
		}
	}
	key, err := b.decide(ctx, func(*versionInfo) (*keyPair, error) { return b.make(ctx) })
	return key, crypto.Explain(err)
}

// decide has pick choose the key, and takes in the backup that it belongs to.
func (b *Manager) decide(ctx context.Context, pick func(info *versionInfo) (*keyPair, error)) (chat.Secret, error) {
	done, err := b.deciding.Take(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	info, err := b.present(ctx)
	if err != nil {
		return "", err
	}
	key, err := pick(info)
	if err != nil {
		return "", err
	}
	info, got, err := b.see(ctx)
	if err != nil {
		return "", err
	}
	if got == nil || got.public != key.public {
		return "", &chat.Problem{Kind: chat.ProblemUntrusted, Detail: "backup", Retry: true}
	}
	b.sign(ctx, info, key)
	return key.secret(), nil
}

// make has the homeserver begin a new version. Its key is on disk before the
// homeserver hears of it, beside the present one, which it replaces once the
// homeserver shows a backup that it opens.
//
// Spec: client-server-api#post_matrixclientv3room_keysversion
func (b *Manager) make(ctx context.Context) (*keyPair, error) {
	key, err := newKey()
	if err != nil {
		return nil, fmt.Errorf("make backup: %w", err)
	}
	if err := b.o.Machine.PutSecret(ctx, pendingSecret, key.secret()); err != nil {
		return nil, err
	}
	auth, err := b.o.Machine.BackupAuth(ctx, key.public)
	if err != nil {
		return nil, err
	}
	var made versionInfo
	if err := b.request(ctx, http.MethodPost, versionInfo{Algorithm: algorithm, Auth: auth}, &made, "version"); err != nil {
		return nil, fmt.Errorf("make backup: %w", err)
	}
	return key, nil
}

// Use takes a key that came from the person, from secret storage or from
// another verified session. It is kept only when it opens the present backup;
// otherwise nothing changes. Errors are *chat.Problem: ProblemNotFound without a
// backup, ProblemUntrusted when it is another one than the key's.
func (b *Manager) Use(ctx context.Context, secret chat.Secret) error {
	key, err := parseKey(secret)
	if err != nil {
		return &chat.Problem{Kind: chat.ProblemSecretShape, Err: err}
	}
	done, err := b.deciding.Take(ctx)
	if err != nil {
		return crypto.Explain(err)
	}
	defer done()
	info, err := b.present(ctx)
	switch {
	case err != nil:
		return crypto.Explain(err)
	case info == nil:
		return unusable(chat.Backup{State: chat.BackupNone})
	case info.public() == "":
		return unusable(chat.Backup{State: chat.BackupUnsupported})
	case !key.opens(info.public()):
		return unusable(chat.Backup{State: chat.BackupUntrusted})
	}
	if err := b.adopt(ctx, key); err != nil {
		return crypto.Explain(err)
	}
	if _, err := b.look(ctx, info); err != nil {
		return crypto.Explain(err)
	}
	b.sign(ctx, info, key)
	return nil
}

// Delete deletes the present backup with everything in it, and forgets its
// key. Errors are *chat.Problem.
//
// Spec: client-server-api#delete_matrixclientv3room_keysversionversion
func (b *Manager) Delete(ctx context.Context) error {
	return crypto.Explain(b.delete(ctx))
}

func (b *Manager) delete(ctx context.Context) error {
	done, err := b.deciding.Take(ctx)
	if err != nil {
		return err
	}
	defer done()
	info, err := b.present(ctx)
	if err != nil {
		return err
	}
	if info != nil {
		if err := b.request(ctx, http.MethodDelete, nil, nil, "version", info.Version); err != nil && !isNotFound(err) {
			return fmt.Errorf("delete backup: %w", err)
		}
	}
	for _, name := range keyNames() {
		if err := b.o.Machine.PutSecret(ctx, name, ""); err != nil {
			return err
		}
	}
	_, _, err = b.see(ctx) // an older version may be the present one now
	return err
}
