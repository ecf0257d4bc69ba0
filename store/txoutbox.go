package store

import (
	"encoding/json"
	"fmt"

	"hubbub/store/chat"
)

// PutPending adds a row to the outbox, together with AddEcho in the same
// transaction: p.Key is the echo's key. The order of rows of a room is the
// order of their keys.
func (tx *Tx) PutPending(p Pending) error {
	out, err := json.Marshal(p.Out)
	if err != nil {
		return fmt.Errorf("put pending: %w", err)
	}
	problem, err := marshalProblem(p.Problem)
	if err != nil {
		return fmt.Errorf("put pending: %w", err)
	}
	if err := tx.exec(`
		INSERT INTO outbox (key, room_id, txn_id, type, content, out, upload, sent_type, ciphertext, state, problem, attempts, next_try_ms, created_ms, depends_on)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		int64(p.Key), string(p.Room), string(p.Txn), p.Type, blob(p.Content), string(out), blob(p.Upload), p.SentType, blob(p.Sent),
		int(p.State), problem, p.Attempts, toMS(p.NextTry), toMS(p.Created), int64(p.DependsOn)); err != nil {
		return fmt.Errorf("put pending: %w", err)
	}
	tx.ch.outbox = true
	if p.State == chat.Sending && p.Problem == nil { // as AddEcho made it
		return nil
	}
	return tx.UpdatePending(p)
}

// UpdatePending saves what changed on a row: content, upload, what is sent,
// state, problem, attempts, next try. The echo shows state and problem.
// ErrNotFound when the row is gone (sent, or discarded).
func (tx *Tx) UpdatePending(p Pending) error {
	problem, err := marshalProblem(p.Problem)
	if err != nil {
		return fmt.Errorf("update pending: %w", err)
	}
	n, err := tx.execN(`
		UPDATE outbox SET type = ?, content = ?, upload = ?, sent_type = ?, ciphertext = ?, state = ?, problem = ?, attempts = ?, next_try_ms = ?
		WHERE key = ?`,
		p.Type, blob(p.Content), blob(p.Upload), p.SentType, blob(p.Sent), int(p.State), problem, p.Attempts, toMS(p.NextTry), int64(p.Key))
	if err != nil {
		return fmt.Errorf("update pending: %w", err)
	}
	if n == 0 {
		return fmt.Errorf("update pending: %w", ErrNotFound)
	}
	n, err = tx.execN(`UPDATE event SET send_state = ?, send_problem = ? WHERE id = ? AND (send_state <> ? OR send_problem IS NOT ?)`,
		int(p.State), problem, int64(p.Key), int(p.State), problem)
	if err != nil {
		return fmt.Errorf("update pending: %w", err)
	}
	if n > 0 {
		tx.ch.outbox = true
		if err := tx.touchBehind(p.Room, p.Key); err != nil {
			return err
		}
		return tx.touchRow(p.Room, p.Key)
	}
	return nil
}

// Sent gives the echo the event id that the homeserver answered and removes the
// outbox row. It does not matter whether the event came by sync before. An id
// that somebody else's event has, or another message of ours, is
// ErrForeignEvent, and nothing changes.
func (tx *Tx) Sent(room chat.RoomID, key chat.ItemKey, id chat.EventID) error {
	n, err := tx.room(room)
	if err != nil {
		return fmt.Errorf("sent %d: %w", key, err)
	}
	var have string
	ok, err := tx.q().one(`SELECT coalesce(event_id, '') FROM event WHERE id = ? AND room = ?`, []any{int64(key), n}, &have)
	if err != nil {
		return fmt.Errorf("sent %d: %w", key, err)
	}
	if !ok {
		return fmt.Errorf("sent %d: %w", key, ErrNotFound)
	}
	if have != "" { // the event was faster than the answer
		return nil
	}
	foreign, err := tx.q().one(`
		SELECT 1 FROM event o JOIN event e ON e.id = ? WHERE o.room = ? AND o.event_id = ? AND (o.sender <> e.sender OR o.txn_id <> e.txn_id)`,
		[]any{int64(key), n, string(id)}, new(int))
	if err != nil {
		return fmt.Errorf("sent %d: %w", key, err)
	}
	if foreign {
		return fmt.Errorf("sent %d: %w", key, ErrForeignEvent)
	}
	if err := tx.setEventID(room, n, key, id); err != nil {
		return fmt.Errorf("sent %d: %w", key, err)
	}
	tx.s.answers.add(room, key)
	return tx.touchRow(room, key)
}

// Discard removes an unsent message and its echo; false when it is sent or gone.
func (tx *Tx) Discard(key chat.ItemKey) (bool, error) {
	var room string
	ok, err := tx.q().one(`SELECT room_id FROM outbox WHERE key = ?`, []any{int64(key)}, &room)
	if err != nil || !ok {
		return false, err
	}
	if err := tx.touchRow(chat.RoomID(room), key); err != nil {
		return false, err
	}
	if err := tx.touchBehind(chat.RoomID(room), key); err != nil {
		return false, err
	}
	for _, q := range []string{`DELETE FROM outbox WHERE key = ?`, `DELETE FROM event WHERE id = ? AND event_id IS NULL`} {
		if err := tx.exec(q, int64(key)); err != nil {
			return false, fmt.Errorf("discard %d: %w", key, err)
		}
	}
	if err := tx.saveNextKey(); err != nil {
		return false, err
	}
	tx.ch.outbox = true
	return true, nil
}

// touchRow records the change of a row, or of the row that it folds into.
func (tx *Tx) touchRow(room chat.RoomID, key chat.ItemKey) error {
	var ev Event
	var shown bool
	ok, err := tx.q().one(`SELECT shown, coalesce(rel_type, ''), coalesce(rel_target, '') FROM event WHERE id = ?`,
		[]any{int64(key)}, &shown, &ev.RelType, (*string)(&ev.RelTarget))
	if err != nil || !ok {
		return err
	}
	if shown {
		tx.ch.item(room, key)
	}
	if ev.RelTarget != "" && ev.RelType != RelReply {
		tx.ch.target(room, ev.RelTarget)
	}
	return nil
}

// PutDraft keeps a draft; one without text, reply and edit is deleted.
func (tx *Tx) PutDraft(d chat.Draft) error {
	if d.Text == "" && d.ReplyTo == "" && d.Edit == "" {
		return tx.DeleteDraft(d.Room)
	}
	if err := tx.exec(`INSERT OR REPLACE INTO draft (room_id, text, cursor, reply_to, edit) VALUES (?, ?, ?, ?, ?)`,
		string(d.Room), d.Text, d.Cursor, string(d.ReplyTo), string(d.Edit)); err != nil {
		return fmt.Errorf("put draft: %w", err)
	}
	return nil
}

// DeleteDraft removes the draft of a room.
func (tx *Tx) DeleteDraft(room chat.RoomID) error {
	if err := tx.exec(`DELETE FROM draft WHERE room_id = ?`, string(room)); err != nil {
		return fmt.Errorf("delete draft: %w", err)
	}
	return nil
}

// PutUIState keeps a small value of the window; nil deletes it.
func (tx *Tx) PutUIState(key string, value []byte) error {
	var err error
	if value == nil {
		err = tx.exec(`DELETE FROM ui_state WHERE key = ?`, key)
	} else {
		err = tx.exec(`INSERT OR REPLACE INTO ui_state (key, value) VALUES (?, ?)`, key, value)
	}
	if err != nil {
		return fmt.Errorf("put ui state: %w", err)
	}
	return nil
}

// PutMedia records a file of the media folder.
func (tx *Tx) PutMedia(m MediaFile) error {
	if err := tx.exec(`INSERT OR REPLACE INTO media (uri, file, size, last_used_ms) VALUES (?, ?, ?, ?)`,
		m.URI, m.File, m.Size, toMS(m.LastUsed)); err != nil {
		return fmt.Errorf("put media: %w", err)
	}
	return nil
}

// TouchMedia sets when a file was last used to now.
func (tx *Tx) TouchMedia(uri string) error {
	if err := tx.exec(`UPDATE media SET last_used_ms = ? WHERE uri = ?`, tx.s.now().UnixMilli(), uri); err != nil {
		return fmt.Errorf("touch media: %w", err)
	}
	return nil
}

// DeleteMedia forgets a file; the caller removes it from the folder.
func (tx *Tx) DeleteMedia(uri string) error {
	if err := tx.exec(`DELETE FROM media WHERE uri = ?`, uri); err != nil {
		return fmt.Errorf("delete media: %w", err)
	}
	return nil
}

// saveNextKey keeps the key counter when the newest row may be gone, so that no key is given out twice.
func (tx *Tx) saveNextKey() error {
	return tx.exec(`INSERT OR REPLACE INTO meta (key, value) VALUES ('next_key', ?)`, int64(tx.w.nextKey))
}

// storedProblem is a chat.Problem as it is kept.
type storedProblem struct {
	Kind   chat.ProblemKind `json:"kind"`
	Detail string           `json:"detail,omitempty"`
	Code   string           `json:"code,omitempty"`
	Retry  bool             `json:"retry,omitempty"`
}

func marshalProblem(p *chat.Problem) (any, error) {
	if p == nil {
		return nil, nil // NULL in the column
	}
	b, err := json.Marshal(storedProblem{p.Kind, p.Detail, p.Code, p.Retry})
	return string(b), err
}

func unmarshalProblem(s string) *chat.Problem {
	if s == "" {
		return nil
	}
	var p storedProblem
	if json.Unmarshal([]byte(s), &p) != nil || !p.Kind.Valid() {
		return &chat.Problem{Kind: chat.ProblemUnknown}
	}
	return &chat.Problem{Kind: p.Kind, Detail: p.Detail, Code: p.Code, Retry: p.Retry}
}
