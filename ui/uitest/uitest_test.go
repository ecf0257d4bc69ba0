package uitest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"hubbub/ui/internal/screen"
	"hubbub/ui/safe"
	"hubbub/ui/uitest"
)

// counter is a model that counts what Cmds return.
type counter struct {
	keys  []string
	n     int
	w, h  int
	dirty bool
}

type oneMsg struct{}

func one() tea.Msg { return oneMsg{} }

func (c *counter) Init() tea.Cmd { return one }

func (c *counter) Dirty() bool { return c.dirty }

func (c *counter) Update(msg tea.Msg) tea.Cmd {
	c.dirty = true
	switch m := msg.(type) {
	case oneMsg:
		c.n++
	case tea.WindowSizeMsg:
		c.w, c.h = m.Width, m.Height
	case tea.KeyPressMsg:
		c.keys = append(c.keys, m.String())
		if m.String() == "ctrl+n" {
			return tea.Batch(one, nil, tea.Sequence(one, one))
		}
	}
	return nil
}

func (c *counter) Paint(cv screen.Canvas) screen.Cursor {
	c.dirty = false
	cv.Text(0, 0, c.w, safe.Own(fmt.Sprintf("%d %s", c.n, strings.Join(c.keys, ","))), screen.Style{}, "")
	return screen.Cursor{X: c.n, Visible: true}
}

func TestSyncRunsCmdsToTheEnd(t *testing.T) {
	m := &counter{}
	s := uitest.NewSync(t, m, 40, 2, nil)
	s.Key("a", "ctrl+n", "shift+enter")
	if got := s.Grid().String(); got != "4 a,ctrl+n,shift+enter\n" {
		t.Errorf("%q", got)
	}
	if s.Cursor().X != 4 {
		t.Errorf("cursor %+v", s.Cursor())
	}
	s.Resize(5, 1)
	if got := s.Grid().String(); got != "4 a,c" {
		t.Errorf("%q", got)
	}
	s.Hold = true
	s.Key("ctrl+n")
	if held := s.Held(); len(held) != 1 || m.n != 4 {
		t.Errorf("%d Cmds held, %d run", len(held), m.n)
	}
}

func TestKeyNames(t *testing.T) {
	for _, name := range []string{
		"a", "A", "ctrl+k", "alt+shift+up", "f1", "enter", "shift+tab", "alt+!", "+", "ctrl++", "pgdown", "space", "alt+1", "?",
	} {
		k, err := uitest.ParseKey(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := k.String(); got != name {
			t.Errorf("%s became %s", name, got)
		}
	}
	for _, name := range []string{"", "hyper+x", "nokey", "ctrl+"} {
		if _, err := uitest.ParseKey(name); err == nil {
			t.Errorf("%q is taken for a key", name)
		}
	}
}

func TestPlainProgramInATerminal(t *testing.T) {
	term := uitest.Start(t, uitest.Options{Argv: []string{"/bin/sh", "-c", "read -r x; echo got $x; exit 7"}, Cols: 30, Rows: 5})
	term.Type("words\r")
	term.WaitFor("got words")
	if code := term.WaitExit(); code != 7 {
		t.Errorf("exit code %d", code)
	}
	if err := term.Restored(); err != nil {
		t.Error(err)
	}
}

func TestRestoredTellsWhatIsLeft(t *testing.T) {
	term := uitest.Start(t, uitest.Options{
		Argv: []string{"/bin/sh", "-c", `stty raw; printf '\033[?1049h\033[?25l\033[?2004h\033[>1u\033[22;2t\033[>4;2m'`},
	})
	term.WaitExit()
	err := term.Restored()
	if err == nil {
		t.Fatal("nothing is said")
	}
	for _, want := range []string{"line settings", "alternate", "2004", "keyboard", "title", "modifyOtherKeys", "cursor"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not said in %v", want, errors.Unwrap(err))
		}
	}
}
