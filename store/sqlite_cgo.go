//go:build cgo

package store

import (
	"errors"

	"github.com/mattn/go-sqlite3"
)

// classifySQLite returns the sentinel for SQLite's error code, or else the system's error behind it.
func classifySQLite(err error) (sentinel, errno error) {
	var se sqlite3.Error
	if !errors.As(err, &se) {
		return nil, nil
	}
	switch se.Code {
	case sqlite3.ErrFull:
		return ErrDiskFull, nil
	case sqlite3.ErrReadonly, sqlite3.ErrPerm:
		return ErrReadOnly, nil
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		return ErrCorrupt, nil
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return ErrBusy, nil
	}
	if se.SystemErrno != 0 {
		return nil, se.SystemErrno
	}
	return nil, nil
}
