package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"hubbub/store/chat"
)

// UpdateRoom changes a room's row: change gets the present row (a new one when
// the room is not known) and edits it in place. Nothing is written or published
// when it edits nothing. ID cannot be changed, and Encrypted never goes back to
// false.
func (tx *Tx) UpdateRoom(id chat.RoomID, change func(*Room)) error {
	n, err := tx.room(id)
	if err != nil {
		return fmt.Errorf("update room %s: %w", id, err)
	}
	old, _, err := tx.Room(id)
	if err != nil {
		return fmt.Errorf("update room %s: %w", id, err)
	}
	r := old
	r.Heroes = slices.Clone(old.Heroes)
	change(&r)
	r.LastActive = fromMS(toMS(r.LastActive))
	r.ID, r.Encrypted = id, r.Encrypted || old.Encrypted
	for heir, ok := tx.heirs[r.LastKey]; ok; heir, ok = tx.heirs[r.LastKey] {
		r.LastKey = heir
	}
	if r.Room == old.Room && r.MembersComplete == old.MembersComplete && slices.Equal(r.Heroes, old.Heroes) {
		return nil
	}
	heroes, err := marshalList(r.Heroes)
	if err != nil {
		return fmt.Errorf("update room %s: %w", id, err)
	}
	if err := tx.exec(`
		UPDATE room SET name = ?, topic = ?, alias = ?, avatar = ?, type = ?, membership = ?, inviter = ?, reason = ?,
			direct = ?, direct_with = ?, version = ?, join_rule = ?, history = ?, successor = ?,
			joined = ?, invited = ?, unread = ?, mentions = ?, has_unread = ?, marked = ?, notify = ?, favourite = ?,
			low_prio = ?, last_active_ms = ?, last_key = ?, fully_read = ?, read_up_to = ?, can_send = ?,
			members_complete = ?, heroes = ?
		WHERE id = ?`,
		r.Name, r.Topic, r.Alias, r.Avatar, int(r.Type), int(r.Membership), string(r.Inviter), r.Reason,
		r.Direct, string(r.DirectWith), r.Version, r.JoinRule, r.History, string(r.Successor),
		r.Joined, r.Invited, r.Unread, r.Mentions, r.HasUnread, r.Marked, int(r.Notify), r.Favourite,
		r.LowPrio, toMS(r.LastActive), int64(r.LastKey), string(r.FullyRead), string(r.ReadUpTo), r.CanSend,
		r.MembersComplete, heroes, n); err != nil {
		return fmt.Errorf("update room %s: %w", id, err)
	}
	// On its own: a statement that may run a trigger opens a journal, for which FTS5 writes out its index.
	if r.Encrypted && !old.Encrypted {
		if err := tx.exec(`UPDATE room SET encrypted = 1 WHERE id = ?`, n); err != nil {
			return fmt.Errorf("update room %s: %w", id, err)
		}
	}
	tx.row, tx.rowOf, tx.rowKnown = r, id, true
	tx.row.Heroes = slices.Clone(r.Heroes)
	switch {
	case listed(r.Membership):
		tx.ch.room(id)
	case listed(old.Membership):
		tx.ch.gone(id)
	}
	return nil
}

// listed says whether a room of that membership stands in the sidebar. Rooms
// that were left stay in the store and can be read.
func listed(m chat.Membership) bool {
	return m == chat.MemberJoined || m == chat.MemberInvited || m == chat.MemberKnocked
}

// ForgetRoom deletes all that is known about a room, unsent messages and draft
// included; only that it is encrypted is remembered.
func (tx *Tx) ForgetRoom(id chat.RoomID) error {
	n, err := tx.room(id)
	if err != nil {
		return fmt.Errorf("forget room %s: %w", id, err)
	}
	tx.rowOf = ""
	if err := errors.Join(tx.dropTail(), tx.saveNextKey()); err != nil {
		return fmt.Errorf("forget room %s: %w", id, err)
	}
	for _, q := range []string{
		`DELETE FROM event WHERE room = ?`, `DELETE FROM chunk WHERE room = ?`, `DELETE FROM state WHERE room = ?`,
		`DELETE FROM member WHERE room = ?`, `DELETE FROM receipt WHERE room = ?`, `DELETE FROM parked_redaction WHERE room = ?`, `DELETE FROM shield WHERE room = ?`,
		`DELETE FROM room WHERE id = ? AND encrypted = 0`,
		`UPDATE room SET name = '', topic = '', alias = '', avatar = '', membership = 0, members_complete = 0, heroes = '', last_key = 0 WHERE id = ?`,
	} {
		if err := tx.exec(q, n); err != nil {
			return fmt.Errorf("forget room %s: %w", id, err)
		}
	}
	for _, q := range []string{
		`DELETE FROM outbox WHERE room_id = ?`, `DELETE FROM draft WHERE room_id = ?`, `DELETE FROM account_data WHERE room_id = ?`,
		`DELETE FROM wanted_session WHERE room_id = ?`, `DELETE FROM space_edge WHERE parent = ?`,
	} {
		if err := tx.exec(q, string(id)); err != nil {
			return fmt.Errorf("forget room %s: %w", id, err)
		}
	}
	delete(tx.w.rooms, id)
	tx.ch.gone(id)
	tx.ch.reload(id)
	tx.ch.edges, tx.ch.outbox = true, true
	return nil
}

