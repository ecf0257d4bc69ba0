package store

import "errors"

// Sentinels, to be tested with errors.Is.
var (
	// ErrNewer is returned by Open for a file that a newer hubbub wrote. The file is untouched.
	ErrNewer = errors.New("cache written by a newer version")
	// ErrCorrupt is returned when the file is damaged, or no database: see Rebuild.
	ErrCorrupt = errors.New("cache is damaged")
	// ErrDiskFull is returned by Write when there is no room left; nothing of the transaction was kept.
	ErrDiskFull = errors.New("disk full")
	// ErrReadOnly is returned by Write when the file or its disk cannot be written.
	ErrReadOnly = errors.New("cache is read-only")
	// ErrBusy is returned when another process holds the file's lock for longer than the wait allows.
	ErrBusy = errors.New("cache is in use")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("store is closed")
	// ErrNotFound is returned when the named row does not exist.
	ErrNotFound = errors.New("not found")
	// ErrStaleToken is returned by Tx.Prepend when no hole has that token any more.
	ErrStaleToken = errors.New("no gap with this token")
	// ErrForeignEvent is returned by Tx.Sent when the event id is that of somebody else's event, or of another message of ours.
	ErrForeignEvent = errors.New("event of another message")
)
