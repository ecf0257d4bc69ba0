package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"hubbub/store/chat"
)

const pendingColumns = `key, room_id, txn_id, type, content, out, upload, sent_type, ciphertext, state, coalesce(problem, ''), attempts,
	next_try_ms, created_ms, depends_on`

func scanPending(rows *sql.Rows) (Pending, error) {
	var p Pending
	var out, problem string
	var next, created int64
	if err := rows.Scan((*int64)(&p.Key), (*string)(&p.Room), (*string)(&p.Txn), &p.Type, (*[]byte)(&p.Content), &out, (*[]byte)(&p.Upload),
		&p.SentType, (*[]byte)(&p.Sent), &p.State, &problem, &p.Attempts, &next, &created, (*int64)(&p.DependsOn)); err != nil {
		return p, err
	}
	p.Problem, p.NextTry, p.Created = unmarshalProblem(problem), fromMS(next), fromMS(created)
	if err := json.Unmarshal([]byte(out), &p.Out); err != nil {
		return p, fmt.Errorf("outbox row %d: %w", p.Key, err)
	}
	return p, nil
}

func loadPending(q queryFunc, query string, args ...any) ([]Pending, error) {
	var all []Pending
	err := q.each(query, args, func(rows *sql.Rows) error {
		p, err := scanPending(rows)
		all = append(all, p)
		return err
	})
	return all, err
}

// PendingRooms returns the rooms that have unsent messages.
func (s *Store) PendingRooms(ctx context.Context) ([]chat.RoomID, error) {
	var all []chat.RoomID
	err := s.q(ctx).each(`SELECT room_id FROM outbox GROUP BY room_id ORDER BY min(key)`, nil, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		all = append(all, chat.RoomID(id))
		return err
	})
	return all, err
}

// NextPending returns the oldest unsent message of a room, whatever its state:
// while it cannot be sent, none behind it may be.
func (s *Store) NextPending(ctx context.Context, room chat.RoomID) (Pending, bool, error) {
	return first(loadPending(s.q(ctx), `SELECT `+pendingColumns+` FROM outbox WHERE room_id = ? ORDER BY key LIMIT 1`, string(room)))
}

// PendingItem returns the outbox row of a local echo.
func (s *Store) PendingItem(ctx context.Context, key chat.ItemKey) (Pending, bool, error) {
	return first(loadPending(s.q(ctx), `SELECT `+pendingColumns+` FROM outbox WHERE key = ?`, int64(key)))
}

// PendingItem returns the outbox row of a local echo.
func (tx *Tx) PendingItem(key chat.ItemKey) (Pending, bool, error) {
	return first(loadPending(tx.q(), `SELECT `+pendingColumns+` FROM outbox WHERE key = ?`, int64(key)))
}

// PendingOf returns the outbox row that an item shows the state of: of its echo,
// or of an edit of it, the one that was refused before one that waits.
func (tx *Tx) PendingOf(key chat.ItemKey) (Pending, bool, error) {
	if p, ok, err := tx.PendingItem(key); err != nil || ok {
		return p, ok, err
	}
	return first(loadPending(tx.q(), `SELECT `+pendingColumns+` FROM outbox WHERE key IN (
		SELECT e.id FROM event t JOIN event e ON e.room = t.room AND e.rel_target = t.event_id AND e.rel_type = 'm.replace' WHERE t.id = ?)
		ORDER BY state = 3 DESC, key LIMIT 1`, int64(key)))
}

func first(all []Pending, err error) (Pending, bool, error) {
	if err != nil || len(all) == 0 {
		return Pending{}, false, err
	}
	return all[0], true, nil
}

// OutboxState counts what has not reached the homeserver.
func (s *Store) OutboxState(ctx context.Context) (o chat.OutboxState, err error) {
	_, err = s.q(ctx).one(`SELECT count(*) FILTER (WHERE state <> 3), count(*) FILTER (WHERE state = 3) FROM outbox`, nil, &o.Pending, &o.Failed)
	return o, err
}

// MediaFile returns what is known about a downloaded file.
func (s *Store) MediaFile(ctx context.Context, uri string) (MediaFile, bool, error) {
	m := MediaFile{URI: uri}
	var ms int64
	ok, err := s.q(ctx).one(`SELECT file, size, last_used_ms FROM media WHERE uri = ?`, []any{uri}, &m.File, &m.Size, &ms)
	m.LastUsed = fromMS(ms)
	return m, ok, err
}

// OldMedia returns the files to delete so that at most keep bytes stay, the longest unused first.
func (s *Store) OldMedia(ctx context.Context, keep int64) ([]MediaFile, error) {
	var all []MediaFile
	err := s.q(ctx).each(`
		SELECT uri, file, size, last_used_ms FROM (
			SELECT *, sum(size) OVER (ORDER BY last_used_ms DESC, uri) AS total FROM media
		) WHERE total > ? ORDER BY last_used_ms`, []any{keep}, func(rows *sql.Rows) error {
		var m MediaFile
		var ms int64
		err := rows.Scan(&m.URI, &m.File, &m.Size, &ms)
		m.LastUsed = fromMS(ms)
		all = append(all, m)
		return err
	})
	return all, err
}
