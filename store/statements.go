package store

import (
	"context"
	"database/sql"
	"sync"

	"hubbub/store/chat"
)

// statements keeps prepared statements by their text. The texts are constants
// of this package, so the set is bounded.
type statements struct {
	db *sql.DB

	mu   sync.RWMutex
	kept map[string]*sql.Stmt // guarded by mu
}

func newStatements(db *sql.DB) *statements {
	return &statements{db: db, kept: make(map[string]*sql.Stmt)}
}

func (p *statements) get(ctx context.Context, query string) (*sql.Stmt, error) {
	p.mu.RLock()
	stmt := p.kept[query]
	p.mu.RUnlock()
	if stmt != nil {
		return stmt, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if stmt := p.kept[query]; stmt != nil {
		return stmt, nil
	}
	// A caller that gives up must not cost the others their statement.
	stmt, err := p.db.PrepareContext(context.WithoutCancel(ctx), query)
	if err != nil {
		return nil, translate(err)
	}
	p.kept[query] = stmt
	return stmt, nil
}

func (p *statements) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	stmt, err := p.get(ctx, query)
	if err != nil {
		return nil, err
	}
	// Reads take milliseconds. Without a Done channel the driver needs no
	// goroutine per query to watch it.
	rows, err := stmt.QueryContext(context.WithoutCancel(ctx), args...)
	return rows, translate(err)
}

func (p *statements) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, stmt := range p.kept {
		_ = stmt.Close() // closing the database below frees what is left and reports
	}
	clear(p.kept)
	return p.db.Close()
}

// one runs a query that yields at most one row and scans it into dest; false when there is none.
func (q queryFunc) one(query string, args []any, dest ...any) (bool, error) {
	rows, err := q(query, args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	if !rows.Next() {
		return false, translate(rows.Err())
	}
	if err := rows.Scan(dest...); err != nil {
		return false, translate(err)
	}
	return true, translate(rows.Close())
}

// each runs a query and calls scan for every row.
func (q queryFunc) each(query string, args []any, scan func(*sql.Rows) error) error {
	rows, err := q(query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return translate(err)
		}
	}
	return translate(rows.Err())
}

// keys calls fn for every item key that a query yields. The keys are read to
// the end before the first call, so that fn may use the connection.
func (q queryFunc) keys(query string, args []any, fn func(chat.ItemKey)) error {
	var all []chat.ItemKey
	err := q.each(query, args, func(rows *sql.Rows) error {
		var key int64
		err := rows.Scan(&key)
		all = append(all, chat.ItemKey(key))
		return err
	})
	for _, key := range all {
		fn(key)
	}
	return err
}
