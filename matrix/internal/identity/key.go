package identity

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"

	"maunium.net/go/mautrix/crypto/ssss"
	"maunium.net/go/mautrix/crypto/utils"

	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// Bounds of what a homeserver can make us do with a passphrase.
const (
	maxIterations = 5_000_000 // about four seconds
	maxSalt       = 1024      // bytes
	keyBits       = 256
)

// maxKeys bounds how many keys a recovery key is tried with.
const maxKeys = 5

// openStorage finds the key that a recovery key or passphrase is for, and
// checks it against what the key's description or a secret proves. The default
// key comes first; where that is stale, those that the secrets are really
// encrypted with.
func (m *Manager) openStorage(ctx context.Context, v view, secret chat.Secret) (*ssss.Key, error) {
	names := []string{}
	add := func(id string) {
		if id != "" && len(id) <= maxKeyName && len(names) < maxKeys && !slices.Contains(names, id) {
			names = append(names, id)
		}
	}
	add(v.keyID)
	for _, name := range secretNames() {
		for id := range v.secrets[name].Encrypted {
			add(id)
		}
	}
	if len(names) == 0 {
		return nil, &chat.Problem{Kind: chat.ProblemNoRecovery, Detail: defaultKeyType}
	}
	var first error
	for _, id := range names {
		meta, err := m.keyMeta(ctx, id)
		if err != nil {
			return nil, err
		}
		key, err := tryKey(id, meta, &v, secret)
		if err == nil {
			return key, nil
		}
		if first == nil || fault.From(first).Kind == chat.ProblemNoRecovery {
			first = err
		}
	}
	return nil, first
}

// tryKey makes the key with a description of what the person typed. Nothing
// that does not prove to be the right one is used.
//
// Spec: client-server-api#msecret_storagev1aes-hmac-sha2
func tryKey(id string, meta *ssss.KeyMetadata, v *view, secret chat.Secret) (*ssss.Key, error) {
	if meta == nil {
		return nil, &chat.Problem{Kind: chat.ProblemNoRecovery, Detail: keyTypePrefix + cut(id)}
	}
	if meta.Algorithm != ssss.AlgorithmAESHMACSHA2 {
		return nil, &chat.Problem{Kind: chat.ProblemCrypto, Detail: "secret storage of another kind: " + cut(string(meta.Algorithm))}
	}
	written := recoveryKey(secret)
	if written != nil {
		key := &ssss.Key{ID: id, Key: written, Metadata: meta}
		if err := proven(key, v); err == nil {
			return key, nil
		} else if meta.Passphrase == nil {
			return nil, err
		}
	}
	if meta.Passphrase == nil {
		return nil, &chat.Problem{Kind: chat.ProblemSecretShape}
	}
	key, err := fromPassphrase(id, meta, secret)
	if err != nil {
		return nil, err
	}
	return key, proven(key, v)
}

// recoveryKey reads a recovery key, whatever spaces and line breaks are in it,
// or returns nil.
//
// Spec: client-server-api#recovery-key
func recoveryKey(secret chat.Secret) []byte {
	if len(secret) > 1000 {
		return nil
	}
	bare := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff' {
			return -1
		}
		return r
	}, string(secret))
	var key []byte
	if fault.Guard(func() error { key = utils.DecodeBase58RecoveryKey(bare); return nil }) != nil {
		return nil
	}
	return key
}

// fromPassphrase derives the key, within bounds.
//
// Spec: client-server-api#deriving-keys-from-passphrases
func fromPassphrase(id string, meta *ssss.KeyMetadata, secret chat.Secret) (*ssss.Key, error) {
	p := meta.Passphrase
	if p.Algorithm != ssss.PassphraseAlgorithmPBKDF2 || p.Iterations < 1 || p.Iterations > maxIterations ||
		(p.Bits != 0 && p.Bits != keyBits) || len(p.Salt) > maxSalt {
		return nil, &chat.Problem{Kind: chat.ProblemCrypto, Detail: "settings of the passphrase cannot be used"}
	}
	raw, err := p.GetKey(string(secret))
	if err != nil {
		return nil, &chat.Problem{Kind: chat.ProblemCrypto, Detail: "settings of the passphrase cannot be used", Err: err}
	}
	return &ssss.Key{ID: id, Key: raw, Metadata: meta}, nil
}

// proven checks a key against its description, or, where that says nothing,
// against the first secret that is encrypted with it.
func proven(key *ssss.Key, v *view) error {
	wrong := &chat.Problem{Kind: chat.ProblemSecret}
	if key.Metadata.MAC != "" && key.Metadata.IV != "" {
		ok := false
		if err := fault.Guard(func() error { ok = key.Metadata.VerifyKey(key.Key); return nil }); err != nil || !ok {
			return wrong
		}
		return nil
	}
	for _, name := range secretNames() {
		secret, err := v.unseal(key, name)
		if errors.Is(err, errUnsealed) {
			return wrong
		}
		if secret != "" {
			return nil
		}
	}
	return &chat.Problem{Kind: chat.ProblemUntrusted, Detail: "nothing proves the recovery key"}
}
