package words

import (
	"strconv"
	"strings"
	"time"

	"hubbub/store/chat"
)

// Details of problems that change the sentence: stable words of the Matrix side.
const (
	detailSoftLogout   = "soft_logout"
	detailNoKeyring    = "keyring_unreachable"
	detailKeyringEmpty = "keyring_empty"
	detailNoSecrets    = "secrets_missing"
	detailBadAddress   = "bad_address"
	detailBadUser      = "bad_user"
)

// codeNotFound is the homeserver's code for what it does not know.
const codeNotFound = "M_NOT_FOUND"

// Problem returns a sentence that says what went wrong and, where there is
// one, a sentence with the next step.
func Problem(p *chat.Problem) (what, next string) {
	if p == nil {
		return "", ""
	}
	what, next = problem(p)
	if p.RetryAfter > 0 && p.Kind != chat.ProblemRateLimit {
		next = "Next try in " + Duration(p.RetryAfter) + "."
	}
	return what, next
}

// ProblemLine returns both sentences of Problem in one line.
func ProblemLine(p *chat.Problem) string {
	what, next := Problem(p)
	if next == "" {
		return what
	}
	return what + " " + next
}

func problem(p *chat.Problem) (what, next string) {
	if what, next = byCode(p.Code); what != "" {
		return what, next
	}
	switch p.Kind {
	case chat.ProblemOffline:
		return "The homeserver cannot be reached.", "Check the network; hubbub keeps trying."
	case chat.ProblemNoHost:
		return "There is no host of that name" + colon(p.Detail), "Check the spelling of the address."
	case chat.ProblemTLS:
		return "The connection is not secure: the certificate was refused" + colon(p.Detail),
			"Check the address and this machine's clock."
	case chat.ProblemTimeout:
		return "The homeserver did not answer in time.", "Try again."
	case chat.ProblemNotMatrix:
		return "What answered there is not a Matrix homeserver" + colon(p.Detail),
			"Give the server name (example.org) or the homeserver's own address."
	case chat.ProblemHomeserver:
		return "The homeserver has trouble" + colon(p.Detail), "Try again in a while."
	case chat.ProblemRateLimit:
		return "The homeserver asks us to slow down.", retryIn(p.RetryAfter)
	case chat.ProblemPassword:
		return "The user name or the password is wrong.", "Type them again."
	case chat.ProblemNoPassword:
		return "This homeserver offers no sign-in by password" + offers(p.Detail),
			"hubbub can use password sign-in only; ask the homeserver's people, or use another homeserver."
	case chat.ProblemSignedOut:
		if p.Detail == detailSoftLogout {
			return "The homeserver asks for the password again.", "Sign in again; keys, drafts and unsent messages are kept."
		}
		return "The homeserver has signed this session out.", "Sign in again; messages and keys on this machine are still here."
	case chat.ProblemForbidden:
		return "The homeserver does not allow that" + colon(p.Detail), ""
	case chat.ProblemNotFound:
		if p.Code == "" && strings.HasPrefix(p.Detail, "/") {
			return "There is no file" + colon(p.Detail), "Check its path."
		}
		return notThere(p)
	case chat.ProblemTooLarge:
		return "That is too large for the homeserver.", "Send it in smaller parts."
	}
	return ownProblem(p)
}

// notThere words what the homeserver does not know. Its own sentence, in its own
// language, says no more than its code.
func notThere(p *chat.Problem) (what, next string) {
	switch {
	case p.Code != codeNotFound:
		return "The homeserver does not know that" + colon(p.Detail), "Check the address."
	case strings.Contains(strings.ToLower(p.Detail), "alias"):
		return "There is no channel at that address.", "Check its spelling."
	}
	return "The homeserver has nothing of that name.", "Check its spelling."
}

// byCode words what a code of the homeserver says alone; "" for the others.
func byCode(code string) (what, next string) {
	switch code {
	case "M_ROOM_IN_USE":
		return "That address is taken.", "Choose another."
	case "M_INCOMPATIBLE_ROOM_VERSION", "M_UNSUPPORTED_ROOM_VERSION":
		return "This homeserver is too old for that channel.", "Ask the homeserver's people to update it."
	}
	return "", ""
}

