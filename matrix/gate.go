package matrix

import (
	"context"
	"fmt"
	"sync"

	"hubbub/store/chat"
)

// gate is shut until what stands behind it is ready, and says why when it
// cannot be. Its methods may be called from any goroutine.
type gate struct {
	mu      sync.Mutex
	decided chan struct{} // closed when open or refused; guarded by mu
	open    bool          // guarded by mu
	problem *chat.Problem // guarded by mu: why not, while refused
}

func newGate() *gate { return &gate{decided: make(chan struct{})} }

// pass opens the gate for good.
func (g *gate) pass() { g.decide(true, nil) }

// refuse turns away everybody who waits, until shut or pass.
func (g *gate) refuse(p *chat.Problem) { g.decide(false, p) }

func (g *gate) decide(open bool, p *chat.Problem) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open, g.problem = open, p
	select {
	case <-g.decided:
	default:
		close(g.decided)
	}
}

// shut has everybody wait again, after refuse.
func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.open && g.problem != nil {
		g.problem = nil
		g.decided = make(chan struct{})
	}
}

// wait returns nil when the gate is open, or the problem that keeps it shut,
// marked as one that may pass.
func (g *gate) wait(ctx context.Context) error {
	g.mu.Lock()
	decided := g.decided
	g.mu.Unlock()
	select {
	case <-decided:
	case <-ctx.Done():
		return fmt.Errorf("wait for the account: %w", ctx.Err())
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open || g.problem == nil {
		return nil
	}
	p := *g.problem
	p.Retry = true
	return &p
}
