package words

import (
	"strconv"
	"strings"
	"time"

	"hubbub/store/chat"
)

// Titles and headings of sheets.
const (
	WhyTitle       = "Details"
	WhyEncryption  = "Encryption"
	WhyPerson      = "Why? Keys and sessions"
	WhyUndecrypted = "Why it cannot be read"
	WhyMessage     = "Message"
	WhySession     = "Session"
	RoomKeys       = "Keys"
	RoomAbout      = "About"
	PersonSessions = "Sessions"
	SessionsTitle  = "Sessions"
	SessionsNew    = "Was this you?"
	SessionsOthers = "Other sessions"
	SessionsThis   = "This session"
	DoctorTitle    = "Doctor"
	PolicyTitle    = "Who gets the keys?"
	RenameTitle    = "Rename the session"
	EndTitle       = "Sign out"
	BlockTitle     = "Block"
	AcceptTitle    = "New identity"
)

// Sentences of sheets.
const (
	Looking          = "Looking…"
	Checking         = "Checking…"
	LookingForKey    = "Looking for the key…"
	KeyNotFound      = "The key has not been found yet. It opens by itself when the key arrives."
	KeyFound         = "The key is here: the message can be read."
	NoTrustHere      = "Nothing is known about encryption here."
	SessionUnknown   = "not known"
	NoOtherSessions  = "There is no other session."
	NewSessionAlert  = "A new session is signed in to your account, and is not verified. If it was not you, somebody has your password: sign it out and change the password."
	NotEncryptedRoom = "Messages here are not encrypted: the homeservers can read them."
	EncryptedRoom    = "Messages here are end-to-end encrypted."
	NoKeyYet         = "The next message makes a new key."
	NeverPlainOn     = "Never in clear: nothing is sent here unless it is encrypted."
	NeverPlainOff    = "Allowed here. Where a channel is encrypted, nothing is ever sent in clear."
	SharesHistoryOn  = "Whoever is invited gets the keys of older messages, in sessions that are confirmed."
	SharesHistoryOff = "Whoever is invited cannot read older messages."
	RotateQuestion   = "Make a new key for this channel? The next message sends it to everybody who may read on. What was written before stays readable for whoever has the old key."
	Rotated          = "The next message has a new key."
	PolicySaved      = "Saved. It holds from the next message on."
	Accepted         = "The new identity is accepted."
	Blocked          = "The session gets no keys any more."
	Unblocked        = "The session gets keys again."
	Renamed          = "The session has a new name."
	Ended            = "Signed out."
	Dismissed        = "The session is not asked about again."
	BlockQuestion    = "Block this session? It cannot read what you write from the next message on."
	UnblockQuestion  = "Send keys to this session again?"
	DoctorStale      = "Something has changed since. Check again."
	RepairKey        = "repair"
	ThisSession      = "It is the session that you use now."
	CameEncrypted    = "It came encrypted."
	SenderChanged    = "The identity of its sender is another one now than the one you know: see the sender."
	SenderUnsigned   = "The session that wrote it is not confirmed by its owner: its client may not send keys to others. Verify the sender."
	NothingToVerify  = "It is verified already."
	CannotVerify     = "It does not encrypt, so it cannot be verified. If you do not know it, sign it out."
	NotThisSession   = "This is the session you use. Sign out of it with the action Sign out."
	NothingToRetry   = "This message can be read, or no key can help it."
	NotNewSession    = "Nobody asks about this session."
	NotInServer      = "The channel stands in no server."
	SheetNotHere     = "That cannot be done here."
	FingerprintHint  = "Compare it with what their client shows."
	NoFingerprint    = "none: it does not encrypt"
	SessionNameHint  = "a name that tells you which it is"
)

