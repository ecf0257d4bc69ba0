package ui

import (
	"os"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/dialog"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// slashNames returns the slash commands, in the order of the completion.
func slashNames() []string {
	return []string{"me", "join", "msg", "invite", "leave", "file", "plain", "notice", "shrug", "help", "quit"}
}

// slash runs a command that was typed as text. It returns what shall be sent
// instead, and whether the text is done with; text that is no command is left alone.
func (w *window) slash(out chat.Outgoing) (send *chat.Outgoing, cmd tea.Cmd, done bool) {
	text := out.Text
	if out.Kind != chat.OutText || out.Edit != "" || !strings.HasPrefix(text, "/") {
		return &out, nil, true
	}
	if strings.HasPrefix(text, "//") {
		out.Text = text[1:]
		return &out, nil, true
	}
	name, arg, _ := strings.Cut(text[1:], " ")
	arg = strings.TrimSpace(arg)
	usage, _ := words.SlashHelp(name)
	if usage == "" {
		if strings.ContainsAny(name, "/\n") { // a path, not a command
			return &out, nil, true
		}
		w.say(words.UnknownCommand(name), true)
		return nil, nil, false
	}
	if arg == "" && strings.Contains(usage, " ") && !strings.Contains(usage, "[") {
		w.say(words.CommandNeeds(usage), true)
		return nil, nil, false
	}
	return w.command(name, arg, out)
}

func (w *window) command(name, arg string, out chat.Outgoing) (send *chat.Outgoing, cmd tea.Cmd, done bool) {
	out.Text = arg
	switch name {
	case "me":
		out.Kind = chat.OutEmote
	case "notice":
		out.Kind = chat.OutNotice
	case "plain":
		out.Plain = true
	case "shrug":
		out.Text, out.Plain = strings.TrimSpace(arg+" ¯\\_(ツ)_/¯"), true
	case "file":
		out.Kind, out.Path, out.Text = chat.OutFile, home(arg), ""
	default:
		cmd, done = w.commandWithout(name, arg)
		return nil, cmd, done
	}
	return &out, nil, true
}

// commandWithout runs a command that sends nothing.
func (w *window) commandWithout(name, arg string) (tea.Cmd, bool) {
	switch name {
	case "join":
		w.join(arg)
	case "leave":
		w.openLeave(w.list.Room(w.room))
	case "help":
		w.openHelp()
	case "quit":
		return w.quit(), true
	case "invite", "msg":
		user := chat.UserID(arg)
		switch {
		case !user.Valid() && name == "msg":
			w.openDirect(arg)
		case !user.Valid():
			w.openInvitePerson(arg)
		case name == "msg":
			return w.direct(user), true
		default:
			w.refs[w.back.Rooms.Invite(w.room, user)] = followUp{}
		}
	}
	return nil, true
}

// openSendFile sends a file to the open channel.
func (w *window) openSendFile() {
	room := w.room
	w.show(&dialog.Form{
		Name: dialogSendFile, Head: safe.Lit(words.SendFileTitle), Fields: []*dialog.Field{input(words.PathLabel, words.PathHint, "")},
		Submit: func(f *dialog.Form) (string, tea.Cmd) {
			path := strings.TrimSpace(f.Text(0))
			if path == "" {
				return words.NeedPath, nil
			}
			w.back.Sender.Send(chat.Outgoing{Room: room, Kind: chat.OutFile, Path: home(path)})
			return "", nil
		},
	})
}

// home replaces a leading ~/ by the home directory.
func home(path string) string {
	rest, ok := strings.CutPrefix(path, "~/")
	if !ok {
		return path
	}
	dir, err := os.UserHomeDir()
	if err != nil {
		return path
	}
	return dir + "/" + rest
}
