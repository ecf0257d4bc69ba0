package uitest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// count counts how often a mode was set and reset.
type count struct{ set, reset int }

// emulator is the terminal behind the pseudo-terminal, and what it counts.
type emulator struct {
	mu        sync.Mutex
	vt        *vt.Emulator
	opts      Options
	modes     map[int]count
	kitty     []int // stack of keyboard flags of the alternate screen
	titles    int   // depth of the title stack
	otherKeys int   // modifyOtherKeys
	visible   bool
	title     string
	clipboard string
	bells     int
	mute      atomic.Bool
}

// newEmulator makes a terminal that knows the kitty keyboard, title stack and
// version requests, which x/vt does not.
func newEmulator(o Options) *emulator {
	e := &emulator{vt: vt.NewEmulator(o.Cols, o.Rows), opts: o, modes: map[int]count{}, visible: true}
	e.vt.SetCallbacks(vt.Callbacks{
		Bell:             func() { e.bells++ },
		Title:            func(s string) { e.title = s },
		CursorVisibility: func(v bool) { e.visible = v },
		EnableMode:       func(m ansi.Mode) { c := e.modes[m.Mode()]; c.set++; e.modes[m.Mode()] = c },
		DisableMode:      func(m ansi.Mode) { c := e.modes[m.Mode()]; c.reset++; e.modes[m.Mode()] = c },
	})
	e.mute.Store(o.Mute)
	e.keyboard()
	e.vt.RegisterCsiHandler('t', func(p ansi.Params) bool {
		switch n, _, _ := p.Param(0, 0); n {
		case 22:
			e.titles++
		case 23:
			e.titles--
		}
		return true
	})
	e.vt.RegisterOscHandler(52, func(data []byte) bool {
		if i := bytes.LastIndexByte(data, ';'); i >= 0 {
			if b, err := base64.StdEncoding.DecodeString(string(data[i+1:])); err == nil {
				e.clipboard = string(b)
			}
		}
		return true
	})
	if o.OneScreen {
		for _, final := range []byte{'h', 'l'} {
			e.vt.RegisterCsiHandler(ansi.Command('?', 0, final), func(p ansi.Params) bool {
				n, _, _ := p.Param(0, 0)
				return n == 1049
			})
		}
	}
	if o.Sync {
		e.vt.RegisterCsiHandler(ansi.Command('?', '$', 'p'), func(p ansi.Params) bool {
			n, _, _ := p.Param(0, 0)
			if n != 2026 {
				return false
			}
			e.reply("\x1b[?2026;2$y")
			return true
		})
	}
	return e
}

// keyboard adds the protocols for keys.
func (e *emulator) keyboard() {
	e.vt.RegisterCsiHandler(ansi.Command('>', 0, 'm'), func(p ansi.Params) bool {
		e.otherKeys, _, _ = p.Param(1, 0)
		return true
	})
	if e.opts.Legacy {
		return
	}
	e.vt.RegisterCsiHandler(ansi.Command('>', 0, 'u'), func(p ansi.Params) bool {
		n, _, _ := p.Param(0, 0)
		e.kitty = append(e.kitty, n)
		return true
	})
	e.vt.RegisterCsiHandler(ansi.Command('=', 0, 'u'), func(p ansi.Params) bool {
		n, _, _ := p.Param(0, 0)
		if len(e.kitty) > 0 {
			e.kitty[len(e.kitty)-1] = n
		}
		return true
	})
	e.vt.RegisterCsiHandler(ansi.Command('<', 0, 'u'), func(ansi.Params) bool {
		e.kitty = e.kitty[:max(0, len(e.kitty)-1)]
		return true
	})
	e.vt.RegisterCsiHandler(ansi.Command('?', 0, 'u'), func(ansi.Params) bool {
		flags := 0
		if len(e.kitty) > 0 {
			flags = e.kitty[len(e.kitty)-1]
		}
		e.reply(fmt.Sprintf("\x1b[?%du", flags))
		return true
	})
}

// reply answers a request of the program.
func (e *emulator) reply(s string) {
	// The pipe is read until it is closed.
	_, _ = e.vt.InputPipe().Write([]byte(s))
}

// write feeds output.
func (e *emulator) write(b []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	// The emulator takes everything.
	_, _ = e.vt.Write(b)
}

// resize changes the size.
func (e *emulator) resize(cols, rows int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.vt.Resize(cols, rows)
}

