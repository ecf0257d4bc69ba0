package crypto

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/mattn/go-sqlite3"

	"hubbub/store/chat"
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
	// ErrIdentity is returned by Encrypt when somebody's identity is not the one
	// that was verified: see IdentityError.
	ErrIdentity = errors.New("crypto: an identity changed and was not acknowledged")
	// ErrNobody is returned by Encrypt when the room's policy leaves nobody who could read.
	ErrNobody = errors.New("crypto: nobody may read it")
	// ErrRolledBack says that crypto.db is older than the last one that was used.
	// To encrypt with it would use keys twice.
	ErrRolledBack = errors.New("crypto: crypto.db is an older copy")
	// ErrPanic wraps a panic of the crypto library on foreign input.
	ErrPanic = errors.New("crypto: library panic")
	// ErrKeyDiffers says that a key is not the one that crypto.db or the homeserver has: nothing was signed or taken.
	ErrKeyDiffers = errors.New("crypto: another key than the published one")
	// ErrNoPrivateKey says that a private cross-signing key is not here, or is not that of the published identity.
	ErrNoPrivateKey = errors.New("crypto: private key is not here")
	// ErrOwnUntrusted says that the account's published identity is not the one this session was verified with.
	ErrOwnUntrusted = errors.New("crypto: own identity is not trusted")
	// ErrOwnIdentity is returned where somebody else's identity is expected.
	ErrOwnIdentity = errors.New("crypto: that is the own identity")
	// ErrSecretShape says that a secret is not a private key.
	ErrSecretShape = errors.New("crypto: secret is not a key")
	// ErrSignatureRefused says that the homeserver did not take a signature.
	ErrSignatureRefused = errors.New("crypto: the homeserver refused a signature")
	// ErrUnreachable says that no encrypted message can be sent to a session.
	ErrUnreachable = errors.New("crypto: session cannot be reached")
	// ErrNoList says that the homeserver gave no device list for a user.
	ErrNoList = errors.New("crypto: no device list")

	errSender    = errors.New("crypto: the key was given by somebody else than the sender")
	errConflict  = errors.New("crypto: session id is taken by another room or device")
	errNoSession = errors.New("crypto: not the session it is called")
	errClosed    = errors.New("crypto: closed")
)

// IdentityError says for whom nothing is encrypted until the person has looked
// at their new identity. It is ErrIdentity.
type IdentityError struct{ Users []chat.UserID }

// Error implements error.
func (e *IdentityError) Error() string { return fmt.Sprintf("%v: %s", ErrIdentity, e.names()) }

// Is implements errors.Is.
func (e *IdentityError) Is(target error) bool { return target == ErrIdentity }

func (e *IdentityError) names() string {
	names := make([]string, len(e.Users))
	for i, u := range e.Users {
		names[i] = string(u)
	}
	return strings.Join(names, ", ")
}

// asDamage turns SQLite's complaints about a broken file into ErrCorrupt and
// leaves every other error as it is.
func asDamage(err error) error {
	var se sqlite3.Error
	if !errors.Is(err, ErrCorrupt) && errors.As(err, &se) && (se.Code == sqlite3.ErrCorrupt || se.Code == sqlite3.ErrNotADB) {
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
