package crypto

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// EncryptOnce encrypts one event for every session of a room's members that is
// not blocked, whatever the room's policy says, with a key of its own that is
// used for nothing else. With it people verify each other where the policy
// keeps keys from who is not verified, or who has a new identity.
func (m *Machine) EncryptOnce(ctx context.Context, room chat.RoomID, eventType string, content jsontext.Value) (_ jsontext.Value, err error) {
	m.roomLocks.Lock(room)
	defer m.roomLocks.Unlock(room)
	eng, err := m.engine(ctx)
	if err != nil {
		return nil, err
	}
	present, err := eng.store.GetOutboundGroupSession(ctx, id.RoomID(room))
	if err != nil {
		return nil, fmt.Errorf("load session: %w", asDamage(err))
	}
	defer func() {
		// The key is gone from here on, also after a crash: then the next message begins a new one.
		gone := eng.store.RemoveOutboundGroupSession(context.WithoutCancel(ctx), id.RoomID(room))
		if gone == nil && present != nil {
			gone = eng.store.AddOutboundGroupSession(context.WithoutCancel(ctx), present)
		}
		if gone != nil && err == nil {
			err = fmt.Errorf("give up session: %w", asDamage(gone))
		}
	}()
	if err := m.shareOnce(ctx, eng, room); err != nil {
		return nil, fmt.Errorf("share key of %s: %w", room, err)
	}
	return encryptShared(ctx, eng, room, eventType, content)
}

// shareOnce gives a new session to everybody in the room.
func (m *Machine) shareOnce(ctx context.Context, eng *engine, room chat.RoomID) error {
	set, err := m.state().settings(ctx, room)
	if err != nil {
		return err
	}
	users, err := m.freshReaders(ctx, eng, room, set)
	if err != nil {
		return err
	}
	all, err := m.audienceOf(ctx, users, chat.PolicyAll)
	if err != nil {
		return err
	}
	session, err := m.newSession(ctx, eng, room, set)
	if err != nil {
		return err
	}
	return m.give(ctx, eng, session, map[recipient]bool{}, all.want)
}
