package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"hubbub/store/chat"
)

// The reads below exist on Store (last state on disk) and on Tx (the
// transaction's own view). The boolean says whether the row exists.

// Room returns a room's row; without one, a Room that only has its id.
func (s *Store) Room(ctx context.Context, id chat.RoomID) (Room, bool, error) {
	return loadRoom(s.q(ctx), id)
}

// Room returns a room's row; without one, a Room that only has its id.
func (tx *Tx) Room(id chat.RoomID) (Room, bool, error) {
	if tx.rowOf != id || tx.w.failed != nil {
		r, known, err := loadRoom(tx.q(), id)
		if err != nil {
			return r, known, err
		}
		tx.row, tx.rowOf, tx.rowKnown = r, id, known
	}
	r := tx.row
	r.Heroes = slices.Clone(r.Heroes)
	return r, tx.rowKnown, nil
}

// State returns a piece of room state other than a member.
func (s *Store) State(ctx context.Context, room chat.RoomID, eventType, key string) (State, bool, error) {
	return loadState(s.q(ctx), room, eventType, key)
}

// State returns a piece of room state other than a member.
func (tx *Tx) State(room chat.RoomID, eventType, key string) (State, bool, error) {
	return loadState(tx.q(), room, eventType, key)
}

// Member returns one person's membership.
func (s *Store) Member(ctx context.Context, room chat.RoomID, user chat.UserID) (Member, bool, error) {
	return loadMemberOf(s.q(ctx), room, user)
}

// Member returns one person's membership.
func (tx *Tx) Member(room chat.RoomID, user chat.UserID) (Member, bool, error) {
	return loadMemberOf(tx.q(), room, user)
}

// MembersIn returns the known members of a room, whatever their membership.
func (s *Store) MembersIn(ctx context.Context, room chat.RoomID) ([]Member, error) {
	return loadMembersOf(s.q(ctx), room)
}

// MembersIn returns the known members of a room, whatever their membership.
func (tx *Tx) MembersIn(room chat.RoomID) ([]Member, error) { return loadMembersOf(tx.q(), room) }

// AccountData returns account data, of a room or ("") of the account.
func (s *Store) AccountData(ctx context.Context, room chat.RoomID, eventType string) ([]byte, bool, error) {
	return loadAccountData(s.q(ctx), room, eventType)
}

// AccountData returns account data, of a room or ("") of the account.
func (tx *Tx) AccountData(room chat.RoomID, eventType string) ([]byte, bool, error) {
	return loadAccountData(tx.q(), room, eventType)
}

// Sync returns a value of the sync loop, or "".
func (s *Store) Sync(ctx context.Context, key string) (string, error) { return loadSync(s.q(ctx), key) }

// Sync returns a value of the sync loop, or "".
func (tx *Tx) Sync(key string) (string, error) { return loadSync(tx.q(), key) }

// Account returns whose cache this is.
func (s *Store) Account(ctx context.Context) (chat.Account, bool, error) {
	return loadAccount(s.q(ctx))
}

// Receipt returns a person's receipt. See Receipt for thread and private.
func (s *Store) Receipt(ctx context.Context, room chat.RoomID, user chat.UserID, thread string, private bool) (Receipt, bool, error) {
	return loadReceipt(s.q(ctx), room, user, thread, private)
}

// Receipt returns a person's receipt. See Receipt for thread and private.
func (tx *Tx) Receipt(room chat.RoomID, user chat.UserID, thread string, private bool) (Receipt, bool, error) {
	return loadReceipt(tx.q(), room, user, thread, private)
}

// EventKey returns the item key of an event.
func (s *Store) EventKey(ctx context.Context, room chat.RoomID, id chat.EventID) (chat.ItemKey, bool, error) {
	return loadEventKey(s.q(ctx), room, id)
}

// EventKey returns the item key of an event.
func (tx *Tx) EventKey(room chat.RoomID, id chat.EventID) (chat.ItemKey, bool, error) {
	return loadEventKey(tx.q(), room, id)
}

// UndecryptedOf returns the events of a session that could not be read.
func (s *Store) UndecryptedOf(ctx context.Context, room chat.RoomID, session string) ([]Undecrypted, error) {
	return loadUndecrypted(s.q(ctx), room, session)
}

