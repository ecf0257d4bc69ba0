package store

import (
	"fmt"

	"hubbub/store/chat"
)

// mergeEcho finds the local echo of an event of ours by its transaction id and
// gives it the event id. The row may exist twice by then: when the answer to
// the request came before the event, the echo has the id already.
func (tx *Tx) mergeEcho(room chat.RoomID, n int64, ev *Event, seq *int64) (Put, bool, error) {
	var key, inRoom int64
	var id, sender string
	ok, err := tx.q().one(`SELECT id, room, coalesce(event_id, ''), sender FROM event WHERE txn_id = ?`, []any{string(ev.Txn)}, &key, &inRoom, &id, &sender)
	if err != nil || !ok {
		return Put{}, false, err
	}
	if inRoom != n || sender != string(ev.Sender) || (id != "" && id != string(ev.ID)) {
		ev.Txn = "" // somebody else's number, or a homeserver that repeats it
		return Put{}, false, nil
	}
	if id == "" {
		if err := tx.setEventID(room, n, chat.ItemKey(key), ev.ID); err != nil {
			return Put{}, false, err
		}
	}
	put, err := tx.placeKnown(room, n, ev, seq)
	return put, true, err
}

// setEventID gives an echo its event id and takes its row out of the outbox. A
// row that came by another way under the same id gives way to the echo, and the
// echo takes over its place.
func (tx *Tx) setEventID(room chat.RoomID, n int64, key chat.ItemKey, id chat.EventID) error {
	var other int64
	var seq *int64
	var ms int64
	var raw, clearJSON []byte
	var by, reason string
	ok, err := tx.q().one(`
		SELECT id, seq, ts_ms, raw, clear, coalesce(redacted_by, ''), coalesce(reason, '') FROM event WHERE room = ? AND event_id = ?`,
		[]any{n, string(id)}, &other, &seq, &ms, &raw, &clearJSON, &by, &reason)
	if err != nil {
		return err
	}
	if ok && chat.ItemKey(other) != key {
		if err := tx.dropRow(room, n, chat.ItemKey(other), key); err != nil {
			return err
		}
		if err := tx.exec(`UPDATE event SET seq = coalesce(?, seq), ts_ms = ?, raw = ?, clear = coalesce(?, clear) WHERE id = ?`,
			seq, ms, blob(raw), blob(clearJSON), int64(key)); err != nil {
			return err
		}
	}
	if err := tx.exec(`
		UPDATE event SET event_id = ?, send_state = 0, send_problem = NULL,
			encrypted = max(encrypted, coalesce((SELECT sent_type = 'm.room.encrypted' FROM outbox WHERE key = event.id), 0))
		WHERE id = ?`, string(id), int64(key)); err != nil {
		return err
	}
	if err := tx.releaseBehind(room, key); err != nil {
		return err
	}
	if err := tx.exec(`DELETE FROM outbox WHERE key = ?`, int64(key)); err != nil {
		return err
	}
	tx.ch.item(room, key)
	tx.ch.outbox = true
	if by != "" { // deleted before the answer to our request came
		return tx.blank(room, n, key, id, chat.UserID(by), reason)
	}
	if err := tx.dirtyReplies(room, n, id); err != nil {
		return err
	}
	if err := tx.redactBy(room, n, key); err != nil {
		return err
	}
	return tx.applyParked(room, n, key, id)
}

// dropRow deletes a row in favour of another.
func (tx *Tx) dropRow(room chat.RoomID, n int64, key, heir chat.ItemKey) error {
	if err := tx.exec(`DELETE FROM event WHERE id = ?`, int64(key)); err != nil {
		return err
	}
	tx.rowOf = ""
	if tx.heirs == nil {
		tx.heirs = make(map[chat.ItemKey]chat.ItemKey)
	}
	tx.heirs[key] = heir
	if err := tx.exec(`UPDATE room SET last_key = ? WHERE id = ? AND last_key = ?`, int64(heir), n, int64(key)); err != nil {
		return err
	}
	if err := tx.exec(`UPDATE parked_redaction SET key = ? WHERE key = ?`, int64(heir), int64(key)); err != nil {
		return err
	}
	tx.ch.item(room, key)
	return tx.saveNextKey()
}

