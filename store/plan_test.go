package store

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
)

// No read that a key press waits for goes through a whole table that grows with the account.
func TestPlansUseIndexes(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "cache.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }() // nothing was written
	for name, query := range map[string]string{
		"page":      `SELECT ` + itemColumns + ` FROM event e WHERE e.room = ? AND e.shown = 1 AND e.seq < ? ORDER BY e.seq DESC LIMIT ?`,
		"relations": relationQuery,
		"threads":   threadQuery,
		"names":     nameQuery,
		"unread":    unreadQuery,
		"receipts":  seenQuery + ` AND c.user <> ? GROUP BY c.user`,
	} {
		plan := ""
		if err := s.q(t.Context()).each(`EXPLAIN QUERY PLAN `+query, make([]any, strings.Count(query, "?")), func(rows *sql.Rows) error {
			var a, b, c int
			var line string
			err := rows.Scan(&a, &b, &c, &line)
			plan += line + "\n"
			return err
		}); err != nil {
			t.Fatal(name, err)
		}
		for line := range strings.Lines(plan) {
			whole := strings.HasPrefix(line, "SEARCH o ") && !strings.Contains(line, "name=?") // all members of a room
			if whole || strings.HasPrefix(line, "SCAN") && !strings.HasPrefix(line, "SCAN j ") && !strings.HasPrefix(line, "SCAN (subquery") {
				t.Errorf("%s: %s", name, plan)
			}
		}
	}
}
