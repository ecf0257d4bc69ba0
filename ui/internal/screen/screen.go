package screen

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"hubbub/ui/internal/term"
)

// Screen is the terminal. See the package comment for which goroutine may call
// what.
type Screen struct {
	opts Options
	env  term.Env
	log  *slog.Logger
	tty  *tty
	errs *stderrFile

	guardian guardian
	input    *input // set by Run

	// The program. Set by Run before it is read.
	program *tea.Program
	ready   chan struct{} // closed when program is set
	done    chan struct{} // closed when Run ends

	model Model

	// Owner of all below: the goroutine of Update.
	cells   *cells
	r       painter
	out     []byte // of the frame that is made
	profile term.Profile
	widths  Widths
	colors  colorprofile.Profile
	w, h    int
	cursor  Cursor         // wanted
	shown   Cursor         // what the terminal has; Shape and Visible count
	started bool           // the model knows colours and size
	fresh   bool           // the modes were set, in synchronized output that the next frame ends
	dead    bool           // the program is ending: no frame any more
	leaving func() tea.Cmd // waits for the terminal's last answer, see whenSilent
	handing bool           // another program is about to get the terminal
	facts   facts
	pace    pace
	ctl     control
	after   []afterFrame

	jobs chan []byte // to the writer goroutine, one slot

	// How the program ends; any goroutine.
	endOnce sync.Once
	cause   atomic.Pointer[endCause]
	guard   atomic.Pointer[time.Timer]

	// While another program has the terminal; set in the goroutine of Update,
	// read by the one of signals.
	child chan os.Signal // signals to pass on; nil entries never occur
	away  atomic.Bool
	conts chan struct{} // one slot: SIGCONT came
}

// endCause is why the program ends; err is nil for a wish of the user.
type endCause struct{ err error }

// facts is what the terminal told about itself.
type facts struct {
	version   string // XTVERSION
	sync      bool   // mode 2026 is there
	probe     term.Probe
	probeDone bool
	noMouse   bool // the mouse is left to the terminal
}

// New checks that the files of opts are a terminal. The error is
// [ErrNotTerminal] or one of opening the terminal.
func New(opts Options) (*Screen, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Exit == nil {
		opts.Exit = os.Exit
	}
	t, err := openTTY(opts.In, opts.Out)
	if err != nil {
		return nil, err
	}
	s := &Screen{
		opts:    opts,
		env:     term.Env(opts.Env),
		log:     opts.Log,
		tty:     t,
		ready:   make(chan struct{}),
		done:    make(chan struct{}),
		jobs:    make(chan []byte, 1),
		child:   make(chan os.Signal, 4),
		conts:   make(chan struct{}, 1),
		profile: opts.Profile,
		widths:  opts.Profile,
	}
	s.guardian.log = opts.Log
	return s, nil
}

// Run shows the model until the program ends. It returns nil when the user quit,
// the error of ctx when that ended, or a [SignalError], [PanicError] or
// [WriteError]. The terminal is restored before it returns.
func (s *Screen) Run(ctx context.Context, model Model) error {
	s.model = model
	signals := subscribe()
	defer signals.stop()
	defer s.close()
	if err := s.setup(); err != nil {
		close(s.done)
		return err
	}
	s.input = &input{File: s.opts.In, closed: func() { s.end(ErrInputClosed) }}
	s.program = tea.NewProgram(&shell{s},
		tea.WithoutRenderer(), tea.WithFPS(1), tea.WithoutSignalHandler(),
		tea.WithInput(s.input),
		tea.WithOutput(discard{}), tea.WithEnvironment(s.opts.Env),
		tea.WithWindowSize(s.w, s.h), tea.WithColorProfile(s.colors))
	close(s.ready)

	var wg sync.WaitGroup
	wg.Go(func() { defer s.Recover(); s.write() })
	wg.Go(func() { defer s.Recover(); s.watch(ctx, signals) })
	wg.Go(func() {
		// Beside the first frame, which does not wait for it.
		defer s.Recover()
		s.guardian.start(s.opts.Out, s.opts.CrashNote)
		s.guardian.tell(&s.tty.on)
		s.removeStale()
	})
	_, err := s.program.Run()
	s.leave()
	close(s.done)
	close(s.jobs)
	wg.Wait()
	return s.result(err)
}

// close ends the timers and closes what Run opened.
func (s *Screen) close() {
	s.pace.stop()
	s.guardian.stop()
	if t := s.guard.Load(); t != nil {
		t.Stop()
	}
	s.tty.close()
	if s.errs != nil {
		if err := s.errs.close(); err != nil {
			s.log.Warn("File for crashes is not closed", "error", err)
		}
	}
}

// setup enters the terminal's modes and makes what the first frame needs.
func (s *Screen) setup() error {
	// Tea's trace would write every key to a file, passwords too.
	if err := os.Unsetenv("TEA_TRACE"); err != nil {
		return fmt.Errorf("switch off the trace: %w", err)
	}
	w, h, err := s.tty.size()
	if err != nil {
		return err
	}
	s.w, s.h = w, h
	s.errs, err = openStderr(s.opts.CrashFile)
	if err != nil {
		return err
	}
	s.colors = term.ColorProfile(s.opts.Out, s.env)
	s.cells = newCells(w, h)
	s.r.setColors(s.colors)
	s.r.reset(w, h)
	s.pace.init(s)
	s.pace.acks.asking() // by the queries
	s.fresh = true
	return s.enter(true)
}

// Send delivers a message to Update. It blocks until Update takes it, and does
// nothing once the program has ended. Never call it from Update or from what
// Update waits for.
func (s *Screen) Send(msg tea.Msg) {
	select {
	case <-s.ready:
		s.program.Send(msg)
	case <-s.done:
	}
}

// Widths returns the width function that counts now. A [WidthsMsg] tells when it
// changes.
func (s *Screen) Widths() Widths { return s.widths }

// discard takes what Bubble Tea itself would write: nothing of it is wanted.
type discard struct{}

// Write drops p.
func (discard) Write(p []byte) (int, error) { return len(p), nil }
