package words

import "hubbub/store/chat"

// LeaveQuestion asks whether a channel or server shall be left, and says what
// coming back takes as far as that is known.
//
// Spec: client-server-api#mroomjoin_rules
func LeaveQuestion(r *chat.Room) string {
	if r.Type == chat.RoomSpace {
		return "Leave the server? Its channels stay in your list until you leave them too. " + comingBack(r)
	}
	return "Leave it? " + comingBack(r)
}

func comingBack(r *chat.Room) string {
	switch {
	case r.Joined == 1: // without a member there is nobody to come in by, whatever the rule
		return "You are the only one in it: after that nobody can come back, and what was written there is lost for good."
	case r.JoinRule == "public":
		return "Everybody may join it: you can come back at any time."
	case r.JoinRule == "restricted", r.JoinRule == "knock_restricted":
		return "You can come back as long as you are a member of its server."
	case r.JoinRule == "knock":
		return "To come back you have to ask, or be invited."
	case r.JoinRule == "invite", r.JoinRule == "private":
		return "To come back you have to be invited again."
	}
	return "Coming back may take a new invite."
}
