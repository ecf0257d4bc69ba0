package identity

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"maunium.net/go/mautrix/crypto/ssss"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// errUnsealed says that a secret in storage was not written with its key.
var errUnsealed = errors.New("identity: secret does not open")

// unseal decrypts one secret, in unpadded base64. It returns "" when the
// secret is not there under the key.
func (v *view) unseal(key *ssss.Key, name string) (chat.Secret, error) {
	data, ok := v.secrets[name].Encrypted[key.ID]
	if !ok {
		return "", nil
	}
	var raw []byte
	err := fault.Guard(func() (err error) { raw, err = key.Decrypt(name, data); return err })
	if err != nil || len(raw) == 0 {
		return "", fmt.Errorf("%w: %s", errUnsealed, name)
	}
	return chat.Secret(base64.RawStdEncoding.EncodeToString(raw)), nil
}

// seal puts a secret in storage and reads it back. With keep it stays
// readable with the keys that it was encrypted with before.
func (m *Manager) seal(ctx context.Context, key *ssss.Key, name string, secret chat.Secret, keep bool) error {
	raw, err := decode(secret)
	if err != nil {
		return err
	}
	content := sealed{}
	if keep {
		if _, err := m.accountData(ctx, name, &content); err != nil {
			return err
		}
	}
	if content.Encrypted == nil {
		content.Encrypted = map[string]ssss.EncryptedKeyData{}
	}
	content.Encrypted[key.ID] = key.Encrypt(name, raw)
	if err := m.setAccountData(ctx, name, content); err != nil {
		return err
	}
	var back sealed
	if _, err := m.accountData(ctx, name, &back); err != nil {
		return err
	}
	var got []byte
	err = fault.Guard(func() (err error) { got, err = key.Decrypt(name, back.Encrypted[key.ID]); return err })
	if err != nil || !bytes.Equal(got, raw) {
		return notKept(name)
	}
	return nil
}

// notKept says that a homeserver took something and does not have it.
func notKept(name string) error {
	return &chat.Problem{Kind: chat.ProblemHomeserver, Detail: name + " was not kept", Retry: true}
}

func decode(secret chat.Secret) ([]byte, error) {
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(string(secret), "="))
	if err != nil {
		return nil, crypto.ErrSecretShape
	}
	return raw, nil
}
