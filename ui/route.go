package ui

import (
	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane/info"
	"hubbub/ui/words"
)

// context returns which keys count now.
func (w *window) context() keymap.Context {
	switch {
	case w.onSheet():
		return keymap.Sheet
	case !w.dialogs.Empty() || w.login != nil:
		return keymap.Dialog
	case w.focus == focusTree:
		return keymap.Tree
	case w.focus == focusPeople:
		return keymap.People
	case w.messageMode():
		return keymap.Message
	}
	return keymap.Composer
}

// typed text of a key, or "" for one that is no text.
func textOf(k tea.KeyPressMsg) string {
	if k.Mod&(tea.ModCtrl|tea.ModAlt|tea.ModMeta|tea.ModSuper|tea.ModHyper) != 0 {
		return ""
	}
	return k.Text
}

// key routes a key press.
func (w *window) key(k tea.KeyPressMsg) tea.Cmd {
	context := w.context()
	name := k.String()
	action := w.keys.Lookup(context, name)
	text := textOf(k)
	if k.Code == tea.KeyEnter && k.Mod == tea.ModShift && !w.opts.known.Shift {
		w.tells(true)
	}
	switch {
	case w.frame.tooSmall:
		if action == keymap.Quit {
			return w.quit()
		}
		return nil
	case !w.dialogs.Empty():
		if away := w.keys.Lookup(keymap.Global, name); action == "" && text == "" && away != "" {
			if cmd, done := w.pastDialog(away); done {
				return cmd
			}
		}
		return w.dialogKey(action, text)
	case w.login != nil:
		return w.loginKey(action, text)
	case context == keymap.Composer && w.chat.Popup() && w.chat.Do(action):
		return nil
	}
	if action != "" {
		return w.doIn(context, action)
	}
	if text != "" && context == keymap.Composer {
		return w.typeText(text)
	}
	return nil
}

// pastDialog does an action that counts everywhere and that the uppermost
// dialog has no use for. What the status line names works over any dialog; the
// walk, which opens by itself, and texts that are only read make way.
func (w *window) pastDialog(a keymap.Action) (cmd tea.Cmd, done bool) {
	switch {
	case w.back == nil || w.security.keyHeld:
		return nil, false
	case a == keymap.Help && w.dialogs.Has(dialogHelp):
		w.dialogs.Close(dialogHelp)
		w.dialogClosed()
		return nil, true
	case a == keymap.Help || a == keymap.Verifications:
		return w.do(keymap.Global, a), true
	case w.walkOpen():
		w.closePage(dialogTrust)
	case w.dialogs.Only(readOnly):
		w.dialogs.Clear()
		w.dialogClosed()
	default:
		return nil, false
	}
	return w.doIn(w.context(), a), true
}

// readOnly reports whether a dialog only shows text.
func readOnly(d dialog.Dialog) bool {
	switch d.(type) {
	case *info.Sheet, *dialog.Text:
		return true
	}
	return false
}

// dialogKey gives a key to the uppermost dialog.
func (w *window) dialogKey(a keymap.Action, text string) tea.Cmd {
	now := w.clock.Now()
	var cmd tea.Cmd
	switch {
	case a == keymap.Quit:
		return w.quit()
	case a != "":
		cmd = w.dialogs.Do(a, now)
	case text != "":
		cmd = w.dialogs.Type(text, now)
	}
	w.dialogClosed()
	return cmd
}

// dialogClosed gives the keys back when the last dialog is gone.
func (w *window) dialogClosed() {
	if w.dialogs.Empty() && w.side != nil {
		w.arrange()
	}
}

// doIn does an action in a context, or says why not.
func (w *window) doIn(c keymap.Context, a keymap.Action) tea.Cmd {
	if w.status != nil {
		w.status.Next(w.clock.Now(), false)
	}
	if b, ok := w.keys.Find(c, a); ok && w.back != nil {
		if why := b.Reason(w.have()); why != "" {
			w.say(why, true)
			return nil
		}
	}
	return w.do(c, a)
}

