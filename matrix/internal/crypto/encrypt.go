package crypto

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
	mcrypto "maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// Encrypt encrypts an event for a room and returns the content of the
// m.room.encrypted event to send. Before that it gives the session's key to
// every device that should have it; if that fails, it fails. It returns
// ErrNotEncrypted for a room that is not encrypted, and never plaintext.
//
// Spec: client-server-api#mmegolmv1aes-sha2
func (m *Machine) Encrypt(ctx context.Context, room chat.RoomID, eventType string, content jsontext.Value) (jsontext.Value, error) {
	m.roomLocks.Lock(room)
	defer m.roomLocks.Unlock(room)
	for try := 0; ; try++ {
		eng, err := m.engine(ctx)
		if err != nil {
			return nil, err
		}
		if err := m.share(ctx, eng, room); err != nil {
			return nil, fmt.Errorf("share key of %s: %w", room, err)
		}
		out, err := encryptShared(ctx, eng, room, eventType, content)
		if err == nil {
			m.lived(ctx)
		}
		if err == nil || !mcrypto.IsShareError(err) || try > 0 { // once: it may run out between the two steps
			return out, err
		}
	}
}

// Current reports whether what Encrypt made for a room before is encrypted with
// the key that the room's next message would have too. Where it is not, somebody
// may be able to read it who should not any more: a session that was blocked, or
// that a policy keeps out since. As Encrypt does, it fails where nothing may be sent.
func (m *Machine) Current(ctx context.Context, room chat.RoomID, sent jsontext.Value) (bool, error) {
	var head struct {
		Session id.SessionID `json:"session_id"`
	}
	if json.Unmarshal(sent, &head) != nil || head.Session == "" {
		return false, nil
	}
	m.roomLocks.Lock(room)
	defer m.roomLocks.Unlock(room)
	eng, err := m.engine(ctx)
	if err != nil {
		return false, err
	}
	if err := m.share(ctx, eng, room); err != nil {
		return false, fmt.Errorf("share key of %s: %w", room, err)
	}
	now, err := eng.store.GetOutboundGroupSession(ctx, id.RoomID(room))
	if err != nil {
		return false, fmt.Errorf("load session: %w", asDamage(err))
	}
	return now != nil && now.ID() == head.Session, nil
}

// encryptShared encrypts with the room's present session.
func encryptShared(ctx context.Context, eng *engine, room chat.RoomID, eventType string, content jsontext.Value) (jsontext.Value, error) {
	var raw jsontext.Value
	err := guard(func() error {
		typ := event.Type{Type: eventType, Class: event.MessageEventType}
		out, err := eng.mach.EncryptMegolmEvent(ctx, id.RoomID(room), typ, json.RawMessage(content))
		if err == nil {
			raw, err = json.Marshal(out)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("encrypt for %s: %w", room, asDamage(err))
	}
	return raw, nil
}

// Preshare does the slow part of Encrypt ahead of time, when somebody begins
// to type. In a room that is not encrypted it does nothing.
func (m *Machine) Preshare(ctx context.Context, room chat.RoomID) error {
	on, err := m.state().IsEncrypted(ctx, id.RoomID(room))
	if err != nil || !on {
		return err
	}
	m.roomLocks.Lock(room)
	defer m.roomLocks.Unlock(room)
	eng, err := m.engine(ctx)
	if err != nil {
		return err
	}
	if err := m.share(ctx, eng, room); err != nil {
		return fmt.Errorf("share key of %s: %w", room, err)
	}
	return nil
}
