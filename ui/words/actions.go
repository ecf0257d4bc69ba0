package words

import "strings"

// Action returns the title of an action, for the palette, and its help line.
func Action(name string) (title, help string) {
	if n, ok := strings.CutPrefix(name, "server-"); ok && len(n) == 1 {
		return "Go to server " + n, "Show the channels of server " + n + " of the rail"
	}
	for _, table := range [][]actionText{globalTexts(), composerTexts(), messageTexts(), listTexts(), trustTexts(), infoTexts()} {
		for _, t := range table {
			if t.name == name {
				return t.title, t.help
			}
		}
	}
	return "", ""
}

type actionText struct{ name, title, help string }

func globalTexts() []actionText {
	return []actionText{
		{"quit", "Quit", "Leave hubbub; drafts and unsent messages are kept"},
		{"help", "Help", "Show the keys that work where you are"},
		{"palette", "Command palette", "Find any action by name"},
		{"switcher", "Go to…", "Find a server, channel or person by name"},
		{"next-pane", "Next pane", "Move the focus to the next pane"},
		{"previous-pane", "Previous pane", "Move the focus to the previous pane"},
		{"previous-channel", "Previous channel", "Open the channel above"},
		{"next-channel", "Next channel", "Open the channel below"},
		{"previous-unread", "Previous unread channel", "Open the nearest channel above with unread messages"},
		{"next-unread", "Next unread channel", "Open the nearest channel below with unread messages"},
		{"next-mention", "Next mention", "Go to the next message that mentions you, in this channel or another"},
		{"home", "Home", "Show direct messages, invites, unread and recent channels"},
		{"people", "Members", "Show or hide the member list"},
		{"sidebar", "Channel tree", "Show or hide the channel tree"},
		{"join", "Join a channel or server…", "Join by address, id or link"},
		{"browse", "Browse channels…", "List all channels of the server that is shown, to join more of them"},
		{"create-channel", "Create a channel…", "Create a channel, encrypted unless you say otherwise"},
		{"direct-message", "New direct message…", "Write to a person, encrypted"},
		{"invite", "Invite somebody…", "Invite a person into the open channel, or the one under the cursor of the tree"},
		{"leave", "Leave the channel…", "Leave the open channel, or the one under the cursor of the tree"},
		{"leave-server", "Leave the server…", "Leave the server that is shown; its channels stay until you leave them too"},
		{"mark-read", "Mark as read", "Mark the open channel as read up to its newest message"},
		{"channel-details", "Channel details", "Show encryption, who can read, address and members of the channel, and decide who gets keys"},
		{"reconnect", "Reconnect now", "Try to reach the homeserver at once"},
		{"sign-out", "Sign out…", "End this session and remove its keys and messages from this machine"},
		{"redraw", "Draw again", "Draw the whole screen again"},
		{"suspend", "Suspend", "Give the terminal back to the shell; fg returns"},
		{"scroll-up", "Scroll up", "Show older messages"},
		{"scroll-down", "Scroll down", "Show newer messages"},
		{"newest", "Newest messages", "Jump to the newest message"},
		{"unsent", "Message not sent", "Go to the oldest message that was refused, to try again or drop it"},
		{"send-file", "Send a file…", "Upload a file, or attach a picture, to the open channel"},
		{"first-new", "First new message", "Jump up to where you stopped reading"},
	}
}

func composerTexts() []actionText {
	return []actionText{
		{"send", "Send", "Send what is written"},
		{"new-line", "New line", "Begin a new line in the message"},
		{"message-mode", "Message mode", "Move a cursor over the messages; what is written stays"},
		{"complete", "Complete", "Complete the name, emoji, channel or command before the cursor"},
		{"editor", "Write in $EDITOR", "Write the message in your editor"},
		{"line-up", "Line up", "Move up a line; in an empty composer edit your last message"},
		{"line-down", "Line down", "Move down a line"},
		{"history-previous", "Previous sent text", "Bring back what you sent before"},
		{"history-next", "Next sent text", "Go forward in what you sent"},
		{"char-left", "Left", "Move one character left"},
		{"char-right", "Right", "Move one character right"},
		{"word-left", "Word left", "Move one word left"},
		{"word-right", "Word right", "Move one word right"},
		{"line-start", "Start of line", "Move to the start of the line"},
		{"line-end", "End of line", "Move to the end of the line"},
		{"text-start", "Start of text", "Move to the start of the text"},
		{"text-end", "End of text", "Move to the end of the text"},
		{"select-left", "Select left", "Extend the selection to the left"},
		{"select-right", "Select right", "Extend the selection to the right"},
		{"select-all", "Select all", "Select everything that is written"},
		{"delete-back", "Delete before", "Delete the character before the cursor"},
		{"delete-forward", "Delete after", "Delete the character after the cursor"},
		{"delete-word", "Delete word", "Delete the word before the cursor"},
		{"delete-word-forward", "Delete next word", "Delete the word after the cursor"},
		{"kill-to-start", "Cut to start", "Cut from the start of the line to the cursor"},
		{"kill-to-end", "Cut to end", "Cut from the cursor to the end of the line"},
		{"yank", "Paste cut text", "Put back what was cut last"},
		{"undo", "Undo", "Undo the last change of the text"},
		{"redo", "Redo", "Do again what was undone"},
	}
}

func messageTexts() []actionText {
	return []actionText{
		{"message-down", "Next message", "Move to the next message"},
		{"message-up", "Previous message", "Move to the previous message"},
		{"message-first", "First message", "Move to the oldest message that is loaded"},
		{"message-last", "Last message", "Move to the newest message"},
		{"page-up", "Page up", "Move a page up"},
		{"page-down", "Page down", "Move a page down"},
		{"half-page-up", "Half a page up", "Move half a page up"},
		{"half-page-down", "Half a page down", "Move half a page down"},
		{"write", "Write", "Go back to the composer"},
		{"message-menu", "Menu", "Show everything that can be done with the message"},
		{"reply", "Reply", "Answer the message"},
		{"edit", "Edit", "Change your message"},
		{"react", "React…", "Add a reaction, or take yours back"},
		{"copy", "Copy", "Copy the text to the clipboard"},
		{"delete", "Delete…", "Delete the message for everybody"},
		{"open", "Open link", "Open the link of the message, or copy it where there is no browser; a file is saved"},
		{"save", "Save file", "Download the file, check it and save it"},
		{"mark-unread", "Mark unread", "Mark the channel as unread"},
		{"details", "Why? Details", "Say what is known about the message or person, and how far it can be trusted"},
		{"retry", "Try again", "Try to send the message again, or look for the key that it waits for"},
		{"discard", "Discard", "Drop the message that was not sent"},
		{"expand", "Expand", "Show what is folded or hidden, or hide it again"},
		{"jump-to-reply", "Go to the original", "Jump to the message that is being answered"},
	}
}

func listTexts() []actionText {
	return []actionText{
		{"list-up", "Up", "Move up"},
		{"list-down", "Down", "Move down"},
		{"list-first", "First", "Move to the first entry"},
		{"list-last", "Last", "Move to the last entry"},
		{"list-page-up", "Page up", "Move a page up"},
		{"list-page-down", "Page down", "Move a page down"},
		{"choose", "Choose", "Open or do the entry"},
		{"fold", "Fold", "Fold the category, or go to it"},
		{"unfold", "Unfold", "Unfold the category"},
		{"only-unread", "Only unread", "Show only channels with unread messages"},
		{"field-next", "Next field", "Move to the next field"},
		{"field-previous", "Previous field", "Move to the previous field"},
		{"close", "Close", "Close without doing anything"},
	}
}
