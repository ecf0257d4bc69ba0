package matrix

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	maxLanes = 4               // intents under way at once
	jobLimit = 2 * time.Minute // a join over federation can take that long
)

// lanes runs what changes rooms: jobs of one lane one after the other in the
// order they came, lanes beside each other. add never blocks.
type lanes struct {
	mu     sync.Mutex
	queues map[string][]func(context.Context) // guarded by mu
	order  []string                           // guarded by mu: lanes with jobs that nobody runs
	wake   chan struct{}
	last   atomic.Uint64
}

func newLanes() *lanes {
	return &lanes{queues: map[string][]func(context.Context){}, wake: make(chan struct{}, 1)}
}

// add queues a job and returns the reference for its notice.
func (l *lanes) add(lane string, job func(ctx context.Context, ref string)) (ref string) {
	ref = "room-" + strconv.FormatUint(l.last.Add(1), 10)
	l.mu.Lock()
	defer l.mu.Unlock()
	_, known := l.queues[lane]
	l.queues[lane] = append(l.queues[lane], func(ctx context.Context) { job(ctx, ref) })
	if !known {
		l.order = append(l.order, lane)
		l.signal()
	}
	return ref
}

func (l *lanes) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Run runs jobs until ctx ends; what is queued then is dropped. The error is
// the panic of a job.
func (l *lanes) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	broken := make(chan error, maxLanes)
	slots := make(chan struct{}, maxLanes)
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-broken:
			return err
		case <-l.wake:
		}
		for lane, ok := l.take(); ok; lane, ok = l.take() {
			select {
			case slots <- struct{}{}:
			case err := <-broken:
				return err
			case <-ctx.Done():
				return nil
			}
			wg.Go(func() {
				defer func() { <-slots }()
				if err := Guard(func() error { l.drain(ctx, lane); return nil }); err != nil {
					broken <- err
				}
			})
		}
	}
}

func (l *lanes) take() (lane string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.order) == 0 {
		return "", false
	}
	lane, l.order = l.order[0], l.order[1:]
	return lane, true
}

// drain runs the jobs of one lane until there are none.
func (l *lanes) drain(ctx context.Context, lane string) {
	for {
		l.mu.Lock()
		queue := l.queues[lane]
		if len(queue) == 0 {
			delete(l.queues, lane)
			l.mu.Unlock()
			return
		}
		job := queue[0]
		l.queues[lane] = queue[1:]
		l.mu.Unlock()
		if ctx.Err() != nil {
			continue
		}
		limited, cancel := context.WithTimeout(ctx, jobLimit)
		job(limited)
		cancel()
	}
}
