package crypto

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"
	"maunium.net/go/mautrix"
	mcrypto "maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/crypto/signatures"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// claimTimeout is how long the homeserver may wait for other homeservers, in milliseconds.
const claimTimeout = 10_000

// requestLimit is how long one request may take: some are made while others wait behind a lock.
const requestLimit = 90 * time.Second

// within does one request that may not take longer than requestLimit.
func within[T any](ctx context.Context, do func(ctx context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	return do(ctx)
}

// letters are to-device events of one type, by whom they are for.
type letters map[id.UserID]map[id.DeviceID]*event.Content

func (l letters) add(user id.UserID, device id.DeviceID, content *event.Content) {
	if l[user] == nil {
		l[user] = map[id.DeviceID]*event.Content{}
	}
	l[user][device] = content
}

// toDevice sends what was sealed, or is meant to go in clear. Where there is nothing to send it asks nobody.
func (m *Machine) toDevice(ctx context.Context, typ event.Type, l letters) error {
	if len(l) == 0 {
		return nil
	}
	_, err := within(ctx, func(ctx context.Context) (*mautrix.RespSendToDevice, error) {
		return m.opt.Client.SendToDevice(ctx, typ, &mautrix.ReqSendToDevice{Messages: l})
	})
	if err != nil {
		return fmt.Errorf("send %s: %w", typ.Type, err)
	}
	return nil
}

// target is one to-device event for one device.
type target struct {
	dev     *id.Device
	typ     event.Type
	content event.Content
}

// seal encrypts to-device events with Olm, making the sessions that are
// missing. It returns m.room.encrypted events and the devices that no session
// can be made with.
//
// Spec: client-server-api#molmv1curve25519-aes-sha2
func (m *Machine) seal(ctx context.Context, targets []target) (letters, []*id.Device, error) {
	claim, err := m.lacking(ctx, targets)
	if err != nil {
		return nil, nil, err
	}
	var keys *mautrix.RespClaimKeys
	if len(claim) > 0 {
		keys, err = within(ctx, func(ctx context.Context) (*mautrix.RespClaimKeys, error) {
			return m.opt.Client.ClaimKeys(ctx, &mautrix.ReqClaimKeys{OneTimeKeys: claim, Timeout: claimTimeout})
		})
		if err != nil {
			return nil, nil, fmt.Errorf("claim one-time keys: %w", err)
		}
	}
	begun, err := m.beginAll(ctx, targets, keys)
	if err != nil {
		return nil, nil, err
	}
	m.olm.Lock()
	defer m.olm.Unlock()
	eng, err := m.engineLocked(ctx)
	if err != nil {
		return nil, nil, err
	}
	sealed := letters{}
	var without []*id.Device
	err = m.txn(ctx, eng, func(ctx context.Context) error {
		for i, t := range targets {
			if begun != nil && begun[i] != nil {
				if err := eng.store.AddSession(ctx, t.dev.IdentityKey, begun[i]); err != nil {
					return err
				}
			}
			content, err := m.sealOne(ctx, eng, t)
			if err != nil {
				return err
			}
			if content == nil {
				without = append(without, t.dev)
				continue
			}
			sealed.add(t.dev.UserID, t.dev.DeviceID, content)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("encrypt keys: %w", err)
	}
	return sealed, without, nil
}

// lacking returns for which devices a one-time key must be claimed: those
// without a session, and those whose session is broken.
func (m *Machine) lacking(ctx context.Context, targets []target) (mautrix.OneTimeKeysRequest, error) {
	m.olm.Lock()
	defer m.olm.Unlock()
	eng, err := m.engineLocked(ctx)
	if err != nil {
		return nil, err
	}
	claim := mautrix.OneTimeKeysRequest{}
	now := time.Now()
	for _, t := range targets {
		wedged := m.takeWedged(t.dev.IdentityKey)
		if !wedged && (eng.store.HasSession(ctx, t.dev.IdentityKey) || m.recentlyNoOlm(t.dev, now)) {
			continue
		}
		if claim[t.dev.UserID] == nil {
			claim[t.dev.UserID] = map[id.DeviceID]id.KeyAlgorithm{}
		}
		claim[t.dev.UserID][t.dev.DeviceID] = id.KeyAlgorithmSignedCurve25519
	}
	return claim, nil
}

func (m *Machine) recentlyNoOlm(d *id.Device, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, ok := m.noOlm[recipient{d.UserID, d.IdentityKey}]
	return ok && now.Sub(at) < noOlmRetry
}

// beginAll makes the Olm sessions for which keys were claimed, by the place of
// their target; nil where there is none. That is nothing but arithmetic, and
// most of what a first message to many costs: it is done on all processors, and
// with nothing locked.
func (m *Machine) beginAll(ctx context.Context, targets []target, keys *mautrix.RespClaimKeys) ([]*mcrypto.OlmSession, error) {
	if keys == nil {
		return nil, nil
	}
	eng, err := m.engine(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]*mcrypto.OlmSession, len(targets))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, t := range targets {
		if claimed := keys.OneTimeKeys[t.dev.UserID][t.dev.DeviceID]; len(claimed) > 0 {
			g.Go(func() error {
				out[i] = m.begin(eng, t.dev, claimed)
				return nil
			})
		}
	}
	return out, g.Wait()
}

// begin makes an Olm session from a claimed one-time key. A key that is not
// signed by its device is as good as none.
func (m *Machine) begin(eng *engine, d *id.Device, keys map[id.KeyID]mautrix.OneTimeKey) *mcrypto.OlmSession {
	for keyID, key := range keys {
		if alg, _ := keyID.Parse(); alg != id.KeyAlgorithmSignedCurve25519 {
			continue
		}
		var sess *mcrypto.OlmSession
		err := guard(func() error {
			ok, err := signatures.VerifySignatureJSON(key.RawData, d.UserID, string(d.DeviceID), d.SigningKey)
			if err != nil || !ok {
				return fmt.Errorf("%w: signature of one-time key: %w", errSender, err)
			}
			internal, err := eng.mach.GetAccount().Internal.NewOutboundSession(d.IdentityKey, key.Key)
			if err != nil {
				return err
			}
			now := time.Now()
			sess = &mcrypto.OlmSession{Internal: internal, ExpirationMixin: mcrypto.ExpirationMixin{
				TimeMixin: mcrypto.TimeMixin{CreationTime: now, LastEncryptedTime: now, LastDecryptedTime: now},
			}}
			return nil
		})
		if err != nil {
			m.log.Warn("One-time key cannot be used", "user", string(d.UserID), "device", string(d.DeviceID))
			continue
		}
		return sess
	}
	return nil
}

// sealOne encrypts one event. It returns nil when there is no session with the device.
func (m *Machine) sealOne(ctx context.Context, eng *engine, t target) (*event.Content, error) {
	sess, err := eng.store.GetLatestSession(ctx, t.dev.IdentityKey)
	if err != nil || sess == nil {
		return nil, err
	}
	own, err := m.deviceKeys(eng)
	if err != nil {
		return nil, err
	}
	signing, identity := eng.mach.GetAccount().Keys()
	plain, err := json.Marshal(&mcrypto.DecryptedOlmEvent{
		Sender: m.own, SenderDeviceID: m.this, SenderDeviceKeys: own,
		Keys:      mcrypto.OlmEventKeys{Ed25519: signing},
		Recipient: t.dev.UserID, RecipientKeys: mcrypto.OlmEventKeys{Ed25519: t.dev.SigningKey},
		Type: t.typ, Content: t.content,
	})
	if err != nil {
		return nil, err
	}
	var kind id.OlmMsgType
	var body []byte
	err = guard(func() (err error) {
		kind, body, err = sess.Encrypt(plain)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := eng.store.UpdateSession(ctx, t.dev.IdentityKey, sess); err != nil {
		return nil, err
	}
	return &event.Content{Parsed: &event.EncryptedEventContent{
		Algorithm: id.AlgorithmOlmV1, SenderKey: identity,
		OlmCiphertext: event.OlmCiphertexts{t.dev.IdentityKey: {Type: kind, Body: string(body)}},
	}}, nil
}

// sendSealed encrypts one event for one device and sends it. It reports
// whether there was a session to do it with.
func (m *Machine) sendSealed(ctx context.Context, t target) (bool, error) {
	sealed, without, err := m.seal(ctx, []target{t})
	if err != nil || len(without) > 0 {
		return false, err
	}
	return true, m.toDevice(ctx, event.ToDeviceEncrypted, sealed)
}
