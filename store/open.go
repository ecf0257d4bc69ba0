package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"hubbub/store/chat"
)

// Settings of the connections. A larger cache made taking in 3,000 rooms no
// faster, only the process larger. No memory map: it made no read faster, counts
// as memory of the process, and a file that is cut off would kill it.
const (
	readConns   = 3
	busyTimeout = 5 * time.Second
	writeCache  = 4 << 10 // KiB
	readCache   = 2 << 10 // KiB
)

// Open opens the cache file at path, creating it (0600, in a directory 0700)
// when it does not exist, and brings its schema up to date. ErrNewer,
// ErrCorrupt (see Rebuild), ErrReadOnly, ErrDiskFull, ErrBusy are its special errors.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	s, err := open(ctx, path, o)
	if err != nil {
		return nil, fmt.Errorf("open cache %s: %w", path, err)
	}
	return s, nil
}

func open(ctx context.Context, path string, o Options) (*Store, error) {
	if !o.ReadOnly {
		if err := prepareFile(path); err != nil {
			return nil, err
		}
	}
	s := &Store{path: path, log: o.Log, now: o.Now, readOnly: o.ReadOnly}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	db := sql.OpenDB(connector{dsn: dsn(path, true, o.ReadOnly), pragmas: readPragmas()})
	db.SetMaxOpenConns(readConns)
	db.SetMaxIdleConns(readConns)
	s.read = newStatements(db)
	if !o.ReadOnly {
		w, err := openWriter(path, o)
		if err != nil {
			_ = db.Close() // nothing was opened on it yet
			return nil, err
		}
		s.write = w
	}
	if err := s.start(ctx); err != nil {
		_ = s.Close() // the first error is the one that matters
		return nil, err
	}
	return s, nil
}

// start checks the version and reads what the store keeps in memory.
func (s *Store) start(ctx context.Context) error {
	if s.readOnly {
		if err := checkVersion(s.q(ctx)); err != nil {
			return err
		}
	}
	a, _, err := loadAccount(s.q(ctx))
	if err != nil {
		return err
	}
	s.setOwn(a.User)
	return nil
}

func openWriter(path string, o Options) (*writer, error) {
	w := &writer{
		db:    sql.OpenDB(connector{dsn: dsn(path, false, false), pragmas: writePragmas(o.MaxPages)}),
		kept:  make(map[string]*sql.Stmt),
		rooms: make(map[chat.RoomID]int64),
	}
	w.db.SetMaxOpenConns(1) // transactions and statements all live on it
	w.db.SetMaxIdleConns(1)
	if err := w.start(); err != nil {
		_ = w.close() // the first error is the one that matters
		return nil, translate(err)
	}
	return w, nil
}

// start migrates and finds the next item key.
func (w *writer) start() error {
	if err := w.migrate(); err != nil {
		return err
	}
	var top, kept int64
	if _, err := queryFunc(w.query).one(`SELECT coalesce((SELECT max(id) FROM event), 0), coalesce((SELECT value FROM meta WHERE key = 'next_key'), 0)`,
		nil, &top, &kept); err != nil {
		return err
	}
	w.nextKey = chat.ItemKey(max(top+1, kept, 1))
	return nil
}

// Close ends the store: it waits for a running write, moves the log file's
// content into the main file and closes all connections.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	var errs []error
	if s.read != nil {
		errs = append(errs, s.read.close())
	}
	if s.write != nil {
		errs = append(errs, s.write.close())
	}
	if err := translate(errors.Join(errs...)); err != nil {
		return fmt.Errorf("close cache: %w", err)
	}
	return nil
}

func (w *writer) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	for _, stmt := range w.kept {
		_ = stmt.Close() // closing the connection below frees what is left and reports
	}
	return w.db.Close()
}

// prepareFile makes the directory and an empty file with the right modes,
// whatever the umask. SQLite gives its log files the mode of the main file.
func prepareFile(path string) error {
	if err := makeDir(filepath.Dir(path)); err != nil {
		return translate(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return translate(err)
	}
	info, err := f.Stat()
	if err == nil && info.Mode().Perm() != 0o600 {
		err = f.Chmod(0o600)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return translate(err)
	}
	return nil
}

// makeDir makes the directory if there is none; the mode of one that exists is its owner's business.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.Chmod(dir, 0o700) // a umask may have taken bits that we need
}

// writable says whether files can be made in dir: false on a read-only disk also for root.
func writable(dir string) bool {
	const wOK = 2
	return syscall.Access(dir, wOK) == nil
}

func dsn(path string, query, readOnly bool) string {
	v := url.Values{}
	v.Set("_busy_timeout", strconv.Itoa(int(busyTimeout.Milliseconds())))
	v.Set("_mutex", "no") // database/sql gives a connection to one goroutine at a time
	if readOnly {
		v.Set("mode", "ro")
		if !writable(filepath.Dir(path)) {
			// Without its log files SQLite cannot lock: nobody can write there anyway.
			v.Set("immutable", "1")
		}
	}
	if query {
		v.Set("_query_only", "1")
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: v.Encode()}).String()
}
