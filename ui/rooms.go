package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/roomlist"
	"hubbub/ui/words"
)

// open opens a channel, or asks about an invite to it.
func (w *window) open(id chat.RoomID) tea.Cmd {
	r := w.list.Room(id)
	switch {
	case r == nil:
		return nil
	case r.Membership == chat.MemberInvited:
		return w.openInvite(r)
	case r.Type == chat.RoomSpace:
		w.showServer(id)
		return nil
	}
	return w.openWith(id, nil)
}

// openWith opens a channel; page is its newest stretch if it was read already.
func (w *window) openWith(id chat.RoomID, page *chat.Page) tea.Cmd {
	r := w.list.Room(id)
	if r == nil {
		return nil
	}
	if w.side.Server() != "" && w.list.ServerOf(id, w.side.Server()) != w.side.Server() && !r.Direct {
		w.side.SetServer(w.list.ServerOf(id, ""))
	}
	w.setFocus(focusChat)
	if id == w.room && page == nil {
		return nil
	}
	w.stopTyping()
	for ref, f := range w.refs {
		if f.gap != "" {
			delete(w.refs, ref) // of the channel that was open
		}
	}
	if id != w.room {
		w.status.DropAnswer(w.clock.Now())
	}
	w.room, w.opened = id, w.clock.Now()
	w.reading = reading{}
	w.side.SetOpen(id)
	w.back.Reader.Watch(id)
	w.showPeople(r)
	w.arrange()
	w.keep()
	w.besides = true
	cmd := w.showRoom(r, page)
	if page != nil {
		return tea.Batch(cmd, w.wantBesides())
	}
	return cmd
}

// besidesMsg asks for what stands beside the page of a channel.
type besidesMsg struct{ room chat.RoomID }

// wantBesides reads what else there is to know of a channel that was opened,
// once its page is on the screen: neither the page nor the terminal that draws
// it must share the disk and the processors.
func (w *window) wantBesides() tea.Cmd {
	return w.term.AfterFrame(besidesMsg{w.room})
}

func (w *window) readBesides(m besidesMsg) tea.Cmd {
	if !w.besides || m.room != w.room {
		return nil
	}
	w.besides = false
	w.list.Findings() // made now rather than when one looks for a room
	r := w.list.Room(w.room)
	if r == nil {
		return w.readAhead()
	}
	w.wantMembers()
	return tea.Batch(w.readUnread(r), w.readMembers(), w.readReceipts(), w.readLock())
}

// readUnread reads where reading stopped in the open channel, and goes there
// when the way led through a mention.
func (w *window) readUnread(r *chat.Room) tea.Cmd {
	toMention := w.toMention == r.ID
	w.toMention = ""
	if !toMention && !roomlist.RoomCount(r).Any {
		return nil
	}
	room, reader := r.ID, w.back.Reader
	return query(w, askUnread, diskLimit, func(ctx context.Context) (chat.Unread, error) {
		return reader.Unread(ctx, room)
	}, func(u chat.Unread, err error) tea.Cmd {
		if err != nil || room != w.room {
			return nil // the divider stands where the counts say
		}
		w.chat.SetUnread(u)
		switch {
		case !toMention:
			return nil
		case u.Mention != "":
			w.chat.Jump(u.Mention)
		case u.First != "":
			w.chat.Do(keymap.FirstNew)
		}
		return w.intents()
	})
}

// closeRoom shows that no channel is open.
func (w *window) closeRoom() {
	w.stopTyping()
	w.room = ""
	w.reading = reading{}
	w.back.Reader.Watch()
	w.side.SetOpen("")
	w.showPeople(&chat.Room{})
	w.clearRoom()
	w.setFocus(focusTree)
	w.keep()
}

// showServer shows a server's tree, or home. A category is shown in the tree of its server.
func (w *window) showServer(id chat.RoomID) {
	server := w.list.ServerOf(id, w.side.Server())
	if server == "" {
		server = id
	}
	w.side.SetServer(server)
	w.setFocus(focusTree)
	if server != id {
		w.side.Point(id)
	}
	w.keep()
}

// setFocus moves the focus.
func (w *window) setFocus(f focus) {
	w.focus = f
	w.arrange()
}

// nextFocus moves the focus to the next pane that can be shown.
func (w *window) nextFocus(dir int) {
	order := []focus{focusTree, focusChat, focusPeople}
	if w.room == "" || (w.width >= wideWidth && !w.wantPeople) {
		order = order[:2]
	}
	at := 0
	for i, f := range order {
		if f == w.focus {
			at = i
		}
	}
	w.setFocus(order[(at+dir+len(order))%len(order)])
	w.wantMembers()
}

// readReceipts reads who has read how far in the open channel.
func (w *window) readReceipts() tea.Cmd {
	room, reader := w.room, w.back.Reader
	return query(w, askReceipts, diskLimit, func(ctx context.Context) ([]chat.Seen, error) {
		return reader.Receipts(ctx, room)
	}, func(seen []chat.Seen, err error) tea.Cmd {
		if err == nil && room == w.room {
			w.chat.SetSeen(seen)
		}
		return nil
	})
}

// stepRoom opens a channel near the open one.
func (w *window) stepRoom(a keymap.Action) tea.Cmd {
	server := w.side.Server()
	var id chat.RoomID
	none := words.NoUnread
	switch a {
	case keymap.ChannelPrev:
		id, none = w.list.Step(server, w.room, -1), words.NoChannel
	case keymap.ChannelNext:
		id, none = w.list.Step(server, w.room, 1), words.NoChannel
	case keymap.UnreadPrev:
		id = w.list.StepUnread(server, w.room, -1)
	case keymap.UnreadNext:
		id = w.list.StepUnread(server, w.room, 1)
	case keymap.MentionNext:
		return w.nextMention()
	}
	if id == "" {
		w.say(none, false)
		return nil
	}
	return w.open(id)
}

// nextMention goes to the next message that mentions one: below the mention
// under the cursor of message mode, else in the next channel that has any.
func (w *window) nextMention() tea.Cmd {
	m := w.chat.Selected()
	if m == nil || !m.Mention || m.ID == "" {
		return w.mentionElsewhere()
	}
	room, after, reader := w.room, m.ID, w.back.Reader
	return query(w, askMention, diskLimit, func(ctx context.Context) (chat.EventID, error) {
		return reader.NextMention(ctx, room, after)
	}, func(next chat.EventID, err error) tea.Cmd {
		switch {
		case room != w.room:
			return nil
		case err != nil:
			w.sayProblem(problemOf(err))
			return nil
		case next == "":
			return w.mentionElsewhere()
		}
		w.chat.Jump(next)
		return w.intents()
	})
}

// mentionElsewhere opens the next channel with a mention; when only the open
// one has any, it goes to the oldest there that is not read.
func (w *window) mentionElsewhere() tea.Cmd {
	id := w.list.NextMention(w.side.Server(), w.room)
	if open := w.list.Room(w.room); id == "" && open != nil && open.Mentions > 0 {
		w.toMention = w.room
		return w.readUnread(open)
	}
	w.toMention = id
	if id == "" {
		w.say(words.NoMention, false)
		return nil
	}
	return w.open(id)
}
