package matrix

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hubbub/matrix/internal/backup"
	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/fault"
	"hubbub/matrix/internal/identity"
	"hubbub/matrix/internal/invitekeys"
	"hubbub/matrix/internal/verify"
	"hubbub/store/chat"
)

// Trust is the account's end-to-end encryption as the person decides about it:
// identities, recovery, backup, sessions, verification, policies. Its queries
// wait until the keys are open; their errors are *chat.Problem.
type Trust struct {
	c     *Client
	parts atomic.Pointer[trustParts] // nil until the keys are open
	moved *peopleSet
}

// trustParts are what runs once the keys are open.
type trustParts struct {
	machine  *crypto.Machine
	identity *identity.Manager
	backup   *backup.Manager
	verify   *verify.Manager
	invite   *invitekeys.Manager
}

// Trust returns what decides about encryption.
func (c *Client) Trust() *Trust { return c.trust }

func newTrust(c *Client) *Trust { return &Trust{c: c, moved: newPeopleSet()} }

// attach makes the parts for keys that have been opened. It starts nothing.
func (t *Trust) attach(m *crypto.Machine) {
	c, me := t.c, t.c.Account()
	p := &trustParts{machine: m}
	p.backup = backup.New(backup.Options{Machine: m, Client: c.http, Log: c.log})
	p.identity = identity.New(identity.Options{
		Machine: m, Client: c.http, Backup: p.backup, User: me.User, Device: me.Device, Log: c.log,
	})
	keys := verifyKeys{m: m, me: me, signed: p.identity.Changed}
	p.verify = verify.New(verify.Options{
		User: me.User, Device: me.Device, Keys: keys, Store: keys, Transport: verifyPost{c, m},
		OnChange: c.store.PublishVerifications, Log: c.log,
	})
	p.invite = invitekeys.New(invitekeys.Options{Keys: m, Client: c.http, User: me.User, Device: me.Device, Log: c.log})
	p.identity.OnChange(c.store.PublishTrust)
	p.backup.OnChange(func(chat.Backup) { p.identity.Changed() })
	m.AskBackup(p.backup.Fetch)
	m.OnToDevice(p.route)
	m.OnPeople(func(users []chat.UserID) {
		p.verify.PeopleChanged(users...)
		for _, u := range users {
			if u == me.User {
				p.backup.Recheck()
			}
		}
		t.moved.add(users)
		c.store.PublishPeople(users...)
	})
	t.parts.Store(p)
}

// route hands a to-device event to whom it is for. It touches memory only.
func (p *trustParts) route(ev *crypto.Received) {
	switch {
	case strings.HasPrefix(ev.Type, "m.key.verification."):
		got := verify.ToDevice{Sender: ev.Sender, Type: ev.Type, Content: ev.Content}
		if ev.Encrypted && ev.Device != nil {
			got.Device = chat.DeviceID(ev.Device.DeviceID)
		}
		p.verify.HandleToDevice(got)
	case invitekeys.Handles(ev.Type):
		p.invite.Receive(ev)
	default:
		p.identity.HandleToDevice(ev)
	}
}

// run does the work of the parts until ctx ends.
func (t *Trust) run() []func(context.Context) error {
	p := t.parts.Load()
	return []func(context.Context) error{p.identity.Run, p.backup.Run, p.verify.Run, p.invite.Run, t.reshield}
}

// reshield judges messages anew when something about their senders changed.
func (t *Trust) reshield(ctx context.Context) error {
	poke(t.moved.wake) // with nobody named: what came from sessions that were not known by the last stop
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.moved.wake:
		}
		if err := t.c.ingest.Reshield(ctx, t.moved.take()...); err != nil && ctx.Err() == nil {
			// What is shown is what was known before; the next change of a person tries again.
			t.c.log.Warn("Messages were not judged anew", slog.Any("err", err))
		}
	}
}

// ready waits until the keys are open.
func (t *Trust) ready(ctx context.Context) (*trustParts, error) {
	if err := t.c.keys.gate.wait(ctx); err != nil {
		return nil, err
	}
	return t.parts.Load(), nil
}

// ask runs a query that needs the keys and explains its error.
func ask[T any](ctx context.Context, t *Trust, fn func(p *trustParts) (T, error)) (T, error) {
	p, err := t.ready(ctx)
	var out T
	if err == nil {
		out, err = fn(p)
	}
	return out, crypto.Explain(err)
}

// do is ask without an answer.
func (t *Trust) do(ctx context.Context, fn func(p *trustParts) error) error {
	_, err := ask(ctx, t, func(p *trustParts) (struct{}, error) { return struct{}{}, fn(p) })
	return err
}

// Trust returns how the account is set up.
func (t *Trust) Trust(ctx context.Context) (chat.Trust, error) {
	return ask(ctx, t, func(p *trustParts) (chat.Trust, error) { return p.identity.Trust(ctx) })
}

// Person returns what is known about somebody's keys, after asking the
// homeserver when that is out of date. Where it cannot be asked, what is known stands.
func (t *Trust) Person(ctx context.Context, user chat.UserID) (chat.Person, error) {
	return ask(ctx, t, func(p *trustParts) (chat.Person, error) {
		if err := p.machine.Refresh(ctx, user); err != nil {
			t.c.log.Info("Keys of a person were not refreshed", slog.String("problem", fault.From(err).Kind.String()))
		}
		people, err := p.machine.People(ctx, user)
		if err != nil {
			return chat.Person{User: user}, err
		}
		return people[0], nil
	})
}

// People returns what is known about the keys of some people, without asking the homeserver.
func (t *Trust) People(ctx context.Context, users []chat.UserID) ([]chat.Person, error) {
	return ask(ctx, t, func(p *trustParts) ([]chat.Person, error) { return p.machine.People(ctx, users...) })
}

