package crypto

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"maunium.net/go/mautrix"
	mcrypto "maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/crypto/signatures"
	"maunium.net/go/mautrix/id"
)

// otkTarget is how many one-time keys the homeserver should hold, otkLow the
// count below which new ones are made.
const (
	otkTarget = 50
	otkLow    = 30
)

// keyState says which keys have to be uploaded. Guarded by Machine.mu.
type keyState struct {
	compared bool // own keys on the homeserver have been looked at
	uploaded bool // the homeserver has the own keys
	low      bool // one-time keys run out
	fallback bool // the fallback key has been used, or there is none
	repaired bool // keys that are not here were claimed back
	checked  bool // a key that the homeserver gives out has been looked at
	stock    int  // one-time keys that the homeserver has, by the last response that told
	renewed  time.Time
	forget   time.Time // when the fallback key before the last one goes; zero: nothing to forget
}

// noteCounts takes in what the homeserver says about its stock of keys.
//
// Spec: client-server-api#one-time-and-fallback-keys
func (m *Machine) noteCounts(td ToDevice) {
	m.mu.Lock()
	k := &m.todo.keys
	if td.HasOTKCounts {
		k.stock = td.OTKCounts[string(id.KeyAlgorithmSignedCurve25519)]
	}
	if td.HasOTKCounts && td.OTKCounts[string(id.KeyAlgorithmSignedCurve25519)] < otkLow {
		k.low = true
	}
	if td.HasFallback && !slices.Contains(td.FallbackTypes, string(id.KeyAlgorithmSignedCurve25519)) &&
		time.Since(k.renewed) > fallbackAge {
		k.fallback = true
	}
	due := k.low || k.fallback || !k.checked && k.stock > 0
	m.mu.Unlock()
	if due {
		m.wake.Ring()
	}
}

// deviceKeys returns the own device's signed public keys.
//
// Spec: client-server-api#device-keys
func (m *Machine) deviceKeys(eng *engine) (*mautrix.DeviceKeys, error) {
	if k := m.ownKeys.Load(); k != nil {
		return k, nil
	}
	acc := eng.mach.GetAccount()
	signing, identity := acc.Keys()
	keys := &mautrix.DeviceKeys{
		UserID: m.own, DeviceID: m.this,
		Algorithms: []id.Algorithm{id.AlgorithmMegolmV1, id.AlgorithmOlmV1},
		Keys: mautrix.KeyMap{
			id.NewDeviceKeyID(id.KeyAlgorithmCurve25519, m.this): string(identity),
			id.NewDeviceKeyID(id.KeyAlgorithmEd25519, m.this):    string(signing),
		},
	}
	sig, err := acc.SignJSON(keys)
	if err != nil {
		return nil, fmt.Errorf("sign device keys: %w", err)
	}
	keys.Signatures = signatures.NewSingleSignature(m.own, id.KeyAlgorithmEd25519, string(m.this), sig)
	m.ownKeys.Store(keys)
	return keys, nil
}

// reqUpload is the body of a key upload.
type reqUpload struct {
	DeviceKeys   *mautrix.DeviceKeys             `json:"device_keys,omitempty"`
	OneTimeKeys  map[id.KeyID]mautrix.OneTimeKey `json:"one_time_keys,omitempty"`
	FallbackKeys map[id.KeyID]mautrix.OneTimeKey `json:"fallback_keys,omitempty"`
}

