package timeline

import (
	"slices"
	"strings"

	"hubbub/store/chat"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// Name returns the name to show for the sender of a message, sanitised and never empty.
func Name(msg *chat.Message) string { return NameOr(msg.SenderName, msg.Sender) }

// NameOr returns a name as one short line, or the user id when there is nothing
// to see in it.
func NameOr(name string, user chat.UserID) string {
	if s := safe.Line(name).String(); s != "" {
		return s
	}
	if s := safe.Line(string(user)).String(); s != "" {
		return s
	}
	return words.UnknownSender
}

// NameAlone names a person where no user id can stand beside the name: by the id
// if the person could pass for another, see [Doubtful].
func NameAlone(name string, user chat.UserID, ambiguous bool) string {
	if user != "" && Doubtful(name, user, ambiguous) {
		name = ""
	}
	return NameOr(name, user)
}

// Doubtful reports whether the user id must stand beside a name, as the person
// could pass for another: others have the name (ambiguous), it is not what it
// looks like once nothing invisible is in it, it can be read as another name in
// other letters, or it holds the id of somebody else.
func Doubtful(name string, user chat.UserID, ambiguous bool) bool {
	shown := safe.Line(name).String()
	if shown == "" || shown == string(user) { // it is the id
		return false
	}
	return ambiguous || safe.Doubtful(name)
}

// StateLine says what one state change did.
func StateLine(msg *chat.Message) string {
	c := msg.State
	if c == nil {
		return actor(msg) + " " + words.StateVerb(&chat.StateChange{Type: msg.Type})
	}
	if c.Type != "m.room.member" {
		return actor(msg) + " " + words.StateVerb(c)
	}
	target, by := memberNames(msg)
	return words.MemberLine(c, target, by)
}

// actor names the sender of a state change.
func actor(msg *chat.Message) string {
	return NameAlone(msg.SenderName, msg.Sender, msg.SenderAmbiguous)
}

// memberNames returns who a membership change is about, and who did it if that
// is somebody else.
func memberNames(msg *chat.Message) (target, by string) {
	target = NameAlone(msg.State.TargetName, msg.State.Target, false)
	if msg.State.Target != msg.Sender {
		by = actor(msg)
	}
	return target, by
}

// setsUp reports whether a change is of those that a client makes by itself
// when somebody creates a room: the summary says that it was created.
func setsUp(c *chat.StateChange) bool {
	if c == nil {
		return false
	}
	switch c.Type {
	case "m.room.power_levels", "m.room.join_rules", "m.room.history_visibility", "m.room.guest_access", "m.room.encryption",
		"m.room.name", "m.room.topic", "m.room.avatar", "m.room.canonical_alias", "m.space.parent":
		return true
	case "m.room.member":
		return c.Membership == chat.MemberJoined && c.PrevMembership != chat.MemberJoined
	}
	return false
}

// maxPhrases bounds the summary of a run; more is said as a number.
const maxPhrases = 6

// Summary says in one line what a run of state changes did: who joined, who
// left, and who changed what, each once. Who did several things in a row is
// named once.
func Summary(run []*Entry) string {
	type group struct {
		verb  string
		names []string
		users []chat.UserID
	}
	var groups []*group
	add := func(verb, name string, user chat.UserID) {
		verb = safe.Line(verb).String() // it may hold a topic
		for _, g := range groups {
			if g.verb == verb {
				if !slices.Contains(g.users, user) {
					g.names, g.users = append(g.names, name), append(g.users, user)
				}
				return
			}
		}
		groups = append(groups, &group{verb, []string{name}, []chat.UserID{user}})
	}
	var creator chat.UserID // while nobody else has done anything
	for _, e := range run {
		c := e.State
		if e.Sender != creator {
			creator = ""
		}
		switch {
		case creator != "" && setsUp(c):
			continue
		case c != nil && c.Type == "m.room.create":
			creator = e.Sender
		}
		switch {
		case c == nil:
			add(words.StateVerb(&chat.StateChange{Type: e.Type}), actor(&e.Message), e.Sender)
		case c.Type == "m.room.member":
			target, by := memberNames(&e.Message)
			add(words.MemberVerb(c, by != ""), target, c.Target)
		default:
			add(words.StateVerb(c), actor(&e.Message), e.Sender)
		}
	}
	var phrases []string
	for i, g := range groups {
		if i == maxPhrases {
			phrases = append(phrases, words.Count(len(groups)-i, "more change", "more changes"))
			break
		}
		if i > 0 && slices.Equal(g.users, groups[i-1].users) {
			phrases = append(phrases, words.Verb(g.verb, len(g.names)))
			continue
		}
		phrases = append(phrases, words.PeopleDo(g.names, g.verb))
	}
	return strings.Join(phrases, ", ")
}
