package screen

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/charmbracelet/x/ansi"
	xterm "github.com/charmbracelet/x/term"
	"golang.org/x/sys/unix"

	"hubbub/ui/internal/term"
)

// Time limits of leaving a terminal that does not read: for the write under way,
// and for the bytes that restore it.
const (
	finishWrite  = 300 * time.Millisecond
	restoreWrite = 500 * time.Millisecond
)

// What puts the terminal into the modes of the screen and back.
const (
	// The kitty keyboard flags come after the alternate screen: each screen has
	// flags of its own.
	modesOn = ansi.SetModeAltScreenSaveCursor + "\x1b[22;2t" + ansi.SetModeSynchronizedOutput +
		ansi.SetModeBracketedPaste + ansi.SetModeFocusEvent +
		ansi.SetModeMouseButtonEvent + ansi.SetModeMouseExtSgr +
		ansi.SetModifyOtherKeys2 + "\x1b[>1u" + ansi.ResetModeTextCursorEnable
	modesOff = ansi.ResetModeSynchronizedOutput + ansi.ResetStyle + "\x1b]8;;\x1b\\" +
		"\x1b[<u" + ansi.ResetModifyOtherKeys +
		ansi.ResetModeMouseExtSgr + ansi.ResetModeMouseButtonEvent +
		ansi.ResetModeFocusEvent + ansi.ResetModeBracketedPaste +
		"\x1b[0 q" + "\x1b[23;2t" + ansi.SetModeTextCursorEnable + eraseAll +
		ansi.ResetModeAltScreenSaveCursor + ansi.SetModeTextCursorEnable
	// eraseAll is for terminals without an alternate screen, where the window
	// would stay and the prompt come into the middle of it. Erasing from the first
	// cell on puts nothing into anybody's history, as erasing the screen does.
	eraseAll = ansi.CursorHomePosition + ansi.EraseScreenBelow
	// cutOff ends whatever sequence was cut in the middle.
	cutOff = "\x18\x1b\\"
	// queryDA1 is asked last: its answer says that the others have come.
	queryDA1 = ansi.RequestPrimaryDeviceAttributes
)

// queries asks the terminal what it is and can do.
func queries(env term.Env) string {
	q := ansi.RequestNameVersion + ansi.RequestKittyKeyboard + ansi.RequestBackgroundColor
	if env.Get("TERM_PROGRAM") != "Apple_Terminal" {
		// That one shows the end of the request as text.
		q += ansi.RequestModeSynchronizedOutput
	}
	return q + term.ProbeSequence() + queryDA1
}

// tty is the terminal device. The token in lock belongs to whoever writes to it
// or changes its modes; it guards on, entered, cut, saved and hello.
type tty struct {
	in, out *os.File // as given; out's descriptor is used for ioctl only
	w       *os.File // a descriptor of our own, so that writes can have a deadline
	raw     syscall.RawConn
	lock    chan struct{}
	limits  bool // writes to w can have a deadline

	on      atomic.Bool  // raw mode is set; read without the lock too
	over    atomic.Bool  // the program ends: the terminal is not taken again
	entered bool         // the terminal has got modesOn
	cut     bool         // a write ended in the middle
	saved   *xterm.State // before raw mode
	hello   string       // what to write before the next frame

	// asked says that the terminal owes an answer. Set and cleared by the
	// goroutine of Update.
	asked atomic.Bool
}

// openTTY checks that in and out are terminals. The error is [ErrNotTerminal],
// or one of duplicating a descriptor.
func openTTY(in, out *os.File) (*tty, error) {
	if in == nil || out == nil || !xterm.IsTerminal(in.Fd()) || !xterm.IsTerminal(out.Fd()) {
		return nil, ErrNotTerminal
	}
	w, err := openWriter(out)
	if err != nil {
		return nil, fmt.Errorf("open terminal: %w", err)
	}
	raw, err := w.SyscallConn()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open terminal: %w", err), w.Close())
	}
	limits := w.SetWriteDeadline(time.Time{}) == nil
	return &tty{in: in, out: out, w: w, raw: raw, lock: make(chan struct{}, 1), limits: limits}, nil
}

