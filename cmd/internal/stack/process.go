package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// stopGrace is how long a server gets between SIGTERM and SIGKILL.
const stopGrace = 8 * time.Second

// spawner starts every child on one thread that lives as long as the stack: Linux sends the parent-death signal when
// the thread that started a child ends, not when the process does.
type spawner struct {
	work chan func()
	done chan struct{}
}

func newSpawner() *spawner {
	s := &spawner{work: make(chan func()), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		for f := range s.work {
			f()
		}
	}()
	return s
}

func (s *spawner) start(cmd *exec.Cmd) error {
	result := make(chan error)
	s.work <- func() { result <- cmd.Start() }
	return <-result
}

// close ends the thread; children still alive get their parent-death signal.
func (s *spawner) close() {
	close(s.work)
	<-s.done
}

// process is one running server.
type process struct {
	name string
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when it has ended
	err  error         // set before done is closed
	once sync.Once
}

// launch starts a server in its own process group, with its output in the file log.
func (s *spawner) launch(name, log, dir string, env []string, program string, args ...string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	defer func() { _ = out.Close() }() // the child has its own descriptor
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = childAttributes()
	if err := s.start(cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &process{name: name, cmd: cmd, log: log, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// stop asks the server to end and waits until it has.
func (p *process) stop() {
	p.once.Do(func() {
		p.signal(syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(stopGrace):
			p.signal(syscall.SIGKILL)
			<-p.done
		}
	})
}

// signal reaches the server's whole process group. One that has ended already is no error.
func (p *process) signal(sig syscall.Signal) {
	_ = syscall.Kill(-p.cmd.Process.Pid, sig) // ESRCH: it has ended
}

// died describes a server that ended although nobody asked it to.
func (p *process) died() error {
	reason := errors.New("exit status 0")
	if p.err != nil {
		reason = p.err
	}
	return fmt.Errorf("%w: %s (%w), log %s:\n%s", ErrDied, p.name, reason, p.log, tailFile(p.log, 15))
}

// await polls probe until it succeeds, the server dies or the deadline passes.
func (p *process) await(ctx context.Context, limit time.Duration, probe func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		last := probe(ctx)
		if last == nil {
			return nil
		}
		select {
		case <-p.done:
			return p.died()
		case <-ctx.Done():
			return fmt.Errorf("%w: %s after %s: %w, log %s:\n%s", ErrUnhealthy, p.name, limit, last, p.log, tailFile(p.log, 15))
		case <-tick.C:
		}
	}
}

// tailFile is for error texts only: an unreadable file gives its own error as text.
func tailFile(path string, n int) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return lastLines(string(data), n)
}
