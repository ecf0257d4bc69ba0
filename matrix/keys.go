package matrix

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hubbub/matrix/internal/crypto"
	"hubbub/store"
	"hubbub/store/chat"
)

// maxWanted bounds how many missing sessions are looked after at once.
const maxWanted = 5000

var errNotOpen = errors.New("crypto.db is not open yet")

// keyRooms tells crypto what the cache knows about rooms.
type keyRooms struct {
	store *store.Store
	fetch func(ctx context.Context, room chat.RoomID) error
}

// Encryption implements crypto.Rooms. The latch is the cache's; a room whose
// settings were removed goes on with the usual algorithm.
func (k keyRooms) Encryption(ctx context.Context, room chat.RoomID) (content []byte, on bool, err error) {
	r, ok, err := k.store.Room(ctx, room)
	if err != nil || !ok || !r.Encrypted {
		return nil, false, wrap("load encryption of", room, err)
	}
	st, ok, err := k.store.State(ctx, room, "m.room.encryption", "")
	if err != nil {
		return nil, true, wrap("load encryption of", room, err)
	}
	if !ok || len(st.Content) <= len("{}") {
		return []byte(`{"algorithm":"` + megolm + `"}`), true, nil
	}
	return st.Content, true, nil
}

// Members implements crypto.Rooms.
func (k keyRooms) Members(ctx context.Context, room chat.RoomID) (crypto.Members, error) {
	r, _, err := k.store.Room(ctx, room)
	if err != nil {
		return crypto.Members{}, wrap("load members of", room, err)
	}
	all, err := k.store.MembersIn(ctx, room)
	if err != nil {
		return crypto.Members{}, wrap("load members of", room, err)
	}
	m := crypto.Members{Complete: r.MembersComplete}
	for _, one := range all {
		switch one.Membership {
		case chat.MemberJoined:
			m.Joined = append(m.Joined, one.User)
		case chat.MemberInvited:
			m.Invited = append(m.Invited, one.User)
		default:
		}
	}
	return m, nil
}

// FetchMembers implements crypto.Rooms.
func (k keyRooms) FetchMembers(ctx context.Context, room chat.RoomID) error {
	return k.fetch(ctx, room)
}

// HistoryVisibility implements crypto.Rooms.
func (k keyRooms) HistoryVisibility(ctx context.Context, room chat.RoomID) (string, error) {
	r, _, err := k.store.Room(ctx, room)
	return r.History, wrap("load history visibility of", room, err)
}

// Parents implements crypto.Rooms.
func (k keyRooms) Parents(ctx context.Context, room chat.RoomID) ([]chat.RoomID, error) {
	parents, err := k.store.Parents(ctx, room)
	return parents, wrap("load servers of", room, err)
}

// wanted lists the sessions that stored events wait for.
func (k keyRooms) wanted(ctx context.Context) ([]crypto.WantedSession, error) {
	// Every row is meant, also those whose next try lies in the future.
	rows, err := k.store.WantedSessions(ctx, farFuture(), maxWanted)
	if err != nil {
		return nil, fmt.Errorf("load wanted sessions: %w", err)
	}
	out := make([]crypto.WantedSession, 0, len(rows))
	for _, w := range rows {
		out = append(out, crypto.WantedSession{Room: w.Room, Session: w.Session})
	}
	return out, nil
}

func farFuture() time.Time { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }

func wrap(what string, room chat.RoomID, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", what, room, err)
}

// keyDoor stands for the Olm machine before crypto.db is open: whoever
// encrypts waits for it, or is told why it stays shut.
type keyDoor struct {
	gate    *gate
	machine atomic.Pointer[crypto.Machine]
	// current waits until members and sessions are known as they are now. Set before use.
	current func(ctx context.Context) error
}

// wait waits until something can be encrypted for whom it is for.
func (k *keyDoor) wait(ctx context.Context) error {
	if err := k.gate.wait(ctx); err != nil {
		return err
	}
	return k.current(ctx)
}

func (k *keyDoor) open(m *crypto.Machine) {
	k.machine.Store(m)
	k.gate.pass()
}

// Encrypt encrypts an event for a room.
func (k *keyDoor) Encrypt(ctx context.Context, room chat.RoomID, eventType string, content jsontext.Value) (jsontext.Value, error) {
	if err := k.wait(ctx); err != nil {
		return nil, err
	}
	return k.machine.Load().Encrypt(ctx, room, eventType, content)
}

// Current implements outbox.Encrypter.
func (k *keyDoor) Current(ctx context.Context, room chat.RoomID, sent jsontext.Value) (bool, error) {
	if err := k.wait(ctx); err != nil {
		return false, err
	}
	return k.machine.Load().Current(ctx, room, sent)
}

// Preshare gives the room's key to its members before there is something to send.
func (k *keyDoor) Preshare(ctx context.Context, room chat.RoomID) error {
	if err := k.wait(ctx); err != nil {
		return err
	}
	return k.machine.Load().Preshare(ctx, room)
}

// Secrecy implements outbox.Encrypter.
func (k *keyDoor) Secrecy(ctx context.Context, room chat.RoomID) (encrypted, neverPlain bool, err error) {
	if err := k.gate.wait(ctx); err != nil {
		return false, false, err
	}
	return k.machine.Load().Secrecy(ctx, room)
}

// Encrypted implements ingest.Judge.
func (k *keyDoor) Encrypted(room chat.RoomID) bool {
	m := k.machine.Load()
	return m != nil && m.Encrypted(room)
}

// Shields implements ingest.Judge.
func (k *keyDoor) Shields(ctx context.Context, uses []crypto.SessionUse) ([]crypto.Verdict, error) {
	if err := k.gate.wait(ctx); err != nil {
		return nil, err
	}
	return k.machine.Load().Shields(ctx, uses)
}

// Decrypt implements ingest.Decrypter. Before crypto.db is open every key is one that has not come.
func (k *keyDoor) Decrypt(ctx context.Context, room chat.RoomID, raw jsontext.Value) (crypto.Clear, *crypto.Undecryptable) {
	m := k.machine.Load()
	if m == nil {
		return crypto.Clear{}, &crypto.Undecryptable{Cause: chat.CauseUnknownSession, Err: errNotOpen, Store: true}
	}
	return m.Decrypt(ctx, room, raw)
}

// HandleSync implements syncer.KeyHandler. Keys that cannot be kept must be sent again.
func (k *keyDoor) HandleSync(ctx context.Context, td crypto.ToDevice) error {
	m := k.machine.Load()
	if m == nil {
		return errNotOpen
	}
	return m.HandleSync(ctx, td)
}
