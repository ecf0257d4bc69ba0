package chat

import (
	"fmt"
	"strings"
	"testing"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/term"
	"hubbub/ui/internal/theme"
)

// However long a name is and however narrow the window: what came in the clear
// is marked, and whose name is another's is told apart.
func TestMarksHaveRoom(t *testing.T) {
	long := "Alexandra Johnson-Smith of the Tall Trees"
	plain := func(m *chat.Message) { m.Plain, m.SenderName = true, long }
	for _, width := range []int{30, 40, 80, 120, 200} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			w := newWorld()
			w.say("mal", "injected", 1, plain)
			w.say("mal", "injected too", 1, plain)
			w.say("mal", "waves", 1, plain, func(m *chat.Message) { m.Kind = chat.KindEmote })
			w.say("twin", "borrowed", 1, func(m *chat.Message) { m.SenderName, m.SenderAmbiguous = long, true })
			got, _ := paint(newPane(t, w), width, 30)
			warn := string(newPane(t, w).th.Glyphs.Warn)
			if n := strings.Count(got, "\n"+warn); n != 3 {
				t.Errorf("%d of 3 marks in the gutter:\n%s", n, got)
			}
			if n := strings.Count(got, "not encrypted"); n < 2 {
				t.Errorf("the words stand %d times:\n%s", n, got)
			}
			if !strings.Contains(got, "@twin") {
				t.Errorf("the id is not there:\n%s", got)
			}
		})
	}
}

// A text that is longer than the composer says how much of it is out of sight.
func TestComposerSaysThatThereIsMore(t *testing.T) {
	p := newPane(t, newWorld())
	c, g := screen.NewCanvasForTest(60, 24, term.Full())
	see := func() string { p.Paint(c); return g.String() } // what changed, and no more
	see()
	p.PasteNow(strings.Repeat("line\n", 29) + "end")
	if got := see(); !strings.Contains(got, "↑ 24 more") {
		t.Errorf("no mark of what is above:\n%s", got)
	}
	p.Do(keymap.TextStart)
	if got := see(); !strings.Contains(got, "↓ 24 more") || strings.Contains(got, "↑") {
		t.Errorf("no mark of what is below:\n%s", got)
	}
	p.Do(keymap.SelectAll)
	p.Do(keymap.DeleteBack)
	if got := see(); strings.Contains(got, "more") {
		t.Errorf("the mark stays:\n%s", got)
	}
}

// Without colours the message under the cursor is told from one that mentions me.
func TestCursorWithoutColours(t *testing.T) {
	w := newWorld()
	w.say("ada", "for me", 0, func(m *chat.Message) { m.Mention = true })
	w.say("bo", "for all", 9)
	p := newPane(t, w)
	th := theme.New(theme.Options{Colours: theme.Mono})
	p.SetTheme(&th)
	p.SetSize(60, 20)
	p.Do(keymap.MessageMode)
	if got, _ := paint(p, 60, 20); !strings.Contains(got, "\n→▏bo") || !strings.Contains(got, "\n▌▏ada") || !strings.Contains(got, "\n▌ for all") {
		t.Errorf("the cursor is not to be told:\n%s", got)
	}
}
