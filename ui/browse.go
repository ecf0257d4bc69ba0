package ui

import (
	"context"
	"net/url"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/dialog"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// browse lists the channels of the server that is shown, those that one is not in first.
func (w *window) browse() tea.Cmd {
	server, directory := w.list.Room(w.side.Server()), w.back.Directory
	if server == nil || directory == nil {
		w.say(words.Disabled("server"), true)
		return nil
	}
	id := server.ID
	w.say(words.Browsing, false)
	return query(w, askBrowse, networkLimit, func(ctx context.Context) ([]chat.Listed, error) {
		return directory.Browse(ctx, id)
	}, func(list []chat.Listed, err error) tea.Cmd {
		w.status.DropAnswer(w.clock.Now()) // that it is under way
		switch server := w.list.Room(id); {
		case err != nil:
			w.sayProblem(problemOf(err))
		case server == nil || !w.dialogs.Empty():
			// something else is going on by now
		case len(list) == 0:
			w.say(words.NothingToBrowse, false)
		default:
			w.openBrowse(server, list)
		}
		return nil
	})
}

func (w *window) openBrowse(server *chat.Room, list []chat.Listed) {
	names := map[chat.RoomID]string{}
	for i := range list {
		names[list[i].ID] = list[i].Name
	}
	items := make([]dialog.Item, len(list))
	for i := range list {
		items[i] = w.browseItem(&list[i], names[list[i].Parent])
	}
	p := dialog.NewPicker(dialogBrowse, words.BrowseTitle(roomTitle(server)), words.BrowseHint, items)
	p.Refused = w.refused
	w.show(p)
}

// maxListedTopic is how much of a topic stands behind a name, in bytes.
const maxListedTopic = 30

// browseItem is a channel to join, or to open when one is in it. category names
// the space that lists it, if that is not the server itself.
func (w *window) browseItem(l *chat.Listed, category string) dialog.Item {
	g := w.theme.Glyphs
	id, target := l.ID, address(l)
	name := safe.Line(l.Name).String()
	if name == "" {
		name = safe.Line(l.Alias + string(l.ID)).String()
	}
	title := name
	if topic := safe.Line(l.Topic); !topic.Empty() {
		title += "  " + cutText(topic, maxListedTopic).String()
	}
	in := false
	if r := w.list.Room(id); r != nil {
		in = r.Membership == chat.MemberJoined
	}
	it := dialog.Item{
		Title: safe.Own(title), Find: name + " " + l.Alias + " " + category, Mark: g.Hash,
		Detail: safe.Own(words.Listed(l.Members, in)),
		Do:     func() tea.Cmd { w.join(target); return nil },
	}
	switch l.Type {
	case chat.RoomSpace:
		it.Mark = g.Unfold
	case chat.RoomVoice:
		it.Mark = g.Voice
	case chat.RoomText:
	}
	switch {
	case in:
		it.Do = func() tea.Cmd { return w.open(id) }
	case l.JoinRule == "invite" || l.JoinRule == "private":
		it.Disabled = words.ByInvitation
	default:
		it.Weight = 5
	}
	return it
}

// address returns a link that joins a room from outside, with the homeservers that know it.
func address(l *chat.Listed) string {
	via := url.Values{"via": l.Via}.Encode()
	if via != "" {
		via = "?" + via
	}
	return "https://matrix.to/#/" + url.PathEscape(string(l.ID)) + via
}
