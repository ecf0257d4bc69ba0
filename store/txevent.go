package store

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"hubbub/store/chat"
)

// PutEvent writes an event without giving it a place in the timeline: the
// target of an answer, context. An event that is known keeps its row.
func (tx *Tx) PutEvent(room chat.RoomID, ev Event) (Put, error) {
	n, err := tx.room(room)
	if err != nil {
		return Put{}, fmt.Errorf("put event in %s: %w", room, err)
	}
	put, err := tx.put(room, n, ev, nil)
	if err != nil {
		return put, fmt.Errorf("put event in %s: %w", room, err)
	}
	return put, nil
}

// AddEcho writes the local echo of a message of ours at the end of the
// timeline. ev.ID is empty, ev.Txn is not; the row is in state Sending.
func (tx *Tx) AddEcho(room chat.RoomID, ev Event) (chat.ItemKey, error) {
	n, err := tx.room(room)
	if err != nil {
		return 0, fmt.Errorf("add echo to %s: %w", room, err)
	}
	key := tx.newKey()
	seq := int64(chat.SeqLocal) + int64(key)
	ev.ID = ""
	if _, err := tx.insert(n, key, &seq, &ev, chat.Sending); err != nil {
		return 0, fmt.Errorf("add echo to %s: %w", room, err)
	}
	tx.touched(room, key, &ev)
	return key, nil
}

// Decrypted replaces what was derived from an event that could not be read
// until now. Place, key and what was received stay. A row that is readable, or
// deleted, or gone stays as it is.
func (tx *Tx) Decrypted(room chat.RoomID, key chat.ItemKey, ev Event) error {
	n, err := tx.room(room)
	if err != nil {
		return fmt.Errorf("decrypted in %s: %w", room, err)
	}
	var shown bool
	var seq *int64
	ok, err := tx.q().one(`SELECT coalesce(event_id, ''), shown, seq FROM event WHERE id = ? AND room = ? AND kind = 11 AND redacted_by IS NULL`,
		[]any{int64(key), n}, (*string)(&ev.ID), &shown, &seq)
	if err != nil {
		return fmt.Errorf("decrypted in %s: %w", room, err)
	}
	if !ok {
		return nil
	}
	if err := tx.derive(n, key, seq, &ev); err != nil {
		return fmt.Errorf("decrypted in %s: %w", room, err)
	}
	if shown {
		tx.ch.item(room, key)
	}
	tx.touched(room, key, &ev)
	if err := tx.touchReplies(room, n, &ev); err != nil {
		return fmt.Errorf("decrypted in %s: %w", room, err)
	}
	return nil
}

// put inserts an event, or finds the row that it has. seq is its place, or nil.
func (tx *Tx) put(room chat.RoomID, n int64, ev Event, seq *int64) (Put, error) {
	if ev.ID == "" {
		sum := sha256.Sum256(ev.Raw)
		ev.ID = chat.EventID("$none:" + base64.RawURLEncoding.EncodeToString(sum[:]))
	}
	if ev.Txn != "" {
		put, done, err := tx.mergeEcho(room, n, &ev, seq)
		if err != nil || done {
			return put, err
		}
	}
	if err := tx.unpark(n, &ev); err != nil {
		return Put{}, err
	}
	key := tx.newKey()
	inserted, err := tx.insert(n, key, seq, &ev, chat.Sent)
	if err != nil {
		return Put{}, err
	}
	if !inserted {
		tx.w.nextKey--
		return tx.placeKnown(room, n, &ev, seq)
	}
	tx.touched(room, key, &ev)
	if err := tx.touchReplies(room, n, &ev); err != nil {
		return Put{}, err
	}
	if ev.Redacts != "" {
		if err := tx.redact(room, n, key, &ev); err != nil {
			return Put{}, err
		}
	}
	switch { // an event that comes after its deletion, or an edit of one
	case ev.RedactedBy != "":
		err = tx.blankEdits(room, n, ev.ID, ev.RedactedBy, ev.Reason)
	case ev.RelType == RelReplace:
		err = tx.blankEdits(room, n, ev.RelTarget, ev.Sender, "")
	}
	if err != nil {
		return Put{}, err
	}
	return Put{Key: key, New: true, Placed: seq != nil}, nil
}

// touched records what the change of an event changes on the screen.
func (tx *Tx) touched(room chat.RoomID, key chat.ItemKey, ev *Event) {
	if shownKind(ev) {
		tx.ch.item(room, key)
	}
	if ev.RelTarget != "" && ev.RelType != RelReply {
		tx.ch.target(room, ev.RelTarget)
	}
}

