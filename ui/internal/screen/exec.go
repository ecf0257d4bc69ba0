package screen

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/sys/unix"
)

// maxEdited is how much text is read back from an editor.
const maxEdited = 1 << 20

// contLimit is how long a suspended program waits for SIGCONT. Without job
// control the process is never stopped, and the signal never comes.
const contLimit = 300 * time.Millisecond

// childLimit is how long an editor may take to end when the program has to.
const childLimit = time.Second

// ErrEditedTooLong says that the text of the editor is longer than any message
// can be.
var ErrEditedTooLong = errors.New("the edited text is longer than 1 MiB")

// EditedMsg is the outcome of [Screen.Edit].
type EditedMsg struct {
	// Text is the text as the user left it, without line breaks at the end; it
	// is what the user typed, not sanitised.
	Text string
	// Err says why there is none.
	Err error
}

// Edit returns a Cmd that gives the terminal to the user's editor ($VISUAL, else
// $EDITOR, else vi) with a file that contains text. An [EditedMsg] comes when the
// editor ends. The file is readable by the user alone and removed afterwards; where the
// program is killed before, the next start removes it.
func (s *Screen) Edit(text string) tea.Cmd {
	e := &editor{s: s, text: text}
	return s.handOver(e.run, func(err error) resumedMsg {
		return resumedMsg{then: []tea.Msg{EditedMsg{Text: e.text, Err: err}}}
	})
}

// Suspend returns a Cmd that gives the terminal back to the shell, as Ctrl+Z
// does in other programs. [tea.ResumeMsg] comes when the program goes on.
func (s *Screen) Suspend() tea.Cmd {
	return s.handOver(s.stop, func(err error) resumedMsg {
		if err != nil {
			s.log.Warn("Program was not suspended", "error", err)
		}
		return resumedMsg{then: []tea.Msg{tea.ResumeMsg{}}}
	})
}

// handOver returns a Cmd that runs something which gets the terminal.
func (s *Screen) handOver(run func() error, done func(error) resumedMsg) tea.Cmd {
	cmd := tea.Exec(&handover{s: s, run: run}, func(err error) tea.Msg { return done(err) })
	return func() tea.Msg { return handoverMsg{cmd} }
}

// handover is an ExecCommand that leaves the screen, runs something and enters
// it again.
type handover struct {
	s   *Screen
	run func() error
}

// SetStdin does nothing: the terminal is known.
func (h *handover) SetStdin(io.Reader) {}

// SetStdout does nothing: the terminal is known.
func (h *handover) SetStdout(io.Writer) {}

// SetStderr does nothing: the terminal is known.
func (h *handover) SetStderr(io.Writer) {}

// Run gives the terminal away for the time of run.
func (h *handover) Run() error {
	h.s.away.Store(true)
	h.s.leave()
	err := h.run()
	if h.s.cause.Load() != nil {
		return err // the program ends; the shell keeps the terminal
	}
	enterErr := h.s.enter(false)
	if enterErr != nil {
		h.s.end(enterErr)
	}
	h.s.retaken()
	h.s.away.Store(false)
	return err
}

// stop stops the process group, as the terminal does on Ctrl+Z.
func (s *Screen) stop() error {
	select {
	case <-s.conts:
	default: // no old one
	}
	if err := unix.Kill(0, unix.SIGTSTP); err != nil {
		return fmt.Errorf("stop the process: %w", err)
	}
	timer := time.NewTimer(contLimit)
	defer timer.Stop()
	select {
	case <-s.conts:
	case <-timer.C:
	}
	return nil
}

// resumedMsg says that the screen was entered again.
type resumedMsg struct{ then []tea.Msg }

// retaken makes the next frame set all that the terminal lost while others had
// it.
func (s *Screen) retaken() {
	s.pace.reset()
	s.shown = Cursor{}
	s.fresh = true
	s.ctl.hasTitle = s.ctl.hasTitle || s.ctl.lastTitle != ""
	s.reassert()
	s.redraw()
}

// continueAfterStop takes the terminal again after the process was stopped from
// outside.
func (s *Screen) continueAfterStop() []tea.Msg {
	if err := s.enter(false); err != nil {
		s.end(err)
		return nil
	}
	s.retaken()
	return s.sized()
}

// editor runs the user's editor on a text.
type editor struct {
	s    *Screen
	text string
}

// run runs the editor and takes its text.
func (e *editor) run() (err error) {
	d, err := newDraft(e.s.tempDir(), e.text)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.remove()) }()
	if err := e.s.runChild(e.s.editorCommand(), d); err != nil {
		return err
	}
	text, err := readLimited(d.path())
	if err != nil {
		return err
	}
	e.text = strings.TrimRight(text, "\r\n")
	return nil
}

// readLimited reads a file of at most maxEdited bytes.
func readLimited(path string) (text string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the edited text: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b, err := io.ReadAll(io.LimitReader(f, maxEdited+1))
	if err != nil {
		return "", fmt.Errorf("read the edited text: %w", err)
	}
	if len(b) > maxEdited {
		return "", ErrEditedTooLong
	}
	return string(b), nil
}

// editorCommand returns the user's editor, which may have arguments.
func (s *Screen) editorCommand() string {
	for _, name := range []string{"VISUAL", "EDITOR"} {
		if v := strings.TrimSpace(s.env.Get(name)); v != "" {
			return v
		}
	}
	return "vi"
}

// tempDir returns where text for the editor is put: in memory if the system has
// such a place.
func (s *Screen) tempDir() string {
	if s.opts.TempDir != "" {
		return s.opts.TempDir
	}
	return s.env.Get("XDG_RUNTIME_DIR") // "" means the system's directory
}

// runChild runs a command of the user on a draft, in the terminal. Signals to
// end are passed on to it. It inherits the lock: where the program is killed and
// the editor is not, nobody takes the text away from it.
func (s *Screen) runChild(command string, d *draft) error {
	// The command is the user's own and may hold quotes and arguments.
	cmd := exec.Command("/bin/sh", "-c", "exec "+command+` "$1"`, "sh", d.path())
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.opts.In, s.opts.Out, s.opts.Out
	cmd.Env = s.opts.Env
	cmd.ExtraFiles = []*os.File{d.lock}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the editor: %w", err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	var late <-chan time.Time
	for {
		select {
		case err := <-exited:
			if err != nil {
				return fmt.Errorf("run the editor: %w", err)
			}
			return nil
		case sig := <-s.child:
			// If it is gone already there is nobody to tell.
			if n, ok := sig.(syscall.Signal); ok {
				_ = cmd.Process.Signal(n)
			}
			late = time.After(childLimit)
		case <-late:
			_ = cmd.Process.Kill() // as above
		}
	}
}
