package identity

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"

	"maunium.net/go/mautrix"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// Notes in crypto.db.
const (
	setupValue = "identity.setup" // a setup
	// pruneValue holds the default key whose predecessors can be taken out of storage.
	pruneValue = "identity.prune"
	// storageValue holds the default key of storage that was made here last.
	storageValue = "identity.storage"
	// dismissedPrefix, with a session's id, holds the fingerprint of a session
	// whose alert was dismissed.
	dismissedPrefix = "identity.dismissed."
)

// setup is what is remembered about an identity that was made here until the
// rest is done: its storage, and after a reset its backup, are made anew.
type setup struct {
	Master string `json:"master"`
	Reset  bool   `json:"reset,omitempty"`
	// Sent says that the upload brought all that the person had to give, so that
	// the identity may be published although its answer was lost. One that was
	// never confirmed is not taken for ours when a homeserver shows it.
	Sent   bool `json:"sent,omitempty"`
	Begun  bool `json:"begun,omitempty"`  // the backup is one that was made here, or may be
	Backup bool `json:"backup,omitempty"` // it was made anew
	// Storage is the default key of secret storage when the identity was made: of
	// secrets from before, if any. Another one that was not made here either is
	// that of a session which went on where this one stopped.
	Storage string `json:"storage,omitempty"`
}

// SetUp makes what is missing: an identity, secret storage, a backup. It
// returns the new recovery key, or "" when storage was there already.
//
// Where an identity exists that this session does not have the keys of, it is
// a Problem of kind ProblemExists, unless Reset is given. A call that stopped
// in the middle, for authentication or a failure, is gone on with by the next.
//
// Spec: client-server-api#cross-signing
func (m *Manager) SetUp(ctx context.Context, want chat.SetUp) (chat.Secret, error) {
	done, err := m.turn.Take(ctx)
	if err != nil {
		return "", crypto.Explain(err)
	}
	defer done()
	key, err := m.setUp(ctx, want)
	if again := m.update(ctx); err == nil && key == "" {
		err = again // a new recovery key is returned whatever else
	}
	return key, crypto.Explain(err)
}

func (m *Manager) setUp(ctx context.Context, want chat.SetUp) (chat.Secret, error) {
	if err := m.opt.Machine.Reload(ctx, m.opt.User); err != nil {
		return "", err
	}
	if err := m.finish(ctx); err != nil {
		return "", err
	}
	own, under, err := m.state(ctx)
	if err != nil {
		return "", err
	}
	v, err := m.look(ctx)
	if err != nil {
		return "", err
	}
	mine := own.Trusted && len(own.Missing) == 0
	switch {
	case under != nil && mine: // made by an earlier call
	case want.Reset, own.Master == "" && v.recovery(nil) == chat.RecoveryNone:
		if err := m.publish(ctx, want, v.keyID); err != nil {
			return "", err
		}
	case own.Master == "":
		return "", &chat.Problem{Kind: chat.ProblemExists, Detail: "secret storage"}
	case !mine:
		return "", &chat.Problem{Kind: chat.ProblemExists, Detail: "identity"}
	}
	if own, under, err = m.state(ctx); err != nil {
		return "", err
	}
	if err := m.signSelf(ctx, own); err != nil {
		return "", err
	}
	return m.furnish(ctx, want.Passphrase, under)
}

// state reads how far things are: the identity, and what is under way if it
// was made here and is not complete.
func (m *Manager) state(ctx context.Context) (crypto.OwnIdentity, *setup, error) {
	own, err := m.opt.Machine.OwnIdentity(ctx)
	if err != nil {
		return own, nil, err
	}
	under, err := m.setupNote(ctx)
	if err != nil || own.Master == "" || under.Master != own.Master {
		return own, nil, err
	}
	return own, &under, nil
}

func (m *Manager) setupNote(ctx context.Context) (under setup, err error) {
	note, err := m.opt.Machine.Value(ctx, setupValue)
	if err != nil || json.Unmarshal(note, &under) != nil {
		return setup{}, err
	}
	return under, nil
}

func (m *Manager) noteSetup(ctx context.Context, under setup) error {
	note, err := json.Marshal(under)
	if err != nil {
		return err
	}
	return m.opt.Machine.SetValue(ctx, setupValue, note)
}

