package matrix

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"golang.org/x/sync/errgroup"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// PanicError is a panic in a goroutine of the account. Run returns it after
// everything else has stopped.
type PanicError = fault.PanicError

// Guard runs fn and turns a panic of it into a *PanicError.
func Guard(fn func() error) error { return fault.Guard(fn) }

// Run keeps the account up to date and does what was asked for, until ctx
// ends; then it writes down what is in memory and returns nil. Problems go to
// the feed. The error is a *PanicError.
func (c *Client) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, part := range []func(context.Context) error{c.outbox.Run, c.lanes.Run, c.connect} {
		g.Go(func() error { return Guard(func() error { return part(ctx) }) })
	}
	err := g.Wait()
	var p *PanicError
	if err != nil && !errors.As(err, &p) {
		return fault.From(err)
	}
	return err
}

// connect unlocks the account and syncs. What stops it is shown, and tried
// again on Reconnect or a new sign-in.
func (c *Client) connect(ctx context.Context) error {
	for {
		err := c.unlock(ctx)
		if err == nil {
			err = c.online(ctx)
		}
		var broken *PanicError
		switch {
		case errors.As(err, &broken):
			return broken
		case ctx.Err() != nil:
			return nil
		}
		c.stopped(err)
		select {
		case <-ctx.Done():
			return nil
		case <-c.retry:
		case <-c.renewed:
		}
		c.signedIn.shut()
		c.keys.gate.shut()
	}
}

// errEnded stands for a part that ended without a reason.
var errEnded = errors.New("a part of the account ended")

// stopped says why there is no connection and none will come by itself.
func (c *Client) stopped(err error) {
	if err == nil {
		err = errEnded
	}
	p := crypto.KeyProblem(err)
	if p == nil {
		p = fault.From(err)
	}
	c.log.Error("Account stopped", slog.String("problem", p.Kind.String()), slog.String("detail", p.Detail), slog.String("code", p.Code))
	c.signedIn.refuse(p)
	c.keys.gate.refuse(p)
	state := chat.ConnFailed
	if p.Kind == chat.ProblemSignedOut {
		state = chat.ConnSignedOut
	}
	c.publish(chat.Connection{State: state, Problem: p})
}

// unlock loads the secrets and opens crypto.db.
func (c *Client) unlock(ctx context.Context) error {
	c.publish(chat.Connection{State: chat.ConnConnecting})
	if err := c.session.Unlock(ctx); err != nil {
		return fmt.Errorf("unlock account: %w", err)
	}
	c.signedIn.pass()
	if c.keys.machine.Load() != nil {
		return nil
	}
	m, err := crypto.Open(ctx, crypto.Options{
		Path: c.session.CryptoPath(), PickleKey: c.session.PickleKey(), Client: c.http,
		User: c.Account().User, Device: c.Account().Device,
		Rooms: c.rooms, Wanted: c.rooms.wanted, Log: c.log,
	})
	if err != nil {
		return fmt.Errorf("open keys: %w", err)
	}
	m.OnKey(c.late.add)
	c.trust.attach(m)
	c.keys.open(m)
	return nil
}

// online runs everything that needs the network. It returns when the token is
// refused, when the keys cannot be used, or when ctx ends.
func (c *Client) online(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	parts := []func(context.Context) error{c.keys.machine.Load().Run, c.history.Run, c.media.Run, c.lateKeys, c.keepSync}
	for _, part := range append(parts, c.trust.run()...) {
		g.Go(func() error { return Guard(func() error { return part(ctx) }) })
	}
	return g.Wait()
}

// keepSync syncs. While the token is refused it waits for a new one.
func (c *Client) keepSync(ctx context.Context) error {
	for {
		if err := c.sync.Run(ctx); err != nil || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-c.renewed:
		case <-c.retry:
		}
	}
}

// lateKeys decrypts what waited for keys that have come.
func (c *Client) lateKeys(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.late.wake:
		}
		for _, s := range c.late.take() {
			if err := c.ingest.Retry(ctx, s.Room, s.Session); err != nil && ctx.Err() == nil {
				// The rows stay, and the next start tries again.
				c.log.Warn("Late decryption was not kept", "room", s.Room, "err", err)
			}
		}
	}
}

// lateSet collects the sessions whose keys have come.
type lateSet struct {
	mu   sync.Mutex
	all  map[crypto.WantedSession]struct{} // guarded by mu
	wake chan struct{}
}

func newLateSet() *lateSet {
	return &lateSet{all: map[crypto.WantedSession]struct{}{}, wake: make(chan struct{}, 1)}
}

func (l *lateSet) add(room chat.RoomID, session string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all[crypto.WantedSession{Room: room, Session: session}] = struct{}{}
	poke(l.wake)
}

func (l *lateSet) take() []crypto.WantedSession {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]crypto.WantedSession, 0, len(l.all))
	for s := range l.all {
		out = append(out, s)
	}
	clear(l.all)
	return out
}