// touchReplies marks the answers to an event that came or was edited, since
// they show its text. Rooms that nobody looks at are spared the search.
func (tx *Tx) touchReplies(room chat.RoomID, n int64, ev *Event) error {
	if !tx.s.isWatched(room) {
		return nil
	}
	if ev.RelType == RelReplace && ev.RelTarget != "" {
		if err := tx.dirtyReplies(room, n, ev.RelTarget); err != nil {
			return err
		}
	}
	return tx.dirtyReplies(room, n, ev.ID)
}

// shownKind says whether an event is an item of its own, and not one that folds into another.
func shownKind(ev *Event) bool {
	if ev.Kind == chat.KindUnreadable {
		return true
	}
	if ev.Hidden || ev.Redacts != "" || ev.Type == "m.room.redaction" || ev.Type == "m.reaction" {
		return false
	}
	return ev.RelTarget == "" || (ev.RelType != RelReplace && ev.RelType != RelAnnotation)
}

// insert adds the row; false when the event id is known in the room.
func (tx *Tx) insert(n int64, key chat.ItemKey, seq *int64, ev *Event, state chat.SendState) (bool, error) {
	extra, err := marshalExtra(ev)
	if err != nil {
		return false, err
	}
	relType, relTarget := relation(ev)
	count, err := tx.execN(`
		INSERT INTO event (id, room, seq, shown, event_id, txn_id, sender, ts_ms, type, state_key, kind, body, html, extra,
			rel_type, rel_target, rel_key, encrypted, plain, mention, cause, session_id, redacted_by, reason, send_state, raw, clear)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (room, event_id) WHERE event_id IS NOT NULL DO NOTHING`,
		int64(key), n, seq, seq != nil && shownKind(ev), null(ev.ID), null(ev.Txn), string(ev.Sender), toMS(ev.Time), ev.Type, ev.State,
		int(ev.Kind), ev.Body, ev.HTML, extra, null(relType), null(relTarget), null(ev.RelKey), ev.Encrypted, ev.Plain, ev.Mention,
		int(ev.Cause), null(ev.SessionID), null(ev.RedactedBy), null(ev.Reason), int(state), blob(ev.Raw), blob(ev.Clear))
	if err != nil || count == 0 || ev.Body == "" || !searchable(ev.Kind) {
		return count == 1, err
	}
	return true, tx.exec(`INSERT INTO event_fts (rowid, body) VALUES (?, ?)`, int64(key), ev.Body)
}

// searchable says whether the body of that kind is a message's. The triggers of the schema say the same.
func searchable(k chat.MessageKind) bool {
	switch k {
	case chat.KindText, chat.KindEmote, chat.KindNotice, chat.KindImage, chat.KindVideo, chat.KindAudio, chat.KindFile, chat.KindPoll:
		return true
	}
	return false
}

// derive overwrites what is derived from an event's content.
func (tx *Tx) derive(n int64, key chat.ItemKey, seq *int64, ev *Event) error {
	extra, err := marshalExtra(ev)
	if err != nil {
		return err
	}
	relType, relTarget := relation(ev)
	return tx.exec(`
		UPDATE event SET shown = ?, type = ?, kind = ?, body = ?, html = ?, extra = ?, rel_type = ?, rel_target = ?, rel_key = ?,
			encrypted = ?, plain = ?, mention = ?, cause = ?, session_id = ?, clear = ?
		WHERE id = ? AND room = ?`,
		seq != nil && shownKind(ev), ev.Type, int(ev.Kind), ev.Body, ev.HTML, extra, null(relType), null(relTarget), null(ev.RelKey),
		ev.Encrypted, ev.Plain, ev.Mention, int(ev.Cause), null(ev.SessionID), blob(ev.Clear), int64(key), n)
}

func relation(ev *Event) (relType string, target chat.EventID) {
	switch {
	case ev.Redacts != "":
		return relRedaction, ev.Redacts
	case ev.RelTarget != "":
		return ev.RelType, ev.RelTarget
	case ev.ReplyTo != "":
		return RelReply, ev.ReplyTo
	}
	return "", ""
}

// marshalExtra returns nil when there is nothing to keep.
func marshalExtra(ev *Event) (any, error) {
	x := ev.Extra
	x.ReplyTo = ev.ReplyTo
	if x == (Extra{}) {
		return nil, nil // NULL in the column
	}
	b, err := json.Marshal(x)
	return string(b), err
}

// null is NULL for an empty string.
func null[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return string(s)
}

// blob is NULL for no bytes.
func blob(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}
