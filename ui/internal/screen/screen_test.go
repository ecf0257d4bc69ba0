package screen_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hubbub/ui/uitest"
)

// start runs the test program in a terminal.
func start(t testing.TB, o uitest.Options, env ...string) *uitest.Term {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if o.Argv == nil {
		o.Argv = []string{exe}
	}
	o.Env = append(o.Env, programEnv+"=1", "PATH="+os.Getenv("PATH"), "PROGRAM="+exe, "TMPDIR="+t.TempDir())
	o.Env = append(o.Env, env...)
	term := uitest.Start(t, o)
	if len(o.Argv) == 1 {
		term.WaitFor("size ")
	}
	return term
}

// restored fails if the program left the terminal changed, or wrote after its
// teardown.
func restored(t *testing.T, term *uitest.Term) {
	t.Helper()
	if err := term.Restored(); err != nil {
		t.Errorf("the terminal is not restored: %v\n%s", err, term.Dump())
	}
	raw := term.Raw()
	end := bytes.LastIndex(raw, []byte("\x1b[?1049l"))
	if end < 0 {
		t.Fatal("the program never left the alternate screen")
	}
	if i := bytes.Index(raw[end:], []byte("\x1b[?1049h")); i >= 0 {
		t.Error("a frame came after the teardown")
	}
}

func TestTypingAndQuit(t *testing.T) {
	term := start(t, uitest.Options{})
	term.WaitFor("note measured true")
	if !term.RawMode() || !term.AltScreen() {
		t.Error("the terminal is not in the screen's modes")
	}
	term.Type("héllo")
	term.WaitFor("typed héllo")
	if x, y, visible := term.Cursor(); x != 6+6 || y != 1 || !visible {
		t.Errorf("cursor at %d,%d visible %t", x, y, visible)
	}
	if term.Title() != "test program" {
		t.Errorf("title %q", term.Title())
	}
	term.Key("ctrl+q")
	if code := term.WaitExit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, term.Dump())
	}
	restored(t, term)
	term.WaitFor("ended: <nil>")
}

func TestSizeOfATypedKey(t *testing.T) {
	term := start(t, uitest.Options{Cols: 200, Rows: 60})
	term.WaitFor("note measured true")
	term.Type("a")
	term.WaitFor("typed a")
	const keys = 20
	term.Mark()
	for i := range keys {
		term.Type("x")
		term.WaitFor("typed a" + strings.Repeat("x", i+1))
	}
	if n := term.Written(); n > keys*20 {
		t.Errorf("%d bytes for %d typed keys", n, keys)
	}
}

func TestNothingIsWrittenWhileIdle(t *testing.T) {
	term := start(t, uitest.Options{})
	term.WaitFor("note measured true")
	term.Type("a")
	term.WaitFor("typed a")
	term.Mark()
	deadline := time.NewTimer(1200 * time.Millisecond)
	<-deadline.C
	if n := term.Written(); n != 0 {
		t.Errorf("%d bytes were written while nothing happened", n)
	}
}

func TestSignalsEndAndRestore(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT} {
		t.Run(sig.String(), func(t *testing.T) {
			term := start(t, uitest.Options{})
			term.Type("abc")
			term.WaitFor("typed abc")
			term.Signal(sig)
			if code := term.WaitExit(); code != 128+int(sig) {
				t.Errorf("exit code %d\n%s", code, term.Dump())
			}
			restored(t, term)
		})
	}
}

func TestPanicsRestoreAndAreShown(t *testing.T) {
	for key, text := range map[string]string{
		"ctrl+p": "panic: in update", "ctrl+x": "panic: in a cmd",
		"ctrl+b": "panic: in a batch", "ctrl+g": "panic: in a goroutine",
	} {
		t.Run(text, func(t *testing.T) {
			term := start(t, uitest.Options{Rows: 60, Cols: 200})
			term.Key(key)
			if code := term.WaitExit(); code != 70 {
				t.Errorf("exit code %d\n%s", code, term.Dump())
			}
			restored(t, term)
			if s := term.Screen(); !strings.Contains(s, text) || !strings.Contains(s, "program_test.go") {
				t.Errorf("the crash is not shown\n%s", term.Dump())
			}
		})
	}
}

func TestHangingUpdateIsEndedBySignal(t *testing.T) {
	term := start(t, uitest.Options{})
	term.Key("ctrl+w")
	term.Signal(syscall.SIGTERM)
	if code := term.WaitExit(); code != 128+15 {
		t.Errorf("exit code %d\n%s", code, term.Dump())
	}
	restored(t, term)
}