// ownProblem words what is wrong on this machine.
func ownProblem(p *chat.Problem) (what, next string) {
	switch p.Kind {
	case chat.ProblemInsecure:
		return "Refused, because it would not be private" + colon(p.Detail), "Use https, or a loopback address for tests."
	case chat.ProblemDiskFull:
		return "The disk is full: nothing more can be kept.", "Free some space; hubbub goes on by itself."
	case chat.ProblemReadOnly:
		return "The folder of hubbub cannot be written" + colon(p.Detail), "Make it writable and start again."
	case chat.ProblemCorrupt:
		return "A file of hubbub is damaged" + colon(p.Detail), "Put it back from a backup, or give the session up with: hubbub logout"
	case chat.ProblemNewer:
		return "A file was written by a newer hubbub" + colon(p.Detail), "Use that version."
	case chat.ProblemKeyGone:
		return keyGone(p.Detail)
	case chat.ProblemLocked:
		if p.Detail != "" {
			return "Another hubbub already uses this account: process " + p.Detail + ".", "Close it first."
		}
		return "Another hubbub already uses this account.", "Close it first."
	case chat.ProblemBadInput:
		switch p.Detail {
		case detailBadAddress:
			return "That is not the address of a homeserver.", "Give its name (example.org), or a URL (https://matrix.example.org)."
		case detailBadUser:
			return "That is not a user name.", "Give a name (ada), or a full id (@ada:example.org)."
		}
		return "That cannot be used" + colon(p.Detail), ""
	case chat.ProblemCrypto:
		return "The message could not be encrypted" + colon(p.Detail), "Nothing was sent. Try again."
	case chat.ProblemCancelled:
		return "Cancelled.", ""
	case chat.ProblemInternal:
		return "There was an internal error.", "Try again, or discard it; if it comes back, report it."
	}
	if what, next = trustProblem(p); what != "" {
		return what, next
	}
	return "Something went wrong" + colon(p.Detail), ""
}

// keyGone tells the ways apart in which crypto.db can be there without its key.
func keyGone(detail string) (what, next string) {
	const giveUp = "Put it back from a backup, or give up this session's keys with: hubbub logout"
	switch detail {
	case detailNoKeyring:
		return "The keyring that holds this session's key cannot be reached.",
			"Start hubbub in the desktop session, or unlock the keyring."
	case detailKeyringEmpty:
		return "The encryption keys are here, but the key that opens them is gone from the keyring.", giveUp
	case detailNoSecrets:
		return "The encryption keys are here, but the file with the key that opens them is gone.", giveUp
	}
	return "The key that opens the encryption keys of this session is gone" + colon(detail), giveUp
}

func colon(detail string) string {
	if detail == "" {
		return "."
	}
	return ": " + strings.TrimRight(detail, ". \n") + "."
}

func offers(list string) string {
	if list == "" {
		return "."
	}
	return "; it offers: " + flows(list) + "."
}

// flows names sign-in flows for people. The list is the homeserver's, joined by commas.
func flows(list string) string {
	var out []string
	for _, f := range strings.Split(list, ",") {
		switch f = strings.TrimSpace(f); f {
		case "":
		case "m.login.sso", "m.login.cas":
			out = append(out, "single sign-on in a browser")
		case "m.login.token":
			out = append(out, "a sign-in token")
		case "m.login.application_service":
			out = append(out, "application services")
		default:
			out = append(out, f)
		}
	}
	return strings.Join(out, ", ")
}

func retryIn(d time.Duration) string {
	if d <= 0 {
		return "Try again in a while."
	}
	return "Try again in " + Duration(d) + "."
}

// Duration returns how long to wait in one unit: "1 second", "5 minutes", "2
// hours". It is rounded up: who comes back then does not come too early.
func Duration(d time.Duration) string {
	if n := up(d, time.Second); n < 60 {
		return Count(n, "second", "seconds")
	}
	if n := up(d, time.Minute); n < 60 {
		return Count(n, "minute", "minutes")
	}
	if n := up(d, time.Hour); n < 48 {
		return Count(n, "hour", "hours")
	}
	return strconv.Itoa(up(d, 24*time.Hour)) + " days"
}

// up returns how many units a length of time takes, the last one in part.
func up(d, unit time.Duration) int {
	n := d / unit
	if d%unit > 0 {
		n++
	}
	return int(max(n, 0))
}
