package crypto

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/crypto/signatures"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// SignSession confirms an own session with the self-signing key and tells the
// homeserver. The fingerprint is the one that was verified: where crypto.db or
// the homeserver has another one for the session, or the own identity is not
// the trusted one, nothing is signed.
//
// Spec: client-server-api#post_matrixclientv3keyssignaturesupload
func (m *Machine) SignSession(ctx context.Context, device chat.DeviceID, fingerprint string) error {
	eng, err := m.engine(ctx)
	if err != nil {
		return err
	}
	b, err := m.trustBook(ctx, nil)
	if err != nil {
		return err
	}
	if !b.trusted() {
		return ErrOwnUntrusted
	}
	key, err := m.privateKey(ctx, b, SecretSelfSigning)
	if err != nil {
		return err
	}
	keys, err := m.deviceObject(ctx, eng, id.DeviceID(device), fingerprint)
	if err != nil {
		return err
	}
	sig, err := key.SignJSON(keys)
	if err != nil {
		return fmt.Errorf("sign session: %w", err)
	}
	keys.Unsigned = nil
	keys.Signatures = signatures.NewSingleSignature(b.own, id.KeyAlgorithmEd25519, string(key.PublicKey()), sig)
	if err := m.uploadSignature(ctx, b.own, string(device), keys); err != nil {
		return err
	}
	if err := eng.store.PutSignature(ctx, b.own, id.Ed25519(fingerprint), b.own, key.PublicKey(), sig); err != nil {
		return fmt.Errorf("save signature: %w", asDamage(err))
	}
	m.tellPeople(m.opt.User)
	return nil
}

