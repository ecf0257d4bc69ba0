package screen

import (
	"errors"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"

	"hubbub/ui/internal/term"
)

// now is the time by which frames are paced.
func now() time.Time { return time.Now() }

// shell is what Bubble Tea takes for the model. It keeps the messages that are
// the screen's own, and draws after the others.
type shell struct{ s *Screen }

// View is never shown.
func (sh *shell) View() tea.View { return tea.View{} }

// Init starts the model.
func (sh *shell) Init() tea.Cmd {
	cmd := sh.s.try(func() tea.Cmd { return sh.s.model.Init() })
	if sh.s.env.Tmux() && !sh.s.env.NoColor() {
		env := sh.s.env
		cmd = tea.Batch(cmd, func() tea.Msg { return tea.ColorProfileMsg{Profile: term.TmuxColorProfile(env)} })
	}
	return sh.s.wrap(cmd)
}

// Update handles a message and makes a frame if one is due.
func (sh *shell) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	s := sh.s
	if s.dead {
		return sh, nil
	}
	cmd := s.try(func() tea.Cmd { return s.update(msg) })
	return sh, s.wrap(cmd)
}

// update is Update, without the net for panics.
func (s *Screen) update(msg tea.Msg) tea.Cmd {
	var cmds []tea.Cmd
	if !s.started {
		s.started = true
		cmds = append(cmds,
			s.model.Update(tea.ColorProfileMsg{Profile: s.colors}),
			s.model.Update(tea.WindowSizeMsg{Width: s.w, Height: s.h}))
	}
	if _, quit := msg.(quitMsg); quit {
		return s.whenSilent(s.quit)
	}
	if p, ok := msg.(tea.PasteMsg); ok && p.Content == "" {
		if text, there := s.input.fetch(); there {
			msg = BurstMsg{text}
		}
	}
	switch msg.(type) {
	case tea.KeyMsg, BurstMsg:
		if s.leaving != nil {
			return nil
		}
	}
	forward, urgent := s.own(msg)
	for _, m := range forward {
		cmds = append(cmds, s.model.Update(m))
	}
	if h, ok := msg.(handoverMsg); ok {
		cmds = append(cmds, s.whenSilent(func() tea.Cmd { return s.hand(h) }))
	}
	cmds = append(cmds, s.silent())
	s.pump(urgent)
	return tea.Batch(append(cmds, s.afterFrame()...)...)
}

// quit ends the program.
func (s *Screen) quit() tea.Cmd {
	s.dead = true
	s.leave()
	return tea.Quit
}

// own does what the screen itself has to do about a message. It returns what the
// model gets, and whether a frame is urgent.
func (s *Screen) own(msg tea.Msg) (forward []tea.Msg, urgent bool) {
	switch m := msg.(type) {
	case frameDueMsg:
		s.pace.armed = false
	case wroteMsg:
		s.wrote(m)
	case ackLateMsg:
		s.ackLate(m)
	case afterMsg:
		s.await(m.Msg)
	case uv.PrimaryDeviceAttributesEvent:
		s.acked()
	case resizeMsg:
		return s.sized(), false
	case stoppedMsg:
		return s.continueAfterStop(), false
	case handoverMsg, owedMsg:
		// Update goes on with what waits.
	case resumedMsg:
		s.handing = false
		return append(s.sized(), m.then...), true
	case tea.CursorPositionMsg:
		return s.measured(m.X, m.Y), false
	case tea.EnvMsg, tea.WindowSizeMsg:
		// The size comes from the terminal itself, the environment from Options.
	case tea.ColorProfileMsg:
		return s.colored(m), false
	case tea.ModeReportMsg:
		if m.Mode == ansi.ModeSynchronizedOutput {
			s.facts.sync = m.Value == ansi.ModeSet || m.Value == ansi.ModeReset
			return nil, false
		}
		return []tea.Msg{msg}, false
	case tea.TerminalVersionMsg:
		s.facts.version = m.Name
		return []tea.Msg{msg}, false
	case tea.FocusMsg:
		s.pace.blurred = false
		// A window that was hidden can have been resized without a signal.
		return append(s.sized(), msg), false
	case tea.BlurMsg:
		s.pace.blurred = true
		return []tea.Msg{msg}, false
	case tea.KeyPressMsg, tea.KeyReleaseMsg, tea.MouseClickMsg, tea.MouseReleaseMsg, tea.PasteMsg, BurstMsg:
		return []tea.Msg{msg}, true
	default:
		a, ok := msg.(Awaited)
		return []tea.Msg{msg}, ok && a.Awaited()
	}
	return nil, false
}

// resizeMsg says that the terminal may have another size.
type resizeMsg struct{}

// quitMsg ends the program.
type quitMsg struct{}

// sized looks at the size; it returns the message for the model if it changed.
func (s *Screen) sized() []tea.Msg {
	if !s.resize() {
		return nil
	}
	return []tea.Msg{tea.WindowSizeMsg{Width: s.w, Height: s.h}}
}

// measured takes one answer of the width probe.
func (s *Screen) measured(x, y int) []tea.Msg {
	if s.facts.probeDone || !s.facts.probe.Answer(x, y) {
		return nil
	}
	s.facts.probeDone = true
	p, ok := s.facts.probe.Profile()
	if !ok {
		return nil
	}
	known := ProfileMsg{Key: term.ProfileKey(s.env.Get("TERM"), s.facts.version), Profile: p}
	if p == s.profile {
		return []tea.Msg{known}
	}
	s.profile, s.widths = p, p
	s.cells = newCells(s.w, s.h)
	s.redraw()
	return []tea.Msg{known, WidthsMsg{Widths: p}}
}

// colored takes a better knowledge of the terminal's colours.
func (s *Screen) colored(m tea.ColorProfileMsg) []tea.Msg {
	if m.Profile <= s.colors || s.env.NoColor() {
		return nil
	}
	s.colors = m.Profile
	s.r.setColors(m.Profile)
	s.redraw()
	return []tea.Msg{m}
}

// Quit returns a Cmd that ends the program.
func (s *Screen) Quit() tea.Cmd {
	return func() tea.Msg { return quitMsg{} }
}

// end makes the program end. The first cause counts. It may be called from any
// goroutine and does not block; if the program does not end within two seconds
// the terminal is restored and the process exits.
func (s *Screen) end(cause error) {
	s.endOnce.Do(func() {
		s.cause.Store(&endCause{err: cause})
		s.tty.over.Store(true)
		s.guard.Store(time.AfterFunc(endLimit, func() {
			select {
			case <-s.done:
				return
			default:
			}
			s.leave()
			s.report(cause)
			s.opts.Exit(ExitCode(cause))
		}))
		// The caller may be Update itself. It ends with the program at the latest.
		go s.Send(quitMsg{})
	})
}

// endLimit is how long the program has to end by itself.
const endLimit = 2 * time.Second

// result is the error of Run, made of why the program ended and of what Bubble
// Tea says.
func (s *Screen) result(err error) error {
	cause := s.cause.Load()
	switch {
	case cause != nil:
		s.report(cause.err)
		return cause.err
	case errors.Is(err, tea.ErrProgramPanic):
		crash := &PanicError{Value: "in a command of Bubble Tea"}
		s.report(crash)
		return crash
	case err != nil:
		return fmt.Errorf("run the program: %w", err)
	}
	return nil
}
