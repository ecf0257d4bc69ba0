package crypto

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"go.mau.fi/util/dbutil"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// usualSettings are how a room encrypts whose own settings are not known (any more).
const usualSettings = `{"algorithm":"m.megolm.v1.aes-sha2"}`

// roomMemory is what a Machine knows about rooms beside what it is told.
type roomMemory struct {
	mu        sync.Mutex // guards all below; never held across I/O
	encrypted map[chat.RoomID]bool
	policies  map[chat.RoomID]storedPolicy // nil until loaded
	verdicts  map[SessionUse]verdict
	look      map[id.UserID]bool // senders whose devices were never asked for
	epoch     uint64             // bumped whenever somebody's trust may be another

	refused atomic.Uint32 // refusals written in this run
}

// witness is the second one that a room is encrypted, beside the cache: rooms
// that keys were given for, or came for, while the cache said that they are.
// A homeserver that hides the room's encryption from a new cache meets it.
type witness struct {
	Rooms

	m *Machine
}

// Encryption implements Rooms.
func (w witness) Encryption(ctx context.Context, room chat.RoomID) ([]byte, bool, error) {
	content, on, err := w.Rooms.Encryption(ctx, room)
	if err != nil {
		return nil, on, err
	}
	if on {
		return content, true, w.m.remember(ctx, room)
	}
	if w.m.Encrypted(room) {
		return []byte(usualSettings), true, nil
	}
	return nil, false, nil
}

// loadRooms reads which rooms are known to be encrypted.
func (m *Machine) loadRooms(ctx context.Context) error {
	known := map[chat.RoomID]bool{}
	err := m.each(ctx, func(rows dbutil.Rows) error {
		var room chat.RoomID
		err := rows.Scan(&room)
		known[room] = true
		return err
	}, `SELECT room_id FROM hubbub_room`)
	if err != nil {
		return fmt.Errorf("load encrypted rooms: %w", err)
	}
	m.rooms.mu.Lock()
	defer m.rooms.mu.Unlock()
	m.rooms.encrypted = known
	return nil
}

// remember notes that a room is encrypted. That is for good.
func (m *Machine) remember(ctx context.Context, room chat.RoomID) error {
	if m.Encrypted(room) {
		return nil
	}
	if _, err := m.db.Exec(ctx, `INSERT OR IGNORE INTO hubbub_room (room_id) VALUES ($1)`, string(room)); err != nil {
		return fmt.Errorf("remember that %s is encrypted: %w", room, asDamage(err))
	}
	m.rooms.mu.Lock()
	defer m.rooms.mu.Unlock()
	m.rooms.encrypted[room] = true
	return nil
}

// Encrypted reports whether crypto.db knows that a room is encrypted, whatever
// the cache and the homeserver say. It touches memory only.
func (m *Machine) Encrypted(room chat.RoomID) bool {
	m.rooms.mu.Lock()
	defer m.rooms.mu.Unlock()
	return m.rooms.encrypted[room]
}

// trustMoved says that somebody's trust may be another than before, after that is on disk.
func (m *Machine) trustMoved() {
	m.rooms.mu.Lock()
	defer m.rooms.mu.Unlock()
	m.rooms.epoch++
	clear(m.rooms.verdicts)
}

func (m *Machine) trustEpoch() uint64 {
	m.rooms.mu.Lock()
	defer m.rooms.mu.Unlock()
	return m.rooms.epoch
}

// sharesHistory reports whether who comes into a room may read what is said
// now. Where the room does not say, they may.
//
// Spec: client-server-api#room-history-visibility
func sharesHistory(vis *event.HistoryVisibilityEventContent) bool { return vis.SharedHistory() }
