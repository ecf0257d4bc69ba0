package screen

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

// signals are the subscriptions of a running screen. Resizes have a channel of
// their own, so that a storm of them cannot push out a signal to end.
type signals struct {
	winch chan os.Signal
	cont  chan os.Signal
	ends  chan os.Signal
}

// subscribe subscribes. It comes before the first look at the size, so that no
// resize is missed in between. SIGTSTP is left alone: a handler for it would keep
// the process from stopping.
func subscribe() *signals {
	g := &signals{
		winch: make(chan os.Signal, 1),
		cont:  make(chan os.Signal, 1),
		ends:  make(chan os.Signal, 8),
	}
	signal.Notify(g.winch, syscall.SIGWINCH)
	signal.Notify(g.cont, syscall.SIGCONT)
	signal.Notify(g.ends, syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT)
	return g
}

// stop ends the subscriptions.
func (g *signals) stop() {
	signal.Stop(g.winch)
	signal.Stop(g.cont)
	signal.Stop(g.ends)
}

// watch turns signals and the end of ctx into messages, until the program ends.
func (s *Screen) watch(ctx context.Context, g *signals) {
	ended := ctx.Done()
	for {
		select {
		case <-s.done:
			return
		case <-ended:
			ended = nil
			s.end(context.Cause(ctx))
		case <-g.winch:
			if !s.away.Load() {
				s.Send(resizeMsg{})
			}
		case <-g.cont:
			s.continued()
		case sig := <-g.ends:
			s.ended(sig)
		}
	}
}

// continued handles SIGCONT: whoever suspended waits for it; if nobody did, the
// process was stopped from outside and the shell has changed the terminal.
func (s *Screen) continued() {
	if s.away.Load() {
		select {
		case s.conts <- struct{}{}:
		default: // one is noted already
		}
		return
	}
	s.Send(stoppedMsg{})
}

// stoppedMsg says that the process runs again after it was stopped without
// leaving the screen.
type stoppedMsg struct{}

// ended handles a signal to end. While another program has the terminal, its ^C
// and ^\ are its own; the other signals are passed on to it.
func (s *Screen) ended(sig os.Signal) {
	if s.away.Load() {
		if sig == syscall.SIGINT || sig == syscall.SIGQUIT {
			return
		}
		select {
		case s.child <- sig:
		default: // it was told already
		}
	}
	if sig == syscall.SIGQUIT {
		s.log.Error("Asked for stacks", "stacks", allStacks())
	}
	s.end(&SignalError{Signal: sig})
}

// allStacks returns the stacks of all goroutines.
func allStacks() string {
	b := make([]byte, 1<<20)
	return string(b[:runtime.Stack(b, true)])
}
