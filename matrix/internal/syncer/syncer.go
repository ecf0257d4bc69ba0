package syncer

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"maunium.net/go/mautrix"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/fault"
	"hubbub/matrix/internal/ingest"
	"hubbub/store"
	"hubbub/store/chat"
)

// KeyHandler takes what a response says about keys and devices. Everything is
// on disk when it returns nil.
type KeyHandler interface {
	HandleSync(ctx context.Context, td crypto.ToDevice) error
}

// Options are what New needs.
type Options struct {
	Client *mautrix.Client
	Store  *store.Store
	Ingest *ingest.Ingest
	Keys   KeyHandler // nil: to-device messages are dropped
	// SpoolDir is where rooms wait that do not fit into memory; "" is the system's place.
	SpoolDir string
	// Presence is sent as set_presence: "online" (also when empty), "unavailable" or "offline".
	Presence string
	// OnChange is called after each change of the connection was published. It must not block.
	OnChange func(chat.Connection)
	Log      *slog.Logger
}

// Syncer keeps the connection. Run may be called again after it returned.
type Syncer struct {
	o         Options
	http      *http.Client
	reconnect chan struct{} // one slot
	mark      string        // of this run, in filters

	conn  chat.Connection // owned by Run's goroutine
	pace  pacer
	mu    sync.Mutex
	abort context.CancelCauseFunc // ends a request that waits for its answer; guarded by mu
}

// New returns a Syncer. It starts nothing.
func New(o Options) *Syncer {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Syncer{o: o, reconnect: make(chan struct{}, 1), mark: rand.Text()}
	// A time limit of the whole request would cut long first syncs; the request has its own watch.
	s.http = &http.Client{}
	if o.Client != nil && o.Client.Client != nil {
		s.http.Transport = o.Client.Client.Transport
		s.http.CheckRedirect = o.Client.Client.CheckRedirect
	}
	return s
}

// Reconnect ends a wait for the next try, or a request that waits for its
// answer: after a suspend it may wait for nobody. Intent.
func (s *Syncer) Reconnect() {
	select {
	case s.reconnect <- struct{}{}:
	default: // a signal is waiting already
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.abort != nil {
		s.abort(errReconnect)
	}
}

// Run syncs until ctx ends or the homeserver refuses the token; it returns nil
// then. It returns an error only when going on would do harm: a damaged file of
// ours, or a *fault.PanicError.
func (s *Syncer) Run(ctx context.Context) error {
	token, err := s.o.Store.Sync(ctx, store.SyncNextBatch)
	if err != nil {
		return fmt.Errorf("load sync token: %w", err)
	}
	s.set(begin, nil, 0)
	failures := 0
	for ctx.Err() == nil {
		next, err := s.once(ctx, token)
		if err == nil {
			token, failures = next, 0
			s.set(answered, nil, 0)
			if !s.pace.wait(ctx) {
				return nil
			}
			if wait := s.pace.patience(); wait > 0 && !s.sleep(ctx, wait) {
				return nil
			}
			continue
		}
		if ctx.Err() != nil || errors.Is(err, store.ErrClosed) {
			return nil
		}
		var broken *fault.PanicError
		if errors.As(err, &broken) {
			return err
		}
		if errors.Is(err, errReconnect) {
			s.drain()
			continue
		}
		out, p := classify(err)
		if p.Kind == chat.ProblemBadInput && token != "" {
			// The homeserver does not know the token any more: only a first sync helps.
			s.o.Log.Warn("Sync token refused, starting over", "code", p.Code)
			token = ""
			continue
		}
		if out == refused {
			s.set(refused, p, 0)
			return nil
		}
		if out == damaged {
			s.set(damaged, p, 0)
			return err
		}
		wait := delay(failures, p)
		failures++
		s.o.Log.Warn("Sync failed", "kind", p.Kind.String(), "code", p.Code, "wait", wait)
		s.set(out, p, wait)
		if !s.sleep(ctx, wait) {
			return nil
		}
	}
	return nil
}

// drain takes a waiting reconnect signal away.
func (s *Syncer) drain() {
	select {
	case <-s.reconnect:
	default: // there was none
	}
}

// sleep waits for d or a Reconnect; false when ctx ended.
func (s *Syncer) sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-s.reconnect:
	case <-t.C:
	}
	return true
}

// set moves the connection on and publishes it, if it differs.
func (s *Syncer) set(o outcome, p *chat.Problem, wait time.Duration) {
	c := chat.Connection{State: next(s.conn.State, o), Problem: p}
	if wait > 0 {
		c.RetryAt = time.Now().Add(wait)
	}
	if c.State == chat.ConnFirstSync {
		c.Progress = s.conn.Progress
	}
	if c == s.conn {
		return
	}
	s.publish(c)
}

func (s *Syncer) progress(rooms int) {
	if rooms == s.conn.Progress {
		return
	}
	c := s.conn
	c.Progress = rooms
	s.publish(c)
}

func (s *Syncer) publish(c chat.Connection) {
	if c.State != s.conn.State {
		s.o.Log.Info("Connection changed", "state", int(c.State))
	}
	s.conn = c
	s.o.Store.PublishConnection(c)
	if s.o.OnChange != nil {
		s.o.OnChange(c)
	}
}
