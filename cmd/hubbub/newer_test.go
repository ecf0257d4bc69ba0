package main_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"strings"
	"testing"

	_ "github.com/mattn/go-sqlite3"

	"hubbub/matrix/matrixtest"
)

// A cache of a newer hubbub is left alone.
func TestNewerCache(t *testing.T) {
	t.Parallel()
	p := newPerson(t, matrixtest.Stack(t), "newer").signIn()
	if r := p.run("", "rooms"); r.code != 0 {
		t.Fatalf("rooms: %+v", r)
	}
	path := p.cacheDB()
	db, err := sql.Open("sqlite3", path)
	if err == nil {
		_, err = db.Exec(`UPDATE meta SET value = 9999 WHERE key = 'version'`)
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := p.window(size(120, 30))
	if code := s.WaitExit(); code != 7 || !strings.Contains(s.Screen(), "A file was written by a newer hubbub") {
		t.Errorf("exit code %d\n%s", code, s.Dump())
	}
	s.restored()
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, cache) {
		t.Errorf("the file was touched: %d bytes, %v", len(now), err)
	}
}
