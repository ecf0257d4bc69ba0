package words

import (
	"strconv"

	"hubbub/store/chat"
)

// Role returns the name of a power level.
func Role(power int) string {
	switch {
	case power >= chat.PowerCreator:
		return "CREATOR"
	case power >= 100:
		return "ADMIN"
	case power >= 50:
		return "MODERATOR"
	case power < 0:
		return "RESTRICTED"
	}
	return "MEMBER"
}

// InvitedRole heads people who are invited and have not answered.
const InvitedRole = "INVITED"

// MissingMembers stands below a list that does not have all: it is being
// fetched, or that did not work.
func MissingMembers(n int, failed bool) string {
	if failed {
		return strconv.Itoa(n) + " more not fetched"
	}
	return "fetching " + More(n) + "…"
}

// Heading returns "MEMBERS — 12".
func Heading(name string, n int) string { return name + " — " + strconv.Itoa(n) }
