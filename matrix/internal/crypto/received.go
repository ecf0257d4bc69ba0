package crypto

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	mcrypto "maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// maxLimit bounds what a session's maker can say about its age.
const maxLimit = 10 * 365 * 24 * time.Hour

// decryptToDevice decrypts an Olm event and returns what was inside. Keys are
// taken in here and not by the library, which hands over everything that it has
// no type for: it would judge by its own trust who may send a secret, swallow
// the event, and not say who sent a bundle of keys.
func (m *Machine) decryptToDevice(ctx context.Context, eng *engine, evt *event.Event) (*Received, error) {
	evt.Type.Class = event.UnknownEventType
	dec := eng.mach.HandleEncryptedEvent(ctx, evt)
	if dec == nil {
		return nil, nil //nolint:nilnil // it could not be decrypted: the library has said so
	}
	switch dec.Type.Type {
	case event.ToDeviceRoomKey.Type:
		return nil, m.takeRoomKey(ctx, eng, dec)
	case event.ToDeviceForwardedRoomKey.Type:
		return nil, m.takeForwardedKey(ctx, eng, dec)
	case event.ToDeviceDummy.Type:
		return nil, nil //nolint:nilnil // it only makes a session
	}
	return &Received{
		Sender: chat.UserID(dec.Sender), Type: dec.Type.Type, Content: jsontext.Value(dec.Content.VeryRaw),
		Encrypted: true, SenderKey: dec.SenderKey, Device: dec.SenderDevice,
	}, nil
}

// takeRoomKey stores a Megolm session that its maker gave.
//
// Spec: client-server-api#mroom_key
func (m *Machine) takeRoomKey(ctx context.Context, eng *engine, dec *mcrypto.DecryptedOlmEvent) error {
	var c event.RoomKeyEventContent
	var before struct {
		// SharedHistory is the flag under its name from before it was in the
		// specification: MSC3061 (unstable prefix org.matrix.msc3061).
		SharedHistory *bool `json:"org.matrix.msc3061.shared_history"`
	}
	if err := json.Unmarshal(dec.Content.VeryRaw, &c); err != nil {
		return fmt.Errorf("read room key: %w", err)
	}
	if c.SharedHistory == nil && json.Unmarshal(dec.Content.VeryRaw, &before) == nil {
		c.SharedHistory = before.SharedHistory
	}
	if c.Algorithm != id.AlgorithmMegolmV1 || c.RoomID == "" || dec.Keys.Ed25519 == "" {
		return nil
	}
	age, messages := m.limitsOf(ctx, c.RoomID, c.MaxAge, c.MaxMessages)
	igs, err := mcrypto.NewInboundGroupSession(dec.SenderKey, dec.Keys.Ed25519, c.RoomID, c.SessionKey, age, messages, c.SharedHistory, c.IsScheduled)
	if err != nil {
		return fmt.Errorf("read room key: %w", err)
	}
	if igs.ID() != c.SessionID {
		return errNoSession
	}
	igs.SourceUser = dec.Sender
	return eng.mach.StoreGroupSession(ctx, igs)
}

// takeForwardedKey stores a Megolm session that another own session gave; the
// store decides whether it may.
//
// Spec: client-server-api#mforwarded_room_key
func (m *Machine) takeForwardedKey(ctx context.Context, eng *engine, dec *mcrypto.DecryptedOlmEvent) error {
	var c event.ForwardedRoomKeyEventContent
	if err := json.Unmarshal(dec.Content.VeryRaw, &c); err != nil {
		return fmt.Errorf("read forwarded key: %w", err)
	}
	if c.Algorithm != id.AlgorithmMegolmV1 || c.RoomID == "" || dec.Keys.Ed25519 == "" {
		return nil
	}
	internal, err := olm.InboundGroupSessionImport([]byte(c.SessionKey))
	if err != nil {
		return fmt.Errorf("read forwarded key: %w", err)
	}
	if internal.ID() != c.SessionID {
		return errNoSession
	}
	age, messages := m.limitsOf(ctx, c.RoomID, c.MaxAge, c.MaxMessages)
	return eng.mach.StoreGroupSession(ctx, &mcrypto.InboundGroupSession{
		Internal: internal, SigningKey: c.SenderClaimedKey, SenderKey: c.SenderKey, RoomID: c.RoomID,
		ForwardingChains: append(c.ForwardingKeyChain, string(dec.SenderKey)), SharedHistory: c.SharedHistory,
		ReceivedAt: time.Now().UTC(), MaxAge: age.Milliseconds(), MaxMessages: messages, IsScheduled: c.IsScheduled,
		KeySource: id.KeySourceForward, SourceUser: dec.Sender,
	})
}

// limitsOf returns how long a session is meant to be used: what the key says,
// or else the room's settings, or else zero.
func (m *Machine) limitsOf(ctx context.Context, room id.RoomID, ageMS int64, messages int) (time.Duration, int) {
	conf, err := m.state().GetEncryptionEvent(ctx, room)
	if err != nil {
		// What a session's maker meant is a remark beside the key.
		m.log.Warn("Settings of a room are not known", slog.String("room", string(room)), slog.Any("err", err))
	}
	if conf != nil && ageMS == 0 {
		ageMS = conf.RotationPeriodMillis
	}
	if conf != nil && messages == 0 {
		messages = conf.RotationPeriodMessages
	}
	return time.Duration(max(0, min(ageMS, int64(maxLimit/time.Millisecond)))) * time.Millisecond, max(0, messages)
}
