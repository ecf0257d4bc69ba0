package identity

import (
	"context"
	"slices"
	"time"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/upkeep"
	"hubbub/store/chat"
)

// Waits of Run after a failure, and how often secret storage is looked at unasked.
const (
	minWait  = 2 * time.Second
	maxWait  = 10 * time.Minute
	lookWait = 6 * time.Hour
)

// Run keeps Trust up to date and secrets moving until ctx ends; then it
// forgets what was unlocked.
func (m *Manager) Run(ctx context.Context) error {
	defer m.forget()
	return upkeep.Loop{
		Work: m.work, Wake: m.wake, Again: m.wake, Min: minWait, Max: maxWait,
		Failed: upkeep.Warning(m.log, "identity"),
	}.Run(ctx)
}

// work does everything that is due, and returns when it should be called again
// at the latest. What could not be done leaves the rest to be done all the same.
func (m *Manager) work(ctx context.Context) (next time.Time, err error) {
	var first error
	keep := func(err error) {
		if first == nil {
			first = err
		}
	}
	done, err := m.turn.Take(ctx)
	if err != nil {
		return next, err
	}
	defer done()
	m.expire()
	keep(m.update(ctx)) // what is known without the network
	keep(m.refresh(ctx))
	keep(m.finish(ctx))
	keep(m.lookIfDue(ctx))
	keep(m.receive(ctx))
	keep(m.answer(ctx))
	at, err := m.ask(ctx)
	keep(err)
	keep(m.prune(ctx))
	keep(m.update(ctx))
	m.mu.Lock()
	defer m.mu.Unlock()
	next = upkeep.Earlier(m.seen.Add(lookWait), at)
	if m.open != nil {
		next = upkeep.Earlier(next, m.open.until)
	}
	return next, first
}

// refresh asks for the own device list, once whatever is known, and then when
// it is out of date.
func (m *Manager) refresh(ctx context.Context) error {
	m.mu.Lock()
	done := m.lists
	m.mu.Unlock()
	if done {
		return m.opt.Machine.Refresh(ctx, m.opt.User)
	}
	if err := m.opt.Machine.Reload(ctx, m.opt.User); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lists = true
	return nil
}

// finish completes what an interruption left: an identity that was published
// but not noted, and this session's signature.
func (m *Manager) finish(ctx context.Context) error {
	own, err := m.opt.Machine.OwnIdentity(ctx)
	if err != nil {
		return err
	}
	if own.Master != "" && !own.Trusted {
		master, err := m.opt.Machine.HasDraft(ctx)
		if err != nil {
			return err
		}
		under, err := m.setupNote(ctx)
		if err != nil {
			return err
		}
		if master == own.Master && under.Master == master && under.Sent {
			if err := m.adopt(ctx); err != nil {
				return err
			}
			if own, err = m.opt.Machine.OwnIdentity(ctx); err != nil {
				return err
			}
		}
	}
	return m.signSelf(ctx, own)
}

// signSelf signs this session, where the identity is ours and has not.
func (m *Manager) signSelf(ctx context.Context, own crypto.OwnIdentity) error {
	if !own.Trusted || own.State == chat.IdentityOwn || slices.Contains(own.Missing, crypto.SecretSelfSigning) {
		return nil
	}
	fingerprint, _ := m.opt.Machine.Identity()
	return m.opt.Machine.SignSession(ctx, m.opt.Device, fingerprint)
}
