package store

import (
	"context"
	"database/sql"
	"fmt"
)

// invariant is a query that yields one row of text for every breach.
type invariant struct{ name, query string }

func invariants() []invariant {
	return []invariant{
		{"a place outside of its chunk", `
		SELECT e.room || ' ' || e.id FROM event e LEFT JOIN chunk c ON c.room = e.room AND c.number = e.seq >> 40
		WHERE e.seq < 1 << 62 AND (c.number IS NULL OR (e.seq & ((1 << 40) - 1)) >= 1 << 38 AND (e.seq & ((1 << 40) - 1)) - (1 << 39) NOT BETWEEN c.first AND c.last)`},
		{"a place in a hole of what is not a message of ours that was sent", `
		SELECT e.id FROM event e WHERE e.seq < 1 << 62 AND (e.seq & ((1 << 40) - 1)) < 1 << 38
			AND (e.event_id IS NULL OR e.sender NOT IN (SELECT user FROM account))`},
		{"two events at one place", `SELECT room || ' ' || seq FROM event WHERE seq IS NOT NULL GROUP BY room, seq HAVING count(*) > 1`},
		{"an event twice", `SELECT room || ' ' || event_id FROM event WHERE event_id IS NOT NULL GROUP BY room, event_id HAVING count(*) > 1`},
		{"a shown row without a place", `SELECT id FROM event WHERE shown = 1 AND seq IS NULL`},
		{"an aggregation that is shown", `SELECT id FROM event WHERE shown = 1 AND kind <> 12 AND (type IN ('m.reaction', 'm.room.redaction') OR rel_type IN ('m.annotation', 'm.replace'))`},
		{"an item that is hidden", `
		SELECT id FROM event WHERE shown = 0 AND seq IS NOT NULL AND (kind = 12 OR type NOT IN ('m.reaction', 'm.room.redaction'))
			AND coalesce(rel_type, '') NOT IN ('m.annotation', 'm.replace', 'm.room.redaction')
			AND NOT (encrypted = 1 AND (kind = 15 OR kind = 13 AND type NOT IN ('m.room.message', 'm.room.encrypted')))`}, // decrypted late, and nothing to read
		{"an event without a room", `SELECT e.id FROM event e LEFT JOIN room r ON r.id = e.room WHERE r.id IS NULL`},
		{"a local echo that is neither sent nor waiting", `
		SELECT id FROM event WHERE event_id IS NULL AND id NOT IN (SELECT key FROM outbox)`},
		{"an unsent message without its echo", `
		SELECT o.key FROM outbox o LEFT JOIN event e ON e.id = o.key AND e.txn_id = o.txn_id WHERE e.id IS NULL OR e.event_id IS NOT NULL`},
		{"an unsent message in another room than its echo", `
		SELECT o.key FROM outbox o JOIN event e ON e.id = o.key JOIN room r ON r.id = e.room WHERE r.room_id <> o.room_id`},
		{"a state of sending that differs from the outbox", `
		SELECT e.id FROM event e LEFT JOIN outbox o ON o.key = e.id WHERE e.send_state <> coalesce(o.state, 0)`},
		{"a redacted event with content", `
		SELECT id FROM event WHERE redacted_by IS NOT NULL AND (body <> '' OR html <> '' OR extra IS NOT NULL OR clear IS NOT NULL)`},
		{"a parked redaction whose target is there", `
		SELECT p.target FROM parked_redaction p JOIN event e ON e.room = p.room AND e.event_id = p.target`},
		{"a parked redaction without its event", `SELECT target FROM parked_redaction WHERE key NOT IN (SELECT id FROM event)`},
		{"a chunk that ends before it begins", `SELECT room || ' ' || number FROM chunk WHERE last < first - 1`},
		{"a count of what is unread where nothing is", `SELECT room_id FROM room WHERE has_unread = 0 AND (unread <> 0 OR mentions <> 0)`},
		{"a redaction without effect", `
		SELECT r.id FROM event r JOIN event t ON t.room = r.room AND t.event_id = r.rel_target
		WHERE r.rel_type = 'm.room.redaction' AND r.event_id IS NOT NULL AND t.redacted_by IS NULL`},
		{"a last activity that does not exist", `SELECT r.room_id FROM room r WHERE r.last_key > 0 AND NOT EXISTS (SELECT 1 FROM event e WHERE e.id = r.last_key AND e.room = r.id)`},
		{"a message that cannot be found", `
		SELECT id FROM event WHERE body <> '' AND kind IN (0, 1, 2, 3, 4, 5, 6, 9) AND id NOT IN (SELECT rowid FROM event_fts)`},
		{"an index entry without its message", `
		SELECT rowid FROM event_fts WHERE rowid NOT IN (SELECT id FROM event WHERE body <> '' AND kind IN (0, 1, 2, 3, 4, 5, 6, 9))`},
		{"members, state, chunks or receipts without a room", `
		SELECT room FROM (SELECT room FROM member UNION SELECT room FROM state UNION SELECT room FROM chunk UNION SELECT room FROM receipt)
		WHERE room NOT IN (SELECT id FROM room)`},
		{"a member list that is complete without members", `
		SELECT room_id FROM room WHERE members_complete = 1 AND NOT EXISTS (SELECT 1 FROM member m WHERE m.room = room.id)`},
	}
}

// Verify reads the whole file and returns what is wrong with it: SQLite's own
// check, then the package's invariants. It takes seconds on a large file.
func (s *Store) Verify(ctx context.Context) ([]string, error) {
	var wrong []string
	collect := func(name, query string) error {
		return s.q(ctx).each(query, nil, func(rows *sql.Rows) error {
			var what string
			if err := rows.Scan(&what); err != nil {
				return err
			}
			if what != "ok" {
				wrong = append(wrong, name+": "+what)
			}
			return nil
		})
	}
	if err := collect("damage", `PRAGMA integrity_check(20)`); err != nil {
		return nil, fmt.Errorf("verify cache: %w", err)
	}
	for _, inv := range invariants() {
		if err := collect(inv.name, inv.query+` LIMIT 20`); err != nil {
			return nil, fmt.Errorf("verify cache: %s: %w", inv.name, err)
		}
	}
	return wrong, nil
}
