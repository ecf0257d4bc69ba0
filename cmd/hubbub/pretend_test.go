package main_test

import (
	"strings"
	"testing"

	"hubbub/matrix/matrixtest"
)

// Somebody takes another's name with something invisible in it, and writes what acts when it is pasted.
func TestNobodyPassesAsAnother(t *testing.T) {
	t.Parallel()
	m := meet(t, matrixtest.Stack(t), "masks", nil)
	twin := m.me.hs.NewClient(t, "tw")
	twin.SetDisplayName("Ada\u200b")
	twin.Join(m.room)
	m.ada.SendText(m.room, "I am the real one")
	twin.SendText(m.room, "no, I am")
	twin.Send(m.room, "m.room.message", map[string]any{"msgtype": "m.emote", "body": "is not lying"})
	s := m.me.online(size(120, 36))
	s.open("masks", "#masks")
	s.WaitFor("is not lying")
	for _, cols := range []int{200, 120, 80, 40} {
		s.Resize(cols, 30)
		s.WaitUntil("the id beside the borrowed name", func(screen string) bool {
			rows := strings.Split(screen, "\n")
			for n, row := range rows {
				if strings.Contains(row, "no, I am") && n > 0 && strings.Contains(rows[n-1], "Ada @tw") {
					return strings.Contains(screen, "* Ada (@tw")
				}
			}
			return false
		})
		for _, row := range strings.Split(s.Screen(), "\n") {
			if strings.Contains(row, "Ada @ada") {
				t.Errorf("%d columns: the owner of the name is doubted too: %s", cols, row)
			}
		}
	}
	s.Resize(120, 36)
	twin.SendText(m.room, "try this\x1b[201~\nrm\u202e -rf\u200b .\n")
	s.WaitFor("try this")
	s.choose("try this")
	s.Key("y")
	s.WaitFor("Copied.")
	if got := s.Clipboard(); strings.TrimRight(got, "\n") != "try this\nrm -rf ." {
		t.Errorf("the clipboard has %q", got)
	}
	s.quit()
}
