package syncer

import (
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/fault"
	"hubbub/store"
	"hubbub/store/chat"
)

// errReconnect ends a request because the person asked to try again.
var errReconnect = errors.New("reconnect")

// errStalled ends a request that brings nothing any more.
var errStalled = errors.New("the homeserver stopped answering")

// outcome is what happened to the connection.
type outcome uint8

// Outcomes.
const (
	begin     outcome = iota // Run starts
	receiving                // the first sync's answer begins
	answered                 // a response was taken in
	failed                   // will pass by itself: network, homeserver
	blocked                  // a trouble of this machine that may pass: disk full, read-only
	refused                  // the token is not valid any more
	damaged                  // a file of ours is damaged
)

// next is the transition function of the connection.
func next(s chat.ConnState, o outcome) chat.ConnState {
	switch o {
	case begin:
		return chat.ConnConnecting
	case receiving:
		return chat.ConnFirstSync
	case answered:
		return chat.ConnOnline
	case failed:
		return chat.ConnOffline
	case blocked, damaged:
		return chat.ConnFailed
	case refused:
		return chat.ConnSignedOut
	}
	return s
}

// classify says what an error means for the connection.
func classify(err error) (outcome, *chat.Problem) {
	p := problem(err)
	switch {
	case errors.Is(err, store.ErrCorrupt), errors.Is(err, crypto.ErrCorrupt):
		return damaged, p
	case p.Kind == chat.ProblemSignedOut:
		return refused, p
	case p.Kind == chat.ProblemDiskFull, p.Kind == chat.ProblemReadOnly:
		return blocked, p
	}
	return failed, p
}

func problem(err error) *chat.Problem {
	simple := func(k chat.ProblemKind, retry bool) *chat.Problem {
		return &chat.Problem{Kind: k, Detail: err.Error(), Retry: retry, Err: err}
	}
	switch {
	case errors.Is(err, store.ErrDiskFull):
		return simple(chat.ProblemDiskFull, true)
	case errors.Is(err, store.ErrReadOnly):
		return simple(chat.ProblemReadOnly, true)
	case errors.Is(err, store.ErrCorrupt), errors.Is(err, crypto.ErrCorrupt):
		return simple(chat.ProblemCorrupt, false)
	case errors.Is(err, errShape), errors.Is(err, errTooLarge):
		return simple(chat.ProblemNotMatrix, true)
	case errors.Is(err, errStalled):
		return simple(chat.ProblemTimeout, true)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return simple(chat.ProblemOffline, true)
	}
	return fault.From(err)
}

// Waits between tries.
const (
	firstDelay = 500 * time.Millisecond
	lastDelay  = time.Minute
)

// delay is how long to wait after that many failures in a row: doubled each
// time, spread by a fifth so that many clients do not come back at once, and
// never shorter than the homeserver asks for.
func delay(failures int, p *chat.Problem) time.Duration {
	d := lastDelay
	if failures < 7 {
		d = firstDelay << failures
	}
	d += time.Duration((rand.Float64() - 0.5) * 0.4 * float64(d))
	return max(d, p.RetryAfter)
}
