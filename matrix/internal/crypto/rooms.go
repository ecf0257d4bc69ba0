package crypto

import (
	"context"
	"encoding/json"
	"fmt"

	mcrypto "maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// Rooms is what the machine needs to know about rooms.
type Rooms interface {
	// Encryption returns the content of a room's m.room.encryption event and
	// whether the room is encrypted. The latter is latched: it stays true
	// whatever the event says later.
	Encryption(ctx context.Context, room chat.RoomID) (content []byte, encrypted bool, err error)
	// Members returns the known members of a room.
	Members(ctx context.Context, room chat.RoomID) (Members, error)
	// FetchMembers loads the whole member list from the homeserver, so that
	// Members is complete afterwards.
	FetchMembers(ctx context.Context, room chat.RoomID) error
	// HistoryVisibility returns the room's history_visibility, or "" when it is not set.
	HistoryVisibility(ctx context.Context, room chat.RoomID) (string, error)
	// Parents returns the servers and categories (spaces) that list a room.
	Parents(ctx context.Context, room chat.RoomID) ([]chat.RoomID, error)
}

// Members are the people of a room who may get keys.
type Members struct {
	Joined   []chat.UserID
	Invited  []chat.UserID
	Complete bool // the whole list is known, not only those seen in the timeline
}

// WantedSession is a Megolm session that some event waits for.
type WantedSession struct {
	Room    chat.RoomID
	Session string
}

// state gives mautrix the room state it asks for, from Rooms.
type state struct{ rooms Rooms }

// state gives the library, and this package, what is known about rooms.
func (m *Machine) state() state { return state{witness{m.opt.Rooms, m}} }

// IsEncrypted implements crypto.StateStore.
func (s state) IsEncrypted(ctx context.Context, room id.RoomID) (bool, error) {
	_, on, err := s.rooms.Encryption(ctx, chat.RoomID(room))
	return on, err
}

// GetEncryptionEvent implements crypto.StateStore. Content that cannot be read
// gives the default settings.
func (s state) GetEncryptionEvent(ctx context.Context, room id.RoomID) (*event.EncryptionEventContent, error) {
	raw, on, err := s.rooms.Encryption(ctx, chat.RoomID(room))
	if err != nil || !on {
		return nil, err
	}
	var content event.EncryptionEventContent
	if json.Unmarshal(raw, &content) != nil {
		// Settings of a wrong shape are no settings; the algorithm still counts.
		var only struct {
			Algorithm id.Algorithm `json:"algorithm"`
		}
		_ = json.Unmarshal(raw, &only) // without an algorithm nothing is encrypted, nor sent
		content = event.EncryptionEventContent{Algorithm: only.Algorithm}
	}
	return &content, nil
}

// GetHistoryVisibility implements crypto.StateStore.
func (s state) GetHistoryVisibility(ctx context.Context, room id.RoomID) (*event.HistoryVisibilityEventContent, error) {
	v, err := s.rooms.HistoryVisibility(ctx, chat.RoomID(room))
	if err != nil || v == "" {
		return nil, err
	}
	return &event.HistoryVisibilityEventContent{HistoryVisibility: event.HistoryVisibility(v)}, nil
}

// FindSharedRooms implements crypto.StateStore. Sessions are checked against
// the recipients each time they are used, so nothing has to be invalidated
// when a device list changes.
func (s state) FindSharedRooms(context.Context, id.UserID) ([]id.RoomID, error) { return nil, nil }

// settings are how a room encrypts, and who may read what is said in it.
type settings struct {
	conf *event.EncryptionEventContent
	vis  *event.HistoryVisibilityEventContent // nil: the room does not say
}

// settings returns those of a room that encrypts in a way that is known here.
//
// Spec: client-server-api#mroomencryption
func (s state) settings(ctx context.Context, room chat.RoomID) (settings, error) {
	conf, err := s.GetEncryptionEvent(ctx, id.RoomID(room))
	if err != nil {
		return settings{}, fmt.Errorf("load encryption of %s: %w", room, err)
	}
	if conf == nil {
		return settings{}, ErrNotEncrypted
	}
	if conf.Algorithm != id.AlgorithmMegolmV1 {
		return settings{}, ErrAlgorithm
	}
	vis, err := s.GetHistoryVisibility(ctx, id.RoomID(room))
	if err != nil {
		return settings{}, fmt.Errorf("load history visibility of %s: %w", room, err)
	}
	return settings{conf, vis}, nil
}

// outbound makes a session with the room's limits.
func (s settings) outbound(room id.RoomID) (*mcrypto.OutboundGroupSession, error) {
	return mcrypto.NewOutboundGroupSession(room, s.conf, s.vis)
}

// sharesHistory reports whether who comes into the room may read what is said
// now. Where the room does not say, they may.
//
// Spec: client-server-api#room-history-visibility
func (s settings) sharesHistory() bool { return s.vis.SharedHistory() }
