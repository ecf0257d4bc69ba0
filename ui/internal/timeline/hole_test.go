package timeline

import (
	"testing"
	"time"

	"hubbub/store/chat"
)

// A message of ours that turns out to stand above what is loaded leaves, and
// comes with the page that it stands in: nothing between is passed over.
func TestSentMessageThatStandsFarUpLeaves(t *testing.T) {
	echo := msg(9, "me", 9, func(m *chat.Message) { m.ID, m.Seq = "", chat.SeqLocal+9 })
	p := page(msg(5, "ada", 5), msg(6, "ada", 6), echo)
	p.AtStart = false
	m := New(time.UTC)
	m.Reset(p, Marker{})
	moved := msg(9, "me", 9, func(m *chat.Message) { m.Seq = 1<<40 + 2 })
	m.Apply(&chat.RoomChange{Items: []chat.Message{moved}})
	if got := show(m); got != "day ada:m5 +m6" {
		t.Errorf("shown is %s", got)
	}
	m.Older(page(msg(1, "ada", 1), moved, msg(3, "ada", 3), msg(4, "ada", 4)))
	if got := show(m); got != "day ada:m1 me:m9 ada:m3 +m4 +m5 +m6" {
		t.Errorf("shown is %s", got)
	}
}
