// Package picture takes a picture of a program in a terminal: the program runs
// in a pty under a terminal emulator, keys are pressed, and the cells become a
// page that Chromium photographs. The pictures of the README are made with it.
package picture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// Options say what to photograph.
type Options struct {
	// Program and Args are the command; it gets this process's environment.
	Program string
	Args    []string
	// Cols and Rows are the size of the terminal, in cells.
	Cols, Rows int
	// Steps are done in order before the picture is taken.
	Steps []Step
	// Out is the PNG file to write.
	Out string
	// Browser is the Chromium to run.
	Browser string
}

// Step is one thing that a person does: wait until Text is on the screen, then type Keys.
type Step struct {
	Text string
	Keys string
}

const (
	patience = 60 * time.Second        // for one step
	still    = 1500 * time.Millisecond // without output before the picture is taken
	lookEach = 20 * time.Millisecond
)

// terminal is the program's terminal. vt and changed are guarded by mu.
type terminal struct {
	mu      sync.Mutex
	vt      *vt.Emulator
	changed time.Time
	tty     *os.File
}

// Take runs the program and writes the picture. The program is ended afterwards.
func Take(ctx context.Context, o Options) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, o.Program, o.Args...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "COLORTERM=truecolor")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(o.Cols), Rows: uint16(o.Rows)})
	if err != nil {
		return fmt.Errorf("start %s: %w", o.Program, err)
	}
	t := &terminal{vt: vt.NewEmulator(o.Cols, o.Rows), changed: time.Now(), tty: tty}
	var copying sync.WaitGroup
	copying.Go(t.show)
	copying.Go(t.answer)
	defer func() {
		cancel()
		_ = cmd.Wait() // it was interrupted: its exit code says nothing
		err = errors.Join(err, tty.Close(), t.vt.Close())
		copying.Wait()
	}()
	for _, s := range o.Steps {
		if err := t.do(ctx, s); err != nil {
			return err
		}
	}
	if err := t.settle(ctx); err != nil {
		return err
	}
	return shoot(ctx, o, t.page())
}

// show feeds the program's output to the emulator until the terminal is closed.
func (t *terminal) show() {
	buf := make([]byte, 32<<10)
	for {
		n, err := t.tty.Read(buf)
		t.mu.Lock()
		_, _ = t.vt.Write(buf[:n]) // never fails
		t.changed = time.Now()
		t.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// answer passes on what the emulator answers to queries.
func (t *terminal) answer() {
	buf := make([]byte, 4<<10)
	for {
		n, err := t.vt.Read(buf)
		if err != nil {
			return
		}
		if _, err := t.tty.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (t *terminal) do(ctx context.Context, s Step) error {
	if err := t.until(ctx, func() bool { return strings.Contains(t.text(), s.Text) }); err != nil {
		return fmt.Errorf("wait for %q: %w; the screen is:\n%s", s.Text, err, t.text())
	}
	if _, err := t.tty.WriteString(s.Keys); err != nil {
		return fmt.Errorf("type: %w", err)
	}
	return nil
}

// settle waits until nothing has changed for a moment.
func (t *terminal) settle(ctx context.Context) error {
	err := t.until(ctx, func() bool {
		t.mu.Lock()
		defer t.mu.Unlock()
		return time.Since(t.changed) > still
	})
	if err != nil {
		return fmt.Errorf("wait for a still screen: %w", err)
	}
	return nil
}

func (t *terminal) until(ctx context.Context, cond func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(lookEach)
	defer tick.Stop()
	for !cond() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// text returns the screen without its styles.
func (t *terminal) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	for y := range t.vt.Height() {
		for x := range t.vt.Width() {
			if c := t.vt.CellAt(x, y); c != nil {
				b.WriteString(c.Content)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// shoot has Chromium draw a page into the PNG file.
func shoot(ctx context.Context, o Options, page string) (err error) {
	dir, err := os.MkdirTemp("", "picture")
	if err != nil {
		return fmt.Errorf("make page: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "page.html")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		return fmt.Errorf("make page: %w", err)
	}
	out, err := filepath.Abs(o.Out)
	if err != nil {
		return fmt.Errorf("find %s: %w", o.Out, err)
	}
	cmd := exec.CommandContext(ctx, o.Browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+filepath.Join(dir, "profile"), "--screenshot="+out, "--force-device-scale-factor=2",
		fmt.Sprintf("--window-size=%d,%d", o.Cols*cellWidth+2*margin, o.Rows*cellHeight+2*margin), "file://"+file)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("draw with %s: %w: %s", o.Browser, err, text)
	}
	return nil
}
