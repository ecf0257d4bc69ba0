package store

import (
	"context"
	"database/sql"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"hubbub/store/chat"
)

// Options tell Open how. The zero value is the normal way.
type Options struct {
	// Log gets warnings; nil: none.
	Log *slog.Logger
	// ReadOnly opens the file without the right to write; it must exist and be of the present version.
	ReadOnly bool
	// MaxPages limits the file to that many pages of 4096 bytes, to try a full disk. 0: no limit.
	MaxPages int
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Store is an open cache file. Its methods may be called from any goroutine.
type Store struct {
	path     string
	log      *slog.Logger
	now      func() time.Time
	readOnly bool

	read  *statements // pool of query_only connections
	write *writer

	feeds   feeds
	answers answers
	closed  atomic.Bool

	ownMu sync.RWMutex
	own   chat.UserID // guarded by ownMu: the account's user id, "" before PutAccount
}

// queryFunc runs one of the package's constant queries.
type queryFunc func(query string, args ...any) (*sql.Rows, error)

// q returns the read pool bound to ctx.
func (s *Store) q(ctx context.Context) queryFunc {
	return func(query string, args ...any) (*sql.Rows, error) {
		if s.closed.Load() {
			return nil, ErrClosed
		}
		return s.read.query(ctx, query, args...)
	}
}

// Path returns the path of the file.
func (s *Store) Path() string { return s.path }

func (s *Store) ownUser() chat.UserID {
	s.ownMu.RLock()
	defer s.ownMu.RUnlock()
	return s.own
}

func (s *Store) setOwn(user chat.UserID) {
	s.ownMu.Lock()
	defer s.ownMu.Unlock()
	s.own = user
}
