package words

import (
	"strconv"

	"hubbub/store/chat"
)

// Titles of dialogs.
const (
	SwitcherTitle    = "Go to"
	SwitcherHint     = "name of a server, channel or person"
	PaletteTitle     = "Commands"
	PaletteHint      = "what do you want to do?"
	HelpTitle        = "Help"
	MenuTitle        = "Message"
	ReactTitle       = "React"
	ReactHint        = "name of an emoji, or any text"
	DetailsHeading   = "Why? Details"
	JoinTitle        = "Join"
	CreateTitle      = "Create a channel"
	DMTitle          = "New direct message"
	InviteTitle      = "Invite"
	InvitedTitle     = "Invitation"
	LeaveTitle       = "Leave"
	DeleteTitle      = "Delete"
	DiscardTitle     = "Discard"
	PasteTitle       = "Paste"
	QuitTitle        = "Quit"
	SignOutTitle     = "Sign out"
	NothingFound     = "Nothing found."
	AddressLabel     = "Address"
	AddressHint      = "#channel:example.org, a link, or an id"
	NameLabel        = "Name"
	TopicLabel       = "Topic"
	SendFileTitle    = "Send a file"
	PathLabel        = "Path"
	PathHint         = "~/pictures/boat.png"
	NeedPath         = "Type the path of a file."
	PersonFind       = "name, or @ada:example.org"
	ReasonHint       = "may stay empty"
	PublicLabel      = "Anybody may join"
	EncryptedLabel   = "Encrypted"
	VoiceLabel       = "Voice channel"
	Yes              = "yes"
	No               = "no"
	FormKeys         = "Enter do it · Tab next field · Esc close"
	FormKeysOne      = "Enter do it · Esc close"
	FormKeysSecret   = "Enter do it · Ctrl+R show or hide · Esc close"
	FormKeysToggle   = "Enter do it · Tab next field · Space yes/no · Esc close"
	ConfirmKeys      = "Enter or y yes · Esc or n no"
	DangerKeys       = "y yes · Esc or n no"
	DetailsKeys      = "↑↓ scroll · Esc close"
	NeedAddress      = "Type an address."
	NeedName         = "Type a name."
	Accept           = "Accept"
	Decline          = "Decline"
	DirectTo         = "Direct message"
	MentionPerson    = "Mention in the composer"
	CopyID           = "Copy user id"
	DeleteQuestion   = "Delete this message for everybody? It cannot be taken back."
	SignOutQuestion  = "Sign out? The keys and messages on this machine are removed; messages encrypted for this session alone cannot be read again."
	SignOutPending   = "Messages that have not been sent are lost."
	QuitQuestion     = "Quit? What is waiting to be sent is kept and goes out the next time."
	CreatedEncrypted = "New channels are encrypted; a public one is not unless you say so."
	SourceReceived   = "As received"
	SourceDecrypted  = "Decrypted"
	PressAgain       = "Keys count when you stop typing."
)

// PasteQuestion asks before a big paste.
func PasteQuestion(lines, chars int) string {
	return "Paste " + Count(lines, "line", "lines") + " (" + Count(chars, "character", "characters") + ") into the message?"
}

// What becomes of a message that is not sent and shall be dropped.
const (
	DiscardFile   = "Discard this message? It was not sent; the file stays where it is."
	Discarded     = "Discarded."
	DiscardedBack = "Not sent any more; its text is back in the composer."
)

// DiscardQuestion asks before a text is dropped that the composer has no room for. key brings it back.
func DiscardQuestion(key string) string {
	s := "Discard this message? It was not sent, and something else is in the composer."
	if key == "" {
		return s
	}
	return s + " " + key + " there brings its text back until you quit."
}

// DiscardedKept says how to get a text back that was dropped.
func DiscardedKept(key string) string {
	if key == "" {
		return Discarded
	}
	return "Discarded; " + key + " brings its text back."
}

// CreateOutside says that a server takes no channels from us, and where a new one will stand.
func CreateOutside(server string) string {
	return "You may not add channels to " + server + ": that takes a moderator. Enter makes one outside of it, in Home."
}

// InviteQuestion introduces an invitation.
func InviteQuestion(inviter string, direct bool) string {
	if direct {
		return inviter + " wants to write to you directly."
	}
	return inviter + " invites you."
}

// DetailName returns the heading of a line of the details of a message, channel or person.
func DetailName(key string) string {
	switch key {
	case "sender":
		return "From"
	case "time":
		return "Sent"
	case "encrypted":
		return "Encryption"
	case "id":
		return "Id"
	case "type":
		return "Type"
	case "state":
		return "State"
	case "cause":
		return "Why"
	case "fix":
		return "What helps"
	case "session":
		return "Key id"
	case "address":
		return "Address"
	case "members":
		return "Members"
	case "topic":
		return "Topic"
	case "version":
		return "Version"
	case "join":
		return "Who may join"
	case "history":
		return "Who sees history"
	case "role":
		return "Role"
	case "seen":
		return "Seen by"
	case "file":
		return "File"
	}
	return key
}

// ServerWord names a server in the switcher; ServersHelp explains its keys.
const (
	ServerWord  = "server"
	ServersHelp = "Show the channels of server 1 to 9"
)

// WriteTo offers a direct message.
func WriteTo(user string) string { return "Write to " + user }

// JoinAddress offers to join.
func JoinAddress(address string) string { return "Join " + address }

// GoTo offers to show a server.
func GoTo(name string) string { return "Go to " + name }

// Joining says that a join is under way.
func Joining(target string) string { return "Joining " + target + "…" }

// CreatedIn says where a new channel will stand.
func CreatedIn(server string) string { return "In " + server + "." }

// JoinedInvited returns "12 members, 2 invited".
func JoinedInvited(joined, invited int) string {
	if invited == 0 {
		return People(joined)
	}
	return People(joined) + ", " + strconv.Itoa(invited) + " invited"
}

// Words of what is done with one message.
const (
	TakeBack      = "take back"
	AsText        = "as text"
	LinksTitle    = "Which link?"
	Saving        = "Downloading…"
	TooLongToCopy = "That is too long for the clipboard."
)

// SendState names the state of an own message on its way.
func SendState(s chat.SendState) string {
	switch s {
	case chat.Sending:
		return "being sent"
	case chat.Waiting:
		return "waiting to be sent"
	case chat.SendError:
		return "not sent"
	}
	return "sent"
}

// DirectQuestion asks whether to begin a direct message.
func DirectQuestion(user string) string {
	return "Begin an encrypted direct message with " + user + "? They get an invitation."
}
