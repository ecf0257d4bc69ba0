package words

import (
	"strings"

	"hubbub/store/chat"
)

// ShieldWord is what stands beside a message with a shield.
func ShieldWord(s chat.Shield) string {
	switch s {
	case chat.ShieldNone:
		return ""
	case chat.ShieldUnknownOrigin:
		return "key from elsewhere"
	case chat.ShieldUnknownSession:
		return "from an unknown session"
	case chat.ShieldUnsigned:
		return "from an unconfirmed session"
	case chat.ShieldChanged:
		return "identity changed"
	case chat.ShieldMismatch:
		return "not from its sender"
	case chat.ShieldPlain:
		return NotEncrypted
	}
	return ""
}

// ShieldWhy says what a shield means, and what helps.
func ShieldWhy(s chat.Shield) (what, next string) {
	switch s {
	case chat.ShieldNone:
		return CameEncrypted, ""
	case chat.ShieldUnknownOrigin:
		return "Its key did not come from the session that wrote it, so it is not proven who wrote it.",
			"That is usual for messages from before this session was there."
	case chat.ShieldUnknownSession:
		return "The session that wrote it is not known, or was signed out since.", "Where it matters, ask the sender."
	case chat.ShieldUnsigned:
		return "The session that wrote it was not confirmed by its owner: somebody else may have written it.",
			"Ask the sender to verify that session, or verify the sender."
	case chat.ShieldChanged:
		return "The identity of its sender is not the one you have known or verified.",
			"Ask the sender on another way, then verify them or accept the new identity."
	case chat.ShieldMismatch:
		return "Its key belongs to somebody else than the sender that the homeserver names.",
			"Do not believe who it claims to be from."
	case chat.ShieldPlain:
		return "It came in clear, in an encrypted channel: the homeserver and whoever is on the way can read and change it.",
			"Ask the sender to use a client that encrypts."
	}
	return "", ""
}

// KeySource says where the key of a message came from.
func KeySource(k chat.KeySource, from string) string {
	switch k {
	case chat.KeyDirect:
		return "from the session that wrote the message"
	case chat.KeyForwarded:
		return "forwarded by another session of yours" + by(from)
	case chat.KeyBackup:
		return "from the key backup"
	case chat.KeyImported:
		return "from a file that was imported"
	case chat.KeyShared:
		return "from whoever invited you" + by(from)
	case chat.KeyUnknown:
	}
	return "not known"
}

func by(who string) string {
	if who == "" {
		return ""
	}
	return " (" + who + ")"
}

// UndecryptedBackup says what the key backup means for a message that cannot be read.
func UndecryptedBackup(t *chat.MessageTrust) string {
	switch t.Backup {
	case chat.BackupOn:
		if t.InBackup {
			return "The key backup was asked, and does not have the key."
		}
		return "The key backup has not been asked yet."
	case chat.BackupNoKey:
		return "There is a key backup, but this session is not connected to it: verify this session, or enter the recovery key."
	case chat.BackupUntrusted:
		return "There is a key backup that nobody you trust has signed: nothing is taken from it."
	case chat.BackupUnsupported:
		return "There is a key backup of a kind that hubbub does not know."
	case chat.BackupNone:
		return "There is no key backup."
	case chat.BackupFailed:
		return "The key backup does not answer as it should."
	case chat.BackupUnknown:
	}
	return "It is not known yet whether there is a key backup."
}

// UndecryptedAsked says whether own sessions were asked for the key.
func UndecryptedAsked(asked bool) string {
	if asked {
		return "Your other sessions have been asked for the key."
	}
	return "Your other sessions have not been asked for the key."
}

// UndecryptedRow is the row of a message that cannot be read: the cause, and the keys that help.
func UndecryptedRow(m *chat.Message, backup chat.BackupState, retry, why string) string {
	cause, next := Undecrypted(m)
	if keyMayCome(m.Cause) && (backup == chat.BackupNoKey || backup == chat.BackupUntrusted) {
		next = "The key backup is not connected."
	}
	s := strings.TrimRight(cause+" "+next, " .")
	if retry != "" && keyMayCome(m.Cause) {
		return s + inMode(retry+" looks again, "+why, "says more")
	}
	return s + SaysMore(why)
}

// keyMayCome reports whether a key that is found makes the message readable.
func keyMayCome(c chat.UndecryptedCause) bool {
	switch c {
	case chat.CauseUnknownSession, chat.CauseUnknownIndex, chat.CauseWithheld, chat.CauseBeforeJoin:
		return true
	case chat.CauseCorrupt, chat.CauseUnsupported:
	}
	return false
}

// KeyMayCome reports whether looking for the key of a message can help.
func KeyMayCome(c chat.UndecryptedCause) bool { return keyMayCome(c) }

// TrustedMessage says what a message without a shield rests on. sure reports
// that the session is known and confirmed.
func TrustedMessage(s *chat.Session, own bool) (text string, sure bool) {
	confirmed := s.ID != "" && (s.Trust == chat.SessionSigned || s.Trust == chat.SessionVerified)
	switch {
	case own && (confirmed || s.Current):
		return "It came encrypted, from a session of yours.", true
	case !confirmed || own:
		return CameEncrypted, false
	case s.Trust == chat.SessionVerified:
		return "It came encrypted, from a verified session of its sender.", true
	}
	return "It came encrypted, from a session that its sender has confirmed.", true
}

// What is said of messages that did not come encrypted.
const (
	NotEncryptedMessage = "It is not encrypted: the homeservers can read it."
	NotSentYet          = "It has not been sent yet."
)

// BackupKey says what the key of the key backup does now.
func BackupKey(b chat.BackupState) string {
	switch b {
	case chat.BackupNone, chat.BackupUnsupported:
		return "set up a key backup"
	case chat.BackupNoKey, chat.BackupUntrusted:
		return "connect the key backup"
	case chat.BackupUnknown, chat.BackupOn, chat.BackupFailed:
	}
	return "look in the key backup"
}

// VerifyKey says whom the key verifies.
func VerifyKey(own bool) string {
	if own {
		return "verify this session"
	}
	return "verify the sender"
}

// BlockKey says what the key does with a session.
func BlockKey(blocked bool) string {
	if blocked {
		return "unblock"
	}
	return "block"
}

// NeverPlainKey says what the key does.
func NeverPlainKey(on bool) string {
	if on {
		return "allow in clear"
	}
	return "never in clear"
}

// LeftOut heads the sessions that would not get the next message.
func LeftOut(n int) string {
	return "Left out — " + Count(n, "session does", "sessions do") + " not get what you write"
}