// text returns the rows.
func (e *emulator) text() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	rows := make([]string, e.vt.Height())
	for y := range rows {
		var b strings.Builder
		for x := 0; x < e.vt.Width(); x++ {
			c := e.vt.CellAt(x, y)
			switch {
			case c == nil, c.Content == "" && c.Width == 1:
				b.WriteByte(' ')
			default:
				b.WriteString(c.Content)
			}
		}
		rows[y] = strings.TrimRight(b.String(), " ")
	}
	return strings.Join(rows, "\n")
}

// Cell returns the content and style of one cell of the terminal, counted from
// 0.
func (t *Term) Cell(x, y int) uv.Cell {
	t.emu.mu.Lock()
	defer t.emu.mu.Unlock()
	if c := t.emu.vt.CellAt(x, y); c != nil {
		return *c
	}
	return uv.Cell{}
}

// cursor returns where the cursor is.
func (e *emulator) cursor() (x, y int, visible bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.vt.CursorPosition()
	return p.X, p.Y, e.visible
}

// restored says what is not as it was at the start.
func (e *emulator) restored() []error {
	e.mu.Lock()
	defer e.mu.Unlock()
	var errs []error
	if e.vt.IsAltScreen() {
		errs = append(errs, fmt.Errorf("the alternate screen is shown"))
	}
	for _, m := range []int{1000, 1002, 1003, 1004, 1006, 2004, 2026} {
		if c := e.modes[m]; c.set > 0 && c.reset == 0 {
			errs = append(errs, fmt.Errorf("mode %d is set", m))
		}
	}
	if len(e.kitty) != 0 {
		errs = append(errs, fmt.Errorf("%d entries are on the stack of keyboard flags", len(e.kitty)))
	}
	if e.titles != 0 {
		errs = append(errs, fmt.Errorf("%d titles are on the stack", e.titles))
	}
	if e.otherKeys != 0 {
		errs = append(errs, fmt.Errorf("modifyOtherKeys is %d", e.otherKeys))
	}
	if !e.visible {
		errs = append(errs, fmt.Errorf("the cursor is hidden"))
	}
	return errs
}

// answer passes the emulator's replies on, each after a while.
func (e *emulator) answer(to *replies, latency time.Duration) {
	buf := make([]byte, 4096)
	for {
		n, err := e.vt.Read(buf)
		if n > 0 && !e.mute.Load() {
			to.send(buf[:n], latency)
		}
		if err != nil {
			return
		}
	}
}

// close ends answer. The emulator's own Close races with its Read.
func (e *emulator) close() {
	if c, ok := e.vt.InputPipe().(io.Closer); ok {
		// Closing a pipe does not fail.
		_ = c.Close()
	}
}

// replies writes answers to the program without holding up the emulator when the
// program does not read them.
type replies struct {
	to   *os.File
	mu   sync.Mutex
	cond *sync.Cond
	buf  []byte
	late [][]byte // on their way, in order
	done bool
}

// newReplies makes a queue to a file.
func newReplies(to *os.File) *replies {
	r := &replies{to: to}
	r.cond = sync.NewCond(&r.mu)
	return r
}

// send queues bytes that arrive after a while.
func (r *replies) send(b []byte, latency time.Duration) {
	if latency == 0 {
		r.add(b)
		return
	}
	r.mu.Lock()
	r.late = append(r.late, bytes.Clone(b))
	r.mu.Unlock()
	time.AfterFunc(latency, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.buf = append(r.buf, r.late[0]...)
		r.late = r.late[1:]
		r.cond.Signal()
	})
}

// add queues bytes.
func (r *replies) add(b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.buf = append(r.buf, b...)
	r.cond.Signal()
}

// close ends run.
func (r *replies) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done = true
	r.cond.Signal()
}

// run writes what is queued.
func (r *replies) run() {
	for {
		r.mu.Lock()
		for len(r.buf) == 0 && !r.done {
			r.cond.Wait()
		}
		b := r.buf
		r.buf = nil
		done := r.done
		r.mu.Unlock()
		if done {
			return
		}
		if _, err := r.to.Write(b); err != nil {
			return
		}
	}
}

// sgrMouse is the report of a mouse event at a cell, counted from 0.
func sgrMouse(button, x, y int, end byte) string {
	return fmt.Sprintf("\x1b[<%d;%d;%d%c", button, x+1, y+1, end)
}
