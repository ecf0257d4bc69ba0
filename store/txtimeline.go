package store

import (
	"encoding/json"
	"fmt"

	"hubbub/store/chat"
)

// A place is chunk number and position in it: see schema.
const (
	chunkShift = 40
	posZero    = int64(1) << 39
)

func place(chunk, pos int64) int64 { return chunk<<chunkShift | (posZero + pos) }

// gapKey is the item key of the gap row before a chunk. Such keys are unique in one room only.
func gapKey(chunk int64) chat.ItemKey { return chat.ItemKey(-chunk) }

// StartChunk prepares a room for the events of a limited sync (ids, in any
// order), or of its first one: they get a new chunk with a hole before it,
// unless one of them stands in the newest chunk already, so that nothing is
// missing between. With prevToken "" the room begins with these events.
func (tx *Tx) StartChunk(room chat.RoomID, prevToken string, ids []chat.EventID) (started bool, err error) {
	n, err := tx.room(room)
	if err != nil {
		return false, fmt.Errorf("start chunk in %s: %w", room, err)
	}
	c, ok, err := tx.newestChunk(n)
	if err != nil {
		return false, fmt.Errorf("start chunk in %s: %w", room, err)
	}
	if ok {
		met, err := tx.standsIn(n, c.number, ids)
		if err != nil || met {
			return false, err
		}
	}
	if ok && c.last < c.first { // nothing stands between its hole and the new one: they are one
		return true, tx.moveHole(room, n, c.number, prevToken)
	}
	if err := tx.newChunk(room, n, c.number+1, prevToken); err != nil {
		return false, fmt.Errorf("start chunk in %s: %w", room, err)
	}
	return true, nil
}

// Append writes an event and puts it at the end of the timeline, if it has no
// place yet. A local echo with its transaction or event id becomes that event.
func (tx *Tx) Append(room chat.RoomID, ev Event) (Put, error) {
	n, err := tx.room(room)
	if err != nil {
		return Put{}, fmt.Errorf("append to %s: %w", room, err)
	}
	c, ok, err := tx.newestChunk(n)
	if err != nil {
		return Put{}, fmt.Errorf("append to %s: %w", room, err)
	}
	if !ok {
		if err := tx.newChunk(room, n, 1, ""); err != nil {
			return Put{}, fmt.Errorf("append to %s: %w", room, err)
		}
		if c, _, err = tx.newestChunk(n); err != nil {
			return Put{}, fmt.Errorf("append to %s: %w", room, err)
		}
	}
	seq := place(c.number, c.last+1)
	put, err := tx.put(room, n, ev, &seq)
	if err == nil && put.Placed {
		tx.tail.last, tx.tailMoved = c.last+1, true
	}
	if err != nil {
		return put, fmt.Errorf("append to %s: %w", room, err)
	}
	return put, nil
}

// Prepend writes history, newest event first, before the chunk whose hole has
// the token. next is the token for what is older still, "" when the room begins
// here. Events that are known keep their place; when one of them stands in an
// older chunk the hole is closed. What lies before an older chunk that has a hole
// of its own belongs there, and is left to it. ErrStaleToken when the hole is gone.
func (tx *Tx) Prepend(room chat.RoomID, token string, events []Event, next string) (Prepended, error) {
	var res Prepended
	n, err := tx.room(room)
	if err != nil {
		return res, fmt.Errorf("prepend to %s: %w", room, err)
	}
	if err := tx.dropTail(); err != nil {
		return res, fmt.Errorf("prepend to %s: %w", room, err)
	}
	c := chunk{}
	ok, err := tx.q().one(`SELECT number, first, last FROM chunk WHERE room = ? AND prev_token = ? ORDER BY number DESC LIMIT 1`,
		[]any{n, token}, &c.number, &c.first, &c.last)
	if err != nil {
		return res, fmt.Errorf("prepend to %s: %w", room, err)
	}
	if !ok {
		return res, fmt.Errorf("prepend to %s: %w", room, ErrStaleToken)
	}
	for i := range events {
		older, begins, err := tx.standsBefore(n, c.number, events[i].ID)
		if err != nil {
			return res, fmt.Errorf("prepend to %s: %w", room, err)
		}
		if begins {
			res.Closed = true
			break
		}
		if older {
			res.Closed = true // and yet go on: history has another order than sync
			continue
		}
		seq := place(c.number, c.first-1)
		put, err := tx.put(room, n, events[i], &seq)
		if err != nil {
			return res, fmt.Errorf("prepend to %s: %w", room, err)
		}
		if put.Placed {
			c.first--
			res.Added++
		}
	}
	if res.Closed {
		next = ""
	}
	if err := tx.exec(`UPDATE chunk SET first = ?, prev_token = ? WHERE room = ? AND number = ?`, c.first, null(next), n, c.number); err != nil {
		return res, fmt.Errorf("prepend to %s: %w", room, err)
	}
	tx.ch.item(room, gapKey(c.number))
	return res, nil
}

