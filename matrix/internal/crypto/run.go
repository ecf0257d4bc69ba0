package crypto

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// Waits of Run after a failure, and how long replay marks stay in memory.
const (
	minWait    = 2 * time.Second
	maxWait    = 5 * time.Minute
	flushAfter = 2 * time.Second
)

// Run does the upkeep until ctx ends: own keys, device lists, key requests,
// broken sessions. It returns ErrDeviceKeys or ErrCorrupt when going on would
// do harm, and nil when ctx ended.
func (m *Machine) Run(ctx context.Context) error {
	if err := m.heal(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	wait := minWait
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		case <-m.wake:
		}
		next, err := m.work(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, ErrDeviceKeys), errors.Is(err, ErrCorrupt):
			return err
		case err != nil:
			p := fault.From(err)
			m.log.Warn("Key upkeep will be tried again", slog.String("problem", p.Kind.String()), slog.Duration("wait", wait))
			next = time.Now().Add(max(wait, p.RetryAfter))
			wait = min(wait*2, maxWait)
			if !m.rest(ctx, next) {
				return nil
			}
		default:
			wait = minWait
		}
		timer.Stop()
		if !next.IsZero() {
			timer.Reset(max(time.Until(next), 0))
		}
	}
}

// rest waits after a failure whatever wakes meanwhile.
func (m *Machine) rest(ctx context.Context, until time.Time) bool {
	t := time.NewTimer(time.Until(until))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// work does everything that is due and returns when it should be called again
// at the latest (zero: when something happens).
func (m *Machine) work(ctx context.Context) (next time.Time, err error) {
	eng, err := m.engine(ctx)
	if err != nil {
		return next, err
	}
	if eng.store.pending() {
		if err := eng.store.flush(ctx); err != nil {
			return next, asDamage(err)
		}
	}
	for _, step := range []func() error{
		func() error { return m.upload(ctx) },
		func() error { return m.checkStock(ctx) },
		func() error { return m.forgetFallback(ctx) },
		func() error { return m.fetchDevices(ctx, eng, m.tracked.due(nil, time.Now())) },
		func() error { return m.lookSenders(ctx, eng) },
		func() error { return m.unwedge(ctx, eng) },
		func() error { return m.answer(ctx, eng) },
	} {
		if err := step(); err != nil {
			return next, err
		}
	}
	if err := m.healAgain(ctx); err != nil {
		return next, err
	}
	if next, err = m.askFor(ctx, eng); err != nil {
		return next, err
	}
	m.mu.Lock()
	forget := m.todo.keys.forget
	m.mu.Unlock()
	next = earlier(next, forget)
	if eng.store.pending() {
		next = earlier(next, time.Now().Add(flushAfter))
	}
	return earlier(next, m.tracked.retry()), nil
}

// earlier returns the earlier of two times of which zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// retry returns when the next outdated device list may be asked for again.
func (t *tracked) retry() (at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for u := range t.outdated {
		if f := t.failed[u]; !f.IsZero() {
			at = earlier(at, f)
		}
	}
	return at
}

// Explain makes a *chat.Problem of any error of the Matrix side: one that is a
// problem already stays what it is, errors of this package are KeyProblem's, the
// others fault's. It returns nil for nil.
func Explain(err error) error {
	var known *chat.Problem
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	}
	if p := KeyProblem(err); p != nil {
		return p
	}
	return fault.From(err)
}

// KeyProblem explains an error of this package to the screen, or returns nil
// for any other error.
func KeyProblem(err error) *chat.Problem {
	for _, c := range []struct {
		err  error
		kind chat.ProblemKind
	}{
		{ErrCorrupt, chat.ProblemCorrupt},
		{ErrWrongKey, chat.ProblemKeyGone},
		{ErrNewer, chat.ProblemNewer},
		{ErrDeviceKeys, chat.ProblemCrypto},
		{ErrWrongDevice, chat.ProblemCrypto},
		{ErrAlgorithm, chat.ProblemCrypto},
		{ErrPanic, chat.ProblemCrypto},
		{ErrKeyDiffers, chat.ProblemUntrusted},
		{ErrOwnUntrusted, chat.ProblemUntrusted},
		{ErrNoPrivateKey, chat.ProblemNoRecovery},
		{ErrSecretShape, chat.ProblemSecretShape},
		{ErrSignatureRefused, chat.ProblemHomeserver},
		{ErrUnreachable, chat.ProblemCrypto},
		{ErrNoList, chat.ProblemHomeserver},
		{ErrOwnIdentity, chat.ProblemBadInput},
		{ErrNobody, chat.ProblemNobody},
		{ErrRolledBack, chat.ProblemOldKeys},
	} {
		if errors.Is(err, c.err) {
			return &chat.Problem{Kind: c.kind, Detail: c.err.Error(), Err: err}
		}
	}
	var changed *IdentityError
	if errors.As(err, &changed) {
		return &chat.Problem{Kind: chat.ProblemIdentity, Detail: changed.names(), Err: err}
	}
	if errors.Is(err, ErrMembers) {
		return &chat.Problem{Kind: chat.ProblemCrypto, Detail: ErrMembers.Error(), Retry: true, Err: err}
	}
	return nil
}
