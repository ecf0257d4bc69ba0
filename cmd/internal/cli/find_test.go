package cli

import (
	"errors"
	"testing"

	"hubbub/store/chat"
)

// A message of a script must not go to whoever gives his channel the name of another.
func TestPickIsNotMisled(t *testing.T) {
	joined := func(id chat.RoomID, name, alias string) chat.Room {
		return chat.Room{ID: id, Name: name, Alias: alias, Membership: chat.MemberJoined}
	}
	ops, evil := joined("!ops:x", "Operations", "#ops:x"), joined("!evil:y", "#ops:x", "#ops:x")
	renamed := joined("!evil:y", "ops:x", "")
	for name, c := range map[string]struct {
		rooms []chat.Room
		ask   string
		want  chat.RoomID // "" for a refusal
	}{
		"alias":                        {[]chat.Room{ops}, "#ops:x", "!ops:x"},
		"alias of the own homeserver":  {[]chat.Room{ops}, "#ops", "!ops:x"},
		"name":                         {[]chat.Room{ops}, "operations", "!ops:x"},
		"id":                           {[]chat.Room{evil, ops}, "!ops:x", "!ops:x"},
		"two claim one alias":          {[]chat.Room{evil, ops}, "#ops:x", ""},
		"a name that looks like one":   {[]chat.Room{renamed}, "#ops:x", ""},
		"a name that looks like an id": {[]chat.Room{joined("!evil:y", "!ops:x", "")}, "!ops:x", ""},
		"an address and a name":        {[]chat.Room{evil, joined("!ops:x", "ops", "")}, "#ops", ""},
		"two of one name":              {[]chat.Room{ops, joined("!evil:y", "operations", "")}, "operations", ""},
	} {
		got, err := pick(c.rooms, c.ask, "x")
		var refused *usageError
		if got.ID != c.want || (c.want == "") != errors.As(err, &refused) {
			t.Errorf("%s: %q, %v", name, got.ID, err)
		}
	}
}