const unreadQuery = `
		SELECT count(*), coalesce(sum(e.mention), 0) FROM event e JOIN room r ON r.id = e.room
		WHERE r.room_id = ? AND e.shown = 1 AND e.seq > ? AND e.sender <> ? AND e.kind NOT IN (10, 13)`

// UnreadSince counts the messages of others after an event, and those of them
// that mention us. known is false when the event has no place in the store.
func (tx *Tx) UnreadSince(room chat.RoomID, event chat.EventID) (messages, mentions int, known bool, err error) {
	var seq int64
	known, err = tx.q().one(`SELECT e.seq FROM event e JOIN room r ON r.id = e.room WHERE r.room_id = ? AND e.event_id = ? AND e.seq IS NOT NULL`,
		[]any{string(room), string(event)}, &seq)
	if err != nil || !known {
		return 0, 0, known, err
	}
	_, err = tx.q().one(unreadQuery,
		[]any{string(room), seq, string(tx.s.ownUser())}, &messages, &mentions)
	return messages, mentions, true, err
}

// WantedSessions returns sessions whose next try is due, the longest waiting first.
func (s *Store) WantedSessions(ctx context.Context, now time.Time, limit int) ([]Wanted, error) {
	var all []Wanted
	err := s.q(ctx).each(`
		SELECT room_id, session_id, sender, sender_key, attempts, next_try_ms FROM wanted_session
		WHERE next_try_ms <= ? ORDER BY next_try_ms LIMIT ?`, []any{now.UnixMilli(), limit}, func(rows *sql.Rows) error {
		var w Wanted
		var ms int64
		err := rows.Scan((*string)(&w.Room), &w.Session, (*string)(&w.Sender), &w.SenderKey, &w.Attempts, &ms)
		w.NextTry = fromMS(ms)
		all = append(all, w)
		return err
	})
	return all, err
}

func loadState(q queryFunc, room chat.RoomID, eventType, key string) (State, bool, error) {
	st := State{Type: eventType, Key: key}
	var ms int64
	ok, err := q.one(`
		SELECT s.event_id, s.sender, s.ts_ms, s.content FROM room r JOIN state s ON s.room = r.id
		WHERE r.room_id = ? AND s.type = ? AND s.state_key = ?`,
		[]any{string(room), eventType, key}, (*string)(&st.ID), (*string)(&st.Sender), &ms, (*[]byte)(&st.Content))
	st.Time = fromMS(ms)
	return st, ok, err
}

const memberColumns = `m.user, m.membership, m.name, m.avatar, m.sender, m.reason, m.event_id`

func memberDest(m *Member) []any {
	return []any{(*string)(&m.User), &m.Membership, &m.Name, &m.Avatar, (*string)(&m.Sender), &m.Reason, (*string)(&m.ID)}
}

func loadMember(q queryFunc, n int64, user chat.UserID) (m Member, ok bool, err error) {
	ok, err = q.one(`SELECT `+memberColumns+` FROM member m WHERE m.room = ? AND m.user = ?`, []any{n, string(user)}, memberDest(&m)...)
	return m, ok, err
}

func loadMemberOf(q queryFunc, room chat.RoomID, user chat.UserID) (m Member, ok bool, err error) {
	ok, err = q.one(`SELECT `+memberColumns+` FROM room r JOIN member m ON m.room = r.id WHERE r.room_id = ? AND m.user = ?`,
		[]any{string(room), string(user)}, memberDest(&m)...)
	return m, ok, err
}

func loadMembers(q queryFunc, n int64) ([]Member, error) {
	var all []Member
	err := q.each(`SELECT `+memberColumns+` FROM member m WHERE m.room = ?`, []any{n}, func(rows *sql.Rows) error {
		var m Member
		err := rows.Scan(memberDest(&m)...)
		all = append(all, m)
		return err
	})
	return all, err
}

func loadMembersOf(q queryFunc, room chat.RoomID) ([]Member, error) {
	var n int64
	ok, err := q.one(`SELECT id FROM room WHERE room_id = ?`, []any{string(room)}, &n)
	if err != nil || !ok {
		return nil, err
	}
	return loadMembers(q, n)
}

