package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/mattn/go-sqlite3"
)

// connector opens connections with our own settings, without a driver name in
// a global table.
type connector struct {
	dsn     string
	pragmas []string
}

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := (&sqlite3.SQLiteDriver{}).Open(c.dsn)
	if err != nil {
		return nil, err
	}
	ex, ok := conn.(driver.ExecerContext)
	if !ok {
		return nil, errors.Join(errors.New("driver cannot execute"), conn.Close())
	}
	for _, p := range c.pragmas {
		if _, err := ex.ExecContext(context.WithoutCancel(ctx), "PRAGMA "+p, nil); err != nil {
			return nil, errors.Join(fmt.Errorf("pragma %s: %w", p, err), conn.Close())
		}
	}
	return conn, nil
}

// Driver implements driver.Connector.
func (connector) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

func readPragmas() []string {
	return []string{fmt.Sprintf("cache_size = -%d", readCache), "temp_store = MEMORY"}
}

func writePragmas(maxPages int) []string {
	all := []string{
		"journal_mode = WAL",
		"synchronous = NORMAL",
		fmt.Sprintf("cache_size = -%d", writeCache),
		"temp_store = MEMORY",
		"journal_size_limit = 16777216",
		"wal_autocheckpoint = 2000",
	}
	if maxPages > 0 {
		all = append(all, fmt.Sprintf("max_page_count = %d", maxPages))
	}
	return all
}

// translate turns SQLite's and the system's errors into the package's
// sentinels; the original stays in the chain.
func translate(err error) error {
	if err == nil {
		return nil
	}
	sentinel := classify(err)
	if sentinel == nil || errors.Is(err, sentinel) {
		return err
	}
	return fmt.Errorf("%w: %w", sentinel, err)
}

func classify(err error) error {
	if sentinel, errno := classifySQLite(err); sentinel != nil {
		return sentinel
	} else if errno != nil {
		err = errno
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return ErrDiskFull
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return ErrReadOnly
	}
	return nil
}