// openWriter opens the terminal behind out once more. A file that was opened by
// path can have a write deadline; a duplicate of out, which has none, is the way
// out where that path cannot be opened.
func openWriter(out *os.File) (*os.File, error) {
	fd := int(out.Fd())
	path, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
	if err != nil {
		path = "/dev/tty"
	}
	if w, err := os.OpenFile(path, os.O_WRONLY|unix.O_NOCTTY|unix.O_NONBLOCK, 0); err == nil {
		if path == "/dev/tty" || sameDevice(w, out) {
			return w, nil
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
	}
	dup, err := unix.Dup(fd)
	if err != nil {
		return nil, err
	}
	unix.CloseOnExec(dup)
	return os.NewFile(uintptr(dup), out.Name()), nil
}

// sameDevice reports whether two files are the same device.
func sameDevice(a, b *os.File) bool {
	sa, errA := a.Stat()
	sb, errB := b.Stat()
	return errA == nil && errB == nil && os.SameFile(sa, sb)
}

// size returns the columns and rows of the terminal, at least 1 each: some
// terminals report 0 when they start.
func (t *tty) size() (w, h int, err error) {
	w, h, err = xterm.GetSize(t.out.Fd())
	if err != nil {
		return 0, 0, fmt.Errorf("read the size of the terminal: %w", err)
	}
	if w <= 0 || h <= 0 {
		w, h = 80, 24
	}
	return w, h, nil
}

// acquire takes the lock; it gives up after the limit, unless that is 0.
func (t *tty) acquire(limit time.Duration) bool {
	if limit == 0 {
		t.lock <- struct{}{}
		return true
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case t.lock <- struct{}{}:
		return true
	case <-timer.C:
		return false
	}
}

// release gives the lock back.
func (t *tty) release() { <-t.lock }

// enter sets raw mode. The modes of the terminal are set with the next write, so
// that a terminal that does not read stops nobody here. ask adds the queries.
// Entering again without leaving, after the process was stopped, keeps the state
// that was saved first.
func (t *tty) enter(env term.Env, ask bool) error {
	t.acquire(0)
	defer t.release()
	if t.over.Load() {
		return nil
	}
	state, err := xterm.MakeRaw(t.in.Fd())
	if err != nil {
		return fmt.Errorf("set raw mode: %w", err)
	}
	if !t.on.Load() {
		t.saved = state
	}
	if err := t.deadline(time.Time{}); err != nil {
		return fmt.Errorf("clear the write deadline: %w", err)
	}
	t.on.Store(true)
	t.cut = false
	if t.hello != "" {
		return nil // nothing was written since the last time
	}
	t.hello = modesOn
	if t.entered {
		// The title was pushed already, the kitty flags too.
		t.hello = modesAgain
	}
	if ask {
		t.asked.Store(true)
		t.hello += queries(env)
	}
	return nil
}

// modesAgain sets the modes once more without pushing on the terminal's stacks.
const modesAgain = ansi.SetModeAltScreenSaveCursor + ansi.SetModeSynchronizedOutput +
	ansi.SetModeBracketedPaste + ansi.SetModeFocusEvent +
	ansi.SetModeMouseButtonEvent + ansi.SetModeMouseExtSgr +
	ansi.SetModifyOtherKeys2 + "\x1b[=1;1u" + ansi.ResetModeTextCursorEnable

// write writes a frame, and before the first what sets the modes. It reports an
// error only while the screen is on: after [tty.leave] frames are dropped.
func (t *tty) write(b []byte) error {
	t.acquire(0)
	defer t.release()
	if !t.on.Load() {
		return nil
	}
	if t.hello != "" {
		hello := t.hello
		t.hello = ""
		t.entered = true
		if err := t.put([]byte(hello)); err != nil {
			return err
		}
	}
	return t.put(b)
}

// offer writes as much of a frame as the terminal takes at once, and returns the
// rest: most frames need no other goroutine. What has to be said before the
// frame, and errors, are left to write.
func (t *tty) offer(b []byte) (rest []byte) {
	if !t.limits {
		return b // a write could wait
	}
	select {
	case t.lock <- struct{}{}:
	default:
		return b
	}
	defer t.release()
	if !t.on.Load() || t.hello != "" {
		return b
	}
	err := t.raw.Write(func(fd uintptr) bool {
		for len(b) > 0 {
			n, err := unix.Write(int(fd), b)
			if err != nil || n <= 0 {
				break
			}
			b = b[n:]
			t.cut = len(b) > 0
		}
		return true
	})
	if err != nil {
		return b // the deadline of leave, or closed
	}
	return b
}

// put writes b and notes whether it was cut.
func (t *tty) put(b []byte) error {
	n, err := t.w.Write(b)
	t.cut = n < len(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil // leave wants the terminal
	}
	return err
}

// leave restores the terminal. It may be called from any goroutine, and more than
// once. A write under way gets a moment to finish; what the terminal does not
// take within the limits it does not get.
func (t *tty) leave() error {
	err := t.deadline(time.Now().Add(finishWrite))
	if !t.acquire(2 * finishWrite) {
		flushOutput(t.out)
		if !t.acquire(finishWrite) {
			// Somebody is stuck in a write that nothing ends. The line
			// settings at least can be restored.
			return errors.Join(err, t.restore())
		}
	}
	defer t.release()
	if !t.on.Load() {
		return nil
	}
	t.on.Store(false)
	t.hello = ""
	if t.entered {
		off := modesOff
		if !t.limits {
			// Nothing else would keep this write from waiting for ever.
			flushOutput(t.out)
			t.cut = true
		}
		if t.cut {
			off = cutOff + off
		}
		err = errors.Join(err, t.deadline(time.Now().Add(restoreWrite)))
		// A terminal that is gone or does not read cannot be told.
		_, _ = t.w.WriteString(off)
		t.entered, t.cut = false, false
	}
	if t.asked.Load() {
		// Answers that come late would be typed into the shell.
		flushInput(t.in)
	}
	return errors.Join(err, t.restore())
}

// deadline limits writes, the one under way too, where that is possible.
func (t *tty) deadline(at time.Time) error {
	if !t.limits {
		return nil
	}
	return t.w.SetWriteDeadline(at)
}

// restore sets the line settings that were there before.
func (t *tty) restore() error {
	if t.saved == nil {
		return nil
	}
	if err := xterm.Restore(t.in.Fd(), t.saved); err != nil {
		return fmt.Errorf("restore the terminal: %w", err)
	}
	return nil
}

// close closes the descriptor of our own.
func (t *tty) close() {
	// Nothing is buffered, and nothing is left to be done about an error.
	_ = t.w.Close()
}