// upload brings the homeserver's stock of keys up to what it should be.
//
// Spec: client-server-api#post_matrixclientv3keysupload
func (m *Machine) upload(ctx context.Context) error {
	done, err := m.uploading.Take(ctx)
	if err != nil {
		return fmt.Errorf("upload keys: %w", err)
	}
	defer done()
	if err := m.compareOwn(ctx); err != nil {
		return err
	}
	if err := m.keepFallback(ctx); err != nil {
		return err
	}
	m.mu.Lock()
	low, fallback := m.todo.keys.low, m.todo.keys.fallback
	m.mu.Unlock()
	if !low && !fallback {
		return nil
	}
	count := otkTarget
	if low {
		// The count of a sync response may be older than the last upload.
		if count, err = m.oneTimeStock(ctx); err != nil {
			return err
		}
	}
	body, err := m.prepare(ctx, otkTarget-count, fallback)
	if err != nil {
		return err
	}
	if body.DeviceKeys != nil || len(body.OneTimeKeys) > 0 || len(body.FallbackKeys) > 0 {
		if again, err := m.put(ctx, body); err != nil || again {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.todo.keys.low, m.todo.keys.fallback, m.todo.keys.uploaded = false, false, true
	return nil
}

// put uploads keys. again says that they were refused and must be made anew.
func (m *Machine) put(ctx context.Context, body reqUpload) (again bool, err error) {
	_, err = within(ctx, func(ctx context.Context) ([]byte, error) {
		return m.opt.Client.MakeRequest(ctx, http.MethodPost, m.opt.Client.BuildClientURL("v3", "keys", "upload"), body, nil)
	})
	var he mautrix.HTTPError
	refused := errors.As(err, &he) && he.IsStatus(http.StatusBadRequest)
	if err != nil && !refused {
		return false, fmt.Errorf("upload keys: %w", err)
	}
	if err := m.published(ctx, body); err != nil {
		return false, err
	}
	if refused {
		// Other keys are there under these ids. New ids follow.
		m.log.Warn("One-time keys were refused")
		return m.keysRefused(ctx)
	}
	m.log.Info("Keys uploaded", slog.Int("one_time", len(body.OneTimeKeys)), slog.Int("fallback", len(body.FallbackKeys)))
	return false, nil
}

// ensureUploaded has the homeserver know this device before others get keys
// from it: they could not tell whose keys they are.
func (m *Machine) ensureUploaded(ctx context.Context) error {
	m.mu.Lock()
	done := m.todo.keys.uploaded
	m.mu.Unlock()
	if done {
		return nil
	}
	return m.upload(ctx)
}

// Announce returns when the homeserver has this session's keys: before it does,
// nobody can tell whose session asks them for something.
func (m *Machine) Announce(ctx context.Context) error { return m.ensureUploaded(ctx) }

// prepare makes and signs the missing keys and saves them before anybody else knows them.
func (m *Machine) prepare(ctx context.Context, otks int, fallback bool) (body reqUpload, err error) {
	err = m.changeAccount(ctx, func(eng *engine, acc *mcrypto.OlmAccount) error {
		unpublished, err := acc.Internal.OneTimeKeys()
		if err != nil {
			return err
		}
		if n := otks - len(unpublished); n > 0 {
			if err := acc.Internal.GenOneTimeKeys(uint(n)); err != nil {
				return err
			}
		}
		fb, _ := acc.Internal.(fallbackAccount)
		if fallback && fb != nil && len(fb.FallbackKeyUnpublished()) == 0 {
			if err := fb.GenFallbackKey(); err != nil {
				return err
			}
		}
		body, err = m.signKeys(eng, acc, fb)
		return err
	})
	if err != nil {
		return reqUpload{}, fmt.Errorf("make keys: %w", err)
	}
	return body, nil
}

// signKeys collects what has not been published.
func (m *Machine) signKeys(eng *engine, acc *mcrypto.OlmAccount, fb fallbackAccount) (body reqUpload, err error) {
	if !acc.Shared {
		if body.DeviceKeys, err = m.deviceKeys(eng); err != nil {
			return body, err
		}
	}
	otks, err := acc.Internal.OneTimeKeys()
	if err != nil {
		return body, err
	}
	if body.OneTimeKeys, err = m.signAll(acc, otks, false); err != nil || fb == nil {
		return body, err
	}
	body.FallbackKeys, err = m.signAll(acc, fb.FallbackKeyUnpublished(), true)
	return body, err
}

func (m *Machine) signAll(acc *mcrypto.OlmAccount, keys map[string]id.Curve25519, fallback bool) (map[id.KeyID]mautrix.OneTimeKey, error) {
	out := make(map[id.KeyID]mautrix.OneTimeKey, len(keys))
	for keyID, key := range keys {
		k := mautrix.OneTimeKey{Key: key, Fallback: fallback, IsSigned: true}
		sig, err := acc.SignJSON(&k)
		if err != nil {
			return nil, fmt.Errorf("sign one-time key: %w", err)
		}
		k.Signatures = signatures.NewSingleSignature(m.own, id.KeyAlgorithmEd25519, string(m.opt.Device), sig)
		out[id.NewKeyID(id.KeyAlgorithmSignedCurve25519, keyID)] = k
	}
	return out, nil
}

// published notes that the homeserver has the keys.
func (m *Machine) published(ctx context.Context, body reqUpload) error {
	err := m.changeAccount(ctx, func(_ *engine, acc *mcrypto.OlmAccount) error {
		acc.Internal.MarkKeysAsPublished()
		acc.Shared = true
		return nil
	})
	if err != nil {
		return fmt.Errorf("save uploaded keys: %w", err)
	}
	if len(body.FallbackKeys) == 0 {
		return nil
	}
	return m.renewedFallback(ctx)
}

// HoldKeys waits for an upload of the own keys that is under way, and lets none
// begin until release is called. A sign-out needs that: a homeserver can make a
// session anew for keys that arrive while it takes the session away.
func (m *Machine) HoldKeys() (release func()) {
	return m.uploading.Wait()
}

// CheckOwnKeys has Run compare and upload the own keys again: after a new
// sign-in on the same device the homeserver may have dropped them.
func (m *Machine) CheckOwnKeys() {
	m.mu.Lock()
	m.todo.keys.compared = false
	m.mu.Unlock()
	m.wake.Ring()
}
