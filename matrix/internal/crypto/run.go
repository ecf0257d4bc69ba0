package crypto

import (
	"context"
	"errors"
	"time"

	"hubbub/matrix/internal/upkeep"
)

// Waits of Run after a failure.
const (
	minWait = 2 * time.Second
	maxWait = 5 * time.Minute
)

// flushAfter is how long marks of replayed events stay in memory at most.
const flushAfter = 2 * time.Second

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
	return upkeep.Loop{
		Work: m.work, Wake: m.wake, Min: minWait, Max: maxWait,
		Failed: upkeep.Warning(m.log, "keys"),
		Fatal:  func(err error) bool { return errors.Is(err, ErrDeviceKeys) || errors.Is(err, ErrCorrupt) },
	}.Run(ctx)
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
	next = upkeep.Earlier(next, forget)
	if eng.store.pending() {
		next = upkeep.Earlier(next, time.Now().Add(flushAfter))
	}
	return upkeep.Earlier(next, m.tracked.retry()), nil
}