type chunk struct{ number, first, last int64 }

func (tx *Tx) newestChunk(n int64) (c chunk, ok bool, err error) {
	if tx.tailOf == n {
		return tx.tail, true, nil
	}
	if err := tx.dropTail(); err != nil {
		return c, false, err
	}
	ok, err = tx.q().one(`SELECT number, first, last FROM chunk WHERE room = ? ORDER BY number DESC LIMIT 1`,
		[]any{n}, &c.number, &c.first, &c.last)
	if ok && err == nil {
		tx.tail, tx.tailOf = c, n
	}
	return c, ok, err
}

// dropTail forgets the tail, after writing where it ends: once for all that Append put there.
func (tx *Tx) dropTail() error {
	moved := tx.tailMoved
	n := tx.tailOf
	tx.tailOf, tx.tailMoved = 0, false
	if !moved {
		return nil
	}
	return tx.exec(`UPDATE chunk SET last = ? WHERE room = ? AND number = ?`, tx.tail.last, n, tx.tail.number)
}

func (tx *Tx) newChunk(room chat.RoomID, n, number int64, token string) error {
	if err := tx.dropTail(); err != nil {
		return err
	}
	if err := tx.exec(`INSERT INTO chunk (room, number, prev_token, first, last, began) VALUES (?, ?, ?, 0, -1, ?)`, n, number, null(token), int64(tx.w.nextKey)); err != nil {
		return err
	}
	tx.ch.item(room, gapKey(number))
	return nil
}

// moveHole has the hole before an empty chunk end later, at another token. It stays a hole.
func (tx *Tx) moveHole(room chat.RoomID, n, number int64, token string) error {
	if err := tx.exec(`UPDATE chunk SET prev_token = coalesce(?, prev_token), began = ? WHERE room = ? AND number = ?`,
		null(token), int64(tx.w.nextKey), n, number); err != nil {
		return fmt.Errorf("start chunk in %s: %w", room, err)
	}
	tx.ch.item(room, gapKey(number))
	return nil
}

// standsIn says whether one of the events stands in that chunk, and not just in the hole before it.
func (tx *Tx) standsIn(n, number int64, ids []chat.EventID) (bool, error) {
	if len(ids) == 0 {
		return false, nil
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return false, err
	}
	var x int
	return tx.q().one(`
		SELECT 1 FROM event WHERE room = ? AND event_id IN (SELECT value FROM json_each(?)) AND seq >= ? AND seq < ? LIMIT 1`,
		[]any{n, string(list), number<<chunkShift | holePlaces, (number + 1) << chunkShift}, &x)
}

// standsBefore says whether the event stands in a chunk before that one, and
// whether it begins one that has a hole before it.
func (tx *Tx) standsBefore(n, number int64, id chat.EventID) (older, begins bool, err error) {
	if number <= 1 {
		return false, false, nil
	}
	older, err = tx.q().one(`
		SELECT c.prev_token IS NOT NULL AND e.seq = (c.number << 40 | ((1 << 39) + c.first)) FROM event e JOIN chunk c ON c.room = e.room AND c.number = e.seq >> 40
		WHERE e.room = ? AND e.event_id = ? AND e.seq < ? AND e.seq & ((1 << 40) - 1) >= 1 << 38`, []any{n, string(id), number << chunkShift}, &begins)
	return older, begins, err
}
