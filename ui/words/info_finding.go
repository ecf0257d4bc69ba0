package words

import (
	"strconv"
	"strings"

	"hubbub/store/chat"
)

// Groups of the checkup.
const (
	GroupAccount  = "Account"
	GroupKeys     = "Keys"
	GroupSessions = "Sessions and people"
	GroupMachine  = "This machine"
)

// FindingGroup returns the heading under which a topic stands.
func FindingGroup(topic string) string {
	switch topic {
	case chat.TopicIdentity, chat.TopicSession, chat.TopicSecrets, chat.TopicRecovery:
		return GroupAccount
	case chat.TopicBackup, chat.TopicDeviceKeys, chat.TopicOneTime, chat.TopicKeys, chat.TopicWaiting:
		return GroupKeys
	case chat.TopicSessions, chat.TopicPeople:
		return GroupSessions
	}
	return GroupMachine
}

// FindingGroups returns the headings in the order of the checkup.
func FindingGroups() []string {
	return []string{GroupAccount, GroupKeys, GroupSessions, GroupMachine}
}

// FindingName names what was looked at.
func FindingName(topic string) string {
	switch topic {
	case chat.TopicHomeserver:
		return "Homeserver"
	case chat.TopicClock:
		return "Clock"
	case chat.TopicIdentity:
		return "Identity"
	case chat.TopicSession:
		return "This session"
	case chat.TopicSecrets:
		return "Private keys"
	case chat.TopicRecovery:
		return "Recovery"
	case chat.TopicBackup:
		return "Key backup"
	case chat.TopicDeviceKeys:
		return "Own keys"
	case chat.TopicOneTime:
		return "One-time keys"
	case chat.TopicSessions:
		return "Other sessions"
	case chat.TopicKeys:
		return "Message keys"
	case chat.TopicWaiting:
		return "Waiting"
	case chat.TopicPeople:
		return "People"
	case chat.TopicStore:
		return "Files"
	case chat.TopicKeyring:
		return "Secrets"
	case chat.TopicTerminal:
		return "Terminal"
	}
	return topic
}

// FindingState returns the word for how something is, for those who see no marks.
func FindingState(s chat.FindingState) string {
	switch s {
	case chat.FindingGood:
		return "good"
	case chat.FindingInfo:
		return "note"
	case chat.FindingWarning:
		return "warning"
	case chat.FindingBroken:
		return "broken"
	}
	return ""
}

// Finding returns the sentence of a finding, with the value that is worth showing.
func Finding(f *chat.Finding) string {
	s := finding(f)
	if f.Problem != nil {
		what, next := Problem(f.Problem)
		if s == "" || f.State == chat.FindingBroken {
			s = what
		} else {
			s += " " + what
		}
		if next != "" && f.Fix == "" {
			s += " " + next
		}
	}
	if f.Problem == nil {
		s = strings.TrimSuffix(s, ".") + colon(f.Detail)
	}
	return s
}

// one picks the sentence for something in order, and the one for something that is not.
func one(f *chat.Finding, good, bad string) string {
	if f.State == chat.FindingGood || f.State == chat.FindingInfo {
		return good
	}
	return bad
}

func finding(f *chat.Finding) string {
	switch f.Topic {
	case chat.TopicHomeserver:
		return one(f, "The homeserver answers.", "The homeserver does not answer.")
	case chat.TopicClock:
		return one(f, "This machine's clock agrees with the homeserver's.", "This machine's clock differs from the homeserver's.")
	case chat.TopicIdentity:
		return identityFinding(f)
	case chat.TopicSession:
		return one(f, "This session is verified.", "This session is not verified: others cannot tell that it is yours.")
	case chat.TopicSecrets:
		return one(f, "The private keys of your identity are here, encrypted.", "The private keys of your identity are not here.")
	case chat.TopicRecovery:
		return one(f, "Recovery is set up: the recovery key brings everything back.", "Recovery is not set up, or not complete: without it keys can be lost.")
	case chat.TopicBackup:
		return one(f, "The key backup is connected and complete.", "The key backup does not work, or lags behind.")
	}
	return moreFindings(f)
}

