package matrix_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"hubbub/matrix"
	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// limit is how long anything may take on the busiest machine.
const limit = 60 * time.Second

// core is a running hubbub without a window.
type core struct {
	*matrix.Client
	t    *testing.T
	stop func() // ends Run and closes; may be called twice
}

// signIn signs an account in and runs it.
func signIn(t *testing.T, hs *matrixtest.Homeserver, a matrixtest.Account, dir string) *core {
	t.Helper()
	c, err := accountsIn(dir).Login(t.Context(), chat.LoginRequest{Homeserver: hs.URL, User: a.Localpart, Password: a.Password})
	if err != nil {
		t.Fatalf("sign in as %s: %v", a.UserID, err)
	}
	return run(t, c)
}

// start opens an account that is signed in already and runs it.
func start(t *testing.T, user, dir string) *core {
	t.Helper()
	c, err := accountsIn(dir).Open(t.Context(), chat.UserID(user))
	if err != nil {
		t.Fatalf("open %s: %v", user, err)
	}
	return run(t, c)
}

func accountsIn(dir string) *matrix.Accounts {
	return matrix.NewAccounts(matrix.Options{Data: dir + "/data", Cache: dir + "/cache", Downloads: dir + "/downloads"})
}

func run(t *testing.T, c *matrix.Client) *core {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	k := &core{Client: c, t: t}
	stopped := false
	k.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := errors.Join(<-done, c.Close(context.WithoutCancel(t.Context()))); err != nil {
			t.Errorf("stop %s: %v", c.Account().User, err)
		}
	}
	t.Cleanup(k.stop)
	return k
}

// wait reads the store until done says so.
func (k *core) wait(what string, done func(ctx context.Context) (bool, error)) {
	k.t.Helper()
	matrixtest.Wait(k.t, limit, string(k.Account().User)+": "+what, func() bool {
		ok, err := done(k.t.Context())
		if err != nil {
			k.t.Fatalf("%s: %v", what, err)
		}
		return ok
	})
}

// room waits until the own membership of a room is m, and returns the room.
func (k *core) room(id chat.RoomID, m chat.Membership) chat.Room {
	k.t.Helper()
	var out chat.Room
	k.wait("room "+string(id)+" with "+m.String(), func(ctx context.Context) (bool, error) {
		r, ok, err := k.Store().Room(ctx, id)
		out = r.Room
		return ok && r.Membership == m, err
	})
	return out
}

// message waits for a message with that body and returns it.
func (k *core) message(room chat.RoomID, body string) chat.Message {
	k.t.Helper()
	var out chat.Message
	k.wait("message "+body, func(ctx context.Context) (bool, error) {
		page, err := k.Store().Page(ctx, chat.PageQuery{Room: room, Limit: 200})
		for _, m := range page.Items {
			if m.Body == body && m.ID != "" {
				out = m
				return true, err
			}
		}
		return false, err
	})
	return out
}

// say sends a text and waits until the homeserver has it.
func (k *core) say(room chat.RoomID, text string) chat.EventID {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.t.Context(), limit)
	defer cancel()
	id, err := k.SendWait(ctx, chat.Outgoing{Room: room, Text: text})
	if err != nil {
		k.t.Fatalf("send %q: %v", text, err)
	}
	return id
}

// notice runs an intent and waits for its outcome.
func (k *core) notice(intent func() (ref string)) chat.Notice {
	k.t.Helper()
	feed := k.Store().Subscribe()
	defer k.Store().Unsubscribe(feed)
	ref := intent()
	ctx, cancel := context.WithTimeout(k.t.Context(), limit)
	defer cancel()
	for {
		select {
		case <-feed.Wait():
		case <-ctx.Done():
			k.t.Fatalf("no outcome of %s", ref)
		}
		cs, err := feed.Next(ctx)
		if err != nil {
			k.t.Fatal(err)
		}
		for _, n := range cs.Notices {
			if n.Ref == ref {
				return n
			}
		}
	}
}

// made runs an intent that must work and returns its value.
func (k *core) made(intent func() (ref string)) string {
	k.t.Helper()
	n := k.notice(intent)
	if n.Problem != nil {
		k.t.Fatalf("intent: %v", n.Problem)
	}
	return n.Value
}

// conn waits for a state of the connection.
func (k *core) conn(want chat.ConnState, intent func()) chat.Connection {
	k.t.Helper()
	feed := k.Store().Subscribe()
	defer k.Store().Unsubscribe(feed)
	intent()
	ctx, cancel := context.WithTimeout(k.t.Context(), limit)
	defer cancel()
	var last *chat.Connection
	for {
		select {
		case <-feed.Wait():
		case <-ctx.Done():
			k.t.Fatalf("connection is %+v, want state %d", last, want)
		}
		cs, err := feed.Next(ctx)
		if err != nil {
			k.t.Fatal(err)
		}
		if cs.Conn != nil {
			last = cs.Conn
		}
		if last != nil && last.State == want {
			return *last
		}
	}
}