// known is what decides how a row and another copy of its event are joined.
type known struct {
	key       chat.ItemKey
	seq       *int64
	kind      chat.MessageKind
	hasRaw    bool
	redacted  bool
	encrypted bool
	ev        Event // sender, type and relation only
}

func (tx *Tx) loadKnown(n int64, id chat.EventID) (known, error) {
	var k known
	ok, err := tx.q().one(`
		SELECT id, seq, kind, raw IS NOT NULL, redacted_by IS NOT NULL, encrypted, sender, type, coalesce(rel_type, ''), coalesce(rel_target, '')
		FROM event WHERE room = ? AND event_id = ?`, []any{n, string(id)},
		(*int64)(&k.key), &k.seq, &k.kind, &k.hasRaw, &k.redacted, &k.encrypted, (*string)(&k.ev.Sender), &k.ev.Type, &k.ev.RelType, (*string)(&k.ev.RelTarget))
	if err == nil && !ok {
		err = fmt.Errorf("event %s: %w", id, ErrNotFound)
	}
	k.ev.Kind = k.kind
	return k, err
}

// placeKnown gives a known event its place if it has none, and what only the homeserver's copy has.
// A copy of another sender, or one in the clear of what is encrypted, is no copy: who the row says wrote
// it has not written that.
func (tx *Tx) placeKnown(room chat.RoomID, n int64, ev *Event, seq *int64) (Put, error) {
	k, err := tx.loadKnown(n, ev.ID)
	if err != nil {
		return Put{}, err
	}
	same := k.ev.Sender == ev.Sender
	put := Put{Key: k.key, Echo: !k.hasRaw && same}
	if seq != nil && (k.seq == nil || provisional(*k.seq)) {
		if err := tx.exec(`UPDATE event SET seq = ?, shown = ? WHERE id = ?`, *seq, shownKind(&k.ev), int64(k.key)); err != nil {
			return put, err
		}
		put.Placed, k.seq = true, seq
		tx.s.answers.drop(k.key)
	}
	decrypted := k.kind == chat.KindUndecrypted && ev.Kind != chat.KindUndecrypted && ev.Encrypted && same
	switch {
	case k.redacted:
	case put.Echo:
		err = tx.adopt(n, &k, ev)
	case decrypted:
		err = tx.derive(n, k.key, k.seq, ev)
	}
	if err != nil {
		return put, err
	}
	if put.Placed || put.Echo || decrypted {
		tx.ch.item(room, k.key)
		tx.touched(room, k.key, ev)
		if err := tx.touchReplies(room, n, ev); err != nil {
			return put, err
		}
	}
	if ev.Redacts != "" && (put.Echo || decrypted) {
		if err := tx.redact(room, n, k.key, ev); err != nil {
			return put, err
		}
	}
	if ev.RedactedBy != "" && !k.redacted && same {
		err = tx.blank(room, n, k.key, ev.ID, ev.RedactedBy, ev.Reason)
	}
	return put, err
}

// adopt gives an echo the homeserver's copy: time, raw form, and what was
// derived from it unless it could not be read or is not what we sent.
func (tx *Tx) adopt(n int64, k *known, ev *Event) error {
	if err := tx.exec(`UPDATE event SET ts_ms = ?, raw = ? WHERE id = ?`, toMS(ev.Time), blob(ev.Raw), int64(k.key)); err != nil {
		return err
	}
	if ev.Kind == chat.KindUndecrypted || ev.RedactedBy != "" || k.encrypted && !ev.Encrypted {
		return nil // we wrote it: the echo is the readable copy
	}
	return tx.derive(n, k.key, k.seq, ev)
}
