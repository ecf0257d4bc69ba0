package convert

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"hubbub/store/chat"
)

// Member is the content of an m.room.member event.
type Member struct {
	Membership chat.Membership
	Name       string
	Avatar     string
	Reason     string
	Direct     bool // is_direct
}

// MemberContent reads the content of an m.room.member event.
//
// Spec: client-server-api#mroommember
func MemberContent(content []byte) Member {
	var m Member
	Members(content, func(key, value []byte) bool {
		switch string(key) {
		case "membership":
			m.Membership = chat.ParseMembership(text(value))
		case "displayname":
			m.Name = strings.TrimSpace(Cut(text(value), MaxName))
		case "avatar_url":
			m.Avatar = Cut(text(value), MaxName)
		case "reason":
			m.Reason = Cut(text(value), MaxTopic)
		case "is_direct":
			m.Direct = Bool(value)
		}
		return true
	})
	return m
}

// stateKeyOf names the member of a state event's content that is worth showing, by event type.
func stateKeyOf(typ string) string {
	switch typ {
	case "m.room.name":
		return "name"
	case "m.room.topic":
		return "topic"
	case "m.room.canonical_alias":
		return "alias"
	case "m.room.avatar":
		return "url"
	case "m.room.join_rules":
		return "join_rule"
	case "m.room.history_visibility":
		return "history_visibility"
	case "m.room.guest_access":
		return "guest_access"
	case "m.room.encryption":
		return "algorithm"
	case "m.room.tombstone":
		return "replacement_room"
	case "m.room.create":
		return "type"
	case "m.room.third_party_invite":
		return "display_name"
	}
	return ""
}

// StateValue returns the one value of a state event that is worth showing, or "".
func StateValue(typ string, content []byte) string {
	if key := stateKeyOf(typ); key != "" {
		return Cut(text(Get(content, key)), MaxTopic)
	}
	return ""
}

func (ev *Event) stateChange() *chat.StateChange {
	c := &chat.StateChange{Type: ev.Type, StateKey: ev.Key}
	if ev.Type != "m.room.member" {
		c.Value = StateValue(ev.Type, ev.Content)
		c.PrevValue = StateValue(ev.Type, ev.Prev)
		return c
	}
	now, prev := MemberContent(ev.Content), MemberContent(ev.Prev)
	c.Target, c.TargetName = chat.UserID(ev.Key), now.Name
	if c.TargetName == "" {
		c.TargetName = prev.Name
	}
	c.Membership, c.PrevMembership = now.Membership, prev.Membership
	c.Reason = now.Reason
	if prev.Membership == now.Membership {
		c.NameChanged = now.Name != prev.Name
		c.AvatarChanged = now.Avatar != prev.Avatar
	}
	c.PrevName = prev.Name
	return c
}

// Names reports whether body contains name as a word, whatever the case. It
// decides about mentions of messages that do not state them.
//
// Spec: client-server-api#default-override-rules (.m.rule.contains_display_name, removed in v1.17)
func Names(body, name string) bool {
	if name == "" || len(name) > len(body) {
		return false
	}
	b, n := strings.ToLower(body), strings.ToLower(name)
	for at := 0; ; {
		i := strings.Index(b[at:], n)
		if i < 0 {
			return false
		}
		i += at
		before, _ := utf8.DecodeLastRuneInString(b[:i])
		after, _ := utf8.DecodeRuneInString(b[i+len(n):])
		if !inWord(before) && !inWord(after) {
			return true
		}
		_, size := utf8.DecodeRuneInString(b[i:])
		at = i + size
	}
}

func inWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
