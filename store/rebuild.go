package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"hubbub/store/chat"
)

// Salvaged says what Rebuild found in the damaged file.
type Salvaged struct {
	Moved  string // where the damaged file lies now
	Drafts int
	Unsent int  // messages that wait to be sent, with new item keys
	Lost   bool // parts of drafts or unsent messages could not be read
}

// Rebuild puts a damaged cache aside (path + ".damaged", replacing an older one)
// and opens an empty one in its place, with what only this file had: drafts,
// unsent messages, the window's state, and which rooms are encrypted. All else
// comes again from the homeserver.
func Rebuild(ctx context.Context, path string, o Options) (*Store, Salvaged, error) {
	res := Salvaged{Moved: path + ".damaged"}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		err := os.Rename(path+suffix, res.Moved+suffix)
		if errors.Is(err, fs.ErrNotExist) {
			err = os.Remove(res.Moved + suffix) // must not meet another file's log
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, res, fmt.Errorf("rebuild cache: %w", translate(err))
		}
	}
	s, err := Open(ctx, path, o)
	if err != nil {
		return nil, res, fmt.Errorf("rebuild cache: %w", err)
	}
	if err := s.salvage(ctx, &res); err != nil {
		return nil, res, fmt.Errorf("rebuild cache: %w", errors.Join(err, s.Close()))
	}
	s.log.Warn("Cache rebuilt", "drafts", res.Drafts, "unsent", res.Unsent, "lost", res.Lost)
	return s, res, nil
}

// wreck is what could be read of a damaged file.
type wreck struct {
	account   *chat.Account
	encrypted []chat.RoomID
	drafts    []chat.Draft
	ui        map[string][]byte
	pending   []Pending
	echoes    map[chat.ItemKey]Event
	lost      bool
}

func (s *Store) salvage(ctx context.Context, res *Salvaged) error {
	db := sql.OpenDB(connector{dsn: dsn(res.Moved, true, false)})
	old := newStatements(db)
	w := readWreck(func(query string, args ...any) (*sql.Rows, error) { return old.query(ctx, query, args...) })
	if err := old.close(); err != nil {
		s.log.Warn("Damaged cache not closed", "err", err)
	}
	res.Drafts, res.Unsent, res.Lost = len(w.drafts), len(w.pending), w.lost
	return s.Write(ctx, func(tx *Tx) error { return tx.restore(w) })
}

// readWreck takes from every table what it can; a table that cannot be read costs the others nothing.
func readWreck(q queryFunc) *wreck {
	w := &wreck{ui: make(map[string][]byte), echoes: make(map[chat.ItemKey]Event)}
	if a, ok, err := loadAccount(q); err == nil && ok {
		w.account = &a
	}
	w.note(q.each(`SELECT room_id FROM room WHERE encrypted = 1`, nil, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		w.encrypted = append(w.encrypted, chat.RoomID(id))
		return err
	}))
	w.note(q.each(`SELECT room_id, text, cursor, reply_to, edit FROM draft`, nil, func(rows *sql.Rows) error {
		var d chat.Draft
		err := rows.Scan((*string)(&d.Room), &d.Text, &d.Cursor, (*string)(&d.ReplyTo), (*string)(&d.Edit))
		w.drafts = append(w.drafts, d)
		return err
	}))
	w.note(q.each(`SELECT key, value FROM ui_state`, nil, func(rows *sql.Rows) error {
		var key string
		var value []byte
		err := rows.Scan(&key, &value)
		w.ui[key] = value
		return err
	}))
	w.note(q.each(`SELECT `+pendingColumns+` FROM outbox ORDER BY key`, nil, func(rows *sql.Rows) error {
		p, err := scanPending(rows)
		if err != nil {
			w.lost = true
			return nil // the rows behind it may be whole
		}
		w.pending = append(w.pending, p)
		return nil
	}))
	for _, p := range w.pending {
		w.note(w.readEcho(q, p))
	}
	return w
}

func (w *wreck) note(err error) { w.lost = w.lost || err != nil }

// readEcho reads the local echo of a message, or makes one from what the person asked for.
func (w *wreck) readEcho(q queryFunc, p Pending) error {
	ev := Event{
		Txn: p.Txn, Time: p.Created, Type: p.Type, Body: p.Out.Text, ReplyTo: p.Out.ReplyTo,
	}
	if w.account != nil {
		ev.Sender = w.account.User
	}
	switch p.Out.Kind {
	case chat.OutReaction:
		ev.RelType, ev.RelTarget, ev.RelKey = RelAnnotation, p.Out.Target, p.Out.Key
	case chat.OutRedact:
		ev.Type, ev.Redacts = "m.room.redaction", p.Out.Target
	}
	if p.Out.Edit != "" {
		ev.RelType, ev.RelTarget = RelReplace, p.Out.Edit
	}
	var extra string
	var kind int
	found := ev
	ok, err := q.one(`
		SELECT sender, ts_ms, type, kind, body, html, coalesce(extra, ''), coalesce(rel_type, ''), coalesce(rel_target, ''), coalesce(rel_key, ''), encrypted
		FROM event WHERE id = ? AND txn_id = ?`, []any{int64(p.Key), string(p.Txn)},
		(*string)(&found.Sender), new(int64), &found.Type, &kind, &found.Body, &found.HTML, &extra, &found.RelType, (*string)(&found.RelTarget), &found.RelKey, &found.Encrypted)
	if ok && err == nil {
		found.Kind = chat.MessageKind(kind) // one of ours, a byte
		if x, err := parseExtra(extra); err == nil {
			found.Extra, found.ReplyTo = x, x.ReplyTo
		}
		if found.RelType == RelReply || found.RelType == relRedaction {
			found.RelType, found.RelTarget = "", ""
		}
		ev = found
	}
	w.echoes[p.Key] = ev
	return err
}

// restore writes what was saved. Item keys are given out anew.
func (tx *Tx) restore(w *wreck) error {
	if w.account != nil {
		if err := tx.PutAccount(*w.account); err != nil {
			return err
		}
	}
	for _, id := range w.encrypted {
		if err := tx.UpdateRoom(id, func(r *Room) { r.Encrypted = true }); err != nil {
			return err
		}
	}
	for _, d := range w.drafts {
		if err := tx.PutDraft(d); err != nil {
			return err
		}
	}
	for key, value := range w.ui {
		if err := tx.PutUIState(key, value); err != nil {
			return err
		}
	}
	keys := make(map[chat.ItemKey]chat.ItemKey, len(w.pending))
	for _, p := range w.pending {
		key, err := tx.AddEcho(p.Room, w.echoes[p.Key])
		if err != nil {
			return err
		}
		keys[p.Key] = key
		p.Key, p.DependsOn = key, keys[p.DependsOn]
		if err := tx.PutPending(p); err != nil {
			return err
		}
	}
	return nil
}
