package screen_test

import (
	"context"
	"fmt"
	"image/color"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/ui/internal/screen"
	"hubbub/ui/safe"
)

// programEnv makes the test binary run the test program instead of the tests.
const programEnv = "SCREEN_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(programEnv) != "" {
		os.Exit(runProgram())
	}
	os.Exit(m.Run())
}

// runProgram is a small program with a screen: it shows what is typed and does
// something bad on control keys.
func runProgram() int {
	s, err := screen.New(screen.Options{
		In: os.Stdin, Out: os.Stdout, Env: os.Environ(),
		CrashFile: os.Getenv("CRASH_FILE"), TempDir: os.Getenv("EDIT_DIR"),
		CrashNote: "The program died.",
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return screen.ExitCode(err)
	}
	m := &program{s: s, dirty: true, extra: os.Getenv("EXTRA")}
	err = s.Run(context.Background(), m)
	fmt.Printf("ended: %v\n", err)
	return screen.ExitCode(err)
}

// program is its model.
type program struct {
	s      *screen.Screen
	w, h   int
	typed  string
	note   string
	extra  string
	ticks  int
	filled bool
	dirty  bool
}

type tickMsg int

func (p *program) Init() tea.Cmd {
	p.s.SetTitle(safe.Lit("test program"))
	return nil
}

func (p *program) Dirty() bool { return p.dirty }

func (p *program) Update(msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case tea.WindowSizeMsg:
		p.w, p.h = m.Width, m.Height
	case tea.KeyPressMsg:
		return p.key(m)
	case tea.PasteMsg:
		p.typed += m.Content
	case screen.BurstMsg:
		p.note = fmt.Sprintf("burst %d %q", len(m.Text), m.Text)
	case tickMsg:
		p.ticks = int(m)
	case tea.MouseClickMsg:
		p.note = fmt.Sprintf("click %d,%d", m.X, m.Y)
	case tea.MouseWheelMsg:
		p.note = "wheel " + map[bool]string{true: "down", false: "up"}[m.Button == tea.MouseWheelDown]
	case tea.FocusMsg:
		p.note = "focus"
	case tea.BlurMsg:
		p.note = "blur"
	case screen.EditedMsg:
		p.note = fmt.Sprintf("edited %q %v", m.Text, m.Err)
	case tea.ResumeMsg:
		p.note = "resumed"
	case screen.ProfileMsg:
		p.note = fmt.Sprintf("measured %t", m.Profile.Measured)
	default:
		return nil
	}
	p.dirty = true
	return nil
}

func (p *program) key(k tea.KeyPressMsg) tea.Cmd {
	p.dirty = true
	switch k.String() {
	case "ctrl+q":
		return p.s.Quit()
	case "ctrl+p":
		panic("in update")
	case "ctrl+x":
		return func() tea.Msg { panic("in a cmd") }
	case "ctrl+b":
		return tea.Sequence(nil, tea.Batch(nil, func() tea.Msg { panic("in a batch") }))
	case "ctrl+g":
		return func() tea.Msg {
			go func() { defer p.s.Recover(); panic("in a goroutine") }()
			return nil
		}
	case "ctrl+d":
		go func() { panic("nobody recovers") }()
	case "ctrl+w":
		select {} // Update hangs
	case "ctrl+e":
		return p.s.Edit(p.typed)
	case "ctrl+z":
		return p.s.Suspend()
	case "ctrl+y":
		if err := p.s.Clipboard(p.typed); err != nil {
			p.note = err.Error()
		}
		p.s.Bell()
		p.s.SetTitle(safe.Line(p.typed))
	case "ctrl+f":
		p.filled = true
		go func() {
			for i := range 3000 {
				p.s.Send(tickMsg(i + 1))
			}
		}()
	case "ctrl+r":
		go func() { // 200 messages a second, each changes a row
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for i := 1; ; i++ {
				<-tick.C
				p.s.Send(tickMsg(i))
			}
		}()
	case "ctrl+l":
		fmt.Fprintln(os.Stderr, "a library prints")
	case "ctrl+u":
		p.typed = ""
	default:
		p.typed += k.Text
		if k.Text == "" {
			p.note = "key " + k.String()
		}
	}
	return nil
}

func (p *program) Paint(c screen.Canvas) screen.Cursor {
	p.dirty = false
	w, h := c.Size()
	rows := []string{
		"size " + strconv.Itoa(p.w) + "x" + strconv.Itoa(p.h),
		"typed " + p.typed, "note " + p.note, "ticks " + strconv.Itoa(p.ticks), p.extra,
	}
	for y := range h {
		row := ""
		switch {
		case y < len(rows):
			row = rows[y]
		case p.filled:
			row = strings.Repeat("tick "+strconv.Itoa(p.ticks)+" ", 40)
		}
		st := screen.Style{}
		if y == 4 {
			st.Fg = color.RGBA{R: 250, G: 100, B: 30, A: 255}
		}
		n := c.Text(0, y, w-1, safe.Line(row), st, "")
		c.Pad(n, y, w-1, screen.Style{})
		c.Rune(w-1, y, '|', screen.Style{})
	}
	return screen.Cursor{X: min(6+len(p.typed), w-1), Y: 1, Visible: true, Shape: screen.CursorBar}
}
