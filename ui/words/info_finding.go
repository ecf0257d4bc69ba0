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
	case chat.TopicLocale:
		return "Locale"
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
	if f.Problem == nil {
		return s
	}
	what, next := Problem(f.Problem)
	if f.State == chat.FindingBroken && f.Topic != chat.TopicBackup {
		s = what
	} else {
		s += " " + what
	}
	if next != "" && f.Fix == "" {
		s += " " + next
	}
	return s
}

// ok reports whether a finding is no reason to do anything.
func ok(f *chat.Finding) bool { return f.State == chat.FindingGood || f.State == chat.FindingInfo }

// one picks the sentence for something in order, and the one for something that is not.
func one(f *chat.Finding, good, bad string) string {
	if ok(f) {
		return good
	}
	return bad
}

// with ends a sentence with a value.
func with(s, detail string) string { return strings.TrimSuffix(s, ".") + colon(detail) }

func finding(f *chat.Finding) string {
	switch f.Topic {
	case chat.TopicHomeserver:
		return with(one(f, "The homeserver answers.", "The homeserver does not answer."), f.Detail)
	case chat.TopicClock:
		if ok(f) {
			return "This machine's clock agrees with the homeserver's."
		}
		return with("This machine's clock differs from the homeserver's.", f.Detail)
	case chat.TopicIdentity:
		return identityFinding(f)
	case chat.TopicSession:
		return sessionFinding(f)
	case chat.TopicSecrets:
		return secretsFinding(f)
	case chat.TopicRecovery:
		return recoveryFinding(f)
	case chat.TopicBackup:
		return backupFinding(f)
	}
	return moreFindings(f)
}

func identityFinding(f *chat.Finding) string {
	switch f.State {
	case chat.FindingGood:
		return with("Your account has an identity.", Fingerprint(f.Detail))
	case chat.FindingBroken:
		return "Your account's identity is not the one that this session was verified with. You may have set it up anew elsewhere, or somebody did."
	case chat.FindingWarning:
		return "Your account has no identity yet: nobody can tell which sessions are yours."
	case chat.FindingInfo:
	}
	return "It is not known yet whether your account has an identity."
}

func sessionFinding(f *chat.Finding) string {
	switch {
	case f.State == chat.FindingGood:
		return "This session is verified."
	case f.State == chat.FindingInfo && f.Fix == chat.FixSetUp:
		return "There is no identity to verify this session with."
	case f.State == chat.FindingInfo:
		return "It is not known yet whether this session is verified."
	}
	return "This session is not verified: others cannot tell that it is yours."
}

func secretsFinding(f *chat.Finding) string {
	switch f.State {
	case chat.FindingGood:
		return "The private keys of your identity are here, encrypted."
	case chat.FindingInfo:
		return "The private keys of your identity come here once this session is verified."
	case chat.FindingWarning, chat.FindingBroken:
	}
	return "The private keys of your identity are not here: this session cannot verify others."
}

func recoveryFinding(f *chat.Finding) string {
	switch {
	case f.State == chat.FindingGood:
		return "Recovery is set up: the recovery key brings everything back."
	case f.State == chat.FindingInfo:
		return "It is not known yet whether recovery is set up."
	case f.Fix == chat.FixRotate:
		return "Recovery is not complete: a secret that is here is missing there."
	}
	return "Recovery is not set up: when all sessions are lost, so are the keys."
}

func backupFinding(f *chat.Finding) string {
	switch {
	case f.State == chat.FindingGood:
		return "The key backup is connected and complete."
	case f.State == chat.FindingInfo && f.Count > 0:
		return "The key backup is connected; " + Count(f.Count, "key is", "keys are") + " still to be saved."
	case f.State == chat.FindingInfo:
		return "It is not known yet whether there is a key backup."
	case f.State == chat.FindingWarning && f.Fix == chat.FixRecover:
		return "There is a key backup, but this session is not connected to it."
	case f.State == chat.FindingWarning:
		return "There is no key backup: keys that are only here can be lost."
	}
	return "The key backup cannot be used."
}

func moreFindings(f *chat.Finding) string {
	switch f.Topic {
	case chat.TopicDeviceKeys:
		if f.State == chat.FindingWarning {
			return "The homeserver does not have this session's keys yet; they are sent by themselves."
		}
		return one(f, "The homeserver has this session's keys as they are here.",
			"The homeserver gives others other keys for this session than are here: they cannot write to it.")
	case chat.TopicOneTime:
		return one(f, "Others can reach this session: "+Count(f.Count, "one-time key", "one-time keys")+" at the homeserver.",
			"Only "+Count(f.Count, "one-time key is", "one-time keys are")+" left at the homeserver; more are made by themselves.")
	case chat.TopicSessions:
		switch {
		case ok(f) && f.Detail == "1":
			return NoOtherSessions
		case ok(f):
			return "All your other sessions are verified."
		}
		return Count(f.Count, "other session of yours is", "other sessions of yours are") + " not verified."
	case chat.TopicKeys:
		return Count(f.Count, "message key is", "message keys are") + " on this machine."
	case chat.TopicWaiting:
		if f.Count == 0 {
			return "No message waits for its key."
		}
		return "Messages wait for " + Count(f.Count, "key", "keys") + "."
	case chat.TopicPeople:
		if f.Count == 0 {
			return "Nobody's identity has changed."
		}
		return with("The identity of "+Count(f.Count, "person has", "people has")+" changed.", f.Detail)
	case chat.TopicStore:
		return with(one(f, "The files of the account are in order.", "A file of the account is not in order."), f.Detail)
	case chat.TopicKeyring:
		if f.State == chat.FindingGood {
			return "The account's secrets are in the system's keyring."
		}
		return with(one(f, "The account's secrets are in a file that only you can read.", "The account's secrets cannot be kept safely."), f.Detail)
	case chat.TopicLocale:
		return NotUTF8(f.Detail)
	case chat.TopicTerminal:
		return with(one(f, "The terminal shows what hubbub draws.", "The terminal lacks something; hubbub does without."), f.Detail)
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
		return "make a new backup"
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

// FixCommand says what repairs a finding, with the command, for the command line; "" for nothing.
func FixCommand(fix string) string {
	word := FixWord(fix)
	switch fix {
	case chat.FixVerify:
		return word + " with: hubbub verify"
	case chat.FixRecover:
		return word + " with: hubbub recovery"
	case chat.FixSignIn:
		return word + " with: hubbub login"
	case chat.FixSetUp, chat.FixRotate, chat.FixSession, chat.FixPerson, chat.FixBackup:
		return word + " in the window: hubbub"
	case chat.FixClock:
		return word
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
