package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Command runs a program with the stack's addresses in its environment and this process's standard streams, and returns
// its exit code: 128 plus the signal's number when a signal ended it. When ctx ends it is asked to end, and killed if
// it has not after ten seconds. An interactive program stays in the terminal's foreground process group; any other gets
// a group of its own, so that its children end with it.
func Command(ctx context.Context, env Env, interactive bool, program string, args ...string) (int, error) {
	children := newSpawner()
	defer children.close()
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), env.List()...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = insideAttributes()
	cmd.SysProcAttr.Setpgid = !interactive
	if err := children.start(cmd); err != nil {
		return 0, fmt.Errorf("start %s: %w", program, err)
	}
	target := cmd.Process.Pid
	if !interactive {
		target = -target
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		_ = syscall.Kill(target, syscall.SIGTERM) // ESRCH: it has just ended
		select {
		case err = <-ended:
		case <-time.After(10 * time.Second):
			_ = syscall.Kill(target, syscall.SIGKILL) // ESRCH: it has just ended
			err = <-ended
		}
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return 128 + int(status.Signal()), nil
		}
		return exit.ExitCode(), nil
	}
	return 0, err
}

// WatchParent calls gone once the process that started this one has ended. It returns when ctx ends.
func WatchParent(ctx context.Context, gone func()) {
	parent := os.Getppid()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if os.Getppid() != parent {
				gone()
				return
			}
		}
	}
}

// Detach starts this program again with args, apart from the terminal, with its output in the state directory's
// logs/stack.log. The channel is closed when that process ends before this one does.
func Detach(dir string, args ...string) (ended <-chan struct{}, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("detach: %w", err)
	}
	if err := os.MkdirAll(dir+"/logs", 0o700); err != nil {
		return nil, fmt.Errorf("detach: %w", err)
	}
	log, err := os.OpenFile(dir+"/logs/stack.log", os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("detach: %w", err)
	}
	defer func() { _ = log.Close() }() // the child has its own descriptor
	cmd := exec.Command(self, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("detach: %w", err)
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended stands in its log
		close(done)
	}()
	return done, nil
}
