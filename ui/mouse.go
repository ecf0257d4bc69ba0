package ui

import (
	tea "charm.land/bubbletea/v2"

	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane/sidebar"
	"hubbub/ui/internal/pane/trust"
	"hubbub/ui/internal/screen"
)

// wheelLines is how far one turn of the wheel scrolls.
const wheelLines = 3

func inside(r screen.Rect, x, y int) bool {
	return x >= r.Min.X && x < r.Max.X && y >= r.Min.Y && y < r.Max.Y
}

// click routes a click of the left button.
func (w *window) click(m tea.MouseClickMsg) tea.Cmd {
	if m.Button != tea.MouseLeft || w.frame.tooSmall {
		return nil
	}
	f := &w.frame
	if w.dialogs.Staged() && !inside(f.stage, m.X, m.Y) {
		if left := w.makeWay(); w.dialogs.Empty() {
			return tea.Batch(left, w.click(m))
		}
	}
	switch {
	case !w.dialogs.Empty():
		cmd := w.dialogs.Click(m.X, m.Y, w.clock.Now())
		w.dialogClosed()
		return cmd
	case w.side == nil:
		return nil
	case f.crumb && m.Y == 0:
		return w.clickCrumb(m.X)
	case inside(f.status, m.X, m.Y) && w.back.Trust != nil:
		return w.openDoctor()
	case inside(f.tree, m.X, m.Y):
		w.setFocus(focusTree)
		return w.sideEvent(w.side.Click(m.X-f.tree.Min.X, m.Y-f.tree.Min.Y))
	case inside(f.people, m.X, m.Y):
		w.setFocus(focusPeople)
		if person := w.people.Click(m.X-f.people.Min.X, m.Y-f.people.Min.Y); person != nil {
			w.openPerson(*person)
		}
	case inside(f.chat, m.X, m.Y):
		w.setFocus(focusChat)
		return w.chatClick(m.X-f.chat.Min.X, m.Y-f.chat.Min.Y)
	}
	return nil
}

// makeWay leaves the page on the stage for a click beside it: the walk, and
// what goes on without its page and holds nothing that was typed.
func (w *window) makeWay() tea.Cmd {
	p, ok := w.dialogs.Top().(*trust.Page)
	switch {
	case w.walkOpen():
		w.closePage(dialogTrust) // it stands in nobody's way
	case ok && !p.Holds() && len(p.Fields) == 0 && !w.security.keyHeld:
		cmd := w.dialogs.Do(keymap.Close, w.clock.Now())
		w.dialogClosed()
		return cmd
	}
	return nil
}

// clickCrumb moves to the pane whose name was clicked.
func (w *window) clickCrumb(x int) tea.Cmd {
	at := 0
	for i, t := range w.crumbs() {
		at += w.columns(t)
		if x < at {
			w.setFocus([]focus{focusTree, focusChat, focusPeople}[i])
			w.wantMembers()
			return nil
		}
		at += 3
	}
	return nil
}

// wheel scrolls what is under the pointer.
func (w *window) wheel(m tea.MouseWheelMsg) tea.Cmd {
	lines := 0
	switch m.Button {
	case tea.MouseWheelUp:
		lines = -wheelLines
	case tea.MouseWheelDown:
		lines = wheelLines
	default:
		return nil
	}
	f := &w.frame
	switch {
	case !w.dialogs.Empty() && !(w.dialogs.Staged() && inside(f.tree, m.X, m.Y)):
		w.dialogs.Wheel(lines)
	case w.side == nil:
	case inside(f.tree, m.X, m.Y):
		w.side.Wheel(lines)
	case inside(f.people, m.X, m.Y):
		w.people.Wheel(lines)
	case inside(f.chat, m.X, m.Y):
		return w.chatWheel(lines)
	}
	return nil
}

// sideEvent does what the sidebar asks for.
func (w *window) sideEvent(e sidebar.Event) tea.Cmd {
	switch {
	case e.Open != "":
		return w.open(e.Open)
	case e.Switch:
		w.showServer(e.Server)
	case e.Browse:
		return w.browse()
	case e.Join:
		w.openJoin("")
	case e.Folds:
		w.keep()
	}
	return nil
}