// deviceObject returns a copy of an own session's keys as the homeserver has
// them, which is what a signature covers, after checking that they are the
// ones with the fingerprint and that the session made them.
func (m *Machine) deviceObject(ctx context.Context, eng *engine, device id.DeviceID, fingerprint string) (*mautrix.DeviceKeys, error) {
	if device == m.this {
		keys, err := m.deviceKeys(eng)
		if err != nil {
			return nil, err
		}
		if string(keys.Keys.GetEd25519(device)) != fingerprint {
			return nil, ErrKeyDiffers
		}
		copied := *keys
		return &copied, nil
	}
	known, err := m.KeysOf(ctx, m.opt.User)
	if err != nil {
		return nil, err
	}
	want, ok := known.Devices[chat.DeviceID(device)]
	if !ok || want.Ed25519 != fingerprint {
		return nil, ErrKeyDiffers
	}
	listed, err := m.listedOwn(ctx, device)
	if err != nil {
		return nil, fmt.Errorf("ask for keys of session: %w", err)
	}
	keys, ok := listed[device]
	if !ok || keys.UserID != m.own || keys.DeviceID != device || string(keys.Keys.GetEd25519(device)) != fingerprint ||
		string(keys.Keys.GetCurve25519(device)) != want.Curve25519 {
		return nil, ErrKeyDiffers
	}
	err = guard(func() error {
		ok, err := signatures.VerifySignatureJSON(&keys, m.own, string(device), id.Ed25519(fingerprint))
		if err == nil && !ok {
			err = ErrKeyDiffers
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("check keys of session: %w", err)
	}
	return &keys, nil
}

// masterObject is what a signature of somebody's master key covers.
func masterObject(user id.UserID, master id.Ed25519) *mautrix.CrossSigningKeys {
	return keyObject(user, id.XSUsageMaster, master)
}

func keyObject(user id.UserID, usage id.CrossSigningUsage, key id.Ed25519) *mautrix.CrossSigningKeys {
	return &mautrix.CrossSigningKeys{
		UserID: user, Usage: []id.CrossSigningUsage{usage},
		Keys: map[id.KeyID]id.Ed25519{id.NewKeyID(id.KeyAlgorithmEd25519, string(key)): key},
	}
}

// SignPerson confirms somebody's identity with the user-signing key and tells
// the homeserver. master is the key that was verified: where crypto.db has
// another one nothing is signed.
func (m *Machine) SignPerson(ctx context.Context, user chat.UserID, master string) error {
	if user == m.opt.User {
		return ErrOwnIdentity
	}
	eng, err := m.engine(ctx)
	if err != nil {
		return err
	}
	who := id.UserID(user)
	b, err := m.trustBook(ctx, []id.UserID{who})
	switch {
	case err != nil:
		return err
	case !b.trusted():
		return ErrOwnUntrusted
	case master == "" || string(b.ids[who].master) != master:
		return ErrKeyDiffers
	}
	key, err := m.privateKey(ctx, b, SecretUserSigning)
	if err != nil {
		return err
	}
	obj := masterObject(who, id.Ed25519(master))
	sig, err := key.SignJSON(obj)
	if err != nil {
		return fmt.Errorf("sign identity: %w", err)
	}
	obj.Signatures = signatures.NewSingleSignature(b.own, id.KeyAlgorithmEd25519, string(key.PublicKey()), sig)
	if err := m.uploadSignature(ctx, who, master, obj); err != nil {
		return err
	}
	err = transact(ctx, m.db, "save signature", func(ctx context.Context) error {
		if err := eng.store.PutSignature(ctx, who, id.Ed25519(master), b.own, key.PublicKey(), sig); err != nil {
			return err
		}
		return m.setPin(ctx, who, id.Ed25519(master))
	})
	if err != nil {
		return err
	}
	m.tellPeople(user)
	return nil
}

// uploadSignature sends one signed object. A homeserver answers 200 also when
// it takes none of them.
func (m *Machine) uploadSignature(ctx context.Context, user id.UserID, name string, obj any) error {
	type failures struct {
		Failures map[id.UserID]map[string]mautrix.RespError `json:"failures"`
	}
	resp, err := within(ctx, func(ctx context.Context) (*failures, error) {
		var resp failures
		_, err := m.opt.Client.MakeRequest(ctx, "POST", m.opt.Client.BuildClientURL("v3", "keys", "signatures", "upload"),
			map[id.UserID]map[string]any{user: {name: obj}}, &resp)
		return &resp, err
	})
	if err != nil {
		return fmt.Errorf("upload signature: %w", err)
	}
	for _, byKey := range resp.Failures {
		for _, f := range byKey {
			return fmt.Errorf("%w: %s", ErrSignatureRefused, f.ErrCode)
		}
	}
	return nil
}

// TrustOwnMaster says that the published identity with this master key is our
// own: another own session showed it, or its private key is here. Everything
// that rests on trust in it is judged by it from then on.
func (m *Machine) TrustOwnMaster(ctx context.Context, master string) error {
	eng, err := m.engine(ctx)
	if err != nil {
		return err
	}
	b, err := m.trustBook(ctx, nil)
	if err != nil {
		return err
	}
	if master == "" || string(b.ids[b.own].master) != master {
		return ErrKeyDiffers
	}
	if err := m.trustMaster(ctx, id.Ed25519(master)); err != nil {
		return err
	}
	if b.signed[signature{b.own, id.Ed25519(master), b.own, eng.mach.GetAccount().SigningKey()}] {
		return nil
	}
	if err := m.signOwnMaster(ctx, eng, id.Ed25519(master)); err != nil {
		// Nothing of ours rests on it: it tells the account's other sessions.
		m.log.Warn("Own identity was not signed by this session", slog.String("problem", fault.From(err).Kind.String()))
	}
	return nil
}

// trustMaster writes the trust down, with everything that follows from it.
func (m *Machine) trustMaster(ctx context.Context, master id.Ed25519) error {
	var users []id.UserID
	err := transact(ctx, m.db, "trust own identity", func(ctx context.Context) (err error) {
		if err = m.setPin(ctx, m.own, master); err != nil {
			return err
		}
		if users, err = m.dependents(ctx); err != nil {
			return err
		}
		return m.noteVerified(ctx, users)
	})
	if err != nil {
		return err
	}
	m.log.Info("Own identity trusted", slog.String("master_key", string(master)))
	m.tellPeople(chatUsers(users)...)
	return nil
}

// signOwnMaster signs the own master key with this session's key.
func (m *Machine) signOwnMaster(ctx context.Context, eng *engine, master id.Ed25519) error {
	obj := masterObject(m.own, master)
	sig, err := m.signAsDevice(ctx, obj)
	if err != nil {
		return err
	}
	obj.Signatures = signatures.NewSingleSignature(m.own, id.KeyAlgorithmEd25519, string(m.opt.Device), sig)
	if err := m.uploadSignature(ctx, m.own, string(master), obj); err != nil {
		return err
	}
	err = eng.store.PutSignature(ctx, m.own, master, m.own, eng.mach.GetAccount().SigningKey(), sig)
	if err != nil {
		return fmt.Errorf("save signature: %w", asDamage(err))
	}
	return nil
}

// signAsDevice signs an object with this session's key.
func (m *Machine) signAsDevice(ctx context.Context, obj any) (string, error) {
	m.olm.Lock()
	defer m.olm.Unlock()
	eng, err := m.engineLocked(ctx)
	if err != nil {
		return "", err
	}
	sig, err := eng.mach.GetAccount().SignJSON(obj)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return sig, nil
}

// signJSON signs an object with this session's key and, where the private
// master key is here and its identity is trusted, with that. The result is the
// object's "signatures".
func (m *Machine) signJSON(ctx context.Context, obj any) (signatures.Signatures, error) {
	sig, err := m.signAsDevice(ctx, obj)
	if err != nil {
		return nil, err
	}
	out := signatures.NewSingleSignature(m.own, id.KeyAlgorithmEd25519, string(m.opt.Device), sig)
	b, err := m.trustBook(ctx, nil)
	if err != nil || !b.trusted() {
		return out, err
	}
	var key olm.PKSigning
	if key, err = m.privateKey(ctx, b, SecretMaster); errors.Is(err, ErrNoPrivateKey) {
		return out, nil
	}
	if err == nil {
		sig, err = key.SignJSON(obj)
	}
	if err != nil {
		return nil, err
	}
	out[m.own][id.NewKeyID(id.KeyAlgorithmEd25519, string(key.PublicKey()))] = sig
	return out, nil
}