// InfoName returns the name of a line of a sheet.
func InfoName(key string) string {
	switch key {
	case "person":
		return "Sender"
	case "wrote":
		return "Written on"
	case "key":
		return "Key id"
	case "source":
		return "Key came"
	case "backup":
		return "Key backup"
	case "asked":
		return "Own sessions"
	case "code":
		return "Code"
	case "identity":
		return "Identity"
	case "fingerprint":
		return "Fingerprint"
	case "device":
		return "Session id"
	case "owner":
		return "Owner"
	case "seen":
		return "Last seen"
	case "ip":
		return "From address"
	case "trust":
		return "Trust"
	case "algorithm":
		return "Algorithm"
	case "age":
		return "Key age"
	case "used":
		return "Key used for"
	case "readers":
		return "Who can read"
	case "unsigned":
		return "Unconfirmed"
	case "excluded":
		return "Left out"
	case "changed":
		return "New identity"
	case "policy":
		return "Who gets keys"
	case "plain":
		return "In clear"
	case "shares":
		return "On invite"
	}
	return DetailName(key)
}

// RoomReaders counts who can read what is written now.
func RoomReaders(people, sessions int) string {
	switch {
	case people <= 1 && sessions == 0:
		return "only you, in this session"
	case people <= 1:
		return "only you, with " + Count(sessions, "other session", "other sessions")
	}
	return Count(people, "person", "people") + " with " + Count(sessions, "other session", "other sessions")
}

// UnsignedSessions counts sessions that are not confirmed.
func UnsignedSessions(n int) string {
	return Count(n, "session that its owner has not confirmed", "sessions that their owners have not confirmed")
}

// KeyLife says how old a key is and when it is replaced.
func KeyLife(l *chat.RoomLock) (age, used string) {
	age = ShortAge(l.Age)
	if l.Age < time.Minute {
		age = "new"
	}
	if l.MaxAge > 0 {
		age += "; replaced after " + Duration(l.MaxAge)
	}
	used = Count(l.Messages, "message", "messages")
	if l.MaxMessages > 0 {
		used += "; replaced after " + strconv.Itoa(l.MaxMessages)
	}
	return age, used
}

// NoKeysHere says why nobody can be chosen who gets keys.
const NoKeysHere = "This channel is not encrypted: there are no keys to give."

// PolicyHere says which policy holds and where it comes from.
func PolicyHere(p chat.Policy, from string) string {
	if from == "" {
		return PolicyName(p)
	}
	return PolicyName(p) + ", as " + from + " says"
}

// MoreExcluded counts sessions that are left out and not listed.
func MoreExcluded(n int) string { return "and " + Count(n, "more session", "more sessions") }

// PolicyFor heads the choice of a policy.
func PolicyFor(name string) string { return "It holds for what you write in " + name + " from now on." }

// EndQuestion asks before sessions are signed out.
func EndQuestion(names []string) string {
	if len(names) == 1 {
		return "Sign out " + names[0] + "? What is only on it is lost."
	}
	return "Sign out " + strconv.Itoa(len(names)) + " sessions? What is only on them is lost. This one stays."
}

// SessionLine is a session in a list: name and how far it is trusted.
func SessionLine(s *chat.Session, own bool) string {
	word := SessionWord(s.Trust)
	if own {
		word = OwnSessionWord(s.Trust)
	}
	if s.Fingerprint == "" && s.Trust == chat.SessionUnsigned {
		word = NoEncryption
	}
	return SessionName(s) + " · " + word
}

// SessionName returns the name of a session, or its id where it has none.
func SessionName(s *chat.Session) string {
	if strings.TrimSpace(s.Name) == "" {
		return string(s.ID)
	}
	return s.Name
}

// SessionSeen says when a session was last seen, and from where.
func SessionSeen(at time.Time, ip string, now time.Time) string {
	s := "not known"
	if !at.IsZero() {
		s = Ago(max(now.Sub(at), 0)) + ", " + at.Local().Format("2 January 2006 15:04")
	}
	if ip != "" {
		s += ", from " + ip
	}
	return s
}

// NewSessions is the badge of the status line: sessions that nobody has said anything about.
func NewSessions(n int, key string) string {
	s := Count(n, "new session", "new sessions")
	if key != "" {
		s += " · " + key
	}
	return s
}

// NewSessionSaid tells once that a session is new.
func NewSessionSaid(name, key string) string {
	return "A new session is signed in to your account: " + name + keyFor(key, "shows it")
}
