package words

import (
	"strings"
	"time"

	"hubbub/store/chat"
)

// Fingerprint writes a key in groups of four letters, to be read aloud.
func Fingerprint(key string) string {
	var b strings.Builder
	for i, r := range key {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// SessionWord says in a few words how far a session is trusted.
func SessionWord(t chat.SessionTrust) string {
	switch t {
	case chat.SessionUnsigned:
		return "not confirmed by its owner"
	case chat.SessionSigned:
		return "confirmed by its owner"
	case chat.SessionVerified:
		return "verified"
	case chat.SessionBlocked:
		return "blocked by you"
	case chat.SessionRekeyed:
		return "its keys were replaced"
	case chat.SessionGone:
		return "signed out"
	}
	return ""
}

// NoEncryption is a session that has no keys.
const NoEncryption = "does not encrypt"

// OwnSessionWord says the same of a session of this account.
func OwnSessionWord(t chat.SessionTrust) string {
	switch t {
	case chat.SessionUnsigned:
		return "not verified"
	case chat.SessionSigned: // with an identity that this session has no reason to trust
		return "not verified by this session"
	case chat.SessionVerified:
		return "verified"
	case chat.SessionBlocked, chat.SessionRekeyed, chat.SessionGone:
	}
	return SessionWord(t)
}

// SessionWhy says what the trust in a session rests on, and what it leads to.
func SessionWhy(t chat.SessionTrust, own bool) string {
	switch t {
	case chat.SessionUnsigned:
		if own {
			return "You have not verified this session. If you do not know it, sign it out: somebody may have your password."
		}
		return "Its owner has not confirmed this session. It may be theirs, or the homeserver may have added it to read along."
	case chat.SessionSigned:
		if own {
			return "It is signed with the identity that your account has now, which this session is not verified with."
		}
		return "Its owner has confirmed it. You have not verified the owner, but it is the identity that you have seen from the start."
	case chat.SessionVerified:
		if own {
			return "It is signed with your identity, which this session is verified with."
		}
		return "Its owner has confirmed it, and you have verified the owner."
	case chat.SessionBlocked:
		return "You have blocked it: it gets no keys, so it cannot read what you write."
	case chat.SessionRekeyed:
		return "The homeserver gives other keys for this session than before. Sessions never change their keys: it gets none any more."
	case chat.SessionGone:
		return "The homeserver does not list it any more: it was signed out."
	}
	return ""
}

// PersonWord says in a few words how far an identity is trusted.
func PersonWord(t chat.PersonTrust) string {
	switch t {
	case chat.PersonUnknown:
		return "no identity known"
	case chat.PersonPinned:
		return "known, not verified"
	case chat.PersonVerified:
		return "verified"
	case chat.PersonChanged:
		return "identity changed"
	case chat.PersonWithdrawn:
		return "verified before, identity changed"
	}
	return ""
}

// PersonWhy says what the trust in a person rests on.
func PersonWhy(t chat.PersonTrust, own bool) string {
	if own {
		switch t {
		case chat.PersonVerified:
			return "This is you. Your sessions that carry your identity's signature are trusted."
		case chat.PersonUnknown:
			return "This is you. Your account has no identity yet: nobody can tell which sessions are yours."
		case chat.PersonPinned, chat.PersonChanged, chat.PersonWithdrawn:
			return "This is you, but this session is not verified with your identity."
		}
	}
	switch t {
	case chat.PersonUnknown:
		return "They have set up no identity: their sessions cannot be told from ones that the homeserver adds."
	case chat.PersonPinned:
		return "Their identity is the one you know: seen first, or accepted by you. Verify them to be certain that nobody stands in between."
	case chat.PersonVerified:
		return "You have verified them: their identity is theirs, and nobody stands in between."
	case chat.PersonChanged:
		return "Their identity is another one than before. They may have set it up anew, or somebody may pretend to be them. Ask them on another way before you write what matters."
	case chat.PersonWithdrawn:
		return "You had verified them, and now their identity is another one. Nothing is sent to them until you verify them again or accept the new identity."
	}
	return ""
}

// AcceptIdentity asks before a changed identity is accepted.
func AcceptIdentity(name string, verified bool) string {
	s := "Accept the new identity of " + name + "? Messages are encrypted for it from then on. If it is not theirs, somebody else reads along."
	if verified {
		s += " They count as not verified until you verify them again."
	}
	return s
}

// LockWord names what protects a channel, for the header; "" where nothing does.
func LockWord(encrypted bool) string {
	if encrypted {
		return "encrypted"
	}
	return ""
}

// KeyAge says how old the key of a channel is, for the header: "new key", "key 3 d".
func KeyAge(d time.Duration) string {
	if d < time.Minute {
		return "new key"
	}
	return "key " + ShortAge(d)
}

// ShortAge is a length of time in its largest unit, rounded down: "5 min", "3 h", "12 d".
func ShortAge(d time.Duration) string {
	switch {
	case d < time.Hour:
		return Count(int(d/time.Minute), "min", "min")
	case d < 48*time.Hour:
		return Count(int(d/time.Hour), "h", "h")
	}
	return Count(int(d/(24*time.Hour)), "d", "d")
}

// Ago says how long ago something was.
func Ago(d time.Duration) string {
	if d < time.Minute {
		return "just now"
	}
	return ShortAge(d) + " ago"
}

// Unconfirmed counts sessions that their owners have not confirmed.
func Unconfirmed(n int) string { return Count(n, "unconfirmed", "unconfirmed") }

// PolicyWord names a policy in the header; "" for the one that holds by default.
func PolicyWord(p chat.Policy) string {
	switch p {
	case chat.PolicySigned:
		return "confirmed only"
	case chat.PolicyVerified:
		return "verified only"
	case chat.PolicyInherit, chat.PolicyAll:
	}
	return ""
}

// PolicyName names a policy where one is chosen.
func PolicyName(p chat.Policy) string {
	switch p {
	case chat.PolicyInherit:
		return "As the server says"
	case chat.PolicyAll:
		return "All sessions"
	case chat.PolicySigned:
		return "Confirmed sessions only"
	case chat.PolicyVerified:
		return "Verified people only"
	}
	return ""
}

// PolicyWhy says what a policy means.
func PolicyWhy(p chat.Policy) string {
	switch p {
	case chat.PolicyInherit:
		return "What is set for the server holds; without a setting, all sessions."
	case chat.PolicyAll:
		return "Every session of every member can read what you write."
	case chat.PolicySigned:
		return "Sessions that their owners have not confirmed cannot read what you write."
	case chat.PolicyVerified:
		return "Only sessions of people whom you have verified can read what you write."
	}
	return ""
}

// ExcludedNote says who would not get the next message. more counts people who are not named.
func ExcludedNote(names []string, more int, key string) string {
	return "Would not get it: " + list(names, more) + keyFor(key, "why")
}

// ChangedNote warns of changed identities.
func ChangedNote(names []string, more int, key string) string {
	return "Identity changed: " + list(names, more) + keyFor(key, "why")
}

func keyFor(key, does string) string {
	if key == "" {
		return ""
	}
	return " · " + key + " " + does
}

// SessionsOfYours stands for own sessions among those who are left out.
const SessionsOfYours = "a session of yours"

// Join puts words behind a sign, with dots between them.
func Join(sign string, parts []string) string {
	if len(parts) == 0 {
		return sign
	}
	return sign + " " + strings.Join(parts, " · ")
}

// list joins names: "ada, bo and 3 others".
func list(names []string, more int) string {
	switch {
	case more > 0:
		return strings.Join(names, ", ") + " and " + Count(more, "other", "others")
	case len(names) > 1:
		return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
	}
	return strings.Join(names, "")
}
