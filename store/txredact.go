package store

import (
	"database/sql"
	"fmt"

	"hubbub/store/chat"
)

// redact empties the target of a redaction, or parks the redaction until the target comes.
func (tx *Tx) redact(room chat.RoomID, n int64, key chat.ItemKey, ev *Event) error {
	var target int64
	ok, err := tx.q().one(`SELECT id FROM event WHERE room = ? AND event_id = ?`, []any{n, string(ev.Redacts)}, &target)
	if err != nil {
		return err
	}
	if ok {
		return tx.blank(room, n, chat.ItemKey(target), ev.Redacts, ev.Sender, ev.Reason)
	}
	if err := tx.exec(`INSERT OR IGNORE INTO parked_redaction (room, target, key) VALUES (?, ?, ?)`, n, string(ev.Redacts), int64(key)); err != nil {
		return err
	}
	if err := tx.loadParked(); err != nil {
		return err
	}
	tx.w.parked[n] = true
	return nil
}

// redactBy lets a deletion of ours take effect that the homeserver has accepted.
func (tx *Tx) redactBy(room chat.RoomID, n int64, key chat.ItemKey) error {
	ev := Event{}
	ok, err := tx.q().one(`SELECT rel_target, sender, coalesce(reason, '') FROM event WHERE id = ? AND rel_type = 'm.room.redaction'`,
		[]any{int64(key)}, (*string)(&ev.Redacts), (*string)(&ev.Sender), &ev.Reason)
	if err != nil || !ok {
		return err
	}
	return tx.redact(room, n, key, &ev)
}

// unpark makes an event redacted from the start when its redaction came first.
func (tx *Tx) unpark(n int64, ev *Event) error {
	by, reason, ok, err := tx.takeParked(n, ev.ID)
	if err != nil {
		return err
	}
	if ok {
		ev.RedactedBy, ev.Reason = by, reason
	}
	if ev.RedactedBy != "" {
		empty(ev)
	}
	return nil
}

// applyParked empties a row that got its event id after the redaction of that event came.
func (tx *Tx) applyParked(room chat.RoomID, n int64, key chat.ItemKey, id chat.EventID) error {
	by, reason, ok, err := tx.takeParked(n, id)
	if err != nil || !ok {
		return err
	}
	return tx.blank(room, n, key, id, by, reason)
}

func (tx *Tx) takeParked(n int64, id chat.EventID) (by chat.UserID, reason string, ok bool, err error) {
	if err := tx.loadParked(); err != nil {
		return "", "", false, err
	}
	if !tx.w.parked[n] {
		return "", "", false, nil
	}
	ok, err = tx.q().one(`
		SELECT e.sender, coalesce(e.reason, '') FROM parked_redaction p JOIN event e ON e.id = p.key WHERE p.room = ? AND p.target = ?`,
		[]any{n, string(id)}, (*string)(&by), &reason)
	if err != nil || !ok {
		return "", "", false, err
	}
	return by, reason, true, tx.exec(`DELETE FROM parked_redaction WHERE room = ? AND target = ?`, n, string(id))
}

// loadParked reads once which rooms have parked redactions, so that other rooms pay nothing.
func (tx *Tx) loadParked() error {
	if tx.w.parked != nil {
		return nil
	}
	rows, err := tx.q()(`SELECT DISTINCT room FROM parked_redaction`)
	if err != nil {
		return err
	}
	defer rows.Close()
	parked := make(map[int64]bool)
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return translate(err)
		}
		parked[n] = true
	}
	if err := rows.Err(); err != nil {
		return translate(err)
	}
	tx.w.parked = parked
	return nil
}

// empty takes away what a redaction takes away. What keeps a row from being an
// item of its own (its relation) is kept: a deleted reaction is not a message.
func empty(ev *Event) {
	if ev.State == nil || ev.Kind != chat.KindState {
		ev.Kind = chat.KindRedacted
	}
	ev.Body, ev.HTML, ev.Extra, ev.Mention, ev.ReplyTo = "", "", Extra{}, false, ""
	ev.RelKey, ev.SessionID, ev.Clear = "", "", nil
	ev.Raw = redactJSON(ev.Raw)
}

