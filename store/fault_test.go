package store_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	_ "github.com/mattn/go-sqlite3" // to damage files from outside

	"hubbub/store"
	"hubbub/store/storetest"
)

func TestFileModesWhateverTheUmask(t *testing.T) {
	for _, mask := range []int{0, 0o022, 0o077, 0o177} {
		t.Run(fmt.Sprintf("%03o", mask), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "hubbub")
			old := syscall.Umask(mask)
			s, err := store.Open(t.Context(), filepath.Join(dir, "cache.db"), store.Options{})
			if err == nil {
				err = s.Write(t.Context(), func(tx *store.Tx) error { return tx.PutSync("a", "b") })
			}
			syscall.Umask(old)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }() // the test is about modes
			if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("directory: %v %v", info.Mode(), err)
			}
			files, err := filepath.Glob(filepath.Join(dir, "cache.db*"))
			if err != nil || len(files) < 2 {
				t.Fatal(files, err)
			}
			for _, f := range files {
				if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("%s: %v %v", f, info.Mode(), err)
				}
			}
		})
	}
}

func TestDiskFullLosesNothingThatWasThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache.db")
	s := storetest.Open(t, path, store.Options{MaxPages: 120})
	storetest.Append(t, s, room, texts(1, 5)...)
	var full error
	for n := 10; n < 5000 && full == nil; n += 50 {
		full = s.Write(t.Context(), func(tx *store.Tx) error {
			for i := n; i < n+50; i++ {
				// A caller that overlooks an error must not get half of its work written.
				if _, err := tx.Append(room, storetest.Text(i, ada, strings.Repeat("x", 500))); err != nil && i%2 == 0 {
					return err
				}
			}
			return tx.PutSync(store.SyncNextBatch, fmt.Sprint(n))
		})
	}
	if !errors.Is(full, store.ErrDiskFull) {
		t.Fatalf("no room left is told as %v", full)
	}
	p := storetest.Page(t, s, room, 500)
	if p.Items[len(p.Items)-1].Body == "" || len(p.Items) < 5 {
		t.Error("what was there is gone")
	}
	token, err := s.Sync(t.Context(), store.SyncNextBatch)
	if err != nil {
		t.Fatal(err)
	}
	var last int
	if _, err := fmt.Sscan(token, &last); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := s.EventKey(t.Context(), room, storetest.ID(last+49)); err != nil || !ok {
		t.Errorf("the sync token stands at %s without its events", token)
	}
	if _, ok, err := s.EventKey(t.Context(), room, storetest.ID(last+50)); err != nil || ok {
		t.Error("a part of the failed transaction was kept")
	}
}

func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "cache.db")
	if _, err := store.Open(t.Context(), path, store.Options{ReadOnly: true}); err == nil {
		t.Fatal("a file that does not exist was opened")
	}
	s := storetest.Open(t, path, store.Options{})
	storetest.Append(t, s, room, texts(1, 3)...)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ro := storetest.Open(t, path, store.Options{ReadOnly: true})
	expect(t, ro, "1", "2", "3")
	if err := ro.Write(t.Context(), func(*store.Tx) error { return nil }); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("write: %v", err)
	}
}

func TestNewerFileIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache.db")
	if err := storetest.Open(t, path, store.Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	outside(t, path, `UPDATE meta SET value = 99 WHERE key = 'version'`)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, ro := range []bool{false, true} {
		if _, err := store.Open(t.Context(), path, store.Options{ReadOnly: ro}); !errors.Is(err, store.ErrNewer) {
			t.Errorf("read-only %v: %v", ro, err)
		}
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Error("the file was changed")
	}
}

func outside(t *testing.T, path, query string) {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestClosedStore(t *testing.T) {
	s := storetest.New(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), func(*store.Tx) error { return nil }); !errors.Is(err, store.ErrClosed) {
		t.Errorf("write: %v", err)
	}
	if _, err := s.Sidebar(t.Context()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("read: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
}

func TestPanicInTransactionRollsBack(t *testing.T) {
	s := storetest.New(t)
	func() {
		defer func() { _ = recover() }() // the panic is the test's own
		_ = s.Write(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.Append(room, storetest.Text(1, ada, "never")); err != nil {
				return err
			}
			panic("a bug above")
		})
	}()
	storetest.Append(t, s, room, texts(2, 2)...)
	expect(t, s, "2")
}
