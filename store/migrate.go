package store

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

// schemaFiles are the migrations: file NNNN.sql takes version NNNN-1 to NNNN. A
// file that was released is never changed.
//
//go:embed schema/*.sql
var schemaFiles embed.FS

const metaTable = `CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID`

// migrations returns the steps in order.
func migrations() ([]string, error) {
	names, err := fs.Glob(schemaFiles, "schema/*.sql")
	if err != nil {
		return nil, err
	}
	steps := make([]string, 0, len(names))
	for i, name := range names {
		if !strings.HasPrefix(name, fmt.Sprintf("schema/%04d", i+1)) {
			return nil, fmt.Errorf("migration %s is out of order", name)
		}
		b, err := fs.ReadFile(schemaFiles, name)
		if err != nil {
			return nil, err
		}
		steps = append(steps, string(b))
	}
	return steps, nil
}

// migrate brings the file to the present version, each step in its own transaction.
func (w *writer) migrate() error {
	steps, err := migrations()
	if err != nil {
		return err
	}
	have, err := version(w.query)
	if err != nil {
		return err
	}
	if have > len(steps) {
		return fmt.Errorf("version %d, known are up to %d: %w", have, len(steps), ErrNewer)
	}
	for ; have < len(steps); have++ {
		if err := w.step(steps[have], have+1); err != nil {
			return fmt.Errorf("migrate to version %d: %w", have+1, err)
		}
	}
	return nil
}

func (w *writer) step(script string, number int) error {
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := w.exec(metaTable)
	if err == nil {
		_, err = w.db.Exec(script)
	}
	if err == nil {
		err = w.exec(`INSERT OR REPLACE INTO meta (key, value) VALUES ('version', ?)`, number)
	}
	if err == nil {
		err = w.exec("COMMIT")
	}
	if err != nil {
		_ = w.exec("ROLLBACK") // the first error is the one that matters
	}
	return translate(err)
}

// version returns the schema version of the file, 0 for an empty one.
func version(q queryFunc) (int, error) {
	var x, v int
	ok, err := q.one(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'meta'`, nil, &x)
	if err != nil || !ok {
		return 0, err
	}
	_, err = q.one(`SELECT value FROM meta WHERE key = 'version'`, nil, &v)
	return v, err
}

// checkVersion is for files that cannot be migrated.
func checkVersion(q queryFunc) error {
	steps, err := migrations()
	if err != nil {
		return err
	}
	have, err := version(q)
	switch {
	case err != nil:
		return err
	case have > len(steps):
		return fmt.Errorf("version %d, known are up to %d: %w", have, len(steps), ErrNewer)
	case have < len(steps):
		return fmt.Errorf("version %d cannot be brought up to %d: %w", have, len(steps), ErrReadOnly)
	}
	return nil
}
