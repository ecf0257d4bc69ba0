package uitest

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// defaultTimeout is how long a condition is awaited. It is long because a test
// may share a small machine with others; a condition that holds is seen at once.
const defaultTimeout = 20 * time.Second

// Options say what to start and in which terminal.
type Options struct {
	// Argv is the program and its arguments.
	Argv []string
	// Env is the whole environment of the program; TERM is xterm-256color
	// unless it says otherwise.
	Env []string
	// Dir is the working directory; "" is the test's.
	Dir string
	// Cols and Rows are the size; 0 means 80 and 24.
	Cols, Rows int
	// Timeout is how long conditions are awaited; 0 means 20 seconds.
	Timeout time.Duration
	// Legacy is a terminal without the kitty keyboard protocol: Esc and Alt keys
	// are recognised after 50 ms only.
	Legacy bool
	// OneScreen is a terminal without an alternate screen.
	OneScreen bool
	// Sync is a terminal that has synchronized output (mode 2026).
	Sync bool
	// Mute is a terminal that answers no questions.
	Mute bool
	// Latency is how long the answers of the terminal are on their way.
	Latency time.Duration
}

// Term is a terminal with a program in it. Its methods may be called from several
// goroutines.
type Term struct {
	t       testing.TB
	opts    Options
	cmd     *exec.Cmd
	master  *os.File
	before  *unix.Termios
	emu     *emulator
	replies *replies
	exited  chan struct{} // closed when the program has ended
	drained chan struct{} // closed when all its output was read
	wg      sync.WaitGroup

	mu      sync.Mutex
	paused  bool
	wake    chan struct{} // closed and replaced when something changed
	raw     []byte
	mark    int
	writeAt time.Time
}

// Start starts the program. It is killed at the end of the test if it still
// runs.
func Start(t testing.TB, o Options) *Term {
	t.Helper()
	if o.Cols == 0 || o.Rows == 0 {
		o.Cols, o.Rows = 80, 24
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	master, slave, err := openPTY()
	if err != nil {
		t.Fatalf("open a pseudo-terminal: %v", err)
	}
	term := &Term{
		t: t, opts: o, master: master, emu: newEmulator(o), replies: newReplies(master),
		exited: make(chan struct{}), drained: make(chan struct{}), wake: make(chan struct{}),
	}
	term.setSize(o.Cols, o.Rows)
	term.before = term.termios()
	term.cmd = exec.Command(o.Argv[0], o.Argv[1:]...)
	term.cmd.Env = append([]string{"TERM=xterm-256color"}, o.Env...)
	term.cmd.Dir = o.Dir
	term.cmd.Stdin, term.cmd.Stdout, term.cmd.Stderr = slave, slave, slave
	term.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := term.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", o.Argv[0], err)
	}
	if err := slave.Close(); err != nil {
		t.Fatalf("close the slave: %v", err)
	}
	term.wg.Go(term.read)
	term.wg.Go(term.replies.run)
	term.wg.Go(func() { term.emu.answer(term.replies, o.Latency) })
	term.wg.Go(func() {
		// The exit code is read from the state, and a signal is no error here.
		_ = term.cmd.Wait()
		close(term.exited)
		term.changed()
	})
	t.Cleanup(term.cleanup)
	return term
}

// openPTY opens a pseudo-terminal whose master does not block.
func openPTY() (master, slave *os.File, err error) {
	blocking, slave, err := pty.Open()
	if err != nil {
		return nil, nil, err
	}
	fd, err := unix.FcntlInt(blocking.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err := errors.Join(err, blocking.Close()); err != nil {
		return nil, nil, err
	}
	return os.NewFile(uintptr(fd), "pty"), slave, nil
}

// cleanup ends the program and the goroutines.
func (t *Term) cleanup() {
	t.Resume()
	select {
	case <-t.exited:
	default:
		// It may end by itself in between.
		_ = t.cmd.Process.Kill()
		<-t.exited
	}
	t.replies.close()
	// The reader ends with the master.
	_ = t.master.Close()
	t.emu.close()
	t.wg.Wait()
}

// read feeds the program's output to the emulator, until the terminal is closed.
func (t *Term) read() {
	defer close(t.drained)
	buf := make([]byte, 32<<10)
	for {
		t.await(func() bool { return !t.paused })
		n, err := t.master.Read(buf)
		if n > 0 {
			t.await(func() bool { return !t.paused })
			t.emu.write(buf[:n])
			t.mu.Lock()
			t.raw = append(t.raw, buf[:n]...)
			t.writeAt = time.Now()
			t.mu.Unlock()
			t.changed()
		}
		if err != nil {
			return
		}
	}
}

// await blocks until cond holds; it is called with the lock held.
func (t *Term) await(cond func() bool) {
	for {
		t.mu.Lock()
		ok, wake := cond(), t.wake
		t.mu.Unlock()
		if ok {
			return
		}
		<-wake
	}
}

// changed wakes everybody who waits.
func (t *Term) changed() {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.wake)
	t.wake = make(chan struct{})
}

