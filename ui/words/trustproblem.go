package words

import "hubbub/store/chat"

// trustProblem words what is wrong with identities, secrets, backups and key files, or returns "".
func trustProblem(p *chat.Problem) (what, next string) {
	switch p.Kind {
	case chat.ProblemAuth:
		if p.Auth != nil && p.Auth.Wrong {
			return "That password is not right.", "Type it again."
		}
		return "The homeserver wants to know again that it is you.", "Type your password, or confirm on the page that it names."
	case chat.ProblemSecret:
		return "That is not the right recovery key or passphrase.", "Nothing was changed. Type it again."
	case chat.ProblemSecretShape:
		return "That does not look like a recovery key: a letter may be missing or wrong.", "Compare it with what you saved; it has 48 letters and digits."
	case chat.ProblemExists:
		return "There is one already" + colon(p.Detail), "Nothing was overwritten. Verify this session with it, or replace it on purpose."
	case chat.ProblemNoIdentity:
		if p.Detail == "" {
			return "Your account has no identity yet.", "Set one up first."
		}
		return "There is no identity yet that could be verified" + colon(p.Detail), "Whose it is sets one up first, in any of their sessions."
	case chat.ProblemNoRecovery:
		return "The homeserver does not hold what is needed for that" + colon(p.Detail), "Verify with another session, or make a new recovery key there."
	case chat.ProblemUntrusted:
		return "Refused: it is not signed by who should have signed it" + colon(p.Detail), "Nothing was taken or given. The homeserver may be showing something false."
	case chat.ProblemIdentity:
		return "The identity of " + either(p.Detail, "somebody") + " changed.", "Verify them again, or accept the new identity, before you go on."
	case chat.ProblemNobody:
		return "Nobody there could read it under the rule for who gets keys.", "Change the rule, or verify the people first."
	case chat.ProblemPlain:
		return "Nothing readable may go to this channel, and it is not encrypted.", "Allow writing in clear in the details of the channel or its server, or write elsewhere."
	case chat.ProblemFile:
		return "The file cannot be read: it has another format, or is cut off" + colon(p.Detail), "Nothing was taken from it. Export it again."
	case chat.ProblemOldKeys:
		return "The key file of this session (crypto.db) is an older copy than the one used last.",
			"To write with it would use keys twice. Put the newer file back, or sign out and in again; what is here can be read on."
	case chat.ProblemUnverified:
		return "This session is not verified itself, so that it cannot vouch for others.",
			"Verify it first: with a session of yours that is, or with the recovery key."
	case chat.ProblemMismatch:
		return "It is not the same" + colon(p.Detail), "Nothing was verified. Begin again."
	}
	return "", ""
}
