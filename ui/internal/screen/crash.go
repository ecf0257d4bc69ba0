package screen

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime/debug"
	"sync"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/sys/unix"

	"hubbub/ui/safe"
)

// try runs f. A panic in it ends the program: the terminal is restored at once,
// the stack is printed when the program ends.
func (s *Screen) try(f func() tea.Cmd) (cmd tea.Cmd) {
	defer func() {
		if v := recover(); v != nil {
			s.crash(v, debug.Stack())
			s.dead = true
			cmd = tea.Quit
		}
	}()
	return f()
}

// Recover belongs into a defer statement at the start of every goroutine that
// runs while the screen is on. A panic then restores the terminal and ends the
// program with a [PanicError].
func (s *Screen) Recover() {
	if v := recover(); v != nil {
		s.crash(v, debug.Stack())
	}
}

// crash ends the program after a panic.
func (s *Screen) crash(v any, stack []byte) {
	s.leave()
	s.log.Error("Program crashed", "stack", string(stack))
	s.end(&PanicError{Value: fmt.Sprint(v), Stack: stack})
}

// report prints what a crash left behind. The terminal is the shell's again.
func (s *Screen) report(cause error) {
	var crash *PanicError
	if !errors.As(cause, &crash) {
		return
	}
	// Whoever cannot be told on the standard error output has the log.
	_, _ = fmt.Fprintf(os.Stderr, "panic: %s\n\n%s\n", safe.Body(crash.Value), crash.Stack)
}

// wrap puts the net for panics under a Cmd and all Cmds that come of it. Bubble
// Tea has one of its own, but it prints to a standard error output that is on its
// way to a file, while the program goes on to end.
func (s *Screen) wrap(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		defer s.Recover()
		return s.wrapAll(cmd())
	}
}

// wrapAll wraps the Cmds in a message that is a list of them: a batch or a
// sequence, whose type Bubble Tea does not export.
func (s *Screen) wrapAll(msg tea.Msg) tea.Msg {
	v := reflect.ValueOf(msg)
	if !v.IsValid() || v.Kind() != reflect.Slice || v.Type().Elem() != reflect.TypeFor[tea.Cmd]() {
		return msg
	}
	for i := range v.Len() {
		if cmd, ok := v.Index(i).Interface().(tea.Cmd); ok && cmd != nil {
			v.Index(i).Set(reflect.ValueOf(s.wrap(cmd)))
		}
	}
	return msg
}

// enter takes the terminal; what goes to the standard error output goes to a
// file from now on.
func (s *Screen) enter(ask bool) error {
	if err := s.errs.redirect(); err != nil {
		return err
	}
	if err := s.tty.enter(s.env, ask); err != nil {
		return errors.Join(err, s.errs.restore())
	}
	s.guardian.tell(&s.tty.on)
	return nil
}

// leave gives the terminal back. It may be called from any goroutine, and more
// than once.
func (s *Screen) leave() {
	if err := s.tty.leave(); err != nil {
		s.log.Warn("Terminal is not restored", "error", err)
	}
	if err := s.errs.restore(); err != nil {
		s.log.Warn("Standard error output is not restored", "error", err)
	}
	s.guardian.tell(&s.tty.on)
}

// stderrFile sends file descriptor 2 to a file: a stack that the runtime prints
// on the alternate screen would be lost with it, and a line that a library prints
// would be left on it.
type stderrFile struct {
	mu    sync.Mutex
	file  *os.File
	saved int // a duplicate of the real one
	on    bool
}

// openStderr opens the file; with an empty path one that has no name.
func openStderr(path string) (*stderrFile, error) {
	var (
		f   *os.File
		err error
	)
	if path == "" {
		f, err = os.CreateTemp("", "stderr-*")
		if err == nil {
			err = os.Remove(f.Name())
		}
	} else {
		f, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("open the file for crashes: %w", err)
	}
	saved, err := unix.Dup(2)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("keep the standard error output: %w", err), f.Close())
	}
	unix.CloseOnExec(saved)
	return &stderrFile{file: f, saved: saved}, nil
}

// redirect sends the standard error output to the file.
func (e *stderrFile) redirect() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.on {
		return nil
	}
	if err := unix.Dup2(int(e.file.Fd()), 2); err != nil {
		return fmt.Errorf("redirect the standard error output: %w", err)
	}
	e.on = true
	return nil
}

// restore sends it where it went before.
func (e *stderrFile) restore() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.on {
		return nil
	}
	if err := unix.Dup2(e.saved, 2); err != nil {
		return fmt.Errorf("restore the standard error output: %w", err)
	}
	e.on = false
	return nil
}

// close closes the file. The standard error output is restored before.
func (e *stderrFile) close() error {
	return errors.Join(e.restore(), e.file.Close(), unix.Close(e.saved))
}