// do does an action. What no pane of the context takes is one of the window's.
func (w *window) do(c keymap.Context, a keymap.Action) tea.Cmd {
	switch c {
	case keymap.Tree:
		if e := w.side.Do(a); e.Taken {
			return w.sideEvent(e)
		}
	case keymap.People:
		if m, taken := w.people.Do(a); taken {
			if m != nil {
				w.openPerson(*m)
			}
			return nil
		}
	}
	if cmd, ok := w.infoDo(c, a); ok {
		return cmd
	}
	if cmd, ok := w.navigate(a); ok {
		return cmd
	}
	if cmd, ok := w.manage(a); ok {
		return cmd
	}
	if cmd, ok := w.trustDo(a); ok {
		return cmd
	}
	return w.chatDo(a)
}

// navigate does what moves through the window.
func (w *window) navigate(a keymap.Action) (tea.Cmd, bool) {
	if n := keymap.IsServer(a); n > 0 {
		return w.goServer(n), true
	}
	switch a {
	case keymap.Switcher:
		w.openSwitcher()
	case keymap.Palette:
		w.openPalette()
	case keymap.Help:
		w.openHelp()
	case keymap.NextPane:
		w.nextFocus(1)
	case keymap.PrevPane:
		w.nextFocus(-1)
	case keymap.ChannelPrev, keymap.ChannelNext, keymap.UnreadPrev, keymap.UnreadNext, keymap.MentionNext:
		return w.stepRoom(a), true
	case keymap.Unsent:
		return w.goUnsent(), true
	case keymap.Home:
		w.showServer("")
	case keymap.TogglePeople:
		w.togglePeople()
	case keymap.ToggleSidebar:
		w.toggleTree()
	case keymap.Write:
		w.setFocus(focusChat)
		return w.chatDo(a), true
	default:
		return nil, false
	}
	return nil, true
}

// manage does what concerns channels and the program.
func (w *window) manage(a keymap.Action) (tea.Cmd, bool) {
	switch a {
	case keymap.SendFile:
		w.openSendFile()
	case keymap.Join:
		w.openJoin("")
	case keymap.Browse:
		return w.browse(), true
	case keymap.CreateChannel:
		return w.openCreate(), true
	case keymap.DirectMessage:
		w.openDirect("")
	case keymap.Invite:
		w.openInvitePerson("")
	case keymap.Leave:
		w.openLeave(w.target())
	case keymap.LeaveServer:
		w.openLeave(w.list.Room(w.side.Server()))
	case keymap.MarkRead:
		return w.markAllRead(), true
	case keymap.ChannelInfo:
		return w.openChannelInfo(), true
	case keymap.Reconnect:
		w.back.Rooms.Reconnect()
	case keymap.SignOut:
		w.openSignOut()
	case keymap.Redraw:
		w.dirty = true
		w.term.Redraw()
	case keymap.Suspend:
		return w.term.Suspend(), true
	case keymap.Quit:
		return w.quit(), true
	default:
		return nil, false
	}
	return nil, true
}

// goServer shows server n of the rail and, in a wide window, keeps the open channel beside it.
func (w *window) goServer(n int) tea.Cmd {
	servers := w.list.Servers()
	if n > len(servers) {
		w.say(words.NoServerThere, false)
		return nil
	}
	w.showServer(servers[n-1].Room.ID)
	return nil
}

func (w *window) togglePeople() {
	switch {
	case w.width >= wideWidth:
		w.wantPeople = !w.wantPeople
		w.arrange()
		w.keep()
	case w.focus == focusPeople:
		w.setFocus(focusChat)
	default:
		w.setFocus(focusPeople)
	}
	w.wantMembers()
}

func (w *window) toggleTree() {
	switch {
	case w.width >= middleWidth:
		w.wantTree = !w.wantTree
		if !w.wantTree && w.focus == focusTree {
			w.focus = focusChat
		}
		w.arrange()
		w.keep()
	case w.focus == focusTree:
		w.setFocus(focusChat)
	default:
		w.setFocus(focusTree)
	}
}

// quit ends the program. What waits to be sent is kept; the question only says so.
func (w *window) quit() tea.Cmd {
	if w.holdKey() {
		return nil
	}
	if w.back != nil && w.status.Outbox().Pending > 0 && !w.dialogs.Has(dialogQuit) {
		w.openQuit()
		return nil
	}
	if w.back != nil {
		w.stopTyping()
		w.keep()
	}
	return w.term.Quit()
}

// target returns the channel that an action on a channel means: the one under
// the cursor of the tree while that has the focus, else the open one.
func (w *window) target() *chat.Room {
	if w.focus == focusTree {
		if r := w.list.Room(w.side.Selected()); r != nil {
			return r
		}
	}
	return w.list.Room(w.room)
}
