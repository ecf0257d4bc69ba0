package words

// infoTexts are the actions of sheets that explain trust.
func infoTexts() []actionText {
	return []actionText{
		{"doctor", "Doctor", "Check keys, backup, sessions, connection and terminal, and offer what repairs them"},
		{"sessions", "Sessions", "List where this account is signed in; rename, verify or sign out sessions"},
		{"retry-key", "Look for the key again", "Ask the key backup, then your other sessions, for the key of the message"},
		{"search-backup", "Key backup", "Look for the key in the key backup, or connect the backup"},
		{"verify-this", "Verify", "Verify the person, or your session, that the sheet is about"},
		{"acknowledge", "Accept the new identity", "Go on with the present identity of the person"},
		{"block-session", "Block or unblock the session", "Never send keys to the session, or send them again"},
		{"rename-session", "Rename the session", "Give your session another name"},
		{"end-session", "Sign the session out", "End your other session; it asks for your password or for your account page"},
		{"end-other-sessions", "Sign all other sessions out", "End all your sessions but this one"},
		{"known-session", "It was me", "Say that you know the new session, without verifying it"},
		{"rotate-key", "New key", "Give up the key of the channel: the next message has a new one"},
		{"room-policy", "Who gets keys here", "Choose which sessions can read what you write in the channel"},
		{"server-policy", "Who gets keys in the server", "Choose the same for all channels of the server"},
		{"never-plain", "Never in clear", "Refuse to write in the channel unless it is encrypted, or allow it again"},
		{"copy-sheet", "Copy what it says", "Copy the text of the sheet"},
		{"check-again", "Check again", "Look at everything once more"},
	}
}

// SheetKey says in a word or two what an action of a sheet does, for its foot.
func SheetKey(action string) string {
	switch action {
	case "retry-key":
		return "look again"
	case "search-backup":
		return "key backup"
	case "verify-this":
		return "verify"
	case "acknowledge":
		return "accept"
	case "block-session":
		return "block"
	case "rename-session":
		return "rename"
	case "end-session":
		return "sign out"
	case "end-other-sessions":
		return "sign out all others"
	case "known-session":
		return "it was me"
	case "rotate-key":
		return "new key"
	case "room-policy":
		return "who gets keys"
	case "server-policy":
		return "… in the server"
	case "never-plain":
		return "never in clear"
	case "copy-sheet":
		return "copy"
	case "check-again":
		return "check again"
	case "choose":
		return "open"
	case "close":
		return "close"
	}
	return action
}
