// Package seed builds the world of the demo on an empty homeserver and keeps it alive.
//
// [Build] registers the people of a small community, builds their servers and channels and plays a script in them: each
// person is a hubbub core of their own, so that encrypted channels hold what hubbub encrypted. [Talk] opens the same
// people again, on a homeserver that holds such a world, and has them go on talking until its context ends. What both
// know about a world is in one folder: the data of every person, and world.json.
//
// The texts are in script.txt (what has happened) and scenes.txt (what goes on), in a format that [parse] describes.
package seed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"hubbub/store/chat"
)

// LongMessages is how many messages the longest channel of the demo holds.
const LongMessages = 5000

// Options say where to build a world.
type Options struct {
	Homeserver string // base URL
	ServerName string
	Secret     string // shared secret of registration
	// Dir is an existing folder for world.json, people and home.
	Dir string
	// Suffix is appended to localparts and addresses, so that several worlds fit on one homeserver.
	Suffix string
	// Messages is how many messages the long channel gets.
	Messages int
	// Script is what has happened, as [parse] reads it; "" for the demo's.
	Script string
	// Say receives one line for each step that takes time; nil: nobody.
	Say func(format string, args ...any)
	Log *slog.Logger
}

// Build builds the world: [Builder.Settle] and [Builder.Live] one after the other.
func Build(ctx context.Context, o Options) (*World, error) {
	b := NewBuilder(o)
	if err := b.Settle(ctx); err != nil {
		return nil, err
	}
	return b.Live(ctx, o.Homeserver)
}

// Builder builds one world. Its methods are called by one goroutine.
type Builder struct {
	o     Options
	world *World
	plain map[string]*session // by name: sessions that hubbub does not know of
}

// NewBuilder returns a Builder that has done nothing.
func NewBuilder(o Options) *Builder {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Say == nil {
		o.Say = func(string, ...any) {}
	}
	if o.Script == "" {
		o.Script = scriptText
	}
	return &Builder{o: o, world: newWorld(o), plain: map[string]*session{}}
}

// Settle registers everybody, builds the servers with their channels and fills the long one, nobody watching. For
// [LongMessages] that is about a minute of processor time, nearly all of it the homeserver's.
func (b *Builder) Settle(ctx context.Context) error {
	if err := b.settle(ctx); err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	return b.fillLogbook(ctx)
}

// Live has the people talk, after Settle, on a homeserver that may have another address by now. It takes about half a
// minute of processor time. When it returns, nobody is connected any more.
func (b *Builder) Live(ctx context.Context, homeserver string) (*World, error) {
	b.o.Homeserver, b.world.Homeserver = homeserver, homeserver
	for _, s := range b.plain {
		s.homeserver = homeserver
	}
	started := time.Now()
	if err := b.joinAll(ctx, b.world.Rooms[longRoom], names()[1:]); err != nil {
		return nil, fmt.Errorf("join the long channel: %w", err)
	}
	if err := b.live(ctx); err != nil {
		return nil, err
	}
	b.o.Say("they have talked for %d s", int(time.Since(started).Seconds()))
	for _, s := range b.plain {
		if err := s.call(ctx, "POST", "/_matrix/client/v3/logout", map[string]any{}, nil); err != nil {
			return nil, fmt.Errorf("sign out: %w", err)
		}
	}
	return b.world, b.world.save(b.o.Dir)
}

// live signs the cores in, plays the script and leaves the demo's own account as a person would.
func (b *Builder) live(ctx context.Context) (err error) {
	c, err := b.signInAll(ctx)
	defer func() { err = errors.Join(err, c.close()) }()
	if err != nil {
		return err
	}
	if err := b.openDirects(ctx, c); err != nil {
		return err
	}
	acts, err := parse(b.o.Script)
	if err != nil {
		return err
	}
	b.o.Say("the people of %s write their first %d messages", servers[0].name, len(acts))
	g, gctx := errgroup.WithContext(ctx)
	for room, part := range byRoom(acts) {
		g.Go(func() error {
			p := &player{company: c, world: b.world, dir: filepath.Join(b.o.Dir, "files"), plain: b.plain}
			return p.play(gctx, room, part)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return b.leaveBehind(ctx, c)
}

// leaveBehind waits until the demo's own account has and can read everything.
func (b *Builder) leaveBehind(ctx context.Context, c *company) error {
	me := c.actors[Me]
	for key, room := range b.world.Rooms {
		if err := me.settled(ctx, room); err != nil {
			return fmt.Errorf("wait for %s to have %s: %w", Me, key, err)
		}
	}
	me.client.SaveUI("window", openingState(b.world.Rooms["general"], b.world.Rooms[servers[0].key]))
	return nil
}

// errUnreadable says that the demo's own account misses a key.
var errUnreadable = errors.New("a message cannot be decrypted")

// settled waits until everything in the newest stretch of a room can be read.
func (a *actor) settled(ctx context.Context, room chat.RoomID) error {
	var last error
	err := a.wait(ctx, func() (bool, error) {
		page, err := a.client.Store().Page(ctx, chat.PageQuery{Room: room, Limit: 200})
		last = nil
		for _, m := range page.Items {
			if m.Kind == chat.KindUndecrypted {
				last = errUnreadable
			}
		}
		return last == nil, err
	})
	return errors.Join(err, last)
}
