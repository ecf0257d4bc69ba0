package syncer

import (
	"context"
	"time"
)

// Pacing. Without it every single message would be a request, a transaction
// and a frame of its own; with it messages that follow each other closely share them.
const (
	paceBurst = 3                     // responses that are asked for without any wait
	paceMin   = 12 * time.Millisecond // between responses beyond them
	paceMax   = 100 * time.Millisecond
	paceShare = 4 // response work takes at most a fifth of the time
)

// A homeserver holds a request until something happens. One that answers at
// once though nothing did would be asked without end: after a few such answers
// in a row the next request waits, longer each time.
const (
	atOnce     = time.Second // an answer that took less was not held
	emptyBurst = 5           // such answers in a row that cost nothing
	emptyMin   = 100 * time.Millisecond
	emptyMax   = 5 * time.Second
)

// pacer is a token bucket over responses: full after quiet, so that what comes
// then is asked for at once, and empty while events flow.
type pacer struct {
	tokens float64
	last   time.Time
	work   time.Duration // time that a response takes to take in
	took   time.Duration // time that the last one took
	empty  int           // answers in a row that brought nothing and were not held
}

// answered notes what an answer brought, and after what time it came.
func (p *pacer) answered(something bool, after time.Duration) {
	if p.empty++; something || after >= atOnce {
		p.empty = 0
	}
}

// patience is how long the next request waits because of empty answers.
func (p *pacer) patience() time.Duration {
	if p.empty <= emptyBurst {
		return 0
	}
	return min(emptyMin<<min(p.empty-emptyBurst-1, 10), emptyMax)
}

// worked notes how long a response took. One alone that took long, as when the
// disk was waited for, does not count.
func (p *pacer) worked(d time.Duration) {
	p.work, p.took = min(d, p.took), d
}

// wait returns when the next request may go out; false when ctx ended.
func (p *pacer) wait(ctx context.Context) bool {
	every := min(max(paceMin, paceShare*p.work), paceMax)
	now := time.Now()
	if p.last.IsZero() {
		p.tokens = paceBurst
	} else {
		p.tokens = min(p.tokens+float64(now.Sub(p.last))/float64(every), paceBurst)
	}
	p.last = now
	p.tokens--
	if p.tokens >= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(time.Duration(-p.tokens * float64(every)))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
