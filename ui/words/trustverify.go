package words

import "hubbub/store/chat"

// Verification.
const (
	VerifyTitle       = "Verification"
	VerifyInboxTitle  = "Verification requests"
	VerifyInboxEmpty  = "Nobody asks to be verified."
	VerifyOwnName     = "another session of yours"
	VerifyStartOwn    = "Verify a session of yours"
	VerifyAskOwn      = "Open one of your other sessions and accept the request there."
	VerifyNobody      = "You have no other session that could answer. Sign in elsewhere first, or use the recovery key."
	VerifyAskOther    = "It is asked in your direct message. It may take a while: you can close this and go on."
	VerifyAccept      = "Accept"
	VerifyDecline     = "Decline"
	VerifyStop        = "Stop the verification"
	VerifyHow         = "How do you want to compare?"
	VerifyEmoji       = "Compare emoji"
	VerifyShow        = "Show a code to be scanned"
	VerifyEnter       = "Take in the other side's code"
	VerifyWaitOther   = "Waiting for the other side…"
	VerifyWaitKeys    = "The two sides agree on what to compare…"
	VerifyCompareAsk  = "Does the other side show the same, in the same order?"
	VerifySame        = "They are the same"
	VerifyDifferent   = "They are different"
	VerifyConfirmed   = "You confirmed. Waiting for the other side to do so too…"
	VerifyScannedAsk  = "The other side says that it has scanned your code. Does it show that it worked?"
	VerifyScannedYes  = "Yes, it worked there"
	VerifyScannedNo   = "No"
	VerifyDoneTitle   = "Verified"
	VerifyUnsupported = "The other side offers no way to compare that hubbub knows."
	VerifyPersonItem  = "Verify"
	VerifyAgain       = "Begin again"
	VerifyNeedPerson  = "Choose a person in the member list first."
	VerifyKeys        = "a letter · Esc close, it goes on"
	VerifyNumbers     = "Numbers:"
	CodeTitle         = "Scan this code"
	CodeAlt           = "e emoji instead · t copy as text · Esc back"
	CodeTooBig        = "The code does not fit into this window."
	CodeCopied        = "The code is copied as text."
	CodeBack          = "Back"
	CodeText          = "Copy it as text"
	CodeIntro         = "Give the path of a picture of the code (PNG or JPEG), or its text."
	CodeField         = "Picture or text"
	CodeNeed          = "Give the picture or the text of the code."
	CodeWait          = "Reading the code…"
	CodeNotText       = "That is neither a file nor the text of a code."
	CodeNotFound      = "No code was found in the picture."
	CodeNotPicture    = "The file is no picture that can be read: PNG and JPEG can."
	CodeNoFile        = "There is no such file."
)

// CodeNeeds says which size a code needs.
func CodeNeeds(size string) string {
	return CodeTooBig + " It needs " + size + " cells: enlarge the window or make its letters smaller, compare emoji, or copy it as text."
}

// VerifyWants says who wants to verify, for the status line and the inbox.
func VerifyWants(name, key string) string { return withKey(name+" wants to verify", key) }

// VerifyMany says how many verifications wait.
func VerifyMany(n int, key string) string {
	return withKey(Count(n, "verification waits", "verifications wait"), key)
}

// VerifyAsk introduces a request.
func VerifyAsk(name string) string { return name + " wants to verify with you." }

// VerifyAskOwnSession introduces a request of an own session.
func VerifyAskOwnSession(device string) string {
	if device == "" {
		return "Another session of yours wants to verify with this one."
	}
	return "Your session " + device + " wants to verify with this one."
}

// VerifyAskWarn tells what not to do.
const VerifyAskWarn = "Accept only what you expect: compare face to face, or in a call."

// VerifyAskWarnOwn tells what not to do when a session of the same account asks.
const VerifyAskWarnOwn = "Accept only if you have just begun this yourself, in that session."

// VerifyAskThat says where a verification with one own session goes on.
func VerifyAskThat(device string) string {
	return "Open your session " + device + " and accept the request there."
}

// VerifyWithWhom heads the pages of a verification.
func VerifyWithWhom(name string) string { return VerifyTitle + " · " + name }

// VerifyPhase says how far a verification is, for the inbox.
func VerifyPhase(v chat.Verification) string {
	switch v.Phase {
	case chat.VerifyRequested:
		if v.Incoming {
			return "asks you"
		}
		return "asked"
	case chat.VerifyReady:
		return "choose how"
	case chat.VerifyStarted:
		return "under way"
	case chat.VerifyCompare:
		return "compare now"
	case chat.VerifyConfirmed:
		return "waiting for the other side"
	case chat.VerifyScanned:
		return "your code was scanned"
	case chat.VerifyDone:
		return "verified"
	}
	return "ended"
}

// VerifyUntil says when a verification ends by itself.
func VerifyUntil(clock string) string { return "It ends by itself at " + clock + "." }

// VerifyDoneOwn says that an own session is verified.
func VerifyDoneOwn(device string) string {
	if device == "" {
		return "This session and your other one are verified."
	}
	return "Your session " + device + " is verified."
}

// VerifyDoneSelf says that this session got verified.
const VerifyDoneSelf = "This session is verified. It fetches what it needs from your other session."

// VerifyDonePerson says that a person is verified.
func VerifyDonePerson(name string) string {
	return name + " is verified. hubbub warns you when their identity changes."
}

// VerifyCancelled says why a verification ended, and what to do.
func VerifyCancelled(reason string, byUs bool) (what, next string) {
	switch reason {
	case "m.user":
		if byUs {
			return "You stopped the verification.", ""
		}
		return "The other side declined or stopped the verification.", ""
	case "m.timeout":
		return "The verification took too long.", "Begin again."
	case "m.mismatched_sas":
		if byUs {
			return "You said that they are different: nothing was verified.",
				"Begin again. If they differ once more, somebody may be reading along: do not trust this connection."
		}
		return "The other side said that they are different: nothing was verified.",
			"Begin again. If they differ once more, somebody may be reading along: do not trust this connection."
	case "m.key_mismatch":
		return "A key is not the one that was expected: nothing was verified.",
			"The homeserver or somebody else may have changed it. Look at the person's keys before you go on."
	case "m.user_mismatch":
		return "The code is of another account: nothing was verified.", "Scan the code of the one you verify with."
	case "m.accepted":
		return "Another session of yours has taken the verification over.", ""
	case "m.mismatched_commitment":
		return "The other side did not keep to what it announced: nothing was verified.", "Begin again. Be wary if it happens once more."
	case "m.unknown_method":
		return "The two sides know no common way to compare.", "Try the other way, or another program."
	case "m.unknown_transaction", "m.unexpected_message":
		return "The two sides lost track of each other.", "Begin again."
	case "m.invalid_message":
		return "The other side sent something that makes no sense.", "Begin again."
	case "m.qr_code.invalid":
		return "The code cannot be used.", "Let it be shown anew."
	}
	if reason == "" {
		return "The verification ended.", "Begin again."
	}
	return "The verification ended: " + reason + ".", "Begin again."
}
