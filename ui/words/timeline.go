package words

import (
	"strconv"
	"strings"

	"hubbub/store/chat"
)

// Words of formatted bodies.
const (
	CutHere      = "… the rest of this message is too long to show"
	DetailsTitle = "Details"
)

// ShowMore stands below a message that is too long to show at once. key shows
// the rest in message mode.
func ShowMore(key string) string {
	return "… long message" + inMode(key, "shows the rest")
}

// inMode says what a key of message mode does, or nothing without a key.
func inMode(key, does string) string {
	if key == "" {
		return ""
	}
	return " · in message mode " + key + " " + does
}

// Reveal says which key of message mode shows what a message hides.
func Reveal(key string) string {
	if key == "" {
		return ""
	}
	return "(in message mode " + key + " shows it)"
}

// SaysMore says which key of message mode explains a row.
func SaysMore(key string) string { return inMode(key, "says more") }

// Words of timeline rows.
const (
	Edited        = "(edited)"
	Sending       = "sending…"
	NotEncrypted  = "not encrypted"
	InThread      = "in a thread"
	GapLoading    = "loading older messages…"
	HoleLoading   = "loading missing messages…"
	GapIdle       = "older messages are on the homeserver"
	HoleIdle      = "messages are missing here"
	UnknownReply  = "a message that is not here"
	UnknownSender = "somebody"
)

// Words of the composer and its surroundings.
const (
	ReplyCancel  = "Esc cancels"
	EditBanner   = "Editing your message"
	CannotSend   = "You may not write in this channel"
	NotJoined    = "You are not in this channel"
	PasteFull    = "That is more text than a message can hold; the end was left out."
	NothingToSay = "There is nothing to edit."
	LoadingRoom  = "Loading…"
	EmptyRoom    = "No messages yet."
)

// DayLayout and DayYearLayout are time layouts of a day divider.
const (
	DayLayout     = "Monday, 2 January"
	DayYearLayout = "Monday, 2 January 2006"
	ClockLayout   = "15:04"
)

// NewBelow is the new divider; n is 0 when not known.
func NewBelow(n int) string {
	if n == 0 {
		return "new"
	}
	return strconv.Itoa(n) + " new"
}

// NewPill says that newer messages are below; n is 0 when only the place is older.
func NewPill(n int) string {
	if n == 0 {
		return "newest"
	}
	return strconv.Itoa(n) + " new"
}

// ReplyTo is the banner of the composer while answering.
func ReplyTo(name string) string { return "Replying to " + name }

// MessageTo is the placeholder of the composer.
func MessageTo(name string, direct bool) string {
	if direct {
		return "Message " + name
	}
	return "Message " + ChannelName(name, false)
}

// Typers says who types.
func Typers(names []string) string {
	switch len(names) {
	case 0:
		return ""
	case 1:
		return names[0] + " is typing…"
	case 2:
		return names[0] + " and " + names[1] + " are typing…"
	}
	return strconv.Itoa(len(names)) + " people are typing…"
}

// ThreadLine summarises a thread below its first message.
func ThreadLine(n int, last, clock string) string {
	s := Count(n, "reply", "replies")
	if last != "" {
		s += " · last " + last
		if clock != "" {
			s += " " + clock
		}
	}
	return s
}

// Deleted says that a message was deleted. by is "" when its sender did it.
func Deleted(by, reason string) string {
	s := "deleted"
	if by != "" {
		s += " by " + by
	}
	if reason != "" {
		s += ": " + reason
	}
	return s
}

