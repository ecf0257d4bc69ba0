package syncer

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/ingest"
	"hubbub/matrix/matrixtest"
	"hubbub/store"
	"hubbub/store/chat"
)

// core is a syncer over a real store, and what it said about the connection.
type core struct {
	t     *testing.T
	store *store.Store
	sync  *Syncer
	stop  func()
	done  chan error

	mu   sync.Mutex
	said []chat.Connection
	keys []crypto.ToDevice
	// rooms that the store listed when keys were handed on
	listed []int
}

// newCore returns a core for an account at a homeserver or proxy. It does not run yet.
func newCore(t *testing.T, st *store.Store, url string, user, token string) *core {
	t.Helper()
	cli, err := mautrix.NewClient(url, id.UserID(user), token)
	if err != nil {
		t.Fatal(err)
	}
	c := &core{t: t, store: st, stop: func() {}}
	if err := st.Write(t.Context(), func(tx *store.Tx) error {
		return tx.PutAccount(chat.Account{User: chat.UserID(user), Homeserver: url})
	}); err != nil {
		t.Fatal(err)
	}
	c.sync = New(Options{
		Client: cli, Store: st, Ingest: ingest.New(ingest.Options{Store: st, User: chat.UserID(user)}),
		SpoolDir: t.TempDir(), Keys: c, OnChange: func(conn chat.Connection) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.said = append(c.said, conn)
		},
	})
	return c
}

// HandleSync implements KeyHandler.
func (c *core) HandleSync(ctx context.Context, td crypto.ToDevice) error {
	side, err := c.store.Sidebar(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys, c.listed = append(c.keys, td), append(c.listed, len(side.Rooms))
	return err
}

func (c *core) run() {
	ctx, cancel := context.WithCancel(c.t.Context())
	c.done = make(chan error, 1)
	go func() { c.done <- c.sync.Run(ctx) }()
	c.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-c.done; err != nil {
			c.t.Error(err)
		}
	})
	c.t.Cleanup(func() { c.stop() })
}

func (c *core) states() []chat.Connection {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]chat.Connection(nil), c.said...)
}

func (c *core) waitState(s chat.ConnState) chat.Connection {
	c.t.Helper()
	var last chat.Connection
	matrixtest.Wait(c.t, 30*time.Second, "connection state", func() bool {
		all := c.states()
		if len(all) > 0 {
			last = all[len(all)-1]
		}
		return last.State == s
	})
	return last
}

// bodies is what a room shows, oldest first, without state; gaps are "~".
func (c *core) bodies(room string) string {
	page, err := c.store.Page(c.t.Context(), chat.PageQuery{Room: chat.RoomID(room), Limit: 500})
	if err != nil {
		c.t.Error(err)
	}
	var all []string
	for _, m := range page.Items {
		switch m.Kind {
		case chat.KindGap:
			all = append(all, "~")
		case chat.KindState:
		default:
			all = append(all, m.Body)
		}
	}
	return strings.Join(all, " ")
}

func (c *core) waitBodies(room, want string) {
	c.t.Helper()
	got := ""
	defer func() {
		if c.t.Failed() {
			c.t.Logf("%s shows %q", room, got)
		}
	}()
	matrixtest.Wait(c.t, 30*time.Second, "room to show "+want, func() bool {
		got = c.bodies(room)
		return got == want
	})
}
