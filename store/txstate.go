package store

import (
	"fmt"

	"hubbub/store/chat"
)

// PutState makes an event the current state of its room. Members go through PutMember.
func (tx *Tx) PutState(room chat.RoomID, st State) error {
	n, err := tx.room(room)
	if err != nil {
		return fmt.Errorf("put state of %s: %w", room, err)
	}
	content := []byte(st.Content)
	if len(content) == 0 {
		content = []byte("{}")
	}
	if err := tx.exec(`
		INSERT INTO state (room, type, state_key, event_id, sender, ts_ms, content) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET event_id = excluded.event_id, sender = excluded.sender, ts_ms = excluded.ts_ms, content = excluded.content`,
		n, st.Type, st.Key, string(st.ID), string(st.Sender), toMS(st.Time), content); err != nil {
		return fmt.Errorf("put state of %s: %w", room, err)
	}
	if st.Type == "m.room.power_levels" || st.Type == "m.room.create" {
		tx.ch.members(room)
	}
	return nil
}

// StateOf returns the piece of current state that an event is, members aside.
func (tx *Tx) StateOf(room chat.RoomID, id chat.EventID) (st State, ok bool, err error) {
	ok, err = tx.q().one(`SELECT s.type, s.state_key, s.content FROM room r JOIN state s ON s.room = r.id WHERE r.room_id = ? AND s.event_id = ?`,
		[]any{string(room), string(id)}, &st.Type, &st.Key, (*[]byte)(&st.Content))
	st.ID = id
	return st, ok, err
}

// PutMember sets the current membership, name and avatar of a person in a room.
func (tx *Tx) PutMember(room chat.RoomID, m Member) error {
	n, err := tx.room(room)
	if err != nil {
		return fmt.Errorf("put member of %s: %w", room, err)
	}
	changed, err := tx.execN(`
		INSERT INTO member (room, user, membership, name, avatar, sender, reason, event_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`,
		n, string(m.User), int(m.Membership), m.Name, m.Avatar, string(m.Sender), m.Reason, string(m.ID))
	if err != nil {
		return fmt.Errorf("put member of %s: %w", room, err)
	}
	if changed == 1 {
		tx.ch.members(room)
		return tx.newcomer(room, n, m)
	}
	old, _, err := loadMember(tx.q(), n, m.User)
	if err != nil {
		return fmt.Errorf("put member of %s: %w", room, err)
	}
	if old == m {
		return nil
	}
	if err := tx.exec(`
		UPDATE member SET membership = ?, name = ?, avatar = ?, sender = ?, reason = ?, event_id = ? WHERE room = ? AND user = ?`,
		int(m.Membership), m.Name, m.Avatar, string(m.Sender), m.Reason, string(m.ID), n, string(m.User)); err != nil {
		return fmt.Errorf("put member of %s: %w", room, err)
	}
	if old.Name != m.Name || old.Membership != m.Membership || old.Avatar != m.Avatar {
		tx.ch.members(room)
	}
	if old.Name != m.Name {
		tx.ch.reload(room) // every row of that person shows the name
	} else if old.Membership != m.Membership {
		return tx.namesakes(room, n, m)
	}
	return nil
}

// newcomer tells viewers of the rows that got a name with the first that is
// known about their sender.
func (tx *Tx) newcomer(room chat.RoomID, n int64, m Member) error {
	if m.Name == "" || !tx.s.isWatched(room) || tx.ch.in(room).reload {
		return nil
	}
	if err := tx.q().keys(`
		SELECT id FROM (SELECT id, sender FROM event WHERE room = ? AND shown = 1 ORDER BY seq DESC LIMIT 500) WHERE sender = ?`,
		[]any{n, string(m.User)}, func(key chat.ItemKey) { tx.ch.item(room, key) }); err != nil {
		return fmt.Errorf("put member of %s: %w", room, err)
	}
	return tx.namesakes(room, n, m)
}

// namesakes makes viewers read the room again when a person comes or goes who
// has the name of another: rows show when a name is not enough.
func (tx *Tx) namesakes(room chat.RoomID, n int64, m Member) error {
	if m.Name == "" || !tx.s.isWatched(room) {
		return nil
	}
	var x int
	some, err := tx.q().one(`
		SELECT 1 FROM member INDEXED BY member_name WHERE room = ? AND name = ? AND name <> '' AND user <> ? LIMIT 1`,
		[]any{n, m.Name, string(m.User)}, &x)
	if err != nil {
		return fmt.Errorf("put member of %s: %w", room, err)
	}
	if some {
		tx.ch.reload(room)
	}
	return nil
}