// Undecrypted says why a message cannot be read, and what helps.
func Undecrypted(m *chat.Message) (cause, next string) {
	switch m.Cause {
	case chat.CauseWithheld:
		switch m.WithheldCode {
		case "m.unverified":
			return "The sender's client gives no key to sessions that are not verified.", "Verify this session."
		case "m.blacklisted":
			return "The sender has blocked this session.", "Ask the sender."
		case "m.no_olm":
			return "The sender's client could not reach this session to give it the key.", "It is asked again by itself."
		case "m.unauthorised":
			return "The sender's client does not let this session read the message.", "Ask the sender."
		}
		return "The sender's client did not give this session the key.", "Ask the sender."
	case chat.CauseUnknownIndex:
		return "The key that came opens only later messages.", "Another of your sessions may have the older key."
	case chat.CauseBeforeJoin:
		return "Sent before you joined; its key is not meant for you.", ""
	case chat.CauseCorrupt:
		return "The encrypted message is damaged.", "Ask the sender to send it again."
	case chat.CauseUnsupported:
		return "Encrypted in a way that hubbub does not know.", ""
	case chat.CauseUnknownSession:
	}
	return "Waiting for the key of this message.", "It opens by itself when the key arrives."
}

// Unreadable says that an event has a shape that cannot be read.
func Unreadable(kind, problem string) string {
	s := "Unreadable event"
	if kind != "" {
		s += " (" + kind + ")"
	}
	if problem != "" {
		s += ": " + problem
	}
	return s
}

// UnknownEvent names an event type that hubbub does not know.
func UnknownEvent(kind string) string { return "Event of the type " + either(kind, "unknown") }

// WaitingBecause says why a message waits to be sent.
func WaitingBecause(p *chat.Problem) string {
	if p == nil {
		return "waiting for the message before it"
	}
	return "waiting: " + because(p)
}

// NotSent says why a message was not sent, and the keys that help; why explains
// what a decision about trust keeps back.
func NotSent(p *chat.Problem, retry, discard, why string) string {
	s := "not sent"
	if p != nil {
		s += ": " + because(p)
	}
	if discard != "" {
		retry += " tries again, " + discard
	}
	if p != nil && (p.Kind == chat.ProblemIdentity || p.Kind == chat.ProblemNobody || p.Kind == chat.ProblemPlain) && why != "" {
		return s + inMode(retry+" discards it, "+why, "says more")
	}
	return s + inMode(retry, "discards it")
}

// GapFailed says why older messages could not be loaded.
func GapFailed(p *chat.Problem, key string) string {
	return "not loaded: " + because(p) + inMode(key, "tries again")
}

// because says what went wrong as a part of another sentence.
func because(p *chat.Problem) string {
	s, _ := Problem(p)
	s = strings.TrimRight(s, ".")
	if s != "" && s[0] >= 'A' && s[0] <= 'Z' && (len(s) == 1 || s[1] < 'A' || s[1] > 'Z') {
		s = string(s[0]+'a'-'A') + s[1:]
	}
	return s
}

// either returns s, or other if there is nothing in s.
func either(s, other string) string {
	if strings.TrimSpace(s) == "" {
		return other
	}
	return s
}

// WaitingForKey stands for a message that cannot be read in a preview.
const WaitingForKey = "a message that cannot be read yet"

// SeenBy names who has read a message: the first few of n.
func SeenBy(names []string, n int) string {
	s := "seen by " + strings.Join(names, ", ")
	if n > len(names) {
		s += " and " + Count(n-len(names), "other", "others")
	}
	return s
}

// Hint puts a key before what it does: "⏎ send".
func Hint(key, does string) string {
	switch key {
	case "Enter":
		key = "⏎"
	case "Shift+Enter":
		key = "⇧⏎"
	case "Alt+Enter":
		key = "Alt+⏎"
	}
	return key + " " + does
}

// What keys do, in the hints around the composer.
const (
	HintSend    = "send"
	HintSave    = "save the edit"
	HintNewline = "newline"
	HintMarks   = "/ command  : emoji  @ mention"
	HintReply   = "reply"
	HintEdit    = "edit"
	HintReact   = "react"
	HintCopy    = "copy"
	HintDelete  = "delete"
	HintMenu    = "menu"
	HintWrite   = "write"
	HintRetry   = "try again"
	HintDiscard = "discard"
	HintLook    = "look for the key"
	HintWhy     = "why?"
	HintRead    = "messages"

	HintSaveFile = "save file"
)