func loadAccountData(q queryFunc, room chat.RoomID, eventType string) (content []byte, ok bool, err error) {
	ok, err = q.one(`SELECT content FROM account_data WHERE room_id = ? AND type = ?`, []any{string(room), eventType}, &content)
	return content, ok, err
}

func loadSync(q queryFunc, key string) (value string, err error) {
	_, err = q.one(`SELECT value FROM sync_state WHERE key = ?`, []any{key}, &value)
	return value, err
}

func loadAccount(q queryFunc) (a chat.Account, ok bool, err error) {
	ok, err = q.one(`SELECT user, device, name, homeserver FROM account`, nil,
		(*string)(&a.User), (*string)(&a.Device), &a.Name, &a.Homeserver)
	return a, ok, err
}

func loadReceipt(q queryFunc, room chat.RoomID, user chat.UserID, thread string, private bool) (Receipt, bool, error) {
	r := Receipt{User: user, Thread: thread, Private: private}
	var ms int64
	ok, err := q.one(`
		SELECT c.event_id, c.ts_ms FROM room r JOIN receipt c ON c.room = r.id
		WHERE r.room_id = ? AND c.user = ? AND c.thread = ? AND c.private = ?`,
		[]any{string(room), string(user), thread, private}, (*string)(&r.Event), &ms)
	r.Time = fromMS(ms)
	return r, ok, err
}

func loadEventKey(q queryFunc, room chat.RoomID, id chat.EventID) (key chat.ItemKey, ok bool, err error) {
	ok, err = q.one(`SELECT e.id FROM room r JOIN event e ON e.room = r.id WHERE r.room_id = ? AND e.event_id = ?`,
		[]any{string(room), string(id)}, (*int64)(&key))
	return key, ok, err
}

func loadUndecrypted(q queryFunc, room chat.RoomID, session string) ([]Undecrypted, error) {
	var all []Undecrypted
	err := q.each(`
		SELECT e.id, coalesce(e.event_id, ''), e.raw, e.cause, coalesce(e.extra, '') FROM room r JOIN event e ON e.room = r.id
		WHERE r.room_id = ? AND e.session_id = ? AND e.kind = 11 ORDER BY e.id`, []any{string(room), session}, func(rows *sql.Rows) error {
		var u Undecrypted
		var extra string
		if err := rows.Scan((*int64)(&u.Key), (*string)(&u.ID), &u.Raw, &u.Cause, &extra); err != nil {
			return err
		}
		x, err := parseExtra(extra)
		u.Withheld = x.Withheld
		all = append(all, u)
		return err
	})
	return all, err
}

// Source implements ui.Reader.
func (s *Store) Source(ctx context.Context, key chat.ItemKey) (raw, clear []byte, err error) {
	ok, err := s.q(ctx).one(`SELECT raw, clear FROM event WHERE id = ?`, []any{int64(key)}, &raw, &clear)
	if err == nil && !ok {
		err = ErrNotFound
	}
	if err != nil {
		return nil, nil, fmt.Errorf("load source of %d: %w", key, err)
	}
	return raw, clear, nil
}

// Drafts implements ui.Reader.
func (s *Store) Drafts(ctx context.Context) ([]chat.Draft, error) {
	var all []chat.Draft
	err := s.q(ctx).each(`SELECT room_id, text, cursor, reply_to, edit FROM draft`, nil, func(rows *sql.Rows) error {
		var d chat.Draft
		err := rows.Scan((*string)(&d.Room), &d.Text, &d.Cursor, (*string)(&d.ReplyTo), (*string)(&d.Edit))
		all = append(all, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load drafts: %w", err)
	}
	return all, nil
}

// UIState implements ui.Reader.
func (s *Store) UIState(ctx context.Context, key string) (value []byte, err error) {
	if _, err := s.q(ctx).one(`SELECT value FROM ui_state WHERE key = ?`, []any{key}, &value); err != nil {
		return nil, fmt.Errorf("load ui state %s: %w", key, err)
	}
	return value, nil
}