// ReplaceMembers takes the whole member list of a room, marks it as complete and drops who is not in it.
func (tx *Tx) ReplaceMembers(room chat.RoomID, all []Member) error {
	n, err := tx.room(room)
	if err != nil {
		return fmt.Errorf("replace members of %s: %w", room, err)
	}
	tx.ch.reload(room) // rows whose sender was not known have names now
	known := make(map[chat.UserID]bool, len(all))
	for _, m := range all {
		known[m.User] = true
		if err := tx.PutMember(room, m); err != nil {
			return err
		}
	}
	present, err := loadMembers(tx.q(), n)
	if err != nil {
		return fmt.Errorf("replace members of %s: %w", room, err)
	}
	for _, m := range present {
		if known[m.User] {
			continue
		}
		if err := tx.exec(`DELETE FROM member WHERE room = ? AND user = ?`, n, string(m.User)); err != nil {
			return fmt.Errorf("replace members of %s: %w", room, err)
		}
	}
	tx.ch.members(room)
	return tx.UpdateRoom(room, func(r *Room) { r.MembersComplete = true })
}

// PutReceipt records a receipt; false when a newer one is known already.
func (tx *Tx) PutReceipt(room chat.RoomID, r Receipt) (moved bool, err error) {
	n, err := tx.room(room)
	if err != nil {
		return false, fmt.Errorf("put receipt of %s: %w", room, err)
	}
	var old string
	var oldMS int64
	ok, err := tx.q().one(`SELECT event_id, ts_ms FROM receipt WHERE room = ? AND user = ? AND thread = ? AND private = ?`,
		[]any{n, string(r.User), r.Thread, r.Private}, &old, &oldMS)
	if err != nil {
		return false, fmt.Errorf("put receipt of %s: %w", room, err)
	}
	if ok {
		forward, err := receiptForward(tx.q(), n, old, oldMS, r)
		if err != nil {
			return false, fmt.Errorf("put receipt of %s: %w", room, err)
		}
		if !forward {
			return false, nil
		}
	}
	if err := tx.exec(`INSERT OR REPLACE INTO receipt (room, user, thread, private, event_id, ts_ms) VALUES (?, ?, ?, ?, ?, ?)`,
		n, string(r.User), r.Thread, r.Private, string(r.Event), toMS(r.Time)); err != nil {
		return false, fmt.Errorf("put receipt of %s: %w", room, err)
	}
	if r.User != tx.s.ownUser() {
		tx.ch.seen(room, r.User)
	}
	return true, nil
}

// receiptForward says whether a receipt is newer than the one on file: by the
// places of both events when they are known, else by time.
func receiptForward(q queryFunc, room int64, old string, oldMS int64, r Receipt) (bool, error) {
	if old == string(r.Event) {
		return toMS(r.Time) > oldMS, nil
	}
	const place = `SELECT seq FROM event WHERE room = ? AND event_id = ? AND seq IS NOT NULL`
	var a, b int64
	okA, err := q.one(place, []any{room, old}, &a)
	if err != nil {
		return false, err
	}
	okB, err := q.one(place, []any{room, string(r.Event)}, &b)
	if err != nil {
		return false, err
	}
	if okA && okB {
		return b > a, nil
	}
	return toMS(r.Time) >= oldMS, nil
}

// PutAccountData keeps account data; room is "" for the account's own.
func (tx *Tx) PutAccountData(room chat.RoomID, eventType string, content []byte) error {
	if err := tx.exec(`INSERT OR REPLACE INTO account_data (room_id, type, content) VALUES (?, ?, ?)`,
		string(room), eventType, content); err != nil {
		return fmt.Errorf("put account data: %w", err)
	}
	return nil
}

// PutSync keeps a value of the sync loop (see SyncNextBatch).
func (tx *Tx) PutSync(key, value string) error {
	if err := tx.exec(`INSERT OR REPLACE INTO sync_state (key, value) VALUES (?, ?)`, key, value); err != nil {
		return fmt.Errorf("put sync state: %w", err)
	}
	return nil
}

// PutAccount says whose cache this is. Rows of that user are Own from then on.
func (tx *Tx) PutAccount(a chat.Account) error {
	if err := tx.exec(`INSERT OR REPLACE INTO account (id, user, device, name, homeserver) VALUES (1, ?, ?, ?, ?)`,
		string(a.User), string(a.Device), a.Name, a.Homeserver); err != nil {
		return fmt.Errorf("put account: %w", err)
	}
	tx.s.setOwn(a.User)
	return nil
}

// WantSession notes a session whose key is missing; what is known about earlier tries stays.
func (tx *Tx) WantSession(w Wanted) error {
	if err := tx.exec(`
		INSERT INTO wanted_session (room_id, session_id, sender, sender_key, attempts, next_try_ms) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`,
		string(w.Room), w.Session, string(w.Sender), w.SenderKey, w.Attempts, toMS(w.NextTry)); err != nil {
		return fmt.Errorf("want session: %w", err)
	}
	return nil
}

// DropSession removes a session that is wanted no more.
func (tx *Tx) DropSession(room chat.RoomID, session string) error {
	if err := tx.exec(`DELETE FROM wanted_session WHERE room_id = ? AND session_id = ?`, string(room), session); err != nil {
		return fmt.Errorf("drop session: %w", err)
	}
	return nil
}
