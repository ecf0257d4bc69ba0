package seed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"hubbub/matrix"
	"hubbub/store/chat"
)

// patience is how long anything may take on the busiest machine.
const patience = 3 * time.Minute

// actor is one person with a core that runs.
type actor struct {
	name   string
	client *matrix.Client
	stop   context.CancelFunc
	ended  chan error
}

// perform runs the core of an open account until close.
func perform(ctx context.Context, name string, c *matrix.Client) *actor {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	a := &actor{name: name, client: c, stop: stop, ended: make(chan error, 1)}
	go func() { a.ended <- c.Run(ctx) }()
	return a
}

func (a *actor) close() error {
	a.stop()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return errors.Join(<-a.ended, a.client.Close(ctx))
}

// wait calls done every 20 ms until it is true or fails.
func (a *actor) wait(ctx context.Context, done func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%s waits: %w", a.name, context.Cause(ctx))
		}
	}
}

// has waits until the actor's store holds an event.
func (a *actor) has(ctx context.Context, room chat.RoomID, id chat.EventID) error {
	return a.wait(ctx, func() (bool, error) {
		_, ok, err := a.client.Store().EventKey(ctx, room, id)
		return ok, err
	})
}

// isIn waits until the actor knows to be in a room, so that its encryption is known too.
func (a *actor) isIn(ctx context.Context, room chat.RoomID, m chat.Membership) error {
	return a.wait(ctx, func() (bool, error) {
		r, ok, err := a.client.Store().Room(ctx, room)
		return ok && r.Membership == m, err
	})
}

// outcome runs an intent and returns what it yielded.
func (a *actor) outcome(ctx context.Context, intent func() (ref string)) (string, error) {
	feed := a.client.Store().Subscribe()
	defer a.client.Store().Unsubscribe(feed)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ref := intent()
	for {
		select {
		case <-feed.Wait():
		case <-ctx.Done():
			return "", fmt.Errorf("%s waits for %s: %w", a.name, ref, context.Cause(ctx))
		}
		changes, err := feed.Next(ctx)
		if err != nil {
			return "", err
		}
		for _, n := range changes.Notices {
			if n.Ref == ref && n.Problem != nil {
				return "", n.Problem
			} else if n.Ref == ref {
				return n.Value, nil
			}
		}
	}
}

// company is all actors.
type company struct {
	mu     sync.Mutex
	actors map[string]*actor // complete before anybody else sees the company
}

func (c *company) add(a *actor) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.actors[a.name] = a
}

// close ends all cores, all at once.
func (c *company) close() error {
	var g errgroup.Group
	for _, a := range c.actors {
		g.Go(a.close)
	}
	return g.Wait()
}

// signInAll signs every person in and waits until all have published their keys: before that nobody encrypts for them.
func (b *Builder) signInAll(ctx context.Context) (*company, error) {
	b.o.Say("signing %d people in", len(cast))
	c := &company{actors: map[string]*actor{}}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(3)
	for _, p := range cast {
		g.Go(func() error {
			opt := options(b.o.Dir, p.name)
			opt.Log = b.o.Log.With(slog.String("person", p.name))
			client, err := matrix.NewAccounts(opt).Login(gctx, chat.LoginRequest{
				Homeserver: b.o.Homeserver, User: string(b.world.People[p.name]), Password: Password, DeviceName: "hubbub",
			})
			if err != nil {
				return fmt.Errorf("sign in %s: %w", p.name, err)
			}
			c.add(perform(ctx, p.name, client))
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return c, err
	}
	if err := c.actors[cast[0].name].wait(ctx, func() (bool, error) { return b.keysThere(ctx) }); err != nil {
		return c, err
	}
	return c, c.secure(ctx)
}

// keysThere reports whether every core's device is known to the homeserver.
//
// Spec: client-server-api#post_matrixclientv3keysquery
func (b *Builder) keysThere(ctx context.Context) (bool, error) {
	ask := map[string][]string{}
	for _, p := range cast {
		ask[string(b.world.People[p.name])] = []string{}
	}
	var answer struct {
		Keys map[string]map[string]any `json:"device_keys"`
	}
	err := b.plain[Me].call(ctx, http.MethodPost, "/_matrix/client/v3/keys/query", map[string]any{"device_keys": ask}, &answer)
	if err != nil {
		return false, err
	}
	for user := range ask {
		if len(answer.Keys[user]) == 0 {
			return false, nil
		}
	}
	return true, nil
}

// openDirects makes the direct messages, which both sides accept, and the invites, which wait.
func (b *Builder) openDirects(ctx context.Context, c *company) error {
	me := c.actors[Me]
	user := b.world.People[Me]
	for _, d := range directs {
		with := c.actors[d.with]
		made, err := with.outcome(ctx, func() string {
			return with.client.Create(chat.NewRoom{Direct: true, Invite: []chat.UserID{user}})
		})
		if err != nil {
			return fmt.Errorf("open %s: %w", d.key, err)
		}
		id := chat.RoomID(made)
		b.world.Rooms[d.key] = id
		if err := me.isIn(ctx, id, chat.MemberInvited); err != nil {
			return err
		}
		if _, err := me.outcome(ctx, func() string { return me.client.Join(made) }); err != nil {
			return fmt.Errorf("accept %s: %w", d.key, err)
		}
	}
	for _, i := range invites {
		by := c.actors[i.by]
		made, err := by.outcome(ctx, func() string {
			return by.client.Create(chat.NewRoom{Name: i.name, Topic: i.topic, Invite: []chat.UserID{user}})
		})
		if err != nil {
			return fmt.Errorf("open %s: %w", i.key, err)
		}
		b.world.Rooms[i.key] = chat.RoomID(made)
	}
	return nil
}
