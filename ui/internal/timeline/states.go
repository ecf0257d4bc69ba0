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

// Doubtful reports whether the user id must stand beside a name, as the person
// could pass for another: others have the name (ambiguous), it is not what it
// looks like once nothing invisible is in it, or it holds the id of somebody else.
func Doubtful(name string, user chat.UserID, ambiguous bool) bool {
	shown := safe.Line(name).String()
	switch {
	case shown == "" || shown == string(user): // it is the id
		return false
	case ambiguous || shown != name:
		return true
	}
	for _, word := range strings.Fields(shown) {
		if _, id, ok := strings.Cut(word, "@"); ok && strings.Contains(id, ":") {
			return true
		}
	}
	return false
}

// StateLine says what one state change did.
func StateLine(msg *chat.Message) string {
	c := msg.State
	if c == nil {
		return Name(msg) + " " + words.StateVerb(&chat.StateChange{Type: msg.Type})
	}
	if c.Type != "m.room.member" {
		return Name(msg) + " " + words.StateVerb(c)
	}
	target, actor := memberNames(msg)
	return words.MemberLine(c, target, actor)
}

// memberNames returns who a membership change is about, and who did it if that
// is somebody else.
func memberNames(msg *chat.Message) (target, actor string) {
	target = NameOr(msg.State.TargetName, msg.State.Target)
	if msg.State.Target != msg.Sender {
		actor = Name(msg)
	}
	return target, actor
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
	for _, e := range run {
		c := e.State
		switch {
		case c == nil:
			add(words.StateVerb(&chat.StateChange{Type: e.Type}), Name(&e.Message), e.Sender)
		case c.Type == "m.room.member":
			target, actor := memberNames(&e.Message)
			add(words.MemberVerb(c, actor != ""), target, c.Target)
		default:
			add(words.StateVerb(c), Name(&e.Message), e.Sender)
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
