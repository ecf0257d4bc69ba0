package identity

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/crypto/ssss"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// Names of account data.
//
// Spec: client-server-api#secret-storage
const (
	defaultKeyType = "m.secret_storage.default_key"
	keyTypePrefix  = "m.secret_storage.key."
)

// maxKeyName bounds the name of a key that a homeserver can make us ask for, in bytes.
const maxKeyName = 255

// sealed is a secret as it stands in account data: by key, encrypted. What
// else stands there is kept.
type sealed struct {
	Encrypted map[string]ssss.EncryptedKeyData `json:"encrypted"`
}

// view is secret storage as the homeserver shows it.
type view struct {
	known   bool
	keyID   string            // default key, or ""
	meta    *ssss.KeyMetadata // its description; nil when it is missing
	secrets map[string]sealed
}

// has reports whether a secret is there under the default key.
func (v *view) has(name string) bool {
	_, ok := v.secrets[name].Encrypted[v.keyID]
	return ok && v.keyID != ""
}

// recovery says how secret storage is to a session that has some secrets.
func (v *view) recovery(here []string) chat.RecoveryState {
	switch {
	case !v.known:
		return chat.RecoveryUnknown
	case v.keyID == "" || v.meta == nil:
		return chat.RecoveryNone
	}
	for _, name := range append([]string{crypto.SecretMaster, crypto.SecretSelfSigning, crypto.SecretUserSigning}, here...) {
		if !v.has(name) {
			return chat.RecoveryIncomplete
		}
	}
	return chat.RecoveryReady
}

// look asks the homeserver for everything about secret storage.
func (m *Manager) look(ctx context.Context) (view, error) {
	v := view{known: true, secrets: map[string]sealed{}}
	var head struct {
		Key string `json:"key"`
	}
	if _, err := m.accountData(ctx, defaultKeyType, &head); err != nil {
		return view{}, err
	}
	if len(head.Key) <= maxKeyName {
		v.keyID = head.Key
	}
	if v.keyID != "" {
		var err error
		if v.meta, err = m.keyMeta(ctx, v.keyID); err != nil {
			return view{}, err
		}
	}
	for _, name := range secretNames() {
		var s sealed
		if _, err := m.accountData(ctx, name, &s); err != nil {
			return view{}, err
		}
		v.secrets[name] = s
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.view, m.seen = v, time.Now()
	return v, nil
}

func (m *Manager) lookIfDue(ctx context.Context) error {
	m.mu.Lock()
	due := time.Since(m.seen) >= lookWait
	m.mu.Unlock()
	if !due {
		return nil
	}
	_, err := m.look(ctx)
	return err
}

// keyMeta loads the description of a key, or nil.
func (m *Manager) keyMeta(ctx context.Context, keyID string) (*ssss.KeyMetadata, error) {
	var meta ssss.KeyMetadata
	ok, err := m.accountData(ctx, keyTypePrefix+keyID, &meta)
	if err != nil || !ok || meta.Algorithm == "" {
		return nil, err
	}
	return &meta, nil
}

// accountData loads global account data, and reports whether there is any.
func (m *Manager) accountData(ctx context.Context, name string, into any) (bool, error) {
	err := m.opt.Client.GetAccountData(ctx, name, into)
	if err == nil {
		return true, nil
	}
	if p := fault.From(err); p.Kind == chat.ProblemNotFound && p.Code != "" {
		return false, nil
	}
	return false, fmt.Errorf("load account data %s: %w", name, err)
}

func (m *Manager) setAccountData(ctx context.Context, name string, data any) error {
	_, err := m.opt.Client.MakeFullRequest(ctx, mautrix.FullRequest{
		Method: http.MethodPut, URL: m.opt.Client.BuildClientURL("v3", "user", m.opt.Client.UserID, "account_data", name),
		RequestJSON: data, SensitiveContent: true,
	})
	if err != nil {
		return fmt.Errorf("save account data %s: %w", name, err)
	}
	return nil
}

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
	if err := m.opt.Machine.SetValue(ctx, pruneValue, []byte(key.ID)); err != nil {
		return "", err
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
	unlock, err := m.lock(ctx)
	if err != nil {
		return crypto.Explain(err)
	}
	defer unlock()
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
