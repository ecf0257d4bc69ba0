package crypto

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"maunium.net/go/mautrix/crypto/backup"
	"maunium.net/go/mautrix/crypto/signatures"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// BackupSigners says whose valid signatures a backup's auth_data carries.
type BackupSigners struct {
	Master  bool // the own identity, which is trusted
	Session bool // an own session that is verified, or this one
	// Anchored says that there is somebody here who could have signed: the own
	// identity is trusted. Without that a missing signature says nothing.
	Anchored bool
}

// Trusted reports whether somebody has signed whom this session trusts.
func (s BackupSigners) Trusted() bool { return s.Master || s.Session }

// BackupSigners checks the signatures of a backup's auth_data. Those that it
// cannot judge count as none.
//
// Spec: client-server-api#server-side-key-backups
func (m *Machine) BackupSigners(ctx context.Context, auth jsontext.Value) (BackupSigners, error) {
	var out BackupSigners
	people, err := m.People(ctx, m.opt.User)
	if err != nil {
		return out, err
	}
	own := people[0]
	out.Anchored = own.Trust == chat.PersonVerified
	var wire struct {
		Signatures map[string]map[string]jsontext.Value `json:"signatures"`
	}
	if jsonv2.Unmarshal(auth, &wire, jsontext.AllowDuplicateNames(true)) != nil {
		return out, nil
	}
	by := func(name, key string) bool {
		_, ok := wire.Signatures[string(m.opt.User)]["ed25519:"+name]
		return ok && key != "" && signedBy(auth, m.own, name, key)
	}
	out.Master = out.Anchored && by(own.MasterKey, own.MasterKey)
	signing, _ := m.Identity()
	out.Session = by(string(m.opt.Device), signing)
	for _, s := range own.Sessions {
		if !out.Session && s.Trust == chat.SessionVerified && !s.Current {
			out.Session = by(string(s.ID), s.Fingerprint)
		}
	}
	return out, nil
}

func signedBy(obj jsontext.Value, user id.UserID, name, key string) bool {
	signed := false
	err := guard(func() (err error) {
		signed, err = signatures.VerifySignatureJSON(json.RawMessage(obj), user, name, id.Ed25519(key))
		return err
	})
	return err == nil && signed
}

// BackupAuth makes the auth_data of a backup with a public key (unpadded
// base64 of a Curve25519 key), signed by this session and, where its private
// key is here, by the own identity.
func (m *Machine) BackupAuth(ctx context.Context, public string) (jsontext.Value, error) {
	auth := backup.MegolmAuthData{PublicKey: id.Ed25519(public)}
	sigs, err := m.signJSON(ctx, auth)
	if err != nil {
		return nil, fmt.Errorf("sign backup: %w", err)
	}
	auth.Signatures = sigs
	raw, err := json.Marshal(auth)
	if err != nil {
		return nil, fmt.Errorf("sign backup: %w", err)
	}
	return raw, nil
}

// CanSignBackup reports whether BackupAuth signs with the own identity.
func (m *Machine) CanSignBackup(ctx context.Context) (bool, error) {
	b, err := m.trustBook(ctx, nil)
	if err != nil {
		return false, err
	}
	_, err = m.privateKey(ctx, b, SecretMaster)
	if errors.Is(err, ErrNoPrivateKey) {
		return false, nil
	}
	return err == nil && b.trusted(), err
}
