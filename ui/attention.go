package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// Times of the window.
const (
	readAfter   = time.Second            // the newest row was visible for so long: it is read
	typingEvery = 4 * time.Second        // how often one tells that one types
	typingEnds  = 6 * time.Second        // without a key
	sidebarWait = 300 * time.Millisecond // between two readings of changing spaces
	alertEvery  = time.Second            // between two rings: anybody can send invites
	membersWait = time.Second            // between two readings of a changing member list
	membersIdle = 15 * time.Second       // the same while it is not on the screen
)

// reading is the newest row that is in view, and what was marked as read last.
type reading struct {
	event  chat.EventID
	since  time.Time
	marked chat.EventID
	now    bool // marked as read by hand: at once, whatever is known of what is unread
	keep   bool // marked as unread by hand: not read again until the channel is opened anew
}

// typing is what the others were told about our typing.
type typing struct {
	room chat.RoomID
	told time.Time
	ends time.Time
}

// look notices what is in view and marks it as read when it was long enough.
func (w *window) look(now time.Time) {
	event, visible := w.newestVisible()
	r := w.list.Room(w.room)
	if visible && r != nil && w.reading.now {
		w.reading.now = false
		w.markRead(r, event)
		return
	}
	if !visible || r == nil || w.notLook || !w.dialogs.Empty() || w.reading.keep || !shown(w.frame.chat) ||
		event == w.reading.marked || (event == r.ReadUpTo && !r.Marked && !r.HasUnread && r.Unread == 0) {
		w.reading.event = ""
		return
	}
	if event != w.reading.event {
		w.reading.event, w.reading.since = event, now
	}
	if now.Sub(w.reading.since) >= readAfter {
		w.markRead(r, event)
	}
}

func (w *window) markRead(r *chat.Room, event chat.EventID) {
	w.reading.marked, w.reading.event = event, ""
	w.back.Sender.MarkRead(r.ID, event)
	if r.Marked {
		w.back.Sender.MarkUnread(r.ID, false)
	}
}

// typed tells the others that we type, or not any more.
func (w *window) typed(now time.Time, text string) {
	r := w.list.Room(w.room)
	if r == nil || text == "" || text[0] == '/' {
		w.stopTyping()
		return
	}
	if w.typing.room != w.room || now.Sub(w.typing.told) >= typingEvery {
		w.stopTypingElsewhere()
		w.back.Sender.Typing(w.room, true)
		w.typing.room, w.typing.told = w.room, now
	}
	w.typing.ends = now.Add(typingEnds)
}

func (w *window) stopTypingElsewhere() {
	if w.typing.room != w.room {
		w.stopTyping()
	}
}

func (w *window) stopTyping() {
	if w.typing.room != "" {
		w.back.Sender.Typing(w.typing.room, false)
		w.typing = typing{}
	}
}

// wake does what is due.
func (w *window) wake() tea.Cmd {
	w.wakeAt = time.Time{}
	if w.back == nil {
		return nil
	}
	now := w.clock.Now()
	if w.typing.room != "" && !now.Before(w.typing.ends) {
		w.stopTyping()
	}
	w.status.Tick(now)
	w.showFetch()
	var cmds []tea.Cmd
	if w.membersStale && !now.Before(w.membersDue()) {
		cmds = append(cmds, w.readMembers())
	}
	if w.sidebarStale && now.Sub(w.sidebarRead) >= sidebarWait {
		cmds = append(cmds, w.readSidebar())
	}
	return tea.Batch(cmds...)
}

// rearm sets the timer for what is due next.
func (w *window) rearm(now time.Time) {
	next := w.status.Tick(now)
	if quiet := w.dialogs.Settle(now); !quiet.IsZero() {
		next = sooner(next, quiet)
	}
	if until := w.early(); !until.IsZero() {
		next = sooner(next, until)
	}
	if w.reading.event != "" {
		next = sooner(next, w.reading.since.Add(readAfter))
	}
	if w.typing.room != "" {
		next = sooner(next, w.typing.ends)
	}
	if w.membersStale {
		next = sooner(next, w.membersDue())
	}
	for _, due := range []time.Time{w.lockDue(), w.sheetsDue(), w.fetchDue()} {
		if !due.IsZero() {
			next = sooner(next, due)
		}
	}
	if _, busy := w.waiting[askSidebar]; w.sidebarStale && !busy {
		next = sooner(next, w.sidebarRead.Add(sidebarWait))
	}
	if next.Equal(w.wakeAt) {
		return
	}
	w.wakeAt = next
	if next.IsZero() {
		w.clock.Wake(-1)
		return
	}
	w.clock.Wake(max(0, next.Sub(now)))
}

// sooner returns the earlier of two times, of which zero means never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// retitle sets the title of the terminal's window.
func (w *window) retitle() {
	if !w.early().IsZero() {
		return // with the frame that waits
	}
	name := ""
	if r := w.list.Room(w.room); r != nil {
		name = roomTitle(r)
	}
	total := w.list.Total()
	if title := words.WindowTitle(name, total.Unread, total.Mentions); title != w.title {
		w.title = title
		w.term.SetTitle(safe.Own(title))
	}
}

// roomTitle returns the name of a room as titles show it, already safe.
func roomTitle(r *chat.Room) string {
	name := safe.Line(r.Name).String()
	if r.Direct || r.Type == chat.RoomSpace {
		return name
	}
	return words.ChannelName(name, r.Type == chat.RoomVoice)
}

// cutText returns at most n bytes of a text, cut at a cluster, with an ellipsis if it was longer.
func cutText(t safe.Text, n int) safe.Text {
	if t.Len() <= n {
		return t
	}
	return safe.Own(t.Slice(0, n).String() + "…")
}
