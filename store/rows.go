package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"hubbub/store/chat"
)

// maxMS is the last millisecond of the year 9999.
const maxMS = 253402300799999

const itemColumns = `e.id, coalesce(e.seq, 0), coalesce(e.event_id, ''), coalesce(e.txn_id, ''), e.sender, e.ts_ms, e.type, e.kind, e.body, e.html,
	coalesce(e.extra, ''), coalesce(e.rel_type, ''), coalesce(e.rel_target, ''), e.encrypted, e.plain, e.mention, e.cause,
	coalesce(e.session_id, ''), coalesce(e.redacted_by, ''), coalesce(e.reason, ''), e.send_state, coalesce(e.send_problem, ''), e.state_key IS NOT NULL, e.shown`

// item is a row on its way to a Message.
type item struct {
	chat.Message
	ms        int64
	extra     string
	relType   string
	relTarget chat.EventID
	problem   string
	// editSession is the Megolm session of the edit whose text is shown.
	editSession string
	// sendKey is the row of the outbox whose state is shown: its own, or that of an edit.
	sendKey chat.ItemKey
	isState bool
	shown   bool
	x       Extra
}

func scanItem(rows *sql.Rows) (*item, error) {
	it := &item{}
	m := &it.Message
	err := rows.Scan((*int64)(&m.Key), (*int64)(&m.Seq), (*string)(&m.ID), (*string)(&m.Txn), (*string)(&m.Sender), &it.ms, &m.Type, &m.Kind,
		&m.Body, &m.HTML, &it.extra, &it.relType, (*string)(&it.relTarget), &m.Encrypted, &m.Plain, &m.Mention, &m.Cause,
		&m.SessionID, (*string)(&m.RedactedBy), &m.Reason, &m.Send, &it.problem, &it.isState, &it.shown)
	if err != nil {
		return nil, err
	}
	it.x, err = parseExtra(it.extra)
	return it, err
}

func parseExtra(s string) (x Extra, err error) {
	if s != "" {
		err = json.Unmarshal([]byte(s), &x)
	}
	return x, err
}

// finish fills what does not come from other rows.
func (it *item) finish(room chat.RoomID, own chat.UserID) {
	m := &it.Message
	m.Room, m.Own = room, m.Sender == own && own != ""
	m.Time = time.UnixMilli(min(max(it.ms, 0), maxMS))
	m.Media, m.State = it.x.Media, it.x.State
	m.WithheldCode, m.Problem = it.x.Withheld, it.x.Problem
	m.SendProblem, it.sendKey = unmarshalProblem(it.problem), m.Key
	if it.relType == RelThread {
		m.ThreadRoot = it.relTarget
	}
	if it.x.ReplyTo != "" {
		m.Reply = &chat.ReplyPreview{ID: it.x.ReplyTo}
	}
}

func (s *Store) loadRows(ctx context.Context, query string, args ...any) ([]*item, error) {
	var all []*item
	err := s.q(ctx).each(query, args, func(rows *sql.Rows) error {
		it, err := scanItem(rows)
		all = append(all, it)
		return err
	})
	return all, err
}

// loadItems returns the present state of items named by key, or by the id of
// the event; keys that name no shown item come back in gone.
func (s *Store) loadItems(ctx context.Context, room chat.RoomID, keys map[chat.ItemKey]bool, targets map[chat.EventID]bool) (items []chat.Message, gone []chat.ItemKey, err error) {
	n, ok, err := s.roomNumber(ctx, room)
	if err != nil || !ok {
		return nil, nil, err
	}
	var events []int64
	var gaps []int64
	for key := range keys {
		if key < 0 {
			gaps = append(gaps, -int64(key))
		} else {
			events = append(events, int64(key))
		}
	}
	byKey, err := s.loadRows(ctx, `SELECT `+itemColumns+` FROM json_each(?) j CROSS JOIN event e ON e.id = j.value WHERE e.room = ?`, list(events), n)
	if err != nil {
		return nil, nil, err
	}
	ids := make([]chat.EventID, 0, len(targets))
	for id := range targets {
		ids = append(ids, id)
	}
	byID, err := s.loadRows(ctx, `SELECT `+itemColumns+` FROM json_each(?) j CROSS JOIN event e ON e.room = ? AND e.event_id = j.value`, list(ids), n)
	if err != nil {
		return nil, nil, err
	}
	seen := make(map[chat.ItemKey]bool, len(byKey)+len(byID))
	var shown []*item
	for _, it := range append(byKey, byID...) {
		if it.shown && !seen[it.Key] {
			seen[it.Key] = true
			shown = append(shown, it)
		}
	}
	if err := s.fold(ctx, room, n, shown); err != nil {
		return nil, nil, err
	}
	items = messages(shown)
	for _, key := range events {
		if !seen[chat.ItemKey(key)] {
			gone = append(gone, chat.ItemKey(key))
		}
	}
	return s.addGaps(ctx, room, n, gaps, items, gone)
}

