package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"hubbub/store/chat"
)

// writer owns the one connection that writes.
type writer struct {
	db *sql.DB

	mu      sync.Mutex // held for a whole transaction; guards all below
	kept    map[string]*sql.Stmt
	closed  bool
	failed  error        // first error of a statement in the running transaction
	nextKey chat.ItemKey // next item key to give out
	rooms   map[chat.RoomID]int64
	parked  map[int64]bool // rooms that have parked redactions; nil until read
}

// Tx is a write transaction. It is valid inside the function given to Write
// only, and only in its goroutine.
type Tx struct {
	s  *Store
	w  *writer
	ch changes
	// newRooms are ids given out in this transaction: forgotten when it is rolled back.
	newRooms []chat.RoomID
	// tail is the newest chunk of the room tailOf (0: none), which Append asks for again and again.
	tail      chunk
	tailOf    int64
	tailMoved bool // its end is not written yet
	// row is what stands in the row of the room rowOf ("": none), with its defaults if it has none yet.
	row      Room
	rowOf    chat.RoomID
	rowKnown bool // it has a row
	// heirs are rows that gave way to others in this transaction: a caller may still hold their keys.
	heirs map[chat.ItemKey]chat.ItemKey
}

// Write runs fn in a transaction: BEGIN IMMEDIATE, fn, COMMIT, then the changes
// go to the feeds. When fn returns an error everything is rolled back and that
// error is returned. Writers wait for each other; readers are not held up. A
// transaction that has begun is not interrupted by ctx.
func (s *Store) Write(ctx context.Context, fn func(*Tx) error) error {
	if s.readOnly {
		return fmt.Errorf("write: %w", ErrReadOnly)
	}
	w := s.write
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	tx := &Tx{s: s, w: w}
	w.failed = nil
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	done := false
	defer func() {
		if !done { // fn failed or panicked
			w.rollback(tx)
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.dropTail(); err != nil {
		return fmt.Errorf("write end of chunk: %w", err)
	}
	if w.failed != nil {
		return w.failed
	}
	if err := w.exec("COMMIT"); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	done = true
	s.publish(&tx.ch)
	return nil
}

func (w *writer) rollback(tx *Tx) {
	_ = w.exec("ROLLBACK") // SQLite has rolled back by itself after a full disk; the first error is the one that matters
	for _, id := range tx.newRooms {
		delete(w.rooms, id)
	}
	w.parked = nil
}

func (w *writer) stmt(query string) (*sql.Stmt, error) {
	if stmt := w.kept[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := w.db.Prepare(query)
	if err != nil {
		return nil, translate(err)
	}
	w.kept[query] = stmt
	return stmt, nil
}

func (w *writer) exec(query string, args ...any) error {
	_, err := w.execN(query, args...)
	return err
}

func (w *writer) execN(query string, args ...any) (int64, error) {
	res, err := w.result(query, args...)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return n, translate(err)
}

func (w *writer) result(query string, args ...any) (sql.Result, error) {
	stmt, err := w.stmt(query)
	if err != nil {
		return nil, err
	}
	res, err := stmt.Exec(args...)
	return res, translate(err)
}

func (w *writer) query(query string, args ...any) (*sql.Rows, error) {
	stmt, err := w.stmt(query)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.Query(args...)
	return rows, translate(err)
}

// q returns the transaction's own view.
func (tx *Tx) q() queryFunc {
	return func(query string, args ...any) (*sql.Rows, error) {
		if tx.w.failed != nil {
			return nil, tx.w.failed
		}
		rows, err := tx.w.query(query, args...)
		tx.w.failed = err
		return rows, err
	}
}

func (tx *Tx) exec(query string, args ...any) error {
	_, err := tx.execN(query, args...)
	return err
}

// execN returns the number of rows written. After the first error none of the
// transaction's statements runs: SQLite ends a transaction by itself when the
// disk is full, and what followed would be written alone.
func (tx *Tx) execN(query string, args ...any) (int64, error) {
	if tx.w.failed != nil {
		return 0, tx.w.failed
	}
	n, err := tx.w.execN(query, args...)
	tx.w.failed = err
	return n, err
}

// room returns the internal number of a room, giving one out when the room is new.
func (tx *Tx) room(id chat.RoomID) (int64, error) {
	if n, ok := tx.w.rooms[id]; ok {
		return n, nil
	}
	var n int64
	var ok bool
	var err error
	if tx.rowOf != id || tx.rowKnown {
		if ok, err = tx.q().one(`SELECT id FROM room WHERE room_id = ?`, []any{string(id)}, &n); err != nil {
			return 0, err
		}
	}
	if !ok {
		if n, err = tx.addRoom(id); err != nil {
			return 0, err
		}
	}
	tx.w.rooms[id] = n
	return n, nil
}

// addRoom makes the row of a room. Not by RETURNING: that opens a journal, for
// which FTS5 writes out its index.
func (tx *Tx) addRoom(id chat.RoomID) (int64, error) {
	if tx.w.failed != nil {
		return 0, tx.w.failed
	}
	res, err := tx.w.result(`INSERT INTO room (room_id) VALUES (?)`, string(id))
	if tx.w.failed = err; err != nil {
		return 0, err
	}
	tx.newRooms = append(tx.newRooms, id)
	tx.row, tx.rowOf, tx.rowKnown = newRoom(id), id, true
	n, err := res.LastInsertId()
	return n, translate(err)
}

func (tx *Tx) newKey() chat.ItemKey {
	key := tx.w.nextKey
	tx.w.nextKey++
	return key
}
