package crypto

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// Names of secrets, as they are asked for and stored in secret storage.
//
// Spec: client-server-api#secrets
const (
	SecretMaster      = string(id.SecretXSMaster)
	SecretSelfSigning = string(id.SecretXSSelfSigning)
	SecretUserSigning = string(id.SecretXSUserSigning)
	SecretBackup      = string(id.SecretMegolmBackupV1)
)

// draftPrefix stands before the names of cross-signing keys that are not
// published yet.
const draftPrefix = "hubbub.draft."

// seedSize is the length of a private cross-signing key in bytes.
const seedSize = 32

// Secret returns a secret that PutSecret stored, or "". A private
// cross-signing key is the unpadded base64 of its seed; it may belong to an
// identity that is no longer the published one: see PrivateKeys.
func (m *Machine) Secret(ctx context.Context, name string) (chat.Secret, error) {
	eng, err := m.engine(ctx)
	if err != nil {
		return "", err
	}
	s, err := eng.store.GetSecret(ctx, id.Secret(name))
	if err != nil {
		return "", fmt.Errorf("load secret %s: %w", name, asDamage(err))
	}
	return chat.Secret(s), nil
}

// PutSecret stores a secret, encrypted with the pickle key; "" deletes it.
func (m *Machine) PutSecret(ctx context.Context, name string, secret chat.Secret) error {
	eng, err := m.engine(ctx)
	if err != nil {
		return err
	}
	return m.putSecret(ctx, eng, name, secret)
}

func (m *Machine) putSecret(ctx context.Context, eng *engine, name string, secret chat.Secret) error {
	var err error
	if secret == "" {
		err = eng.store.DeleteSecret(ctx, id.Secret(name))
	} else {
		err = eng.store.SQLCryptoStore.PutSecret(ctx, id.Secret(name), string(secret))
	}
	if err != nil {
		return fmt.Errorf("save secret %s: %w", name, asDamage(err))
	}
	return nil
}

// signer makes a private cross-signing key of its base64, padded or not.
func signer(secret chat.Secret) (olm.PKSigning, error) {
	seed, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(string(secret), "="))
	if err != nil || len(seed) != seedSize {
		return nil, ErrSecretShape
	}
	var key olm.PKSigning
	err = guard(func() (err error) { key, err = olm.NewPKSigningFromSeed(seed); return err })
	if err != nil {
		return nil, ErrSecretShape
	}
	return key, nil
}

// encodeSeed is the reverse of signer.
func encodeSeed(key olm.PKSigning) chat.Secret {
	return chat.Secret(base64.RawStdEncoding.EncodeToString(key.Seed()))
}

// publicOf returns which published key a private one must belong to.
func (k identity) publicOf(name string) id.Ed25519 {
	switch name {
	case SecretMaster:
		return k.master
	case SecretSelfSigning:
		return k.self
	case SecretUserSigning:
		return k.user
	}
	return ""
}

// CheckSecret reports whether a private cross-signing key belongs to the
// published identity: nil, ErrSecretShape, or ErrKeyDiffers.
func (m *Machine) CheckSecret(ctx context.Context, name string, secret chat.Secret) error {
	b, err := m.trustBook(ctx, nil)
	if err != nil {
		return err
	}
	return b.checkSecret(name, secret)
}

func (b *trustBook) checkSecret(name string, secret chat.Secret) error {
	key, err := signer(secret)
	if err != nil {
		return err
	}
	if want := b.ids[b.own].publicOf(name); want == "" || key.PublicKey() != want {
		return fmt.Errorf("%w: %s", ErrKeyDiffers, name)
	}
	return nil
}

// privateKey returns the private half of a published key of our own.
func (m *Machine) privateKey(ctx context.Context, b *trustBook, name string) (olm.PKSigning, error) {
	secret, err := m.Secret(ctx, name)
	if err != nil {
		return nil, err
	}
	if secret == "" || b.checkSecret(name, secret) != nil {
		return nil, fmt.Errorf("%w: %s", ErrNoPrivateKey, name)
	}
	return signer(secret)
}