// PutEdge adds or changes one edge.
func (tx *Tx) PutEdge(e chat.SpaceEdge) error {
	via, err := json.Marshal(e.Via)
	if err != nil {
		return fmt.Errorf("put edge of %s: %w", e.Parent, err)
	}
	n, err := tx.execN(`
		INSERT INTO space_edge (parent, child, ord, suggested, via) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET ord = excluded.ord, suggested = excluded.suggested, via = excluded.via
		WHERE ord <> excluded.ord OR suggested <> excluded.suggested OR via <> excluded.via`,
		string(e.Parent), string(e.Child), e.Order, e.Suggested, string(via))
	if err != nil {
		return fmt.Errorf("put edge of %s: %w", e.Parent, err)
	}
	tx.ch.edges = tx.ch.edges || n > 0
	return nil
}

// DeleteEdge removes one edge.
func (tx *Tx) DeleteEdge(parent, child chat.RoomID) error {
	n, err := tx.execN(`DELETE FROM space_edge WHERE parent = ? AND child = ?`, string(parent), string(child))
	if err != nil {
		return fmt.Errorf("delete edge of %s: %w", parent, err)
	}
	tx.ch.edges = tx.ch.edges || n > 0
	return nil
}

const roomColumns = `room_id, name, topic, alias, avatar, type, membership, inviter, reason, direct, direct_with, encrypted,
	version, join_rule, history, successor, joined, invited, unread, mentions, has_unread, marked, notify, favourite,
	low_prio, last_active_ms, last_key, fully_read, read_up_to, can_send`

func roomDest(r *chat.Room, lastActive *int64) []any {
	return []any{
		(*string)(&r.ID), &r.Name, &r.Topic, &r.Alias, &r.Avatar, &r.Type, &r.Membership, (*string)(&r.Inviter), &r.Reason,
		&r.Direct, (*string)(&r.DirectWith), &r.Encrypted, &r.Version, &r.JoinRule, &r.History, (*string)(&r.Successor),
		&r.Joined, &r.Invited, &r.Unread, &r.Mentions, &r.HasUnread, &r.Marked, &r.Notify, &r.Favourite,
		&r.LowPrio, lastActive, (*int64)(&r.LastKey), (*string)(&r.FullyRead), (*string)(&r.ReadUpTo), &r.CanSend,
	}
}

// newRoom is a room of which nothing is known, as a new row has it.
func newRoom(id chat.RoomID) Room { return Room{Room: chat.Room{ID: id, CanSend: true}} }

func loadRoom(q queryFunc, id chat.RoomID) (Room, bool, error) {
	r := newRoom(id)
	var active int64
	var heroes string
	dest := append(roomDest(&r.Room, &active), &r.MembersComplete, &heroes)
	ok, err := q.one(`SELECT `+roomColumns+`, members_complete, heroes FROM room WHERE room_id = ?`, []any{string(id)}, dest...)
	if err != nil || !ok {
		return newRoom(id), false, err
	}
	r.LastActive = fromMS(active)
	if heroes != "" {
		if err := json.Unmarshal([]byte(heroes), &r.Heroes); err != nil {
			return r, true, fmt.Errorf("heroes: %w", err)
		}
	}
	return r, true, nil
}

// loadRooms returns summaries; from is a constant FROM clause.
func loadRooms(q queryFunc, count int, from string, args ...any) ([]chat.Room, error) {
	all := make([]chat.Room, 0, count)
	var r chat.Room
	var active int64
	dest := roomDest(&r, &active)
	err := q.each(`SELECT `+roomColumns+` FROM `+from, args, func(rows *sql.Rows) error {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		r.LastActive = fromMS(active)
		all = append(all, r)
		return nil
	})
	return all, err
}

func marshalList(users []chat.UserID) (string, error) {
	if len(users) == 0 {
		return "", nil
	}
	b, err := json.Marshal(users)
	return string(b), err
}

// toMS is 0 for the zero time.
func toMS(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// fromMS is the zero time for 0 and before, and never later than the year 9999.
func fromMS(ms int64) time.Time {
	if ms <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(min(ms, maxMS))
}
