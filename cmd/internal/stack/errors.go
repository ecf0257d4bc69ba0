package stack

import "errors"

var (
	// ErrUnknownPiece is returned for a part that this package does not know.
	ErrUnknownPiece = errors.New("unknown part of the stack")
	// ErrInUse is returned when another process runs a stack on the same state directory.
	ErrInUse = errors.New("a stack already runs on this state directory")
	// ErrNotRunning is returned by Down and Status when no stack runs on the state directory.
	ErrNotRunning = errors.New("no stack runs on this state directory")
	// ErrMissing is returned when the machine lacks something that only its administrator can install.
	ErrMissing = errors.New("missing on this machine")
	// ErrDied is returned when a server ended by itself.
	ErrDied = errors.New("server ended by itself")
	// ErrUnhealthy is returned when a server does not answer before the deadline.
	ErrUnhealthy = errors.New("server does not answer")
	// ErrParentGone is the cause of a stop after the parent process has ended.
	ErrParentGone = errors.New("parent process ended")
)