func TestDeathWithoutRecoverRestores(t *testing.T) {
	for _, name := range []string{"SIGKILL", "SIGKILL to the group", "foreign panic"} {
		t.Run(name, func(t *testing.T) {
			crash := filepath.Join(t.TempDir(), "crash")
			// A shell is there before and after, as for a user: with the end
			// of a session's leader the terminal is taken from everybody.
			term := start(t, uitest.Options{Argv: []string{"/bin/bash", "-c", `set -m; "$PROGRAM"; read -r line`}}, "CRASH_FILE="+crash)
			term.WaitFor("note measured true")
			program := childOf(t, term.Pid())
			// The first child may be one by which the runtime tries out what the system can do.
			waitFor(t, "the guardian", func() bool { return slices.ContainsFunc(children(program), isGuardian) })
			switch name {
			case "SIGKILL":
				kill(t, program)
			case "SIGKILL to the group":
				kill(t, -program)
			default:
				term.Key("ctrl+d")
			}
			term.WaitFor("The program died.")
			waitFor(t, "cooked mode", func() bool { return !term.RawMode() })
			if err := term.Restored(); err != nil && !strings.Contains(err.Error(), "line settings") {
				t.Error(err)
			}
			if name == "foreign panic" {
				if b, err := os.ReadFile(crash); err != nil || !strings.Contains(string(b), "nobody recovers") {
					t.Errorf("crash file %q %v", b, err)
				}
			}
		})
	}
}

// kill kills a process or a group.
func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// children returns the processes that a process started.
func children(pid int) []int {
	var all []int
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil
	}
	for _, path := range tasks {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // the thread is gone
		}
		for _, f := range strings.Fields(string(b)) {
			if n, err := strconv.Atoi(f); err == nil {
				all = append(all, n)
			}
		}
	}
	return all
}

// isGuardian reports whether a process runs the script of the guardian.
func isGuardian(pid int) bool {
	args, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && bytes.Contains(args, []byte("guardian"))
}

// childOf returns the only process that a process started.
func childOf(t *testing.T, pid int) int {
	t.Helper()
	c := children(pid)
	if len(c) != 1 {
		t.Fatalf("%d children", len(c))
	}
	return c[0]
}

func TestHangUpEndsTheProgram(t *testing.T) {
	term := start(t, uitest.Options{})
	pid := term.Pid()
	term.HangUp()
	waitFor(t, "the end of the process", func() bool {
		b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
		return err != nil || bytes.Contains(b, []byte(") Z "))
	})
}