// blank empties a row that is in the store.
func (tx *Tx) blank(room chat.RoomID, n int64, key chat.ItemKey, id chat.EventID, by chat.UserID, reason string) error {
	var raw []byte
	var relTarget, relType string
	var redacted bool
	var ms int64
	ok, err := tx.q().one(`SELECT raw, coalesce(rel_target, ''), coalesce(rel_type, ''), redacted_by IS NOT NULL, ts_ms FROM event WHERE id = ?`,
		[]any{int64(key)}, &raw, &relTarget, &relType, &redacted, &ms)
	if err != nil || redacted {
		return err
	}
	if !ok {
		return fmt.Errorf("redact %s: %w", id, ErrNotFound)
	}
	if by == "" {
		by = "?"
	}
	if err := tx.exec(`
		UPDATE event SET redacted_by = ?, reason = ?, shown = iif(kind = 12 AND type IN ('m.reaction', 'm.room.redaction'), 0, shown), kind = iif(kind = 10 AND state_key IS NOT NULL, kind, 13), body = '', html = '', extra = NULL,
			rel_key = NULL, rel_target = iif(rel_type = 'm.in_reply_to', NULL, rel_target), rel_type = iif(rel_type = 'm.in_reply_to', NULL, rel_type),
			mention = 0, session_id = NULL, raw = ?, clear = NULL
		WHERE id = ?`, string(by), null(reason), blob(redactJSON(raw)), int64(key)); err != nil {
		return err
	}
	if err := tx.exec(`UPDATE state SET content = CAST('{}' AS BLOB) WHERE room = ? AND event_id = ? AND type NOT IN ('m.room.create', 'm.room.power_levels',
		'm.room.join_rules', 'm.room.history_visibility', 'm.room.encryption')`, n, string(id)); err != nil {
		return err
	}
	if err := tx.blankMember(room, n, id); err != nil {
		return err
	}
	tx.ch.item(room, key)
	if relTarget != "" {
		tx.ch.target(room, chat.EventID(relTarget))
	}
	if err := tx.blankEdits(room, n, id, by, reason); err != nil {
		return err
	}
	if relType == RelThread { // the homeserver's count was made while it was there
		if err := tx.exec(`
			UPDATE event SET extra = json_set(extra, '$.thread_count', extra ->> '$.thread_count' - 1)
			WHERE room = ? AND event_id = ? AND extra ->> '$.thread_count' > 0 AND extra ->> '$.thread_time' >= ?`, n, relTarget, ms); err != nil {
			return err
		}
	}
	if relType == RelReplace { // answers show the text before the edit again
		if err := tx.dirtyReplies(room, n, chat.EventID(relTarget)); err != nil {
			return err
		}
	}
	return tx.dirtyReplies(room, n, id)
}

// blankMember takes away the name and avatar that somebody gave themselves with
// an event that was deleted.
func (tx *Tx) blankMember(room chat.RoomID, n int64, id chat.EventID) error {
	changed, err := tx.execN(`UPDATE member SET name = '', avatar = '', reason = '' WHERE room = ? AND event_id = ? AND (name <> '' OR avatar <> '' OR reason <> '')`,
		n, string(id))
	if err == nil && changed > 0 {
		tx.ch.members(room)
		tx.ch.reload(room)
	}
	return err
}

// blankEdits empties the edits of an event that was deleted: they hold its text
// too, and homeservers do not delete them with it.
func (tx *Tx) blankEdits(room chat.RoomID, n int64, id chat.EventID, by chat.UserID, reason string) error {
	if id == "" {
		return nil
	}
	type edit struct {
		key int64
		id  string
	}
	var edits []edit
	if err := tx.q().each(`
		SELECT e.id, e.event_id FROM event t JOIN event e ON e.room = t.room AND e.rel_target = t.event_id AND e.rel_type = 'm.replace' AND e.sender = t.sender
		WHERE t.room = ? AND t.event_id = ? AND t.redacted_by IS NOT NULL AND t.state_key IS NULL
			AND e.event_id IS NOT NULL AND e.redacted_by IS NULL`,
		[]any{n, string(id)}, func(rows *sql.Rows) error {
			var e edit
			err := rows.Scan(&e.key, &e.id)
			edits = append(edits, e)
			return err
		}); err != nil {
		return err
	}
	for _, e := range edits {
		if err := tx.blank(room, n, chat.ItemKey(e.key), chat.EventID(e.id), by, reason); err != nil {
			return err
		}
	}
	return nil
}

// dirtyReplies marks the answers to an event: they show its text.
func (tx *Tx) dirtyReplies(room chat.RoomID, n int64, id chat.EventID) error {
	if id == "" {
		return nil
	}
	return tx.q().keys(`SELECT id FROM event WHERE room = ? AND rel_target = ? AND rel_type = 'm.in_reply_to'`,
		[]any{n, string(id)}, func(key chat.ItemKey) { tx.ch.item(room, key) })
}
