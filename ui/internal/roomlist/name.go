package roomlist

import (
	"cmp"
	"strings"

	"hubbub/store/chat"
	"hubbub/ui/safe"
)

// name returns the name of a room, or what stands for one in which there is
// nothing to see: a room must be told from others and found.
func name(r *chat.Room) string {
	if strings.ContainsFunc(r.Name, plain) || !safe.Line(r.Name).Empty() {
		return r.Name
	}
	return cmp.Or(r.Alias, string(r.DirectWith), string(r.ID))
}

// plain reports whether a character is certainly seen.
func plain(c rune) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' }
