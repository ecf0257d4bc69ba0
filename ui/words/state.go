package words

import (
	"strings"

	"hubbub/store/chat"
)

// Verbs of membership changes, as they stand behind the names of people.
const (
	VerbJoined  = "joined"
	VerbLeft    = "left"
	VerbInvited = "was invited"
	VerbKicked  = "was removed"
	VerbBanned  = "was banned"
	VerbUnban   = "was unbanned"
	VerbKnocked = "asked to join"
	VerbRefused = "declined the invite"
	VerbRecall  = "was uninvited"
	VerbName    = "changed the name"
	VerbAvatar  = "changed the picture"
	VerbNothing = "changed nothing"
)

// PeopleDo puts a verb behind names: "ada joined", "ada and bo joined", "3 people joined".
func PeopleDo(names []string, verb string) string {
	if len(names) > 1 && strings.HasPrefix(verb, "was ") {
		verb = "were " + verb[len("was "):]
	}
	switch len(names) {
	case 0:
		return ""
	case 1:
		return names[0] + " " + verb
	case 2:
		return names[0] + " and " + names[1] + " " + verb
	}
	return Count(len(names), "person", "people") + " " + verb
}

// MemberVerb returns what happened to a member. byOther says that somebody else did it.
//
// Spec: client-server-api#mroommember
func MemberVerb(c *chat.StateChange, byOther bool) string {
	switch c.Membership {
	case chat.MemberJoined:
		switch {
		case c.PrevMembership != chat.MemberJoined:
			return VerbJoined
		case c.NameChanged:
			return VerbName
		case c.AvatarChanged:
			return VerbAvatar
		}
		return VerbNothing
	case chat.MemberInvited:
		return VerbInvited
	case chat.MemberKnocked:
		return VerbKnocked
	case chat.MemberBanned:
		return VerbBanned
	case chat.MemberLeft, chat.MemberNone:
		switch {
		case c.PrevMembership == chat.MemberBanned:
			return VerbUnban
		case c.PrevMembership == chat.MemberInvited && !byOther:
			return VerbRefused
		case c.PrevMembership == chat.MemberInvited:
			return VerbRecall
		case byOther:
			return VerbKicked
		}
	}
	return VerbLeft
}

// MemberLine says in full what happened to a member. actor is "" when the member did it.
func MemberLine(c *chat.StateChange, target, actor string) string {
	verb := MemberVerb(c, actor != "")
	if verb == VerbName {
		switch {
		case c.PrevName != "" && c.TargetName != "":
			return c.PrevName + " is now " + c.TargetName
		case c.TargetName != "":
			return string(c.Target) + " is now " + c.TargetName
		}
	}
	s := target + " " + verb
	if actor != "" && verb != VerbJoined && verb != VerbLeft {
		s += " by " + actor
	}
	if c.Reason != "" {
		s += ": " + c.Reason
	}
	return s
}

// StateVerb says what somebody changed, to stand behind the name.
func StateVerb(c *chat.StateChange) string {
	switch c.Type {
	case "m.room.create":
		return "created the channel"
	case "m.room.name":
		if c.Value == "" {
			return "removed the channel's name"
		}
		return "named the channel " + c.Value
	case "m.room.topic":
		if c.Value == "" {
			return "removed the topic"
		}
		return "changed the topic to: " + c.Value
	case "m.room.avatar":
		return "changed the channel's picture"
	case "m.room.encryption":
		return "switched encryption on"
	case "m.room.join_rules":
		return "changed who can join" + to(joinRule(c.Value))
	case "m.room.history_visibility":
		return "changed who can read the history" + to(c.Value)
	case "m.room.guest_access":
		return "changed the access for guests" + to(c.Value)
	case "m.room.canonical_alias", "m.room.aliases":
		return "changed the channel's address" + to(c.Value)
	case "m.room.power_levels":
		return "changed roles"
	case "m.room.pinned_events":
		return "changed the pinned messages"
	case "m.room.tombstone":
		return "moved the channel to a new one"
	case "m.room.server_acl":
		return "changed which homeservers may take part"
	case "m.room.third_party_invite":
		return "invited somebody by address"
	case "m.space.child":
		return "changed the channels of the server"
	case "m.space.parent":
		return "changed the server of the channel"
	case "m.call.member", "org.matrix.msc3401.call.member":
		return "joined or left voice"
	}
	return "changed " + either(c.Type, "something")
}

func to(value string) string {
	if value == "" {
		return ""
	}
	return " to " + value
}

func joinRule(v string) string {
	switch v {
	case "public":
		return "everybody"
	case "invite":
		return "people who are invited"
	case "knock":
		return "people who ask"
	case "restricted", "knock_restricted":
		return "members of the server"
	}
	return v
}
