package words

// Words of the list of a server's channels.
const (
	Browsing        = "Fetching the channels of this server…"
	NothingToBrowse = "This server lists no channels."
	BrowseHint      = "Name of a channel; Enter joins or opens it"
	ByInvitation    = "One joins this channel by invitation only."
)

// BrowseTitle heads the list of a server's channels.
func BrowseTitle(server string) string { return "Channels of " + server }

// Listed says how many are in a listed channel, and whether we are.
func Listed(members int, in bool) string {
	if in {
		return "joined · " + People(members)
	}
	return People(members)
}

// BrowseRow leads to the list of a server's channels; more are known that we are not in.
func BrowseRow(more int) string {
	if more == 0 {
		return "Browse channels"
	}
	return "Browse channels · " + More(more)
}
