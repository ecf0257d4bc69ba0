package backup

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"hubbub/matrix/internal/fault"
)

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
