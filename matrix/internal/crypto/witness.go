package crypto

import (
	"context"
	"fmt"
	"sync"

	"go.mau.fi/util/dbutil"

	"hubbub/store/chat"
)

// usualSettings are how a room encrypts whose own settings are not known (any more).
const usualSettings = `{"algorithm":"m.megolm.v1.aes-sha2"}`

// roomMemory is what a Machine knows about rooms beside what it is told.
type roomMemory struct {
	mu        sync.Mutex // guards all below; never held across I/O
	encrypted map[chat.RoomID]bool
	policies  map[chat.RoomID]storedPolicy // nil until loaded
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
	known, err := list(ctx, m.db, func(rows dbutil.Rows, room *chat.RoomID) error { return rows.Scan(room) }, `SELECT room_id FROM hubbub_room`)
	if err != nil {
		return fmt.Errorf("load encrypted rooms: %w", err)
	}
	m.rooms.mu.Lock()
	defer m.rooms.mu.Unlock()
	m.rooms.encrypted = setOf(known)
	return nil
}

// remember notes that a room is encrypted. That is for good.
func (m *Machine) remember(ctx context.Context, room chat.RoomID) error {
	if m.Encrypted(room) {
		return nil
	}
	if err := m.exec(ctx, "remember that "+string(room)+" is encrypted", `INSERT OR IGNORE INTO hubbub_room (room_id) VALUES ($1)`, string(room)); err != nil {
		return err
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
