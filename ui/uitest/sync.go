package uitest

import (
	"reflect"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/ui/internal/screen"
)

// maxSteps is how many messages may follow from one before the test is stopped:
// Cmds that follow each other for ever never settle.
const maxSteps = 10_000

// cmdLimit is how long one Cmd may take.
const cmdLimit = 20 * time.Second

// Sync runs a model in the goroutine of the test: no terminal, no timers of its
// own, one message after the other. It is for one goroutine.
type Sync struct {
	t      testing.TB
	model  screen.Model
	canvas screen.Canvas
	grid   *screen.Grid
	widths screen.Widths
	cursor screen.Cursor

	// Hold keeps the Cmds instead of running them; Held returns them.
	Hold bool
	held []tea.Cmd
}

// NewSync starts a model on a screen of the given size: it runs Init and sends
// the size, and runs the Cmds that come of it. widths may be nil: then clusters
// are as wide as Unicode says.
func NewSync(t testing.TB, model screen.Model, w, h int, widths screen.Widths) *Sync {
	t.Helper()
	s := &Sync{t: t, model: model, widths: widths}
	s.size(w, h)
	s.finish(model.Init())
	s.Send(tea.WindowSizeMsg{Width: w, Height: h})
	return s
}

// size makes blank cells.
func (s *Sync) size(w, h int) { s.canvas, s.grid = screen.NewCanvasForTest(w, h, s.widths) }

// Send updates the model with messages, one after the other, and with all
// messages that their Cmds return.
func (s *Sync) Send(msgs ...tea.Msg) {
	s.t.Helper()
	for _, m := range msgs {
		s.finish(s.model.Update(m))
	}
}

// Key sends key presses by name; see [ParseKey].
func (s *Sync) Key(names ...string) {
	s.t.Helper()
	for _, name := range names {
		k, err := ParseKey(name)
		if err != nil {
			s.t.Fatal(err)
		}
		s.Send(k)
	}
}

// Type sends a key press for each character of text.
func (s *Sync) Type(text string) {
	s.t.Helper()
	for _, r := range text {
		s.Send(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
}

// Resize gives the model a screen of another size.
func (s *Sync) Resize(w, h int) {
	s.t.Helper()
	s.size(w, h)
	s.Send(tea.WindowSizeMsg{Width: w, Height: h})
}

// Held returns the Cmds that were held back, and forgets them.
func (s *Sync) Held() []tea.Cmd {
	held := s.held
	s.held = nil
	return held
}

// Grid draws what is dirty and returns the cells.
func (s *Sync) Grid() *screen.Grid {
	if s.model.Dirty() {
		s.cursor = s.model.Paint(s.canvas)
	}
	return s.grid
}

// Cursor draws what is dirty and returns where the cursor is.
func (s *Sync) Cursor() screen.Cursor {
	s.Grid()
	return s.cursor
}

// finish runs a Cmd and everything that follows from it.
func (s *Sync) finish(cmd tea.Cmd) {
	s.t.Helper()
	queue := []tea.Cmd{cmd}
	for steps := 0; len(queue) > 0; steps++ {
		if steps > maxSteps {
			s.t.Fatal("Cmds follow each other without end")
		}
		cmd, queue = queue[0], queue[1:]
		if cmd == nil {
			continue
		}
		if s.Hold {
			s.held = append(s.held, cmd)
			continue
		}
		msg := s.run(cmd)
		if list, ok := cmdList(msg); ok {
			queue = append(list, queue...)
			continue
		}
		if msg != nil {
			queue = append(queue, s.model.Update(msg))
		}
	}
}

// run runs one Cmd within the limit.
func (s *Sync) run(cmd tea.Cmd) tea.Msg {
	s.t.Helper()
	done := make(chan tea.Msg, 1)
	go func() { done <- cmd() }()
	timer := time.NewTimer(cmdLimit)
	defer timer.Stop()
	select {
	case msg := <-done:
		return msg
	case <-timer.C:
		s.t.Fatal("a Cmd does not end")
		return nil
	}
}

// cmdList returns the Cmds of a batch or a sequence, whose type is not exported.
func cmdList(msg tea.Msg) ([]tea.Cmd, bool) {
	v := reflect.ValueOf(msg)
	if !v.IsValid() || v.Kind() != reflect.Slice || v.Type().Elem() != reflect.TypeFor[tea.Cmd]() {
		return nil, false
	}
	list := make([]tea.Cmd, 0, v.Len())
	for i := range v.Len() {
		if cmd, ok := v.Index(i).Interface().(tea.Cmd); ok {
			list = append(list, cmd)
		}
	}
	return list, true
}
