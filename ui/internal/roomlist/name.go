package roomlist

import (
	"cmp"
	"strings"

	"hubbub/store/chat"
	"hubbub/ui/safe"
)

// name returns the name of a room, or what stands for one in which there is
// nothing to see: a room must be told from others and found.
// A direct message is called by the id of the other one where the name could
// pass for somebody else's.
func name(r *chat.Room) string {
	if r.Direct && r.DirectWith != "" && r.Name != string(r.DirectWith) && safe.Doubtful(r.Name) {
		return string(r.DirectWith)
	}
	if strings.ContainsFunc(r.Name, plain) || !safe.Line(r.Name).Empty() {
		return r.Name
	}
	return cmp.Or(r.Alias, string(r.DirectWith), string(r.ID))
}

// plain reports whether a character is certainly seen.
func plain(c rune) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' }
