package stack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Status reads the addresses of the stack that runs on a state directory. It returns ErrNotRunning when none does, or
// when it is not ready yet.
func Status(dir string) (pid int, env Env, err error) {
	pid, err = runningPid(dir)
	if err != nil {
		return 0, nil, err
	}
	env, err = readEnv(filepath.Join(dir, "env"))
	if errors.Is(err, os.ErrNotExist) {
		return pid, nil, fmt.Errorf("%w: process %d has not finished starting", ErrNotRunning, pid)
	}
	return pid, env, err
}

// Down stops the stack that runs on a state directory and waits until it has ended.
func Down(ctx context.Context, dir string) error {
	pid, err := runningPid(dir)
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop process %d: %w", pid, err)
	}
	return poll(ctx, 3*stopGrace, func() (bool, error) {
		_, err := runningPid(dir)
		if errors.Is(err, ErrNotRunning) {
			return true, nil
		}
		return false, err
	})
}

// WaitReady waits until the stack on a state directory has started. The process that starts it is gone when ended is
// closed.
func WaitReady(ctx context.Context, dir string, limit time.Duration, ended <-chan struct{}) (Env, error) {
	var env Env
	err := poll(ctx, limit, func() (bool, error) {
		var err error
		if _, env, err = Status(dir); err == nil {
			return true, nil
		}
		select {
		case <-ended:
			return false, fmt.Errorf("%w: see %s", ErrDied, filepath.Join(dir, "logs", "stack.log"))
		default:
		}
		if errors.Is(err, ErrNotRunning) {
			err = nil
		}
		return false, err
	})
	return env, err
}

// poll calls done every 100 ms until it is, fails, or the limit passes.
func poll(ctx context.Context, limit time.Duration, done func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// runningPid tells a living stack from a stale pid file by the lock, which no dead process holds.
func runningPid(dir string) (int, error) {
	if _, err := os.Stat(dir); err != nil {
		return 0, fmt.Errorf("%w: %s", ErrNotRunning, dir)
	}
	lock, err := lockFile(filepath.Join(dir, "lock"))
	if err == nil {
		lock.release()
		return 0, fmt.Errorf("%w: %s", ErrNotRunning, dir)
	}
	if !errors.Is(err, ErrInUse) {
		return 0, err
	}
	data, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil {
		return 0, fmt.Errorf("%w: %s: %w", ErrNotRunning, dir, err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil || pid <= 1 {
		return 0, fmt.Errorf("read %s: not a process id", filepath.Join(dir, "pid"))
	}
	return pid, nil
}

func describePid(dir string) string {
	data, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil {
		return "process unknown"
	}
	return "process " + strings.TrimSpace(string(data))
}

// readEnv reads what writeEnv wrote.
func readEnv(path string) (Env, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	env := Env{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		key, value, ok := strings.Cut(lines.Text(), "=")
		if !ok {
			return nil, fmt.Errorf("read %s: %q is no KEY=value line", path, lines.Text())
		}
		env[key] = strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(value, "'"), "'"), `'\''`, "'")
	}
	return env, lines.Err()
}
