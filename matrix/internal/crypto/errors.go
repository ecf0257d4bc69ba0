package crypto

import (
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/mattn/go-sqlite3"
)

// Errors of this package. All are for errors.Is.
var (
	// ErrCorrupt says that crypto.db is damaged. Nothing has been written to it.
	ErrCorrupt = errors.New("crypto: crypto.db is damaged")
	// ErrWrongKey says that the pickle key does not open crypto.db.
	ErrWrongKey = errors.New("crypto: the key does not open crypto.db")
	// ErrWrongDevice says that crypto.db belongs to another user or device.
	ErrWrongDevice = errors.New("crypto: crypto.db belongs to another device")
	// ErrNewer says that a newer program wrote crypto.db.
	ErrNewer = errors.New("crypto: crypto.db was written by a newer version")
	// ErrDeviceKeys says that the homeserver has other identity keys for this
	// device: the keys were lost or replaced, and only a new sign-in helps.
	ErrDeviceKeys = errors.New("crypto: the homeserver has other keys for this device")
	// ErrNotEncrypted is returned by Encrypt for a room that is not encrypted.
	ErrNotEncrypted = errors.New("crypto: room is not encrypted")
	// ErrAlgorithm is returned by Encrypt for a room whose encryption is of an unknown kind.
	ErrAlgorithm = errors.New("crypto: unknown encryption algorithm")
	// ErrMembers is returned by Encrypt when the whole member list cannot be had.
	ErrMembers = errors.New("crypto: member list is not complete")
	// ErrPanic wraps a panic of the crypto library on foreign input.
	ErrPanic = errors.New("crypto: library panic")

	errSender   = errors.New("crypto: the key was given by somebody else than the sender")
	errConflict = errors.New("crypto: session id is taken by another room or device")
	errClosed   = errors.New("crypto: closed")
)

// asDamage turns SQLite's complaints about a broken file into ErrCorrupt and
// leaves every other error as it is.
func asDamage(err error) error {
	var se sqlite3.Error
	if errors.As(err, &se) && (se.Code == sqlite3.ErrCorrupt || se.Code == sqlite3.ErrNotADB) {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return err
}

// isStoreError reports whether err comes from the database rather than from the event.
func isStoreError(err error) bool {
	var se sqlite3.Error
	return errors.As(err, &se) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, ErrCorrupt) || errors.Is(err, errClosed)
}

// guard runs fn and turns a panic of the crypto library into an error: device
// keys, one-time keys and ciphertexts come from homeservers and peers.
func guard(fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrPanic, r)
		}
	}()
	return fn()
}