func (s *Store) addGaps(ctx context.Context, room chat.RoomID, n int64, gaps []int64, items []chat.Message, gone []chat.ItemKey) ([]chat.Message, []chat.ItemKey, error) {
	if len(gaps) == 0 {
		return items, gone, nil
	}
	found, err := s.loadGaps(ctx, room, n, 0, int64(chat.SeqLocal))
	if err != nil {
		return nil, nil, err
	}
	open := make(map[chat.ItemKey]chat.Message, len(found))
	for _, g := range found {
		open[g.Key] = g
	}
	for _, number := range gaps {
		if g, ok := open[gapKey(number)]; ok {
			items = append(items, g)
		} else {
			gone = append(gone, gapKey(number))
		}
	}
	return items, gone, nil
}

func messages(items []*item) []chat.Message {
	out := make([]chat.Message, len(items))
	for i, it := range items {
		out[i] = it.Message
	}
	return out
}

// list is a JSON list for json_each.
func list[T ~string | ~int64](all []T) string {
	if len(all) == 0 {
		return "[]"
	}
	b, err := json.Marshal(all)
	if err != nil { // strings and numbers always marshal
		return "[]"
	}
	return string(b)
}

func (s *Store) roomNumber(ctx context.Context, room chat.RoomID) (n int64, ok bool, err error) {
	ok, err = s.q(ctx).one(`SELECT id FROM room WHERE room_id = ?`, []any{string(room)}, &n)
	return n, ok, err
}

// Message returns one item by its key.
func (s *Store) Message(ctx context.Context, key chat.ItemKey) (chat.Message, error) {
	var room string
	ok, err := s.q(ctx).one(`SELECT r.room_id FROM event e JOIN room r ON r.id = e.room WHERE e.id = ?`, []any{int64(key)}, &room)
	if err == nil && !ok {
		err = ErrNotFound
	}
	if err != nil {
		return chat.Message{}, fmt.Errorf("load item %d: %w", key, err)
	}
	n, _, err := s.roomNumber(ctx, chat.RoomID(room))
	if err != nil {
		return chat.Message{}, fmt.Errorf("load item %d: %w", key, err)
	}
	items, err := s.loadRows(ctx, `SELECT `+itemColumns+` FROM event e WHERE e.id = ?`, int64(key))
	if err == nil && len(items) == 0 {
		err = ErrNotFound
	}
	if err == nil {
		err = s.fold(ctx, chat.RoomID(room), n, items)
	}
	if err != nil {
		return chat.Message{}, fmt.Errorf("load item %d: %w", key, err)
	}
	return items[0].Message, nil
}

// Event returns one item by its event id; ErrNotFound when it is not in the store.
func (s *Store) Event(ctx context.Context, room chat.RoomID, id chat.EventID) (chat.Message, error) {
	key, ok, err := s.EventKey(ctx, room, id)
	if err != nil {
		return chat.Message{}, fmt.Errorf("load event %s: %w", id, err)
	}
	if !ok {
		return chat.Message{}, fmt.Errorf("load event %s: %w", id, ErrNotFound)
	}
	return s.Message(ctx, key)
}

// Search finds messages that hold all words (the last one as a prefix), newest first.
func (s *Store) Search(ctx context.Context, room chat.RoomID, words string, limit int) ([]chat.ItemKey, error) {
	var terms []string
	for _, w := range strings.Fields(words) {
		terms = append(terms, `"`+strings.ReplaceAll(w, `"`, `""`)+`"`)
	}
	if len(terms) == 0 {
		return nil, nil
	}
	var all []chat.ItemKey
	err := s.q(ctx).keys(`
		SELECT e.id FROM event_fts f JOIN event e ON e.id = f.rowid JOIN room r ON r.id = e.room
		WHERE event_fts MATCH ? AND (?2 = '' OR r.room_id = ?2) ORDER BY e.ts_ms DESC LIMIT ?3`,
		[]any{strings.Join(terms, " ") + "*", string(room), limit}, func(key chat.ItemKey) { all = append(all, key) })
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return all, nil
}
