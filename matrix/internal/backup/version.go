package backup

import (
	"context"
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
	p := fault.From(err)
	return p != nil && p.Kind == chat.ProblemNotFound && p.Code != ""
}

// isWrongVersion reports whether an upload met another version than it named.
func isWrongVersion(err error) bool {
	p := fault.From(err)
	return p != nil && p.Code == "M_WRONG_ROOM_KEYS_VERSION" || isNotFound(err)
}

// keyFor returns the private key that is here for a backup, or nil. A key
// whose backup was made without that we heard of it counts from now on.
func (b *Manager) keyFor(ctx context.Context, info *versionInfo) (*keyPair, error) {
	public := info.public()
	if public == "" {
		return nil, nil
	}
	for _, name := range keyNames() {
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
	done, err := b.deciding.Take(ctx)
	if err != nil {
		return err
	}
	defer done()
	info, key, err := b.see(ctx)
	if err != nil || key == nil {
		return err
	}
	b.sign(ctx, info, key)
	return b.lag(ctx, info, key)
}

// see asks which backup there is and takes that in. It returns the key that is
// here for it, or nil. The caller has the turn of deciding.
func (b *Manager) see(ctx context.Context) (*versionInfo, *keyPair, error) {
	info, err := b.present(ctx)
	if err != nil {
		return nil, nil, err
	}
	key, err := b.look(ctx, info)
	return info, key, err
}

// look takes in what the homeserver says about its backup, and returns the key
// that is here for it. The caller has the turn of deciding.
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