// waitFor waits until a condition holds that nothing signals.
func waitFor(t *testing.T, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestUnreadTerminalNeverStopsUpdate(t *testing.T) {
	for _, mute := range []bool{false, true} {
		t.Run("mute "+strconv.FormatBool(mute), func(t *testing.T) {
			crash := filepath.Join(t.TempDir(), "crash")
			term := start(t, uitest.Options{Cols: 200, Rows: 60, Mute: mute}, "CRASH_FILE="+crash)
			if !mute {
				term.WaitFor("note measured true")
			}
			term.Pause()
			term.Key("ctrl+f") // 3000 messages, each changes the whole screen
			timer := time.NewTimer(2 * time.Second)
			<-timer.C
			term.Type("still here")
			term.Key("ctrl+l") // writes a line into the crash file
			waitFor(t, "Update to take the keys", func() bool {
				b, err := os.ReadFile(crash)
				return err == nil && len(b) > 0
			})
			term.Mark()
			term.Resume()
			term.WaitFor("typed still here")
			term.WaitFor("ticks 3000")
			// What waited is the queue of the kernel and one frame, not one
			// frame for each of the messages.
			if n := term.Written(); n > 120_000 {
				t.Errorf("%d bytes of old frames", n)
			}
			term.Key("ctrl+q")
			if code := term.WaitExit(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			restored(t, term)
		})
	}
}

func TestTerminalThatStopsAnsweringIsDrawnOn(t *testing.T) {
	term := start(t, uitest.Options{Cols: 200, Rows: 60})
	term.WaitFor("note measured true")
	term.Mute(true)
	term.Key("ctrl+f") // large frames, whose answers never come
	term.WaitFor("ticks 3000")
	term.Type("x")
	term.WaitFor("typed x")
	term.Mute(false)
	term.Key("ctrl+f")
	term.Type("y")
	term.WaitFor("typed xy")
	term.Key("ctrl+q")
	if code := term.WaitExit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	restored(t, term)
}

func TestUnreadTerminalCanBeLeft(t *testing.T) {
	term := start(t, uitest.Options{Cols: 200, Rows: 60})
	term.WaitFor("note measured true")
	term.Pause()
	term.Key("ctrl+f")
	timer := time.NewTimer(300 * time.Millisecond)
	<-timer.C
	begin := time.Now()
	term.Signal(syscall.SIGTERM)
	waitFor(t, "cooked mode", func() bool { return !term.RawMode() })
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("leaving took %v", d)
	}
	term.Resume()
	if code := term.WaitExit(); code != 128+15 {
		t.Errorf("exit code %d\n%s", code, term.Dump())
	}
}

func TestResizeStorm(t *testing.T) {
	term := start(t, uitest.Options{Cols: 120, Rows: 40})
	for i := range 60 {
		term.Resize(40+(i*37)%160, 10+(i*13)%50)
	}
	term.Resize(93, 31)
	term.WaitFor("size 93x31")
	term.WaitUntil("the border in every row", func(s string) bool {
		rows := strings.Split(s, "\n")
		for _, r := range rows {
			if len(r) != 93 || r[92] != '|' {
				return false
			}
		}
		return len(rows) == 31
	})
}

func TestPasteKeepsEveryByteFromTheScreen(t *testing.T) {
	term := start(t, uitest.Options{})
	term.WaitFor("note measured true")
	term.Mark()
	term.Paste("a\x1b]52;c;aGk=\x07b\u202ec\u009b2Jd")
	term.WaitFor("typed a")
	raw := term.Raw()
	if i := bytes.Index(raw, []byte("aGk")); i >= 0 && bytes.Contains(raw, []byte("\x1b]52;c;aGk")) {
		t.Error("a pasted sequence reached the terminal")
	}
	if term.Clipboard() != "" {
		t.Errorf("clipboard %q", term.Clipboard())
	}
}

func TestControlSequences(t *testing.T) {
	term := start(t, uitest.Options{})
	term.Type("copied")
	term.Key("ctrl+y")
	term.WaitUntil("the clipboard", func(string) bool { return term.Clipboard() == "copied" })
	if term.Title() != "copied" || term.Bells() != 1 {
		t.Errorf("title %q, %d bells", term.Title(), term.Bells())
	}
}

func TestStderrGoesToTheCrashFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "crash")
	term := start(t, uitest.Options{}, "CRASH_FILE="+path)
	term.Key("ctrl+l")
	term.Type("x")
	term.WaitFor("typed x")
	if strings.Contains(term.Screen(), "library") {
		t.Errorf("it is on the screen\n%s", term.Dump())
	}
	b, err := os.ReadFile(path)
	if err != nil || string(b) != "a library prints\n" {
		t.Errorf("crash file %q, %v", b, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
}

func TestSynchronizedOutput(t *testing.T) {
	term := start(t, uitest.Options{Sync: true, Cols: 200, Rows: 60})
	term.WaitFor("note measured true")
	set, reset := term.ModeCount(2026)
	term.Key("ctrl+f")
	term.WaitFor("ticks 3000")
	term.WaitUntil("the end of the frame", func(string) bool { s, r := term.ModeCount(2026); return s == r || r > s })
	s, r := term.ModeCount(2026)
	if s == set || r == reset {
		t.Errorf("frames are not synchronized: %d set, %d reset", s-set, r-reset)
	}
}

func TestNotATerminal(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	term := start(t, uitest.Options{Argv: []string{"/bin/sh", "-c", `"$PROGRAM" </dev/null; echo code $?`}}, "PROGRAM="+exe)
	term.WaitFor("code 2")
	term.WaitFor("must be a terminal")
}

func TestColours(t *testing.T) {
	for name, c := range map[string]struct {
		env  []string
		want string
	}{
		"true colour":          {[]string{"COLORTERM=truecolor"}, "color.RGBA"},
		"256 colours":          {nil, "ansi.IndexedColor"},
		"16 colours":           {[]string{"TERM=xterm"}, "ansi.BasicColor"},
		"NO_COLOR, any value":  {[]string{"COLORTERM=truecolor", "NO_COLOR=yes"}, "<nil>"},
		"NO_COLOR, even empty": {[]string{"COLORTERM=truecolor", "NO_COLOR="}, "color.RGBA"},
	} {
		t.Run(name, func(t *testing.T) {
			term := start(t, uitest.Options{}, append(c.env, "EXTRA=coloured")...)
			term.WaitFor("coloured")
			if got := fmt.Sprintf("%T", term.Cell(0, 4).Style.Fg); got != c.want {
				t.Errorf("the colour is a %s, want %s", got, c.want)
			}
		})
	}
}

func TestMouseFocusAndAltKeysReachTheModel(t *testing.T) {
	for _, legacy := range []bool{false, true} {
		term := start(t, uitest.Options{Legacy: legacy})
		term.WaitFor("note measured true")
		term.Click(3, 4)
		term.WaitFor("note click 3,4")
		term.Wheel(5, 6, 1)
		term.WaitFor("note wheel down")
		term.Write("\x1b[O")
		term.WaitFor("note blur")
		term.Write("\x1b[I")
		term.WaitFor("note focus")
		for _, key := range []string{"esc", "alt+a", "alt+shift+up", "shift+tab", "f1", "pgdown"} {
			term.Key(key)
			term.WaitFor("note key " + key)
		}
	}
}

func BenchmarkKeyToTerminal(b *testing.B) {
	for _, load := range []bool{false, true} {
		b.Run(fmt.Sprintf("load=%t", load), func(b *testing.B) {
			term := start(b, uitest.Options{Cols: 200, Rows: 50})
			term.WaitFor("note measured true")
			if load {
				term.Key("ctrl+r")
			}
			var times []time.Duration
			for b.Loop() {
				want := fmt.Sprintf("typed %d;", len(times))
				term.Write("\x15" + want[6:]) // ^U clears
				begin := time.Now()
				term.WaitFor(want)
				times = append(times, time.Since(begin))
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2].Microseconds()), "p50-us")
			b.ReportMetric(float64(times[len(times)*9/10].Microseconds()), "p90-us")
			b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-us")
		})
	}
}
