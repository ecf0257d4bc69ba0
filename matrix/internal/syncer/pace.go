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

// pacer is a token bucket over responses: full after quiet, so that what comes
// then is asked for at once, and empty while events flow.
type pacer struct {
	tokens float64
	last   time.Time
	work   time.Duration // time that a response takes to take in
	took   time.Duration // time that the last one took
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