// Write sends bytes to the program, as they are.
func (t *Term) Write(s string) {
	t.t.Helper()
	if _, err := t.master.WriteString(s); err != nil {
		t.t.Fatalf("write to the program: %v", err)
	}
}

// Type sends text, as typed keys.
func (t *Term) Type(text string) { t.t.Helper(); t.Write(text) }

// Key sends keys by name; see [ParseKey].
func (t *Term) Key(names ...string) {
	t.t.Helper()
	for _, name := range names {
		k, err := ParseKey(name)
		if err != nil {
			t.t.Fatal(err)
		}
		t.Write(encodeKey(k, !t.opts.Legacy))
	}
}

// Paste sends text as a bracketed paste.
func (t *Term) Paste(text string) { t.t.Helper(); t.Write("\x1b[200~" + text + "\x1b[201~") }

// Click presses and releases the left button at a cell, counted from 0.
func (t *Term) Click(x, y int) {
	t.t.Helper()
	t.Write(sgrMouse(0, x, y, 'M') + sgrMouse(0, x, y, 'm'))
}

// Wheel turns the wheel at a cell: up for negative n, down for positive.
func (t *Term) Wheel(x, y, n int) {
	t.t.Helper()
	button := 65
	if n < 0 {
		button, n = 64, -n
	}
	t.Write(strings.Repeat(sgrMouse(button, x, y, 'M'), n))
}

// Resize changes the size of the terminal.
func (t *Term) Resize(cols, rows int) {
	t.t.Helper()
	t.emu.resize(cols, rows)
	t.setSize(cols, rows)
}

// setSize tells the kernel the size.
func (t *Term) setSize(cols, rows int) {
	t.t.Helper()
	t.control(func(fd int) error {
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Col: uint16(cols), Row: uint16(rows)})
	})
}

// control runs a request on the master. Its Fd method would make it blocking:
// then it could not be closed while it is read.
func (t *Term) control(f func(fd int) error) {
	t.t.Helper()
	conn, err := t.master.SyscallConn()
	if err == nil {
		var failed error
		err = errors.Join(conn.Control(func(fd uintptr) { failed = f(int(fd)) }), failed)
	}
	if err != nil {
		t.t.Fatalf("control the terminal: %v", err)
	}
}

// Signal sends a signal to the program.
func (t *Term) Signal(sig syscall.Signal) {
	t.t.Helper()
	if err := t.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.t.Fatalf("signal %v: %v", sig, err)
	}
}

// Pid returns the process id of the program.
func (t *Term) Pid() int { return t.cmd.Process.Pid }

// Pause stops reading: the terminal takes no more output.
func (t *Term) Pause() {
	t.mu.Lock()
	t.paused = true
	t.mu.Unlock()
	t.changed()
}

// Resume reads again.
func (t *Term) Resume() {
	t.mu.Lock()
	t.paused = false
	t.mu.Unlock()
	t.changed()
}

// Mute stops or starts answering the program's questions.
func (t *Term) Mute(on bool) { t.emu.mute.Store(on) }

// HangUp closes the terminal, as a lost connection does.
func (t *Term) HangUp() {
	t.t.Helper()
	t.replies.close()
	if err := t.master.Close(); err != nil {
		t.t.Fatalf("hang up: %v", err)
	}
}
