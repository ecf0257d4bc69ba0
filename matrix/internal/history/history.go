// Package history fetches what sync does not bring: older messages, what is
// missing in a gap, whole member lists, single events.
//
// Fill and FetchMembers are intents: they only note the wish. Run does the
// work, at most one request per room and four in all at a time; a failure
// becomes a notice with the reference of the intent. Members and Event are
// for callers that need the result, such as encryption.
package history

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"maunium.net/go/mautrix"

	"hubbub/matrix/internal/fault"
	"hubbub/matrix/internal/ingest"
	"hubbub/store"
	"hubbub/store/chat"
)

// Limits.
const (
	maxRunning = 4  // requests at a time
	maxQueued  = 64 // wishes that wait; beyond them the oldest is dropped
	pageSize   = 100
	enough     = 30 // events that one wish brings at least, unless a page limit or the end comes first
	maxPages   = 10 // pages per wish
	maxTries   = 3  // of one request that is told to wait
	maxWait    = 10 * time.Second
	timeLimit  = time.Minute // of one request
)

// What answers may lack.
var (
	errChunk = &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "no chunk in the answer", Retry: true}
	errEnd   = &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "the end of the page is no token", Retry: true}
)

// Options are what New needs.
type Options struct {
	Client *mautrix.Client
	Store  *store.Store
	Ingest *ingest.Ingest
	Log    *slog.Logger
}

// History fetches. Its methods may be called from any goroutine.
type History struct {
	client *mautrix.Client
	store  *store.Store
	ingest *ingest.Ingest
	log    *slog.Logger
	wake   chan struct{} // one slot

	mu      sync.Mutex
	queue   []wish                     // guarded by mu
	busy    map[chat.RoomID]bool       // rooms with a wish under way; guarded by mu
	running int                        // guarded by mu
	fetches map[chat.RoomID]*memberGet // member lists being fetched; guarded by mu
}

// wish is a noted intent. An empty token asks for the member list.
type wish struct {
	room  chat.RoomID
	token string
	ref   string
}

// memberGet is one fetch of a member list that several callers wait for.
type memberGet struct {
	done chan struct{} // closed when err is set
	err  error
}

// New returns a History. It starts nothing.
func New(o Options) *History {
	h := &History{client: o.Client, store: o.Store, ingest: o.Ingest, log: o.Log, wake: make(chan struct{}, 1)}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	h.busy, h.fetches = make(map[chat.RoomID]bool), make(map[chat.RoomID]*memberGet)
	return h
}

// Fill asks for what the gap with that token stands for. Intent; a wish for
// the same gap is kept once. There is no notice when it works.
func (h *History) Fill(room chat.RoomID, token, ref string) {
	if token != "" {
		h.note(wish{room, token, ref})
	}
}

// FetchMembers asks for the whole member list of a room, unless it is known.
// Intent; no notice when it works.
func (h *History) FetchMembers(room chat.RoomID, ref string) { h.note(wish{room, "", ref}) }

func (h *History) note(w wish) {
	h.mu.Lock()
	for _, q := range h.queue {
		if q.room == w.room && q.token == w.token {
			h.mu.Unlock()
			return
		}
	}
	h.queue = append(h.queue, w)
	var dropped wish
	if len(h.queue) > maxQueued {
		dropped, h.queue = h.queue[0], h.queue[1:]
	}
	h.mu.Unlock()
	h.signal()
	if dropped.token != "" { // the gap shows that it is being filled until it is told otherwise
		h.store.PublishNotice(chat.Notice{Ref: dropped.ref, Room: dropped.room, Problem: &chat.Problem{Kind: chat.ProblemCancelled, Retry: true}})
	}
}

func (h *History) signal() {
	select {
	case h.wake <- struct{}{}:
	default: // a signal is waiting already
	}
}

// Run works off the wishes until ctx ends, and returns nil then. The error is a
// *fault.PanicError.
func (h *History) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for {
		select {
		case <-ctx.Done():
			return g.Wait()
		case <-h.wake:
		}
		for {
			w, ok := h.take()
			if !ok {
				break
			}
			g.Go(func() error {
				defer h.release(w)
				return fault.Guard(func() error { h.do(ctx, w); return nil })
			})
		}
	}
}

// take returns the oldest wish of a room that has none under way.
func (h *History) take() (wish, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running >= maxRunning {
		return wish{}, false
	}
	for n, w := range h.queue {
		if !h.busy[w.room] {
			h.queue = append(h.queue[:n:n], h.queue[n+1:]...)
			h.busy[w.room] = true
			h.running++
			return w, true
		}
	}
	return wish{}, false
}

func (h *History) release(w wish) {
	h.mu.Lock()
	delete(h.busy, w.room)
	h.running--
	h.mu.Unlock()
	h.signal()
}

func (h *History) do(ctx context.Context, w wish) {
	var err error
	if w.token == "" {
		err = h.membersOnce(ctx, w.room)
	} else {
		err = h.fill(ctx, w.room, w.token)
	}
	switch {
	case err == nil, errors.Is(err, store.ErrStaleToken), ctx.Err() != nil:
		return // done, done by somebody else, or nobody wants it any more
	}
	p := fault.From(err)
	h.log.Warn("History not fetched", "room", w.room, "kind", p.Kind.String(), "code", p.Code)
	h.store.PublishNotice(chat.Notice{Ref: w.ref, Room: w.room, Problem: p})
}
