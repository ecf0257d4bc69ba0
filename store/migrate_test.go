package store

import (
	"database/sql"
	"errors"
	"path/filepath"
	"slices"
	"testing"
)

// bare opens the write connection of a new file without migrating it.
func bare(t *testing.T, path string) *writer {
	t.Helper()
	if err := prepareFile(path); err != nil {
		t.Fatal(err)
	}
	w := &writer{kept: make(map[string]*sql.Stmt), db: sql.OpenDB(connector{dsn: dsn(path, false, false)})}
	w.db.SetMaxOpenConns(1)
	return w
}

func schema(t *testing.T, path string) (all []string) {
	t.Helper()
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = s.q(t.Context()).each(`SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY 1`, nil, func(rows *sql.Rows) error {
		var line string
		err := rows.Scan(&line)
		all = append(all, line)
		return err
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestMigrationFromEveryOlderVersion(t *testing.T) {
	steps, err := migrations()
	if err != nil || len(steps) == 0 {
		t.Fatal(steps, err)
	}
	fresh := schema(t, filepath.Join(t.TempDir(), "cache.db"))
	for have := range len(steps) + 1 {
		path := filepath.Join(t.TempDir(), "cache.db")
		w := bare(t, path)
		for i, step := range steps[:have] {
			if err := w.step(step, i+1); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.close(); err != nil {
			t.Fatal(err)
		}
		if got := schema(t, path); !slices.Equal(got, fresh) {
			t.Errorf("from version %d: %q, a new file has %q", have, got, fresh)
		}
	}
}

func TestMigrationThatFailsChangesNothing(t *testing.T) {
	w := bare(t, filepath.Join(t.TempDir(), "cache.db"))
	if err := w.step(`CREATE TABLE one (a) STRICT; this is no SQL`, 1); err == nil {
		t.Fatal("no error")
	}
	if v, err := version(w.query); err != nil || v != 0 {
		t.Errorf("version %d, %v", v, err)
	}
	if err := w.step(`CREATE TABLE one (a ANY) STRICT`, 1); err != nil {
		t.Errorf("second try: %v", err)
	}
	if err := w.close(); err != nil {
		t.Error(err)
	}
}

func TestRedactJSON(t *testing.T) {
	for in, want := range map[string]string{
		``:     ``,
		`[1]`:  ``,
		`"x"`:  ``,
		`null`: ``,
		`{"type":"m.room.create","content":null}`:                                  `{"content":{},"type":"m.room.create"}`,
		`{"type":"m.room.message","content":{"body":"x"},"secret":1}`:              `{"content":{},"type":"m.room.message"}`,
		`{"type":7,"content":{"body":"x"}}`:                                        `{"content":{},"type":7}`,
		`{"type":"m.room.member","content":{"membership":"join","displayname":1}}`: `{"content":{"membership":"join"},"type":"m.room.member"}`,
		`{"type":"m.room.create","content":{"creator":"@a:b"}}`:                    `{"content":{"creator":"@a:b"},"type":"m.room.create"}`,
		`{"type":"m.room.create","content":3}`:                                     `{"content":{},"type":"m.room.create"}`,
	} {
		if got := string(redactJSON([]byte(in))); got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}

func FuzzRedactJSON(f *testing.F) {
	f.Add([]byte(`{"type":"m.room.member","content":{"membership":"join"}}`))
	f.Add([]byte(`{"type":"m.room.create","content":null}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		once := redactJSON(raw)
		if twice := redactJSON(once); string(once) != string(twice) {
			t.Errorf("%q then %q", once, twice)
		}
	})
}
