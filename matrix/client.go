// Package matrix is the only door to a homeserver: accounts, and for an open
// account a Client that keeps the cache true and does what the window asks.
//
// # Use
//
//	accounts := matrix.NewAccounts(matrix.Options{Data: …, Cache: …})
//	c, err := accounts.Open(ctx, user)      // milliseconds: lock and cache, no keyring, no network
//	s := c.Store()                          // reads and the feed
//	err = c.Run(ctx)                        // everything else; ends with ctx
//	err = c.Close(ctx)                      // after Run has returned
//
// Open leaves the client able to show everything that is cached. Run asks the
// keyring, opens crypto.db and connects; when one of these fails the connection
// state on the feed says why, reading and writing drafts go on, and Reconnect
// tries again.
//
// The intents of a Client (Send, Join, MarkRead …) only touch memory and may be
// called before Run; their outcome comes on the feed. Its queries (SignIn,
// Logout) take a context and may ask the homeserver.
package matrix

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"maunium.net/go/mautrix"

	"hubbub/matrix/internal/fault"
	"hubbub/matrix/internal/history"
	"hubbub/matrix/internal/ingest"
	"hubbub/matrix/internal/media"
	"hubbub/matrix/internal/outbox"
	"hubbub/matrix/internal/session"
	"hubbub/matrix/internal/syncer"
	"hubbub/store"
	"hubbub/store/chat"
)

// Client is an open account.
type Client struct {
	opt     Options
	log     *slog.Logger
	session *session.Session
	store   *store.Store
	http    *mautrix.Client
	lanes   *lanes

	signedIn *gate    // open once there is a token
	keys     *keyDoor // open once crypto.db is
	rooms    keyRooms
	late     *lateSet
	trust    *Trust

	ingest  *ingest.Ingest
	sync    *syncer.Syncer
	history *history.History
	media   *media.Media
	outbox  *outbox.Outbox

	connMu  sync.Mutex
	conn    chat.Connection // guarded by connMu: the present state
	connNew chan struct{}   // guarded by connMu: closed at the next state

	retry   chan struct{} // one slot: Reconnect
	renewed chan struct{} // one slot: SignIn got a new token
}

// newClient joins the parts. It starts nothing.
func newClient(opt Options, log *slog.Logger, s *session.Session, st *store.Store) *Client {
	c := &Client{
		opt: opt, log: log, session: s, store: st, http: s.Client(), lanes: newLanes(),
		signedIn: newGate(), keys: &keyDoor{gate: newGate()}, late: newLateSet(), connNew: make(chan struct{}),
		retry: make(chan struct{}, 1), renewed: make(chan struct{}, 1),
	}
	c.keys.current = c.current
	c.trust = newTrust(c)
	me := c.Account().User
	c.ingest = ingest.New(ingest.Options{
		Store: st, User: me, Decrypter: c.keys, Judge: c.keys, Log: log,
		OnVerification: c.trust.verifyStep, OnSecrets: c.trust.storageChanged, Joined: c.trust.cameIn,
	})
	c.history = history.New(history.Options{Client: c.http, Store: st, Ingest: c.ingest, Log: log})
	c.rooms = keyRooms{store: st, fetch: c.history.Members}
	c.media = media.New(media.Options{Store: st, Client: c.http, Dir: opt.Downloads, Log: log})
	c.outbox = outbox.New(outbox.Options{
		Store: st, Client: c.http, Crypto: c.keys, Uploader: c.media, User: me,
		Receipts: opt.receipts(), NoTyping: opt.NoTyping, Log: log,
	})
	c.sync = syncer.New(syncer.Options{
		Client: c.http, Store: st, Ingest: c.ingest, Keys: c.keys, SpoolDir: s.CacheDir(), OnChange: c.connChanged, Log: log,
	})
	return c
}

func (o Options) receipts() outbox.Receipts {
	switch {
	case o.NoReceipts:
		return outbox.ReceiptsOff
	case o.PrivateReceipts:
		return outbox.ReceiptsPrivate
	}
	return outbox.ReceiptsPublic
}

