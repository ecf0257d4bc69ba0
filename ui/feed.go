package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/pane/status"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// feedMsg is a batch of changes, or why there will be no more.
type feedMsg struct {
	changes chat.ChangeSet
	err     error
}

// followUp says what happens when an intent has worked.
type followUp struct {
	open   bool        // open the channel that it made or joined
	leaves chat.RoomID // it takes us out of this channel
	next   chat.RoomID // the channel to open when that one was open
	gap    string      // it fills this gap of the open channel
	people chat.RoomID // it fetches the member list of this channel
}

// apply folds a batch into the view-models.
func (w *window) apply(m feedMsg) tea.Cmd {
	if w.back == nil {
		return nil
	}
	if m.err != nil {
		w.log.Error("Feed ended", "error", m.err)
		w.sayProblem(problemOf(m.err))
		return nil
	}
	cs := &m.changes
	now := w.clock.Now()
	var cmds []tea.Cmd
	if len(cs.Rooms) > 0 || len(cs.Gone) > 0 {
		w.list.Apply(cs.Rooms, cs.Gone)
		w.side.Changed()
		cmds = append(cmds, w.roomsChanged())
	}
	if cs.Edges || cs.Reload {
		cmds = append(cmds, w.readSidebar())
	}
	cmds = append(cmds, w.applyRoom(cs), w.applyInfo(cs))
	for _, t := range cs.Typing {
		if t.Room == w.room {
			w.chat.SetTyping(t)
		}
	}
	if cs.Conn != nil {
		w.connection(*cs.Conn, now)
	}
	if cs.Outbox != nil {
		w.status.SetOutbox(*cs.Outbox)
	}
	for _, n := range cs.Notices {
		cmds = append(cmds, w.notice(n))
	}
	w.applyTrust(cs)
	w.alert(cs.Alerts)
	cmds = append(cmds, w.openWhenThere())
	return tea.Batch(cmds...)
}

// roomsChanged passes on what the open channel's pane shows of its summary, and
// goes on to another one, or none, when it is gone.
func (w *window) roomsChanged() tea.Cmd {
	if w.room == "" {
		return nil
	}
	r := w.list.Room(w.room)
	if r == nil || r.Membership == chat.MemberLeft || r.Membership == chat.MemberBanned {
		return w.gone(w.leavingFor())
	}
	w.chat.SetRoom(*r)
	w.people.SetTotal(r.Joined)
	return nil
}

// applyRoom passes changes of the open channel on.
func (w *window) applyRoom(cs *chat.ChangeSet) tea.Cmd {
	if w.room == "" {
		return nil
	}
	change := cs.Timeline[w.room]
	if cs.Reload {
		change = &chat.RoomChange{Reload: true, MembersChanged: true}
	}
	if change == nil {
		return nil
	}
	if change.MembersChanged {
		w.membersChanged()
	}
	return w.applyTimeline(change)
}

// connection takes the state of the connection. A session that the homeserver
// ended is explained once, by a dialog that opens by itself.
func (w *window) connection(c chat.Connection, now time.Time) {
	before := w.status.Connection().State
	w.status.SetConnection(c, now)
	if c.State == before {
		return
	}
	w.side.SetEmpty(safe.Own(words.EmptyTree(c.State)))
	switch c.State {
	case chat.ConnSignedOut:
		w.openSignedOut(c.Problem)
	case chat.ConnFailed:
		w.openStopped(c.Problem)
	case chat.ConnOnline:
		w.chat.Retry()
		w.wantMembers()
		w.dialogs.Close(dialogStopped)
		w.dialogs.Close(dialogSignedOut)
		w.dialogClosed()
	}
}

// notice shows the outcome of an intent and does what was to follow.
func (w *window) notice(n chat.Notice) tea.Cmd {
	follow, known := w.refs[n.Ref]
	delete(w.refs, n.Ref)
	switch {
	case n.Problem != nil && follow.gap != "":
		w.chat.GapFailed(follow.gap, n.Problem)
		return nil
	case n.Problem != nil && follow.people != "":
		w.membersFailed(follow.people)
		return nil
	case n.Problem != nil:
		w.giveBack(n)
		w.sayProblem(n.Problem)
		if n.Ref == "" && n.Room != "" {
			return w.adoptDraft(n.Room)
		}
		return nil
	}
	if n.Done != "" {
		w.tell(words.Done(n.Done, n.Value), false)
	}
	if !known {
		return nil
	}
	if follow.leaves != "" && follow.leaves == w.room {
		return w.gone(follow.next)
	}
	if follow.open {
		w.openLater = n.Room
		if w.openLater == "" {
			w.openLater = chat.RoomID(n.Value)
		}
	}
	return nil
}

// openWhenThere opens the channel that was joined or created once the list has it.
func (w *window) openWhenThere() tea.Cmd {
	r := w.list.Room(w.openLater)
	if w.openLater == "" || r == nil || r.Membership != chat.MemberJoined {
		return nil
	}
	w.openLater = ""
	if r.Type == chat.RoomSpace {
		w.showServer(r.ID)
		return nil
	}
	return w.open(r.ID)
}

// alert rings for what one is not looking at.
func (w *window) alert(alerts []chat.Alert) {
	var loud *chat.Alert
	for i := range alerts {
		a := &alerts[i]
		if w.notLook || a.Room != w.room {
			loud = a
		}
	}
	now := w.clock.Now()
	if loud == nil || now.Sub(w.alerted) < alertEvery {
		return
	}
	w.alerted = now
	w.term.Bell()
	if r := w.list.Room(loud.Room); r != nil && w.notLook && !w.opts.NoNotify {
		w.term.Notify(safe.Own(roomTitle(r)), safe.Own(words.AlertText(loud.Mention, loud.Invite)))
	}
}

// say answers a key with a sentence in the status line.
func (w *window) say(text string, bad bool) {
	if w.status != nil && text != "" {
		w.status.Answer(safe.Own(text), level(bad), w.clock.Now())
	}
}

// tell puts a sentence into the status line that no key asked for.
func (w *window) tell(text string, bad bool) {
	if w.status != nil && text != "" {
		w.status.Add(safe.Own(text), level(bad), w.clock.Now())
	}
}

func level(bad bool) status.Level {
	if bad {
		return status.Bad
	}
	return status.Plain
}
