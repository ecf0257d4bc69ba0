package store

import (
	"context"
	"fmt"

	"hubbub/store/chat"
)

const unreadPlaceQuery = `
		WITH place AS (
			SELECT r.id AS room, (SELECT e.seq FROM event e WHERE e.room = r.id AND e.event_id = r.read_up_to AND e.seq IS NOT NULL) AS seq
			FROM room r WHERE r.room_id = ? AND r.read_up_to <> ''
		)
		SELECT count(*), coalesce(min(e.seq), 0), coalesce(min(CASE WHEN e.mention THEN e.seq END), 0), e.room
		FROM place p JOIN event e ON e.room = p.room
		WHERE p.seq IS NOT NULL AND e.shown = 1 AND e.seq > p.seq AND e.seq < ? AND e.sender <> ? AND e.kind NOT IN (10, 13)
		GROUP BY e.room`

// Unread implements ui.Reader.
func (s *Store) Unread(ctx context.Context, room chat.RoomID) (u chat.Unread, err error) {
	var first, mention, n, ms int64
	q := s.q(ctx)
	ok, err := q.one(unreadPlaceQuery, []any{string(room), int64(chat.SeqLocal), string(s.ownUser())}, &u.Count, &first, &mention, &n)
	if err == nil && ok {
		const at = `SELECT coalesce(event_id, ''), ts_ms FROM event WHERE room = ? AND seq = ? AND shown = 1`
		if mention != 0 {
			_, err = q.one(at, []any{n, mention}, (*string)(&u.Mention), &ms)
		}
		if err == nil {
			_, err = q.one(at, []any{n, first}, (*string)(&u.First), &ms)
		}
	}
	if err != nil {
		return chat.Unread{}, fmt.Errorf("load read place of %s: %w", room, err)
	}
	u.Since = fromMS(ms)
	if u.First == "" {
		return chat.Unread{}, nil
	}
	return u, nil
}

// NextMention implements ui.Reader.
func (s *Store) NextMention(ctx context.Context, room chat.RoomID, after chat.EventID) (chat.EventID, error) {
	const query = `
		SELECT e.event_id
		FROM room r JOIN event a ON a.room = r.id AND a.event_id = ? JOIN event e ON e.room = r.id
		WHERE r.room_id = ? AND e.shown = 1 AND e.mention AND e.event_id IS NOT NULL AND e.seq > a.seq AND e.seq < ? AND e.sender <> ?
		ORDER BY e.seq LIMIT 1`
	var next chat.EventID
	if _, err := s.q(ctx).one(query, []any{string(after), string(room), int64(chat.SeqLocal), string(s.ownUser())}, (*string)(&next)); err != nil {
		return "", fmt.Errorf("load mention after %s: %w", after, err)
	}
	return next, nil
}