// connChanged is told of each state of the connection.
func (c *Client) connChanged(conn chat.Connection) {
	if c.noteConn(conn) && conn.State == chat.ConnOnline {
		c.trust.online()
	}
	if conn.State == chat.ConnOnline {
		c.outbox.Online() // after the note: what is sent now must find the connection up
	}
}

// noteConn keeps the present state and reports whether it is another.
func (c *Client) noteConn(conn chat.Connection) bool {
	c.connMu.Lock()
	defer c.connMu.Unlock()
	changed := conn.State != c.conn.State
	c.conn = conn
	close(c.connNew)
	c.connNew = make(chan struct{})
	return changed
}

// publish tells the feed and connChanged of a state that is not the syncer's.
func (c *Client) publish(conn chat.Connection) {
	c.store.PublishConnection(conn)
	c.connChanged(conn)
}

// WaitConnection waits until the connection is as done wants it, and returns it.
func (c *Client) WaitConnection(ctx context.Context, done func(chat.Connection) bool) (chat.Connection, error) {
	for {
		c.connMu.Lock()
		conn, changed := c.conn, c.connNew
		c.connMu.Unlock()
		if done(conn) {
			return conn, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return conn, fmt.Errorf("wait for the connection: %w", ctx.Err())
		}
	}
}

// currentLimit is how long a message waits for the first answer of sync before it counts as offline.
const currentLimit = 30 * time.Second

// current waits for an answer of sync since the connection was made. Who left
// and who signed in while we were away is not known before: a message
// encrypted then is for those who were there when we went.
func (c *Client) current(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, currentLimit)
	defer cancel()
	conn, err := c.WaitConnection(limited, func(conn chat.Connection) bool {
		return conn.State != chat.ConnIdle && conn.State != chat.ConnConnecting
	})
	switch {
	case ctx.Err() != nil:
		return err
	case err == nil && (conn.State == chat.ConnOnline || conn.State == chat.ConnFirstSync):
		return nil
	}
	return &chat.Problem{Kind: chat.ProblemOffline, Detail: "who may read it is not known yet", Retry: true}
}

// SecretsFile returns the path of the file with the account's secrets, or ""
// when the keyring has them.
func (c *Client) SecretsFile() string {
	if path, ok := c.session.InFile(); ok {
		return path
	}
	return ""
}

// Account returns the account, without its display name.
func (c *Client) Account() chat.Account { return c.session.Account() }

// Store returns the account's cache, open until Close.
func (c *Client) Store() *store.Store { return c.store }

// Close closes the databases and frees the account's lock. After Logout it
// removes the account from this machine first. Run must have returned. Errors
// are *chat.Problem or *PanicError.
func (c *Client) Close(ctx context.Context) error {
	// What made Run panic may do so again: the databases are closed all the same.
	err := Guard(func() error { return c.outbox.Flush(ctx) })
	err = errors.Join(err, c.store.Close())
	if m := c.keys.machine.Load(); m != nil {
		err = errors.Join(err, m.Close(ctx))
	}
	err = errors.Join(err, c.session.Close(ctx))
	var broken *PanicError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &broken):
		return broken
	}
	return fault.From(err)
}

// SignIn signs in again on the same device after a soft logout; keys, drafts
// and unsent messages stay. Query; errors are *chat.Problem.
func (c *Client) SignIn(ctx context.Context, password string) error {
	if err := c.session.SignIn(ctx, password); err != nil {
		return fault.From(err)
	}
	if m := c.keys.machine.Load(); m != nil {
		m.CheckOwnKeys()
	}
	c.signedIn.pass()
	poke(c.renewed)
	return nil
}

// Logout gives the key backup what it lacks, signs out on the homeserver and has Close remove everything of the
// account from this machine. Query. The error, a *chat.Problem, is only a
// warning: the homeserver could not be told, the local part goes on.
func (c *Client) Logout(ctx context.Context) error {
	c.trust.saveKeys(ctx)
	if m := c.keys.machine.Load(); m != nil {
		defer m.HoldKeys()()
	}
	if p := c.session.Logout(ctx); p != nil {
		return p
	}
	return nil
}

// poke signals a one-slot channel.
func poke(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
