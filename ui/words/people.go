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

// LoadingMembers stands in the list until it is known.
const LoadingMembers = "Fetching members…"

// Heading returns "MEMBERS — 12".
func Heading(name string, n int) string { return name + " — " + strconv.Itoa(n) }
