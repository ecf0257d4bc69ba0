package chat

import (
	"fmt"
	"strings"
	"testing"

	"hubbub/store/chat"
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
