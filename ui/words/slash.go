package words

import "strings"

// SlashHelp returns the usage and the help line of a slash command.
func SlashHelp(name string) (usage, help string) {
	switch name {
	case "join":
		return "/join ADDRESS", "Join a channel or server by address, id or link"
	case "me":
		return "/me TEXT", "Say what you do"
	case "leave":
		return "/leave", "Leave this channel"
	case "invite":
		return "/invite @USER:HOMESERVER", "Invite a person into this channel"
	case "msg":
		return "/msg @USER:HOMESERVER", "Start a direct message"
	case "plain":
		return "/plain TEXT", "Send without markdown"
	case "notice":
		return "/notice TEXT", "Send as a notice, as bots do"
	case "shrug":
		return "/shrug [TEXT]", "¯\\_(ツ)_/¯"
	case "file":
		return "/file PATH", "Send a file"
	case "help":
		return "/help", "Show the keys"
	case "quit":
		return "/quit", "Leave hubbub"
	}
	return "", ""
}

// UnknownCommand says that a slash command does not exist.
func UnknownCommand(name string) string {
	return "There is no command /" + name + ". Write //" + name + " to send it as text."
}

// CommandNeeds says how a command is written.
func CommandNeeds(usage string) string { return "Write it as " + usage + "." }

// SlashArgs returns what follows the name in a usage line.
func SlashArgs(usage string) string {
	_, args, _ := strings.Cut(usage, " ")
	return args
}
