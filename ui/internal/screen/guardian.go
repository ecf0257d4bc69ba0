package screen

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// guardianScript waits for the end of its input. Each line of it says whether
// the screen is on, as it is when the script starts; if the last says so, the
// program died on the screen, and the terminal is restored. All that a lost
// session sends is ignored, and so is the signal for touching the terminal from
// the background.
const guardianScript = `trap '' HUP INT QUIT TERM TSTP TTOU TTIN
state=on
while read -r line; do state=$line; done
[ "$state" = on ] || exit 0
printf '%b' "$1" >&3
stty sane <&3
[ -z "$2" ] || printf '%s\n' "$2" >&3`

// guardianWait is how long Run waits for the guardian to end.
const guardianWait = time.Second

// guardian is a shell of about 1 MB that restores the terminal when this process
// can no longer do it: after SIGKILL, or when a goroutine panics that has no
// [Screen.Recover]. Without it the user is left with a terminal in raw mode that
// shows the last frame.
type guardian struct {
	log *slog.Logger

	mu    sync.Mutex
	pipe  *os.File   // nil when there is no guardian
	ended chan error // gets what the shell returns
}

// start starts the shell. A system without one has no guardian.
func (g *guardian) start(out *os.File, note string) {
	if err := g.launch(out, note); err != nil {
		g.log.Warn("Terminal has no guardian", "error", err)
	}
}

// launch starts the shell and keeps the pipe to it.
func (g *guardian) launch(out *os.File, note string) (err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make a pipe: %w", err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	cmd := exec.Command("/bin/sh", "-c", guardianScript, "guardian", escapeOctal(cutOff+modesOff), note)
	cmd.Stdin = r
	cmd.ExtraFiles = []*os.File{out}
	// A group of its own: what kills the program's group leaves it alone.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return errors.Join(fmt.Errorf("start the shell: %w", err), w.Close())
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pipe, g.ended = w, ended
	return nil
}

// tell says whether the screen is on. It asks under the lock, so that the last
// thing told is true.
func (g *guardian) tell(on *atomic.Bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pipe == nil {
		return
	}
	line := "off\n"
	if on.Load() {
		line = "on\n"
	}
	if _, err := g.pipe.WriteString(line); err != nil {
		g.log.Warn("Guardian of the terminal is gone", "error", err)
		g.drop()
	}
}

// drop closes the pipe. The lock must be held.
func (g *guardian) drop() {
	// The other end is gone, or about to end because of this.
	_ = g.pipe.Close()
	g.pipe = nil
}

// stop ends the shell, which was told that the screen is off.
func (g *guardian) stop() {
	g.mu.Lock()
	if g.pipe != nil {
		g.drop()
	}
	ended := g.ended
	g.mu.Unlock()
	if ended == nil {
		return
	}
	timer := time.NewTimer(guardianWait)
	defer timer.Stop()
	select {
	case err := <-ended:
		if err != nil {
			g.log.Warn("Guardian of the terminal failed", "error", err)
		}
	case <-timer.C:
	}
}

// escapeOctal writes control characters as the escapes of printf's %b.
func escapeOctal(s string) string {
	b := make([]byte, 0, 2*len(s))
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '\\' {
			b = fmt.Appendf(b, `\0%03o`, c)
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}
