package words

// WelcomeTitle heads what stands where no channel is open.
const WelcomeTitle = "No channel is open"

// WelcomeNews says what waits while no channel is open, one sentence a line.
func WelcomeNews(fetching bool, rooms, invites, unread, mentions int) []string {
	var out []string
	switch {
	case fetching:
		out = append(out, "Your channels are being fetched; those that are here can be read already.")
	case rooms == 0:
		out = append(out, "You are in no channel yet: join one, or write to somebody.")
	}
	if invites > 0 {
		out = append(out, Count(invites, "invite waits", "invites wait")+" for your answer.")
	}
	if unread > 0 {
		s := Count(unread, "channel has", "channels have") + " something new"
		if mentions > 0 {
			s += ", " + Count(mentions, "mention", "mentions") + " of you"
		}
		out = append(out, s+".")
	}
	return out
}
