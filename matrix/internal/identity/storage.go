package identity

import (
	"context"
	"fmt"
	"net/http"
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

// sealed is a secret as it stands in account data: encrypted, by key.
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

// look asks the homeserver for everything about secret storage. What is said
// to be different while it asks may be missing in the answers: then it is due again.
func (m *Manager) look(ctx context.Context) (view, error) {
	m.mu.Lock()
	moves := m.moves
	m.mu.Unlock()
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
	m.view = v
	if m.moves == moves {
		m.seen = time.Now()
	}
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
	if absent(err) {
		return false, nil
	}
	return false, fmt.Errorf("load account data %s: %w", name, err)
}

// absent reports whether the homeserver itself says that there is no such
// thing, rather than some proxy before it.
func absent(err error) bool {
	p := fault.From(err)
	return p != nil && p.Kind == chat.ProblemNotFound && p.Code != ""
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
