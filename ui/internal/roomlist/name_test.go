package roomlist_test

import (
	"strings"
	"testing"

	"hubbub/store/chat"
	"hubbub/ui/internal/roomlist"
)

// A room whose name shows nothing is called by what else tells it from others.
func TestNamesOfNothing(t *testing.T) {
	m := roomlist.New()
	m.Set(chat.Sidebar{Rooms: []chat.Room{
		{ID: "!a:x", Name: strings.Repeat("\u200b\ufeff\a", 1000)},
		{ID: "!b:x", Name: " ", Alias: "#b:x"},
		{ID: "!c:x", Name: "", DirectWith: "@cy:x", Direct: true},
		{ID: "!d:x", Name: "造船所"},
		{ID: "!f:x", Name: "@ada:x", DirectWith: "@eve:x", Direct: true},
		{ID: "!g:x", Name: "\u0410da", DirectWith: "@eve:x", Direct: true},
		{ID: "!h:x", Name: "Ada", DirectWith: "@ada:x", Direct: true},
		{ID: "!i:x", Name: "Иван", DirectWith: "@ivan:x", Direct: true},
		{ID: "!j:x", Name: "@ada:x", DirectWith: "@ada:x", Direct: true},
	}})
	m.Apply([]chat.Room{{ID: "!e:x", Name: "\x1b\x1b"}}, nil)
	for id, want := range map[chat.RoomID]string{
		"!a:x": "!a:x", "!b:x": "#b:x", "!c:x": "@cy:x", "!d:x": "造船所", "!e:x": "!e:x",
		"!f:x": "@eve:x", "!g:x": "@eve:x", "!h:x": "Ada", "!i:x": "Иван", "!j:x": "@ada:x",
	} {
		if got := m.Room(id).Name; got != want {
			t.Errorf("%s is called %q, want %q", id, got, want)
		}
	}
}
