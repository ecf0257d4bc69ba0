package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// whileRead returns a context that ends, with the cause EPIPE, when nobody is
// left who reads out: what only waits would else notice at its next line, which
// may never come. stop ends the watch.
func whileRead(parent context.Context, out *os.File) (ctx context.Context, stop func(), err error) {
	wake, end, err := os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("watch output: %w", err)
	}
	ctx, cancel := context.WithCancelCause(parent)
	fds := []unix.PollFd{{Fd: int32(out.Fd())}, {Fd: int32(wake.Fd()), Events: unix.POLLIN}}
	var watch sync.WaitGroup
	watch.Go(func() {
		for {
			_, err := unix.Poll(fds, -1)
			switch {
			case errors.Is(err, unix.EINTR):
				continue
			case err == nil && fds[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0 && fds[1].Revents == 0:
				cancel(syscall.EPIPE)
			}
			return
		}
	})
	return ctx, func() {
		_ = end.Close() // what wakes the watch; a pipe that nobody wrote to has nothing to lose
		watch.Wait()
		_ = wake.Close()
		cancel(nil)
	}, nil
}
