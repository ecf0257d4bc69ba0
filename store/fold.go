package store

import (
	"context"
	"database/sql"
	"slices"

	"hubbub/store/chat"
)

// maxSenders is how many senders of a reaction are listed.
const maxSenders = 12

// fold completes items: what relates to them, what they answer, who sent them.
func (s *Store) fold(ctx context.Context, room chat.RoomID, n int64, items []*item) error {
	if len(items) == 0 {
		return nil
	}
	own := s.ownUser()
	byID := make(map[chat.EventID]*item, len(items))
	ids := make([]chat.EventID, 0, len(items))
	for _, it := range items {
		it.finish(room, own)
		if it.ID != "" {
			byID[it.ID] = it
			ids = append(ids, it.ID)
		}
	}
	if err := s.foldRelations(ctx, n, own, byID, list(ids)); err != nil {
		return err
	}
	if err := s.foldShields(ctx, items); err != nil {
		return err
	}
	if err := s.foldThreads(ctx, n, byID, list(ids)); err != nil {
		return err
	}
	if err := s.foldReplies(ctx, n, items); err != nil {
		return err
	}
	if err := s.foldHeld(ctx, room, items); err != nil {
		return err
	}
	return s.foldNames(ctx, n, items)
}

// relationRow is an edit or reaction of an item on the page.
type relationRow struct {
	key        chat.ItemKey
	id, target chat.EventID
	sender     chat.UserID
	kind       chat.MessageKind
	relType    string
	relKey     string
	eventType  string
	state      bool
	ms         int64
	body, html string
	extra      string
	mention    bool
	encrypted  bool
	session    string
	send       chat.SendState
	problem    string
}

const relationQuery = `
		SELECT e.id, coalesce(e.event_id, ''), e.rel_target, e.sender, e.kind, e.rel_type, coalesce(e.rel_key, ''), e.type, e.state_key IS NOT NULL,
			e.ts_ms, e.body, e.html, coalesce(e.extra, ''), e.mention, e.encrypted, coalesce(e.session_id, ''),
			e.send_state, coalesce(e.send_problem, '')
		FROM json_each(?) j CROSS JOIN event e ON e.room = ? AND e.rel_target = j.value AND e.rel_type IN ('m.annotation', 'm.replace')
		WHERE e.redacted_by IS NULL ORDER BY e.ts_ms, e.id`

