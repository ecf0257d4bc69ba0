package crypto

import (
	"context"
	"encoding/json"
	"fmt"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/crypto/signatures"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// Draft is a cross-signing identity that is not published yet, or of which it
// is not known whether it is. Its private keys are on disk before anybody sees
// the public ones, so that no interruption can publish an identity that nobody
// has the keys of.
type Draft struct {
	Master string // public master key, unpadded base64
	// Body is what is uploaded, without authentication.
	Body map[string]json.RawMessage

	self, user id.Ed25519
	sigs       [2]string // of self and user by the master key
	byDevice   string    // of the master key by this session
}

// privateNames are the private keys of an identity.
func privateNames() [3]string { return [3]string{SecretMaster, SecretSelfSigning, SecretUserSigning} }

// Draft returns the identity that was prepared before and not published, or
// prepares one.
func (m *Machine) Draft(ctx context.Context) (*Draft, error) {
	eng, err := m.engine(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := m.draftKeys(ctx, eng)
	if err != nil {
		return nil, err
	}
	if keys[0] == nil {
		if keys, err = m.makeDraft(ctx, eng); err != nil {
			return nil, err
		}
	}
	return m.describe(ctx, keys)
}

// draftKeys loads the prepared keys; all are nil when there are none.
func (m *Machine) draftKeys(ctx context.Context, eng *engine) (keys [3]olm.PKSigning, err error) {
	for i, name := range privateNames() {
		secret, err := eng.store.GetSecret(ctx, id.Secret(draftPrefix+name))
		if err != nil {
			return keys, fmt.Errorf("load prepared identity: %w", asDamage(err))
		}
		if secret == "" {
			return [3]olm.PKSigning{}, nil
		}
		if keys[i], err = signer(chat.Secret(secret)); err != nil {
			return keys, fmt.Errorf("load prepared identity: %w", err)
		}
	}
	return keys, nil
}

func (m *Machine) makeDraft(ctx context.Context, eng *engine) (keys [3]olm.PKSigning, err error) {
	for i := range keys {
		if keys[i], err = olm.NewPKSigning(); err != nil {
			return keys, fmt.Errorf("make identity: %w", err)
		}
	}
	err = transact(ctx, m.db, "prepare identity", func(ctx context.Context) error {
		for i, name := range privateNames() {
			if err := m.putSecret(ctx, eng, draftPrefix+name, encodeSeed(keys[i])); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return keys, err
	}
	return keys, nil
}

// describe makes the signed public half.
//
// Spec: client-server-api#post_matrixclientv3keysdevice_signingupload
func (m *Machine) describe(ctx context.Context, keys [3]olm.PKSigning) (*Draft, error) {
	d := &Draft{
		Master: string(keys[0].PublicKey()), self: keys[1].PublicKey(), user: keys[2].PublicKey(),
		Body: map[string]json.RawMessage{},
	}
	master := masterObject(m.own, keys[0].PublicKey())
	var err error
	if d.byDevice, err = m.signAsDevice(ctx, master); err != nil {
		return nil, err
	}
	master.Signatures = signatures.NewSingleSignature(m.own, id.KeyAlgorithmEd25519, string(m.opt.Device), d.byDevice)
	objects := map[string]*mautrix.CrossSigningKeys{"master_key": master}
	for i, part := range []struct {
		name  string
		usage id.CrossSigningUsage
		key   id.Ed25519
	}{{"self_signing_key", id.XSUsageSelfSigning, d.self}, {"user_signing_key", id.XSUsageUserSigning, d.user}} {
		obj := keyObject(m.own, part.usage, part.key)
		if d.sigs[i], err = keys[0].SignJSON(obj); err != nil {
			return nil, fmt.Errorf("sign %s: %w", part.name, err)
		}
		obj.Signatures = signatures.NewSingleSignature(m.own, id.KeyAlgorithmEd25519, d.Master, d.sigs[i])
		objects[part.name] = obj
	}
	for name, obj := range objects {
		if d.Body[name], err = json.Marshal(obj); err != nil {
			return nil, fmt.Errorf("encode identity: %w", err)
		}
	}
	return d, nil
}

// Adopt makes a draft that the homeserver has published the own identity, and
// trusts it.
func (m *Machine) Adopt(ctx context.Context, d *Draft) error {
	eng, err := m.engine(ctx)
	if err != nil {
		return err
	}
	err = transact(ctx, m.db, "adopt identity", func(ctx context.Context) error {
		for _, name := range privateNames() {
			secret, err := eng.store.GetSecret(ctx, id.Secret(draftPrefix+name))
			if err != nil {
				return err
			}
			if err := m.putSecret(ctx, eng, name, chat.Secret(secret)); err != nil {
				return err
			}
			if err := m.putSecret(ctx, eng, draftPrefix+name, ""); err != nil {
				return err
			}
		}
		return m.storeIdentity(ctx, eng, d)
	})
	if err != nil {
		return err
	}
	return m.trustMaster(ctx, id.Ed25519(d.Master))
}

// storeIdentity writes the public half as a fetch of the own keys would.
func (m *Machine) storeIdentity(ctx context.Context, eng *engine, d *Draft) error {
	master := id.Ed25519(d.Master)
	for usage, key := range map[id.CrossSigningUsage]id.Ed25519{
		id.XSUsageMaster: master, id.XSUsageSelfSigning: d.self, id.XSUsageUserSigning: d.user,
	} {
		if err := eng.store.PutCrossSigningKey(ctx, m.own, usage, key); err != nil {
			return err
		}
	}
	for i, key := range []id.Ed25519{d.self, d.user} {
		if err := eng.store.PutSignature(ctx, m.own, key, m.own, master, d.sigs[i]); err != nil {
			return err
		}
	}
	return eng.store.PutSignature(ctx, m.own, master, m.own, eng.mach.GetAccount().SigningKey(), d.byDevice)
}

// HasDraft reports whether an identity is prepared, and its public master key.
func (m *Machine) HasDraft(ctx context.Context) (master string, err error) {
	eng, err := m.engine(ctx)
	if err != nil {
		return "", err
	}
	keys, err := m.draftKeys(ctx, eng)
	if err != nil || keys[0] == nil {
		return "", err
	}
	return string(keys[0].PublicKey()), nil
}

// OwnIdentity is the account's identity as this session sees it.
type OwnIdentity struct {
	Master string // published master key, or ""
	State  chat.IdentityState
	// Trusted says that the published identity is the own one, whether or not
	// it has signed this session.
	Trusted bool
	// Missing names the private keys that are not here, or not those of the
	// published identity.
	Missing []string
}

// OwnIdentity reads what is known about the account's identity. State is
// IdentityUnknown until the own device list has been fetched once.
func (m *Machine) OwnIdentity(ctx context.Context) (OwnIdentity, error) {
	var o OwnIdentity
	eng, err := m.engine(ctx)
	if err != nil {
		return o, err
	}
	b, err := m.trustBook(ctx, nil)
	if err != nil {
		return o, err
	}
	o.Master, o.Trusted = string(b.ids[b.own].master), b.trusted()
	for _, name := range privateNames() {
		secret, err := m.Secret(ctx, name)
		if err != nil {
			return o, err
		}
		if secret == "" || b.checkSecret(name, secret) != nil {
			o.Missing = append(o.Missing, name)
		}
	}
	this := &id.Device{UserID: b.own, DeviceID: m.this, SigningKey: eng.mach.GetAccount().SigningKey()}
	switch {
	case o.Master == "" && !m.tracked.have(b.own):
		o.State = chat.IdentityUnknown
	case o.Master == "":
		o.State = chat.IdentityNone
	case b.replaced():
		o.State = chat.IdentityReplaced
	case b.trusted() && b.confirmed(this):
		o.State = chat.IdentityOwn
	default:
		o.State = chat.IdentityForeign
	}
	return o, nil
}

// TakePrivateKeys takes private keys, by name, of the published identity with
// this master key, and trusts it. The self-signing key must be among them, and
// the master key too unless the identity is trusted already: a homeserver can have
// a master key of its own sign our self-signing key, so that this one proves nothing
// about the identity. Where one is missing or belongs to another identity nothing
// is taken: ErrKeyDiffers, ErrNoPrivateKey, ErrSecretShape.
func (m *Machine) TakePrivateKeys(ctx context.Context, master string, found map[string]chat.Secret) error {
	eng, err := m.engine(ctx)
	if err != nil {
		return err
	}
	b, err := m.trustBook(ctx, nil)
	if err != nil {
		return err
	}
	if master == "" || string(b.ids[b.own].master) != master || found[SecretSelfSigning] == "" {
		return ErrKeyDiffers
	}
	if found[SecretMaster] == "" && !b.trusted() {
		return fmt.Errorf("%w: %s", ErrNoPrivateKey, SecretMaster)
	}
	for _, name := range privateNames() {
		if s := found[name]; s != "" {
			if err := b.checkSecret(name, s); err != nil {
				return err
			}
		}
	}
	err = transact(ctx, m.db, "save private keys", func(ctx context.Context) error {
		for _, name := range privateNames() {
			if found[name] == "" {
				continue
			}
			key, err := signer(found[name])
			if err != nil {
				return err
			}
			if err := m.putSecret(ctx, eng, name, encodeSeed(key)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return m.TrustOwnMaster(ctx, master)
}