// publish makes a new identity and has the homeserver publish it. storage is
// the default key of secret storage.
//
// Spec: client-server-api#post_matrixclientv3keysdevice_signingupload
func (m *Manager) publish(ctx context.Context, want chat.SetUp, storage string) error {
	draft, err := m.opt.Machine.Draft(ctx)
	if err != nil {
		return err
	}
	own, err := m.opt.Machine.OwnIdentity(ctx)
	if err != nil {
		return err
	}
	sent := own.Master == "" || want.Auth != (chat.Auth{})
	if err := m.noteSetup(ctx, setup{Master: draft.Master, Reset: want.Reset, Sent: sent, Storage: storage}); err != nil {
		return err
	}
	body := map[string]any{}
	for name, part := range draft.Body {
		body[name] = part
	}
	path := m.opt.Client.BuildClientURL("v3", "keys", "device_signing", "upload")
	if err := m.authed(ctx, http.MethodPost, path, body, want.Auth); err != nil {
		return err
	}
	return m.adopt(ctx)
}

// adopt makes the draft the own identity, once the homeserver shows it.
func (m *Manager) adopt(ctx context.Context) error {
	draft, err := m.opt.Machine.Draft(ctx)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	resp, err := m.opt.Client.QueryKeys(limited, &mautrix.ReqQueryKeys{
		DeviceKeys: mautrix.DeviceKeysRequest{m.opt.Client.UserID: mautrix.DeviceIDList{}},
	})
	if err != nil {
		return err
	}
	shown := resp.MasterKeys[m.opt.Client.UserID]
	if string(shown.FirstKey()) != draft.Master || len(shown.Keys) != 1 {
		return &chat.Problem{Kind: chat.ProblemHomeserver, Detail: "the new identity is not shown", Retry: true}
	}
	if err := m.opt.Machine.Adopt(ctx, draft); err != nil {
		return err
	}
	m.log.Info("New identity published", slog.String("master_key", draft.Master))
	return nil
}

// furnish makes what an identity is of little use without: a backup, and
// secret storage. under is set when the identity has just been made. Storage
// that another session made meanwhile is not replaced.
func (m *Manager) furnish(ctx context.Context, passphrase chat.Secret, under *setup) (chat.Secret, error) {
	if err := m.makeBackup(ctx, under); err != nil {
		return "", err
	}
	secrets, err := m.secrets(ctx)
	if err != nil {
		return "", err
	}
	v, err := m.look(ctx)
	if err != nil {
		return "", err
	}
	made, err := m.opt.Machine.Value(ctx, storageValue)
	if err != nil {
		return "", err
	}
	stale := under != nil && (v.keyID == under.Storage || v.keyID == string(made))
	var key chat.Secret
	switch open := m.unlocked(v); {
	case stale, v.recovery(nil) == chat.RecoveryNone:
		if key, err = m.newStorage(ctx, passphrase, secrets); err != nil {
			return "", err
		}
	case open != nil:
		if err := m.complete(ctx, v, open); err != nil {
			return "", err
		}
	case v.recovery(names(secrets)) != chat.RecoveryReady:
		return "", &chat.Problem{Kind: chat.ProblemExists, Detail: "secret storage"}
	}
	if err := m.opt.Machine.SetValue(ctx, setupValue, nil); err != nil {
		m.log.Warn("Set-up is done but not noted", slog.String("problem", fault.From(err).Kind.String()))
	}
	return key, nil
}

func names(secrets map[string]chat.Secret) []string {
	var out []string
	for _, name := range secretNames() {
		if secrets[name] != "" {
			out = append(out, name)
		}
	}
	return out
}

// makeBackup makes a backup when there is none, and anew after a reset. One
// that somebody else made, and whose key is not here, stays.
func (m *Manager) makeBackup(ctx context.Context, under *setup) error {
	switch {
	case under != nil && under.Reset:
		return m.renewBackup(ctx, under)
	case under != nil && under.Begun:
		_, err := m.opt.Backup.Create(ctx)
		return err
	}
	var present struct {
		Version string `json:"version"`
	}
	err := m.call(ctx, http.MethodGet, nil, &present, "v3", "room_keys", "version")
	switch {
	case absent(err):
		if under != nil {
			under.Begun = true
			if err := m.noteSetup(ctx, *under); err != nil {
				return err
			}
		}
		_, err = m.opt.Backup.Create(ctx)
		return err
	case err != nil:
		return fmt.Errorf("look for the backup: %w", err)
	}
	key, err := m.opt.Machine.Secret(ctx, crypto.SecretBackup)
	if err != nil {
		return err
	}
	return m.takeBackup(ctx, key)
}

func (m *Manager) renewBackup(ctx context.Context, under *setup) error {
	if under.Backup {
		return nil
	}
	if _, err := m.opt.Backup.Reset(ctx); err != nil {
		return err
	}
	under.Backup = true
	return m.noteSetup(ctx, *under)
}
