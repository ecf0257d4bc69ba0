package store

import (
	"context"
	"database/sql"
	"fmt"

	"hubbub/store/chat"
)

// foldHeld shows what stands in the outbox behind a message that has to wait,
// or was refused, as waiting too: nothing overtakes in a room.
func (s *Store) foldHeld(ctx context.Context, room chat.RoomID, items []*item) error {
	var echoes []*item
	for _, it := range items {
		if it.Send == chat.Sending {
			echoes = append(echoes, it)
		}
	}
	if len(echoes) == 0 {
		return nil
	}
	var head int64
	ok, err := s.q(ctx).one(`SELECT key FROM outbox WHERE room_id = ? AND state IN (2, 3) ORDER BY key LIMIT 1`, []any{string(room)}, &head)
	if err != nil || !ok {
		return err
	}
	for _, it := range echoes {
		if int64(it.sendKey) > head {
			it.Send = chat.Waiting
		}
	}
	return nil
}

// touchBehind records that what stands in the outbox behind a row looks
// different when that row does.
func (tx *Tx) touchBehind(room chat.RoomID, key chat.ItemKey) error {
	var behind []chat.ItemKey
	err := tx.q().each(`SELECT key FROM outbox WHERE room_id = ? AND key > ? ORDER BY key LIMIT ?`, []any{string(room), int64(key), maxItems},
		func(rows *sql.Rows) error {
			var k int64
			err := rows.Scan(&k)
			behind = append(behind, chat.ItemKey(k))
			return err
		})
	if err != nil {
		return fmt.Errorf("find what waits behind %d: %w", key, err)
	}
	for _, k := range behind {
		if err := tx.touchRow(room, k); err != nil {
			return err
		}
	}
	return nil
}

// releaseBehind is touchBehind for a row that goes, if others waited for it.
func (tx *Tx) releaseBehind(room chat.RoomID, key chat.ItemKey) error {
	held, err := tx.q().one(`SELECT 1 FROM outbox WHERE key = ? AND state IN (2, 3)`, []any{int64(key)}, new(int))
	if err != nil || !held {
		return err
	}
	return tx.touchBehind(room, key)
}

// Unsent returns the oldest message that was refused: its room and its item,
// which is the message itself where an edit of it was refused. The item is 0
// when there is none.
func (s *Store) Unsent(ctx context.Context) (room chat.RoomID, item chat.ItemKey, err error) {
	_, err = s.q(ctx).one(`
		SELECT o.room_id, coalesce(t.id, e.id) FROM outbox o JOIN event e ON e.id = o.key
		LEFT JOIN event t ON t.room = e.room AND t.event_id = e.rel_target AND t.shown = 1 AND e.rel_type = 'm.replace'
		WHERE o.state = 3 AND (e.shown = 1 OR t.id IS NOT NULL) ORDER BY o.key LIMIT 1`,
		nil, (*string)(&room), (*int64)(&item))
	if err != nil {
		return "", 0, fmt.Errorf("load unsent message: %w", err)
	}
	return room, item, nil
}
