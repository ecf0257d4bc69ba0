package cli

import (
	"strings"
	"testing"
	"time"

	"hubbub/store/chat"
)

// A line of `tail` or `rooms` says nothing in the name of somebody else.
func TestLinesAreNotForged(t *testing.T) {
	const room = chat.RoomID("!r:x")
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)
	for _, c := range []struct{ room, name, body, want string }{
		{"ops", "Eve", "hi\n  there", "03:04:05 ops  Eve: hi ⏎ there"},
		{"ops  Ada: yes", "Eve", "hi", "03:04:05 ops Ada: yes  Eve: hi"},
		{"ops\n03:04:06 ops  Ada: yes", "Eve", "hi", "03:04:05 ops 03:04:06 ops Ada: yes  Eve: hi"},
		{"ops", "Ada: yes. Eve", "hi", "03:04:05 ops  @eve:x: hi"},
		{"ops", "\u0410da", "hi", "03:04:05 ops  @eve:x: hi"},
		{"ops", "Eve", "hi" + strings.Repeat("\u2800", 58) + "03:04:06 ops  Ada: yes", "03:04:05 ops  Eve: hi 03:04:06 ops Ada: yes"},
	} {
		l := tailer{names: map[chat.RoomID]string{room: c.room}}
		if got := l.text(chat.Message{Room: room, Sender: "@eve:x", SenderName: c.name, Body: c.body, Time: at}); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if got := roomText(chat.Room{ID: room, Name: "ops  #secure:x  invite", Alias: "#a:x  space"}); got != "!r:x  ops #secure:x invite  #a:x space" {
		t.Errorf("%q", got)
	}
}
