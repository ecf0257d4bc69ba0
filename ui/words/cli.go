package words

import (
	"strconv"
	"strings"

	"hubbub/store/chat"
)

// Words of the command line.
const (
	CLIShort = "A Matrix client for the terminal"
	CLILong  = `hubbub is a Matrix client for the terminal: servers, channels and direct messages, end-to-end encrypted.
Without a command it opens the window.

Exit codes:
    0  it worked
    1  it did not, for a reason that no other code names
    2  the command line, the input or the configuration is wrong, or this is not a terminal
    3  no account is signed in, or the homeserver has signed it out
    4  the homeserver cannot be reached, or has trouble
    5  the homeserver refused: wrong password, not allowed, not found, too large
    6  another hubbub has the account open
    7  a file of the account cannot be used: disk full, read-only, damaged, newer, key gone
   70  hubbub has a bug; a report is written
  130  interrupted (the window: 128 + the number of the signal)`

	CLIHelpShort      = "Show the help of a command"
	CLIHelpUse        = "Use it so:"
	CLIHelpCommand    = " [COMMAND] [flags]"
	CLIHelpCommands   = "Commands:"
	CLIHelpFlags      = "Flags:"
	CLIHelpEverywhere = "Flags of every command:"

	CLILoginShort    = "Sign in to a homeserver"
	CLILoginLong     = "Sign in with a password. Without a terminal the password is the first line of standard input; it is never taken from the command line."
	CLILogoutShort   = "Sign out and remove the account from this machine"
	CLIAccountsShort = "List the accounts on this machine"
	CLISendShort     = "Send standard input as a message"
	CLISendLong      = "Send the text on standard input to ROOM (an id, an address such as #general:example.org, or a name) and wait until the homeserver has it."
	CLITailShort     = "Print messages as they come, decrypted"
	CLITailLong      = "Print every message that comes, of ROOM or of all channels, one a line, starting with what came since hubbub last ran. With --json a line is a JSON object; a message whose key comes late is printed again when it can be read."
	CLIRoomsShort    = "List the channels"
	CLIConfigShort   = "The configuration file"
	CLIConfigInit    = "Write a commented configuration file"

	CLIFlagAccount     = "the account to use, by `USER`: @ada:example.org"
	CLIFlagJSON        = "print JSON, one object a line"
	CLIFlagHomeserver  = "the `HOMESERVER`: example.org, or its URL"
	CLIFlagUser        = "the `USER` to sign in: ada, or @ada:example.org"
	CLIFlagSessionName = "the `NAME` by which your other sessions know this one (else session_name of the configuration)"
	CLIFlagNoKeyring   = "keep the account's secrets in a file instead of the keyring"
	CLIFlagPlain       = "no formatting: send the text as it is"

	CLIAskHomeserver = "Homeserver (example.org): "
	CLIAskUser       = "User: "
	CLIAskPassword   = "Password: "

	CLINotTerminal     = "hubbub needs a terminal; without one use its commands, such as: hubbub tail"
	CLIDumbTerminal    = "This terminal cannot show a window (TERM=dumb): set TERM to what it is, or use hubbub's commands, such as: hubbub tail"
	CLINoHome          = "hubbub does not know where its files go: set HOME to the full path of your home directory."
	CLINoAccount       = "Nobody is signed in. Sign in with: hubbub login"
	CLISeveralAccounts = "There are several accounts: name one with --account. List them with: hubbub accounts"
	CLIAccountID       = "--account takes the full id, such as @ada:example.org. List the accounts with: hubbub accounts"
	CLISessionName     = "The name of a session is a text of 1 to 100 printable characters."
	CLITypeMessage     = "Type the message; Ctrl+D on an empty line sends it, Ctrl+C drops it."
	CLILongLine        = "That line is too long."
	CLINoText          = "There is nothing to send: give the text on standard input."
	CLINeedFlags       = "Without a terminal, name --homeserver and --user, and give the password on standard input."
	CLINoPassword      = "There is no password on standard input."
	CLIWaiting         = "Waiting for the network; the message is kept and goes out by itself."
	CLIKeptForLater    = "Not sent yet; the message is kept and goes out when hubbub runs again."
	CLIFileExists      = "There is a configuration file already; it was left alone."
	CLISpace           = "server"
	CLIInvite          = "invite"
	CLIUndecrypted     = "(not decrypted)"
	CLIDeleted         = "(deleted)"
)

