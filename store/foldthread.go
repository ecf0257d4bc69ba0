package store

import (
	"context"
	"database/sql"

	"hubbub/store/chat"
)

const threadQuery = `
		SELECT e.rel_target, count(*), e.sender, max(e.ts_ms)
		FROM json_each(?) j CROSS JOIN event e ON e.room = ? AND e.rel_target = j.value AND e.rel_type = 'm.thread'
		WHERE e.redacted_by IS NULL GROUP BY e.rel_target`

const threadLaterQuery = `
		SELECT count(*) FROM event WHERE room = ? AND rel_target = ? AND rel_type = 'm.thread' AND redacted_by IS NULL AND ts_ms > ?`

// foldThreads counts the answers in threads: the homeserver's count and what
// came since, or what is here if that is more.
func (s *Store) foldThreads(ctx context.Context, n int64, byID map[chat.EventID]*item, ids string) error {
	for _, it := range byID {
		if it.x.ThreadCount > 0 {
			later := 0 // than what the homeserver has counted
			if _, err := s.q(ctx).one(threadLaterQuery, []any{n, string(it.ID), it.x.ThreadTime}, &later); err != nil {
				return err
			}
			it.Thread = &chat.ThreadSummary{Count: it.x.ThreadCount + later, LastSender: it.x.ThreadSender, LastTime: fromMS(it.x.ThreadTime)}
		}
	}
	return s.q(ctx).each(threadQuery, []any{ids, n}, func(rows *sql.Rows) error {
		var target, sender string
		var count int
		var ms int64
		if err := rows.Scan(&target, &count, &sender, &ms); err != nil {
			return err
		}
		it := byID[chat.EventID(target)]
		t := it.Thread
		if t == nil {
			t = &chat.ThreadSummary{}
			it.Thread = t
		}
		t.Count = max(t.Count, count)
		if last := fromMS(ms); last.After(t.LastTime) {
			t.LastTime, t.LastSender = last, chat.UserID(sender)
		}
		return nil
	})
}