func (s *Store) foldRelations(ctx context.Context, n int64, own chat.UserID, byID map[chat.EventID]*item, ids string) error {
	edits := make(map[chat.EventID]*relationRow)
	counted := make(map[reactionID]bool)
	err := s.q(ctx).each(relationQuery, []any{ids, n}, func(rows *sql.Rows) error {
		r := &relationRow{}
		if err := rows.Scan((*int64)(&r.key), (*string)(&r.id), (*string)(&r.target), (*string)(&r.sender), &r.kind, &r.relType, &r.relKey, &r.eventType,
			&r.state, &r.ms, &r.body, &r.html, &r.extra, &r.mention, &r.encrypted, &r.session, &r.send, &r.problem); err != nil {
			return err
		}
		it := byID[r.target]
		switch {
		case it == nil || it.RedactedBy != "":
		case r.relType == RelReplace:
			if !validEdit(it, r) {
				break
			}
			if newer(r, edits[r.target]) {
				edits[r.target] = r
			}
			it.pendingEdit(r)
		case r.eventType == "m.reaction" && r.relKey != "":
			id := reactionID{r.target, r.relKey, r.sender}
			if !counted[id] {
				counted[id] = true
				addReaction(&it.Message, r, r.sender == own && own != "")
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for target, r := range edits {
		if err := byID[target].applyEdit(r); err != nil {
			return err
		}
	}
	return nil
}

// validEdit says whether r may replace what it says it replaces. An edit that
// came in clear does not replace what came encrypted, and none makes a message
// of what counted as none, such as a request to verify.
//
// Spec: client-server-api#validity-of-replacement-events
func validEdit(it *item, r *relationRow) bool {
	return r.sender == it.Sender && r.eventType == it.Type && !r.state && !it.isState && it.Kind != chat.KindState && it.relType != RelReplace &&
		r.kind != chat.KindUndecrypted && r.kind != chat.KindRedacted && r.kind != chat.KindUnreadable &&
		(r.encrypted || !it.Encrypted || r.id == "")
}

// newer orders edits: by time, then by event id.
func newer(r, than *relationRow) bool {
	switch {
	case than == nil:
		return true
	case r.id == "" || than.id == "": // a local echo is the newest
		return r.id == ""
	case r.ms != than.ms:
		return r.ms > than.ms
	}
	return r.id > than.id
}

// pendingEdit shows at a message that was sent what keeps an edit of it from
// being sent, since the edit has no row. Of several the one that has to wait
// longest counts.
func (it *item) pendingEdit(r *relationRow) {
	if r.send != chat.Sent && it.ID != "" && r.send > it.Send {
		it.Send, it.SendProblem, it.sendKey = r.send, unmarshalProblem(r.problem), r.key
	}
}

func (it *item) applyEdit(r *relationRow) error {
	it.Body, it.HTML, it.Edited, it.Kind = r.body, r.html, true, r.kind
	it.Mention = it.Mention || r.mention
	it.editSession = r.session
	x, err := parseExtra(r.extra)
	if err != nil {
		return err
	}
	if x.Media != nil {
		it.Media = x.Media
	}
	return nil
}

// reactionID names what counts once: a key of a person on a message.
type reactionID struct {
	target chat.EventID
	key    string
	sender chat.UserID
}

func addReaction(m *chat.Message, r *relationRow, mine bool) {
	i := slices.IndexFunc(m.Reactions, func(re chat.Reaction) bool { return re.Key == r.relKey })
	if i < 0 {
		i = len(m.Reactions)
		m.Reactions = append(m.Reactions, chat.Reaction{Key: r.relKey})
	}
	re := &m.Reactions[i]
	re.Count++
	if mine {
		re.Mine, re.MineKey = r.id, r.key
	}
	if len(re.Senders) < maxSenders {
		re.Senders = append(re.Senders, r.sender)
	}
}

func (s *Store) foldReplies(ctx context.Context, n int64, items []*item) error {
	var want []chat.EventID
	for _, it := range items {
		if it.Reply != nil {
			want = append(want, it.Reply.ID)
		}
	}
	if len(want) == 0 {
		return nil
	}
	targets, err := s.loadRows(ctx, `SELECT `+itemColumns+` FROM json_each(?) j CROSS JOIN event e ON e.room = ? AND e.event_id = j.value`, list(want), n)
	if err != nil {
		return err
	}
	byID := make(map[chat.EventID]*item, len(targets))
	ids := make([]chat.EventID, 0, len(targets))
	for _, t := range targets {
		byID[t.ID] = t
		ids = append(ids, t.ID)
	}
	if err := s.foldRelations(ctx, n, "", byID, list(ids)); err != nil {
		return err
	}
	for _, it := range items {
		if it.Reply == nil {
			continue
		}
		if t := byID[it.Reply.ID]; t != nil {
			it.Reply.Sender, it.Reply.Body, it.Reply.HTML, it.Reply.Kind = t.Sender, t.Body, t.HTML, t.Kind
		}
	}
	return nil
}

const nameQuery = `
		SELECT m.user, m.name, (SELECT count(*) FROM (SELECT 1 FROM member o INDEXED BY member_name WHERE o.room = m.room AND o.name = m.name AND o.name <> '' AND o.membership IN (1, 2) LIMIT 2))
				- (m.name <> '' AND m.membership IN (1, 2)) > 0
		FROM json_each(?) j CROSS JOIN member m ON m.room = ? AND m.user = j.value`

// foldNames fills the display names as they are now.
func (s *Store) foldNames(ctx context.Context, n int64, items []*item) error {
	type name struct {
		name      string
		ambiguous bool
	}
	names := make(map[chat.UserID]name)
	for _, it := range items {
		names[it.Sender] = name{}
		if it.RedactedBy != "" {
			names[it.RedactedBy] = name{}
		}
		if it.Reply != nil && it.Reply.Sender != "" {
			names[it.Reply.Sender] = name{}
		}
		if it.Thread != nil {
			names[it.Thread.LastSender] = name{}
		}
	}
	users := make([]chat.UserID, 0, len(names))
	for u := range names {
		users = append(users, u)
	}
	err := s.q(ctx).each(nameQuery, []any{list(users), n}, func(rows *sql.Rows) error {
		var user string
		var nm name
		if err := rows.Scan(&user, &nm.name, &nm.ambiguous); err != nil {
			return err
		}
		names[chat.UserID(user)] = nm
		return nil
	})
	if err != nil {
		return err
	}
	for _, it := range items {
		it.SenderName, it.SenderAmbiguous = names[it.Sender].name, names[it.Sender].ambiguous
		it.RedactedByName = names[it.RedactedBy].name
		if it.Reply != nil {
			it.Reply.SenderName = names[it.Reply.Sender].name
		}
		if it.Thread != nil {
			it.Thread.LastName = names[it.Thread.LastSender].name
		}
	}
	return nil
}
