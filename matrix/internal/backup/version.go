package backup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"maunium.net/go/mautrix"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// requestLimit is how long one request may take.
const requestLimit = 90 * time.Second

// maxAnswer is the longest answer that is read whole, in bytes.
const maxAnswer = 1 << 20

// versionInfo is a backup as the homeserver describes it.
//
// Spec: client-server-api#get_matrixclientv3room_keysversion
type versionInfo struct {
	Algorithm string         `json:"algorithm"`
	Auth      jsontext.Value `json:"auth_data"`
	Count     int            `json:"count,omitempty"`
	Version   string         `json:"version,omitempty"`
}

// public returns the backup's public key, or "".
func (v *versionInfo) public() string {
	var auth struct {
		Public string `json:"public_key"`
	}
	if v == nil || v.Algorithm != algorithm || jsonv2.Unmarshal(v.Auth, &auth) != nil {
		return ""
	}
	return auth.Public
}

// mark names a backup for good: homeservers may use a version number again.
func mark(version, public string) string {
	return version + " " + public[:min(len(public), 22)]
}

// request asks the homeserver for something below /room_keys.
func (b *Manager) request(ctx context.Context, method string, body, into any, path ...any) error {
	return b.call(ctx, method, b.o.Client.BuildClientURL(append([]any{"v3", "room_keys"}, path...)...), body, into)
}

func (b *Manager) call(ctx context.Context, method, url string, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	_, err := b.o.Client.MakeFullRequest(ctx, mautrix.FullRequest{
		Method: method, URL: url, RequestJSON: body, ResponseJSON: into,
		MaxAttempts: 1, SensitiveContent: true, ResponseSizeLimit: maxAnswer,
	})
	return err
}

// present asks which backup there is; nil when there is none.
func (b *Manager) present(ctx context.Context) (*versionInfo, error) {
	var info versionInfo
	err := b.request(ctx, http.MethodGet, nil, &info, "version")
	if isNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ask for the backup: %w", err)
	}
	if info.Version == "" || info.Algorithm == "" {
		return nil, &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "backup without a version", Retry: true}
	}
	return &info, nil
}

// isNotFound reports whether the homeserver itself says that there is no such
// thing, rather than some proxy before it.
func isNotFound(err error) bool {
	if err == nil {
		return false
	}
	p := fault.From(err)
	return p.Kind == chat.ProblemNotFound && p.Code != ""
}

// isWrongVersion reports whether an upload met another version than it named.
func isWrongVersion(err error) bool {
	if err == nil {
		return false
	}
	return fault.From(err).Code == "M_WRONG_ROOM_KEYS_VERSION" || isNotFound(err)
}

// keyFor returns the private key that is here for a backup, or nil. A key
// whose backup was made without that we heard of it counts from now on.
func (b *Manager) keyFor(ctx context.Context, info *versionInfo) (*keyPair, error) {
	public := info.public()
	if public == "" {
		return nil, nil
	}
	for _, name := range [...]string{crypto.SecretBackup, pendingSecret} {
		s, err := b.o.Machine.Secret(ctx, name)
		if err != nil {
			return nil, err
		}
		if s == "" {
			continue
		}
		key, err := parseKey(s)
		if err != nil {
			b.log.Warn("Stored backup key cannot be read", slog.String("name", name))
			continue
		}
		if !key.opens(public) {
			continue
		}
		if name == pendingSecret {
			return key, b.adopt(ctx, key)
		}
		return key, nil
	}
	return nil, nil
}

// adopt makes a key the one that is here.
func (b *Manager) adopt(ctx context.Context, key *keyPair) error {
	if err := b.o.Machine.PutSecret(ctx, crypto.SecretBackup, key.secret()); err != nil {
		return err
	}
	return b.o.Machine.PutSecret(ctx, pendingSecret, "")
}

// judge says what a backup is to this session.
func judge(info *versionInfo, key *keyPair, hadKey bool, signers crypto.BackupSigners) chat.BackupState {
	switch {
	case info == nil:
		return chat.BackupNone
	case info.public() == "":
		return chat.BackupUnsupported
	case key != nil:
		return chat.BackupOn
	case signers.Trusted(), !signers.Anchored && !hadKey:
		// Whoever comes with the key will know whether it is the right one.
		return chat.BackupNoKey
	}
	return chat.BackupUntrusted
}

// check looks at which backup the homeserver has.
func (b *Manager) check(ctx context.Context) error {
	release, err := b.lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	info, err := b.present(ctx)
	if err != nil {
		return err
	}
	key, err := b.look(ctx, info)
	if err != nil {
		return err
	}
	if key != nil {
		b.sign(ctx, info, key)
		return b.lag(ctx, info, key)
	}
	return nil
}

// look takes in what the homeserver says about its backup, and returns the key
// that is here for it. The caller holds the lock.
func (b *Manager) look(ctx context.Context, info *versionInfo) (*keyPair, error) {
	if info == nil {
		return nil, b.enter(ctx, nil, nil, chat.BackupNone)
	}
	key, err := b.keyFor(ctx, info)
	if err != nil {
		return nil, err
	}
	signers, err := b.o.Machine.BackupSigners(ctx, info.Auth)
	if err != nil {
		return nil, err
	}
	stored, err := b.o.Machine.Secret(ctx, crypto.SecretBackup)
	if err != nil {
		return nil, err
	}
	return key, b.enter(ctx, info, key, judge(info, key, stored != "", signers))
}

// sign adds the own identity's signature to a backup that lacks it. Other
// sessions without the key tell by it that the backup is the account's.
func (b *Manager) sign(ctx context.Context, info *versionInfo, key *keyPair) {
	err := func() error {
		signers, err := b.o.Machine.BackupSigners(ctx, info.Auth)
		if err != nil || signers.Master {
			return err
		}
		can, err := b.o.Machine.CanSignBackup(ctx)
		if err != nil || !can {
			return err
		}
		auth, err := b.o.Machine.BackupAuth(ctx, key.public)
		if err != nil {
			return err
		}
		body := versionInfo{Algorithm: algorithm, Auth: merged(info.Auth, auth), Version: info.Version}
		if err := b.request(ctx, http.MethodPut, body, nil, "version", info.Version); err != nil {
			return err
		}
		var now versionInfo
		if err := b.request(ctx, http.MethodGet, nil, &now, "version", info.Version); err != nil {
			return err
		}
		if signers, err = b.o.Machine.BackupSigners(ctx, now.Auth); err == nil && !signers.Master {
			err = errors.New("the homeserver did not keep it")
		}
		return err
	}()
	if err != nil && ctx.Err() == nil {
		b.log.Warn("Backup was not signed", slog.String("problem", fault.From(err).Kind.String()))
	}
}

// merged returns auth_data with the signatures of an older one beside its own.
func merged(old, auth jsontext.Value) jsontext.Value {
	type wire struct {
		Public     string                               `json:"public_key"`
		Signatures map[string]map[string]jsontext.Value `json:"signatures"`
	}
	var a, o wire
	if jsonv2.Unmarshal(old, &o) != nil || jsonv2.Unmarshal(auth, &a) != nil {
		return auth
	}
	for user, sigs := range o.Signatures {
		for name, sig := range sigs {
			if a.Signatures[user] == nil {
				a.Signatures[user] = map[string]jsontext.Value{}
			}
			if _, ok := a.Signatures[user][name]; !ok {
				a.Signatures[user][name] = sig
			}
		}
	}
	out, err := jsonv2.Marshal(a)
	if err != nil {
		return auth
	}
	return out
}
