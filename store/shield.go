package store

import (
	"context"
	"database/sql"
	"fmt"

	"hubbub/store/chat"
)

// Shield is what is to be said about the messages that one person sent with
// one Megolm session.
type Shield struct {
	Session string
	Sender  chat.UserID
	Shield  chat.Shield
	// Soft says that messages about which there was nothing to say stay so.
	Soft bool
}

// PutShield writes what is to be said about a session's messages. Viewers of
// the room read it again when that is something else than before.
func (tx *Tx) PutShield(room chat.RoomID, sh Shield) error {
	n, err := tx.room(room)
	if err != nil {
		return fmt.Errorf("put shield in %s: %w", room, err)
	}
	changed, err := tx.execN(`INSERT INTO shield (session_id, sender, room, shield) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		sh.Session, string(sh.Sender), n, int(sh.Shield))
	if err == nil && changed == 0 {
		changed, err = tx.execN(`UPDATE shield SET shield = ?, room = ? WHERE session_id = ? AND sender = ? AND shield <> ? AND NOT (shield = 0 AND ?)`,
			int(sh.Shield), n, sh.Session, string(sh.Sender), int(sh.Shield), sh.Soft)
		if changed > 0 {
			tx.ch.reload(room)
		}
	}
	if err != nil {
		return fmt.Errorf("put shield in %s: %w", room, err)
	}
	return nil
}

// ShieldsOf lists the sessions that people sent with, and what is said about
// them. With no people it lists those whose sender's session was not known.
func (s *Store) ShieldsOf(ctx context.Context, senders ...chat.UserID) (map[chat.RoomID][]Shield, error) {
	query, args := `WHERE s.sender IN (SELECT value FROM json_each(?))`, []any{list(senders)}
	if len(senders) == 0 {
		query, args = `WHERE s.shield = ?`, []any{int(chat.ShieldUnknownSession)}
	}
	all := make(map[chat.RoomID][]Shield)
	err := s.q(ctx).each(`SELECT r.room_id, s.session_id, s.sender, s.shield FROM shield s JOIN room r ON r.id = s.room `+query, args, func(rows *sql.Rows) error {
		var room string
		var sh Shield
		err := rows.Scan(&room, &sh.Session, (*string)(&sh.Sender), &sh.Shield)
		all[chat.RoomID(room)] = append(all[chat.RoomID(room)], sh)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load shields: %w", err)
	}
	return all, nil
}

// use names what a shield is about.
type use struct {
	session string
	sender  chat.UserID
}

// foldShields says about each item what is to be said about the session that
// it came with, or that its newest edit came with, whichever is worse.
func (s *Store) foldShields(ctx context.Context, items []*item) error {
	var sessions []string
	seen := make(map[string]bool)
	for _, it := range items {
		for _, id := range [...]string{it.SessionID, it.editSession} {
			if id != "" && it.Encrypted && !seen[id] {
				seen[id] = true
				sessions = append(sessions, id)
			}
		}
	}
	known := make(map[use]chat.Shield)
	if len(sessions) > 0 {
		err := s.q(ctx).each(`SELECT s.session_id, s.sender, s.shield FROM json_each(?) j CROSS JOIN shield s ON s.session_id = j.value
			WHERE s.shield <> 0`, []any{list(sessions)}, func(rows *sql.Rows) error {
			var u use
			var sh chat.Shield
			err := rows.Scan(&u.session, (*string)(&u.sender), &sh)
			known[u] = sh
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, it := range items {
		switch {
		case it.Plain:
			it.Shield = chat.ShieldPlain
		case it.Kind == chat.KindUndecrypted || it.Kind == chat.KindRedacted:
		default:
			it.Shield = max(known[use{it.SessionID, it.Sender}], known[use{it.editSession, it.Sender}])
		}
	}
	return nil
}
