package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"hubbub/store/chat"
)

// People implements ui.Reader: people of the joined rooms one of whose words
// begins with the text, or whose id does, those first with whom one shares the
// most rooms. Letters of ASCII are the same in either case.
func (s *Store) People(ctx context.Context, text string, limit int) ([]chat.Member, error) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "@")
	if text == "" || limit <= 0 {
		return nil, nil
	}
	begins := likeText(text) + "%"
	var all []chat.Member
	err := s.q(ctx).each(`
		SELECT m.user, max(m.name), count(*) AS shared FROM member m JOIN room r ON r.id = m.room
		WHERE m.membership = ? AND r.membership = ? AND m.user <> ?
			AND (m.name LIKE ? ESCAPE '\' OR m.name LIKE ? ESCAPE '\' OR m.user LIKE ? ESCAPE '\')
		GROUP BY m.user ORDER BY shared DESC, m.user LIMIT ?`,
		[]any{chat.MemberJoined, chat.MemberJoined, string(s.ownUser()), begins, "% " + begins, "@" + begins, limit},
		func(rows *sql.Rows) error {
			m := chat.Member{Membership: chat.MemberJoined}
			err := rows.Scan((*string)(&m.User), &m.Name, new(int))
			all = append(all, m)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("find people: %w", err)
	}
	return all, nil
}

// likeText makes a text that stands for itself in LIKE … ESCAPE '\'.
func likeText(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}
