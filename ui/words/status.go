package words

import (
	"strconv"
	"time"

	"hubbub/store/chat"
)

// Connection returns the state of the connection in a few words.
func Connection(c chat.Connection, now time.Time) string {
	switch c.State {
	case chat.ConnIdle:
		return "not connected"
	case chat.ConnConnecting:
		return "connecting"
	case chat.ConnFirstSync:
		return "fetching your channels: " + strconv.Itoa(c.Progress)
	case chat.ConnOnline:
		return "online"
	case chat.ConnOffline:
		if wait := c.RetryAt.Sub(now); wait > time.Second {
			return "offline, next try in " + Duration(wait)
		}
		return "offline, trying"
	case chat.ConnSignedOut:
		return "signed out by the homeserver"
	}
	return "stopped"
}

// Outbox returns what has not reached the homeserver yet, or "". key leads to what was refused.
func Outbox(o chat.OutboxState, key string) string {
	failed := strconv.Itoa(o.Failed) + " not sent"
	if key != "" {
		failed += " (" + key + ")"
	}
	switch {
	case o.Failed > 0 && o.Pending > 0:
		return failed + ", " + strconv.Itoa(o.Pending) + " waiting"
	case o.Failed > 0:
		return failed
	case o.Pending > 0:
		return strconv.Itoa(o.Pending) + " waiting"
	}
	return ""
}

// Done returns the sentence for an intent that worked.
func Done(done, value string) string {
	switch done {
	case chat.DoneJoined:
		return "Joined."
	case chat.DoneLeft:
		return "Left."
	case chat.DoneCreated:
		return "Created."
	case chat.DoneCreatedOutside:
		return "Created, but outside of the server, which did not take it: ask a moderator there to add it, or leave it."
	case chat.DoneInvited:
		return "Invited."
	case chat.DoneSaved:
		return "Saved as " + value + "."
	case chat.DoneSecretsInFile:
		return "There is no keyring here: what keeps this session secret is in " + value + ", which only you can read."
	}
	if value == "" {
		return done + "."
	}
	return done + ": " + value
}

// Notices of the window itself.
const (
	Copied         = "Copied."
	NoMention      = "Nobody mentions you."
	NoUnread       = "Nothing is unread."
	NoChannel      = "There is no other channel."
	MarkedUnread   = "Marked as unread."
	MarkedRead     = "Marked as read."
	NoServerThere  = "There is no such server on the rail."
	StatusHelpWord = "help"
	EditorFailed   = "The editor did not finish; your text is as it was."
)

// SignedOutState is what the signed-out state says.
const (
	SignedOutTitle = "Signed out"
	SignedOutBody  = "The homeserver has signed this session out. Everything on this machine is still here: messages can be read, " +
		"drafts and keys are kept."
	SoftLogoutBody  = "Type your password to go on in the same session."
	SignOutEverHint = "To start anew, sign out (Alt+Shift+Q) and start hubbub again."
)

// What is said when the account cannot go on.
const (
	StoppedTitle = "Stopped"
	StoppedBody  = "Nothing was changed. What is on this machine can still be read here."
)

// Fewer ends a list that was shown whole on demand.
const Fewer = "fewer"

// More returns "3 more" for what does not fit.
func More(n int) string { return strconv.Itoa(n) + " more" }

// AlertText is the body of a desktop notification. It tells nothing of what was written.
func AlertText(mention, invite bool) string {
	switch {
	case invite:
		return "You are invited."
	case mention:
		return "You are mentioned."
	}
	return "New direct message."
}

// EmptyTree stands where channels would be.
func EmptyTree(s chat.ConnState) string {
	switch s {
	case chat.ConnIdle, chat.ConnConnecting, chat.ConnFirstSync:
		return "Fetching your channels…"
	}
	return NoRooms
}
