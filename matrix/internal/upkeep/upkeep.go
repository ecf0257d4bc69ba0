// Package upkeep repeats what a part of the account does in the background:
// when it is due, when something wakes it, and after a failure again, with
// waits that grow and that the homeserver can make longer.
package upkeep

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// Bell wakes a loop from any goroutine. Rings that come before it is heard are
// one. A nil Bell never rings.
type Bell chan struct{}

// NewBell returns a Bell.
func NewBell() Bell { return make(Bell, 1) }

// Ring wakes whoever listens, or whoever listens next. It does not block.
func (b Bell) Ring() {
	select {
	case b <- struct{}{}:
	default: // it has rung and was not heard yet
	}
}

// Loop is how work is repeated.
type Loop struct {
	// Work does everything that is due. It returns when it is to be called again
	// at the latest; zero is when Wake rings and not before.
	Work func(ctx context.Context) (next time.Time, err error)
	Wake Bell
	// Again ends a wait after a failure; with nil nothing does. What wakes the
	// loop says that there is something to do, not that it can be done now.
	Again Bell
	// Min is the wait after the first failure in a row. Each one doubles it, up
	// to Max. A homeserver that asks for a longer wait gets it.
	Min, Max time.Duration
	// Failed is told of a failure after which work goes on.
	Failed func(p *chat.Problem, wait time.Duration)
	// Fatal says after which error it does not. It may be nil: then none is.
	Fatal func(err error) bool
}

// Run works, at once and then whenever it is time, until ctx ends; then it
// returns nil. An error that is fatal is returned as it is.
func (l Loop) Run(ctx context.Context) error {
	wait := l.Min
	for {
		next, err := l.Work(ctx)
		bell := l.Wake
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			wait = l.Min
		case l.Fatal != nil && l.Fatal(err):
			return err
		default:
			p := fault.From(err)
			pause := max(wait, p.RetryAfter)
			l.Failed(p, pause)
			next, bell, wait = time.Now().Add(pause), l.Again, min(2*wait, l.Max)
		}
		if !until(ctx, next, bell) {
			return nil
		}
	}
}

// Warning makes a Failed that logs it, with the name of the part that will be tried again.
func Warning(log *slog.Logger, part string) func(p *chat.Problem, wait time.Duration) {
	return func(p *chat.Problem, wait time.Duration) {
		log.Warn("Upkeep will be tried again", slog.String("part", part), slog.String("problem", p.Kind.String()), slog.Duration("wait", wait))
	}
}

// until waits for a time, zero being never, or for the bell. It returns false when ctx ended first.
func until(ctx context.Context, at time.Time, bell Bell) bool {
	var due <-chan time.Time
	if !at.IsZero() {
		t := time.NewTimer(time.Until(at))
		defer t.Stop()
		due = t.C
	}
	select {
	case <-ctx.Done():
		return false
	case <-due:
	case <-bell:
	}
	return true
}

// Sleep waits for d, and returns false when ctx ended first.
func Sleep(ctx context.Context, d time.Duration) bool { return until(ctx, time.Now().Add(d), nil) }

// Earlier returns the earlier of two times of which zero means never.
func Earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// Turn is a lock that one need not wait for longer than one wants to. It may be
// held across requests.
type Turn chan struct{}

// NewTurn returns a Turn that nobody has.
func NewTurn() Turn { return make(Turn, 1) }

// Wait waits for the turn however long that takes.
func (t Turn) Wait() (done func()) {
	t <- struct{}{}
	return func() { <-t }
}

// Take waits for the turn until ctx ends, whose error it then returns.
func (t Turn) Take(ctx context.Context) (done func(), err error) {
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for another call: %w", ctx.Err())
	}
}