// CLISignedIn confirms a sign-in.
func CLISignedIn(user, device string) string {
	return "Signed in as " + user + ", session " + device + ". Start with: hubbub"
}

// CLISignedOut confirms a sign-out.
func CLISignedOut(user string) string { return "Signed out of " + user + "; its files are removed." }

// CLISignedOutHere is a sign-out that the homeserver could not be told of.
func CLISignedOutHere(user, device string) string {
	return "The files of " + user + " are removed, but the homeserver could not be told: end session " + device + " in another client."
}

// CLIWrote confirms that a file was written.
func CLIWrote(path string) string { return "Wrote " + path }

// CLINoRoom says that no channel has that name.
func CLINoRoom(name string) string {
	return "There is no channel " + name + ". List them with: hubbub rooms"
}

// CLIOnlyInvited says that an invite has not been accepted.
func CLIOnlyInvited(name string) string {
	return "You are invited to " + name + " and have not joined it: accept the invite first, with: hubbub"
}

// CLISeveralRooms says that a name is not enough.
func CLISeveralRooms(name string) string {
	return "Several channels are called " + name + ": use the address or id that hubbub rooms shows."
}

// CLICrash says where the report of a crash is.
func CLICrash(path string) string {
	if path == "" {
		return "hubbub has a bug and had to stop. Nothing that was sent or typed is lost."
	}
	return "hubbub has a bug and had to stop. Nothing that was sent or typed is lost. A report is in " + path
}

// CLIUsage says what is wrong with a command line, and where help is.
func CLIUsage(what, command string) string { return what + ". See: " + command + " --help" }

// CLINoCommand says that there is no command of that name, and which ones are near.
func CLINoCommand(name string, near []string, command string) string {
	s := "There is no command " + name
	if len(near) > 0 {
		s += "; is it " + strings.Join(near, ", or ") + "?"
		return s + " See: " + command + " --help"
	}
	return CLIUsage(s, command)
}

// CLIUseItSo says which arguments a command takes.
func CLIUseItSo(path, use string) string {
	_, args, _ := strings.Cut(use, " ")
	return CLIUsage("Use it so: "+path+" "+args, path)
}

// CLINoArgument says that a command takes no arguments.
func CLINoArgument(arg, command string) string {
	return CLIUsage(command+" takes no "+strconv.Quote(arg), command)
}

// CLIInput says that standard input cannot be read.
func CLIInput(why string) string { return "Standard input cannot be read: " + why + "." }

// CLIOutput says that standard output cannot be written.
func CLIOutput(why string) string { return "Standard output cannot be written: " + why + "." }

// CLINoSuchAccount says that a user is not signed in here.
func CLINoSuchAccount(user string) string {
	return user + " is not signed in on this machine. Sign in with: hubbub login --user " + user
}

// CLIBrokenAccount says that the only account cannot be read, not even whose it is.
func CLIBrokenAccount(p *chat.Problem) string {
	return ProblemLine(p) + " (Name the account with --account.)"
}

// CLIAsKnown says why what is listed may be old.
func CLIAsKnown(p *chat.Problem) string {
	return "This is what was known last. " + CLIProblem(p)
}

// CLIProblem words a problem for whoever reads it after the command has ended.
func CLIProblem(p *chat.Problem) string {
	what, next := Problem(p)
	switch p.Kind {
	case chat.ProblemOffline:
		next = "Check the network and try again."
	case chat.ProblemSignedOut:
		next = "Sign in again with: hubbub login (messages and keys on this machine are kept)"
	}
	return strings.TrimSpace(what + " " + next)
}

// Died is left on the terminal when hubbub ended without a chance to say why.
// The file holds what was printed last.
func Died(file string) string {
	return "hubbub ended unexpectedly; what it printed last is in " + file
}
