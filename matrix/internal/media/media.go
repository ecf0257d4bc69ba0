// Package media brings files of messages to disk and files from disk to the
// homeserver.
//
// Save is an intent: it only queues, and its outcome is a notice on the feed.
// Run works on four files at once. A file is written under a temporary name in
// its folder and gets its own name only when it is whole and, if it came
// encrypted, its hash has been verified. Nothing that exists is ever written
// over. Names come from other people and are made harmless first.
//
// Upload is called by the outbox and streams: no file is held in memory.
package media

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"maunium.net/go/mautrix"

	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

const (
	workers = 4
	// defaultMax is the largest file in bytes that is downloaded unless Options say otherwise.
	defaultMax = 4 << 30
	// stallLimit ends a transfer in which nothing moves.
	stallLimit = 60 * time.Second
)

// Store is what the package needs of the store: *store.Store.
type Store interface {
	Message(ctx context.Context, key chat.ItemKey) (chat.Message, error)
	PublishNotice(n chat.Notice)
}

// Options is what a Media is made of.
type Options struct {
	Store   Store
	Client  *mautrix.Client
	Dir     string // where files go when nobody says otherwise
	MaxSize int64  // largest download in bytes; 0: 4 GiB
	Log     *slog.Logger
}

// Media moves files. Its methods may be called from any goroutine.
type Media struct {
	opt Options
	log *slog.Logger

	mu     sync.Mutex // guards the queue, the counter and limit
	queue  []job
	refs   int
	limit  uploadLimit
	signal chan struct{}
}

type job struct {
	ref  string
	item chat.ItemKey
	dir  string
}

// New returns a Media that does nothing until Run.
func New(o Options) *Media {
	if o.MaxSize <= 0 {
		o.MaxSize = defaultMax
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Media{opt: o, log: o.Log, signal: make(chan struct{}, workers)}
}

// Save queues the download of the file of an item into dir (the default folder
// when empty). The notice with the returned reference carries the path, or the
// problem. Intent.
func (m *Media) Save(item chat.ItemKey, dir string) (ref string) {
	m.mu.Lock()
	m.refs++
	ref = "save-" + strconv.Itoa(m.refs)
	m.queue = append(m.queue, job{ref, item, dir})
	m.mu.Unlock()
	select {
	case m.signal <- struct{}{}:
	default: // every worker is awake already
	}
	return ref
}

func (m *Media) take() (job, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.queue) == 0 {
		return job{}, false
	}
	j := m.queue[0]
	m.queue = m.queue[1:]
	return j, true
}

// Run downloads what was asked for until ctx ends, and then returns nil. The
// error is a *fault.PanicError.
func (m *Media) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for range workers {
		g.Go(func() error {
			return fault.Guard(func() error { m.serve(ctx); return nil })
		})
	}
	return g.Wait()
}

// serve is one worker.
func (m *Media) serve(ctx context.Context) {
	for {
		for j, ok := m.take(); ok && ctx.Err() == nil; j, ok = m.take() {
			m.work(ctx, j)
		}
		select {
		case <-ctx.Done():
			return
		case <-m.signal:
		}
	}
}

func (m *Media) work(ctx context.Context, j job) {
	n := chat.Notice{Ref: j.ref}
	msg, err := m.opt.Store.Message(ctx, j.item)
	if err == nil {
		n.Room = msg.Room
		n.Value, err = m.save(ctx, msg, j.dir)
	}
	if err != nil {
		n.Problem = fault.From(err)
		m.log.Warn("File was not saved", slog.String("ref", j.ref), slog.String("problem", n.Problem.Kind.String()))
	} else {
		n.Done = chat.DoneSaved
	}
	m.opt.Store.PublishNotice(n)
}