// Acknowledge accepts the identity of somebody that has this master key as the one to go on with.
func (t *Trust) Acknowledge(ctx context.Context, user chat.UserID, master string) error {
	return t.do(ctx, func(p *trustParts) error { return p.machine.Acknowledge(ctx, user, master) })
}

// Block says that a session never gets keys, or may get them again.
func (t *Trust) Block(ctx context.Context, user chat.UserID, session chat.DeviceID, block bool) error {
	return t.do(ctx, func(p *trustParts) error { return p.machine.Block(ctx, user, session, block) })
}

// Lock returns what there is to know about a room's encryption.
func (t *Trust) Lock(ctx context.Context, room chat.RoomID) (chat.RoomLock, error) {
	return ask(ctx, t, func(p *trustParts) (chat.RoomLock, error) { return p.machine.Lock(ctx, room) })
}

// SetPolicy decides who gets keys in a room, or in a server and its channels.
func (t *Trust) SetPolicy(ctx context.Context, room chat.RoomID, policy chat.RoomPolicy) error {
	return t.do(ctx, func(p *trustParts) error { return p.machine.SetPolicy(ctx, room, policy) })
}

// Rotate gives up the room's outbound session.
func (t *Trust) Rotate(ctx context.Context, room chat.RoomID) error {
	return t.do(ctx, func(p *trustParts) error { return p.machine.Rotate(ctx, room) })
}

// Message returns what there is to know about the encryption of a message.
func (t *Trust) Message(ctx context.Context, item chat.ItemKey) (chat.MessageTrust, error) {
	return ask(ctx, t, func(p *trustParts) (chat.MessageTrust, error) {
		msg, err := t.c.store.Message(ctx, item)
		if err != nil {
			return chat.MessageTrust{}, fmt.Errorf("explain message: %w", err)
		}
		out := chat.MessageTrust{
			Item: item, Room: msg.Room, Sender: msg.Sender, Shield: msg.Shield, KeyID: msg.SessionID,
			Undecrypted: msg.Kind == chat.KindUndecrypted, Cause: msg.Cause, WithheldCode: msg.WithheldCode,
			Backup: p.backup.Status().State,
		}
		if msg.SessionID == "" {
			return out, nil
		}
		key, err := p.machine.KeyInfo(ctx, crypto.SessionUse{Room: msg.Room, Session: msg.SessionID, Sender: msg.Sender})
		if err != nil {
			return out, err
		}
		out.Session, out.Source, out.From, out.Asked = key.Session, key.Source, key.From, key.Asked
		out.InBackup = p.backup.Lacks(msg.Room, msg.SessionID)
		return out, nil
	})
}

// RetryKey looks for the key of a message again: in the backup, then with own sessions.
func (t *Trust) RetryKey(ctx context.Context, item chat.ItemKey) error {
	return t.do(ctx, func(p *trustParts) error {
		msg, err := t.c.store.Message(ctx, item)
		if err != nil {
			return fmt.Errorf("look for the key: %w", err)
		}
		p.backup.Retry(msg.Room, msg.SessionID)
		p.machine.Seek(msg.Room, msg.SessionID)
		// The key may be here, and only the event have been written in between.
		return t.c.ingest.Retry(ctx, msg.Room, msg.SessionID)
	})
}

// peopleSet collects whose messages are to be judged anew.
type peopleSet struct {
	wake chan struct{} // one slot

	mu    sync.Mutex
	users map[chat.UserID]struct{} // guarded by mu
}

func newPeopleSet() *peopleSet {
	return &peopleSet{wake: make(chan struct{}, 1), users: map[chat.UserID]struct{}{}}
}

func (s *peopleSet) add(users []chat.UserID) {
	s.mu.Lock()
	for _, u := range users {
		s.users[u] = struct{}{}
	}
	s.mu.Unlock()
	poke(s.wake)
}

func (s *peopleSet) take() []chat.UserID {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]chat.UserID, 0, len(s.users))
	for u := range s.users {
		out = append(out, u)
	}
	clear(s.users)
	return out
}

// online is told that there is a connection again: what failed without one
// does not wait for its next try.
func (t *Trust) online() {
	if p := t.parts.Load(); p != nil {
		p.identity.Changed()
		p.backup.Recheck()
		p.backup.Online()
	}
}

// flushLimit is how long a sign-out waits for the backup.
const flushLimit = 20 * time.Second

// saveKeys gives the backup what it lacks, before the keys here are removed.
func (t *Trust) saveKeys(ctx context.Context) {
	p := t.parts.Load()
	if p == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, flushLimit)
	defer cancel()
	if err := p.backup.Flush(ctx); err != nil {
		t.c.log.Warn("Not every key is in the backup", slog.String("problem", fault.From(err).Kind.String()))
	}
}

// storageChanged is told that secret storage is different.
func (t *Trust) storageChanged() {
	if p := t.parts.Load(); p != nil {
		p.identity.StorageChanged()
	}
}

// giveHistory gives somebody who is about to be invited the keys of what was
// said before. The invitation goes out also when that fails.
//
// MSC4268
func (t *Trust) giveHistory(ctx context.Context, room chat.RoomID, user chat.UserID) {
	p, err := t.ready(ctx)
	if err == nil {
		_, err = p.invite.Share(ctx, room, user)
	}
	if err != nil {
		t.c.log.Warn("History keys were not given", slog.String("room", string(room)), slog.String("problem", fault.From(err).Kind.String()))
	}
}

// cameIn is told by whose invitation we came into a room.
func (t *Trust) cameIn(room chat.RoomID, by chat.UserID) {
	if p := t.parts.Load(); p != nil {
		p.invite.Joined(room, by)
	}
}
