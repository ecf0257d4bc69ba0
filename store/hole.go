package store

import (
	"database/sql"
	"fmt"
	"maps"
	"sync"

	"hubbub/store/chat"
)

// holePlaces is how many places at the lower end of a chunk history never
// reaches. There stand messages of ours that the homeserver has somewhere in
// the hole before the chunk, in the order of their keys.
const holePlaces = int64(1) << 38

func holePlace(chunk int64, key chat.ItemKey) int64 { return chunk<<chunkShift | int64(key) }

// provisional says whether a place is ours and not the homeserver's: that of a
// local echo, or one in a hole. It proves nothing about what stands around it,
// and gives way to the place of the event.
func provisional(seq int64) bool {
	return seq >= int64(chat.SeqLocal) || seq&(1<<chunkShift-1) < holePlaces
}

// answers remembers which messages the homeserver has accepted that sync has
// not shown yet. After a restart it is empty: what was accepted then was
// accepted long ago.
type answers struct {
	mu    sync.Mutex
	count uint64                  // guarded by mu, as all below: answers so far
	open  map[chat.ItemKey]answer // by local echo
}

type answer struct {
	room   chat.RoomID
	number uint64 // in the order of the answers
}

func (a *answers) add(room chat.RoomID, key chat.ItemKey) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open == nil {
		a.open = make(map[chat.ItemKey]answer)
	}
	a.count++
	a.open[key] = answer{room, a.count}
}

// settle forgets the rows of a room that are among the first number answers.
func (a *answers) settle(room chat.RoomID, number uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.open, func(_ chat.ItemKey, one answer) bool { return one.room == room && one.number <= number })
}

func (a *answers) drop(key chat.ItemKey) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.open, key)
}

// behind says whether the answer for a row came after number answers were there.
func (a *answers) behind(key chat.ItemKey, number uint64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.open[key].number > number
}

// Answers returns how many messages the homeserver has accepted since the store
// was opened. It is read before sync is asked, for Tx.Overtaken.
func (s *Store) Answers() uint64 {
	s.answers.mu.Lock()
	defer s.answers.mu.Unlock()
	return s.answers.count
}

// Unshown returns the rooms of messages that were among the first answers (see
// Answers) and that sync has not shown.
func (s *Store) Unshown(answers uint64) []chat.RoomID {
	s.answers.mu.Lock()
	defer s.answers.mu.Unlock()
	var rooms []chat.RoomID
	for _, a := range s.answers.open {
		if a.number <= answers {
			rooms = append(rooms, a.room)
		}
	}
	return rooms
}

// Overtaken is called when a sync response has been written: before it was
// asked for, the homeserver had given that many answers (see Store.Answers). A
// message of ours among them that the response has not shown, and that is older
// than the hole before the newest events, lies in that hole. It gets a place
// there, until history or sync tells the right one.
func (tx *Tx) Overtaken(room chat.RoomID, answers uint64) error {
	defer tx.s.answers.settle(room, answers)
	if _, known, err := tx.Room(room); err != nil || !known {
		return err
	}
	n, err := tx.room(room)
	if err != nil {
		return fmt.Errorf("order messages of %s: %w", room, err)
	}
	var sent []chat.ItemKey
	err = tx.q().each(`SELECT id FROM event WHERE room = ? AND shown = 1 AND seq >= ? AND event_id IS NOT NULL ORDER BY seq`,
		[]any{n, int64(chat.SeqLocal)}, func(rows *sql.Rows) error {
			var key int64
			err := rows.Scan(&key)
			sent = append(sent, chat.ItemKey(key))
			return err
		})
	if err != nil {
		return fmt.Errorf("order messages of %s: %w", room, err)
	}
	for _, key := range sent {
		if tx.s.answers.behind(key, answers) {
			continue
		}
		if err := tx.intoHole(room, n, key); err != nil {
			return fmt.Errorf("order messages of %s: %w", room, err)
		}
	}
	return nil
}

// HoleAfter says whether something is missing behind an event that has a place.
func (tx *Tx) HoleAfter(room chat.RoomID, event chat.EventID) (bool, error) {
	return tx.q().one(`
		SELECT 1 FROM room r JOIN event e ON e.room = r.id AND e.event_id = ? JOIN chunk c ON c.room = r.id AND c.number > e.seq >> 40
		WHERE r.room_id = ? AND c.prev_token IS NOT NULL LIMIT 1`, []any{string(event), string(room)}, new(int))
}

// intoHole moves a message into the newest hole that began after it was written.
func (tx *Tx) intoHole(room chat.RoomID, n int64, key chat.ItemKey) error {
	var number int64
	ok, err := tx.q().one(`SELECT number FROM chunk WHERE room = ? AND prev_token IS NOT NULL AND began > ? ORDER BY number DESC LIMIT 1`,
		[]any{n, int64(key)}, &number)
	if err != nil || !ok || int64(key) >= holePlaces {
		return err
	}
	tx.ch.item(room, key)
	return tx.exec(`UPDATE event SET seq = ? WHERE id = ?`, holePlace(number, key), int64(key))
}
