package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/charmbracelet/x/term"
)

// ctrlCGrace is how long a command gets to end by itself after Ctrl+C.
const ctrlCGrace = 5 * time.Second

func interactive() bool { return term.IsTerminal(os.Stdin.Fd()) }

// interruptible returns a context that ends with SIGINT, SIGTERM or SIGHUP. With shared set, the terminal gives Ctrl+C
// to the command as well, so the first SIGINT only starts a grace period.
func interruptible(parent context.Context, shared bool) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		defer signal.Stop(signals)
		var grace <-chan time.Time
		for {
			select {
			case <-ctx.Done():
				return
			case <-grace:
				cancel(fmt.Errorf("stopped by %s", syscall.SIGINT))
			case s := <-signals:
				if shared && s == syscall.SIGINT && grace == nil {
					grace = time.After(ctrlCGrace)
					continue
				}
				cancel(fmt.Errorf("stopped by %s", s))
			}
		}
	}()
	return ctx, cancel
}