func identityFinding(f *chat.Finding) string {
	switch f.State {
	case chat.FindingGood:
		return "Your account has an identity."
	case chat.FindingBroken:
		return "Your account's identity is not the one that this session was verified with."
	case chat.FindingInfo, chat.FindingWarning:
	}
	return "Your account has no identity that this session is verified with."
}

func moreFindings(f *chat.Finding) string {
	n := strconv.Itoa(f.Count)
	switch f.Topic {
	case chat.TopicDeviceKeys:
		return one(f, "The homeserver has this session's keys as they are here.", "The homeserver has other keys for this session than are here.")
	case chat.TopicOneTime:
		return one(f, "Others can reach this session: "+n+" one-time keys at the homeserver.", "One-time keys run out: others may not reach this session.")
	case chat.TopicSessions:
		if f.State == chat.FindingGood {
			return "All your other sessions are verified."
		}
		return Count(f.Count, "session of yours is", "sessions of yours are") + " not verified."
	case chat.TopicKeys:
		return Count(f.Count, "message key", "message keys") + " on this machine."
	case chat.TopicWaiting:
		if f.Count == 0 {
			return "No message waits for its key."
		}
		return Count(f.Count, "message waits", "messages wait") + " for a key."
	case chat.TopicPeople:
		if f.Count == 0 {
			return "Nobody's identity has changed."
		}
		return "The identity of " + Count(f.Count, "person", "people") + " has changed."
	case chat.TopicStore:
		return one(f, "The files of the account are in order.", "A file of the account is not in order.")
	case chat.TopicKeyring:
		return one(f, "The account's secrets are kept safely.", "The account's secrets cannot be kept safely.")
	case chat.TopicTerminal:
		return one(f, "The terminal shows everything that hubbub draws.", "The terminal lacks something; hubbub does without.")
	}
	return FindingState(f.State)
}

// FixWord says what a repair does, for the line of a finding.
func FixWord(fix string) string {
	switch fix {
	case chat.FixVerify:
		return "verify this session"
	case chat.FixSetUp:
		return "set it up"
	case chat.FixRecover:
		return "enter the recovery key"
	case chat.FixRotate:
		return "make a new recovery key"
	case chat.FixBackup:
		return "connect the backup"
	case chat.FixSession:
		return "show sessions"
	case chat.FixPerson:
		return "show who"
	case chat.FixSignIn:
		return "sign in again"
	case chat.FixClock:
		return "set this machine's clock"
	}
	return ""
}

// FixHere reports whether the window can do a repair itself.
func FixHere(fix string) bool { return fix != chat.FixClock && FixWord(fix) != "" }

// FixCommand names the command that repairs a finding, for the command line, or "".
func FixCommand(fix string) string {
	switch fix {
	case chat.FixVerify:
		return "hubbub verify"
	case chat.FixRecover, chat.FixBackup:
		return "hubbub recovery"
	case chat.FixSignIn:
		return "hubbub login"
	case chat.FixSetUp, chat.FixRotate, chat.FixSession, chat.FixPerson:
		return "hubbub"
	case chat.FixClock:
		return FixWord(fix)
	}
	return ""
}

// TerminalColours says how many colours the terminal shows.
func TerminalColours(word string) string {
	switch word {
	case "full":
		return "256 colours or more"
	case "sixteen":
		return "16 colours"
	}
	return "no colours"
}

// Terminal describes the terminal for the checkup.
func Terminal(columns, rows int, colours string, measured, ascii bool) string {
	s := strconv.Itoa(columns) + "×" + strconv.Itoa(rows) + ", " + TerminalColours(colours)
	if measured {
		s += ", widths of characters measured"
	} else {
		s += ", widths of characters assumed"
	}
	if ascii {
		s += ", ASCII only"
	}
	return s
}

// DoctorSummary says what a checkup found.
func DoctorSummary(broken, warnings int) string {
	switch {
	case broken > 0 && warnings > 0:
		return Count(broken, "thing is", "things are") + " broken, " + Count(warnings, "warning", "warnings") + "."
	case broken > 0:
		return Count(broken, "thing is", "things are") + " broken."
	case warnings > 0:
		return "It works, with " + Count(warnings, "warning", "warnings") + "."
	}
	return "Everything is in order."
}
