package words

import (
	"strings"

	"hubbub/store/chat"
)

// Verbs of membership changes, as they stand behind the names of people.
const (
	verbJoined  = "joined"
	verbLeft    = "left"
	verbInvited = "was invited"
	verbKicked  = "was removed"
	verbBanned  = "was banned"
	verbUnban   = "was unbanned"
	verbKnocked = "asked to join"
	verbRefused = "declined the invite"
	verbRecall  = "was uninvited"
	verbName    = "changed the name"
	verbAvatar  = "changed the picture"
	verbNothing = "changed nothing"
)

// PeopleDo puts a verb behind names: "ada joined", "ada and bo joined", "3 people joined".
func PeopleDo(names []string, verb string) string {
	verb = Verb(verb, len(names))
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

// Verb gives a verb its form for as many people: "was banned" of two is "were banned".
func Verb(verb string, people int) string {
	if was, ok := strings.CutPrefix(verb, "was "); ok && people > 1 {
		return "were " + was
	}
	return verb
}

// MemberVerb returns what happened to a member. byOther says that somebody else did it.
//
// Spec: client-server-api#mroommember
func MemberVerb(c *chat.StateChange, byOther bool) string {
	switch c.Membership {
	case chat.MemberJoined:
		switch {
		case c.PrevMembership != chat.MemberJoined:
			return verbJoined
		case c.NameChanged:
			return verbName
		case c.AvatarChanged:
			return verbAvatar
		}
		return verbNothing
	case chat.MemberInvited:
		return verbInvited
	case chat.MemberKnocked:
		return verbKnocked
	case chat.MemberBanned:
		return verbBanned
	case chat.MemberLeft, chat.MemberNone:
		switch {
		case c.PrevMembership == chat.MemberBanned:
			return verbUnban
		case c.PrevMembership == chat.MemberInvited && !byOther:
			return verbRefused
		case c.PrevMembership == chat.MemberInvited:
			return verbRecall
		case byOther:
			return verbKicked
		}
	}
	return verbLeft
}

// MemberLine says in full what happened to a member. actor is "" when the member did it.
func MemberLine(c *chat.StateChange, target, actor string) string {
	verb := MemberVerb(c, actor != "")
	if verb == verbName {
		switch {
		case c.PrevName != "" && c.TargetName != "":
			return c.PrevName + " is now " + c.TargetName
		case c.TargetName != "":
			return string(c.Target) + " is now " + c.TargetName
		}
	}
	s := target + " " + verb
	if actor != "" && verb != verbJoined && verb != verbLeft {
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
		return "changed who can join" + to(JoinRule(c.Value))
	case "m.room.history_visibility":
		return "changed who can read the history" + to(HistoryReaders(c.Value))
	case "m.room.guest_access":
		return guestAccess(c.Value)
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
	case "m.key.verification.request":
		return "asked to verify each other"
	case "m.key.verification.done":
		return "finished the verification"
	case "m.key.verification.cancel":
		return "ended the verification"
	}
	return "changed " + either(c.Type, "something")
}

func to(value string) string {
	if value == "" {
		return ""
	}
	return " to " + value
}

// JoinRule says who can join under a join rule.
//
// Spec: client-server-api#mroomjoin_rules
func JoinRule(v string) string {
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

// HistoryReaders says who can read the history under a history visibility.
//
// Spec: client-server-api#room-history-visibility
func HistoryReaders(v string) string {
	switch v {
	case "world_readable":
		return "everybody"
	case "shared":
		return "all members"
	case "invited":
		return "members, from their invite on"
	case "joined":
		return "members, from their joining on"
	}
	return v
}

// guestAccess says what somebody changed for people without an account.
//
// Spec: client-server-api#mroomguest_access
func guestAccess(v string) string {
	switch v {
	case "can_join":
		return "let guests join"
	case "forbidden":
		return "shut guests out"
	}
	return "changed the access for guests" + to(v)
}
