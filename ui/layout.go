package ui

import (
	tea "charm.land/bubbletea/v2"

	"hubbub/ui/internal/screen"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// Sizes of the window.
const (
	minWidth, minHeight = 40, 10
	wideWidth           = 120 // all three panes, and the rail as a column
	middleWidth         = 80  // tree and timeline
	wideTree            = 34  // with the rail
	middleTree          = 26
	peopleWidth         = 24
)

// focus is the pane that gets the keys.
type focus uint8

// Panes.
const (
	focusChat focus = iota
	focusTree
	focusPeople
)

// frame is where the panes stand. A pane of no width is not shown.
type frame struct {
	tooSmall           bool
	crumb              bool // a breadcrumb in the first row
	tree, chat, people screen.Rect
	status             screen.Rect
	stage              screen.Rect // what pages may cover; empty for the whole window
	lines              []int       // columns of the lines between panes
}

func rect(x, y, w, h int) screen.Rect {
	var r screen.Rect
	r.Min.X, r.Min.Y, r.Max.X, r.Max.Y = x, y, x+w, y+h
	return r
}

func shown(r screen.Rect) bool { return r.Dx() > 0 && r.Dy() > 0 }

func sub(c screen.Canvas, r screen.Rect) screen.Canvas {
	return c.Sub(r.Min.X, r.Min.Y, r.Dx(), r.Dy())
}

// arrange lays the panes out for a size.
// notice is how many rows the status line has above its own.
func arrange(width, height, notice int, at focus, wantTree, wantPeople bool) frame {
	h := height - 1 - notice
	f := frame{status: rect(0, h, width, 1+notice)}
	switch {
	case width < minWidth || height < minHeight:
		f.tooSmall = true
	case width < middleWidth:
		f.crumb = true
		all := rect(0, 1, width, h-1)
		switch at {
		case focusTree:
			f.tree = all
		case focusPeople:
			f.people = all
		default:
			f.chat = all
		}
	default:
		f.columns(width, h, at, wantTree, wantPeople)
	}
	return f
}

// columns lays out two or three panes side by side.
func (f *frame) columns(width, h int, at focus, wantTree, wantPeople bool) {
	x, end := 0, width
	treeWidth := middleTree
	if width >= wideWidth {
		treeWidth = wideTree
	}
	if wantTree || at == focusTree {
		f.tree = rect(0, 0, treeWidth, h)
		f.lines = append(f.lines, treeWidth)
		x = treeWidth + 1
	}
	if width >= wideWidth {
		f.stage = rect(x, 0, end-x, h)
	}
	switch {
	case width >= wideWidth && wantPeople:
		f.people = rect(width-peopleWidth, 0, peopleWidth, h)
		end = width - peopleWidth - 1
		f.lines = append(f.lines, end)
	case at == focusPeople: // covers the timeline
		f.people = rect(x, 0, end-x, h)
		return
	}
	f.chat = rect(x, 0, end-x, h)
}

// arrange lays the window out again and tells the panes what changed for them.
func (w *window) arrange() {
	people := w.wantPeople && w.room != ""
	if w.focus == focusPeople && (w.room == "" || (w.width >= wideWidth && !people)) {
		w.focus = focusChat
	}
	w.noticed = w.noticeRows()
	w.frame = arrange(w.width, w.height, w.noticed, w.focus, w.wantTree, people)
	w.dirty = true
	if w.side != nil {
		w.dialogs.SetStage(w.frame.stage)
		w.side.SetRail(w.width >= wideWidth)
		w.side.SetFocus(w.focus == focusTree)
		w.people.SetFocus(w.focus == focusPeople)
		w.chat.SetFocus(w.focus == focusChat && w.dialogs.Empty())
		if shown(w.frame.chat) {
			w.chat.SetSize(w.frame.chat.Dx(), w.frame.chat.Dy())
		}
	}
}

// noticeHeight is the height of the window from which a long notice gets rows of its own.
const noticeHeight = 16

// noticeRows returns how many rows the status line wants above its own.
func (w *window) noticeRows() int {
	if w.status == nil || w.height < noticeHeight {
		return 0
	}
	return min(w.status.Rows(w.widths, w.width), w.height/4)
}

// renotice makes room for a notice that does not fit, and takes it back.
func (w *window) renotice() {
	if w.noticeRows() != w.noticed {
		w.arrange()
	}
}

// resize takes the size of the terminal.
func (w *window) resize(m tea.WindowSizeMsg) {
	w.width, w.height = m.Width, m.Height
	if w.status != nil {
		w.verifyBadge()
	}
	w.arrange()
	if w.back != nil && !w.besides { // else they are asked for with the rest
		w.wantMembers()
	}
}

// Dirty implements screen.Model.
func (w *window) Dirty() bool {
	switch {
	case w.back != nil && !w.early().IsZero():
		return false
	case w.dirty || w.frame.tooSmall:
		return w.dirty
	case w.dialogs.Dirty():
		return true
	}
	if w.side == nil {
		return w.login != nil && w.login.Dirty()
	}
	return w.panesDirty()
}

func (w *window) panesDirty() bool {
	f := &w.frame
	return w.status.Dirty() || (shown(f.tree) && w.side.Dirty()) || (shown(f.chat) && w.chat.Dirty()) ||
		(shown(f.people) && w.people.Dirty())
}

// Paint implements screen.Model.
func (w *window) Paint(c screen.Canvas) screen.Cursor {
	changed := w.dirty
	all := changed || !w.dialogs.Empty() || w.dialogs.Dirty()
	w.dirty = false
	switch {
	case w.frame.tooSmall:
		return w.paintTooSmall(c)
	case w.side == nil:
		return w.paintLogin(c, all)
	case w.dialogs.Dirty() && !changed && !w.panesDirty() && w.dialogs.Stands(c):
		return w.dialogs.PaintTop(c, &w.theme)
	}
	f := &w.frame
	if all {
		w.paintLines(c)
		w.chat.Changed()
	}
	if shown(f.tree) && (all || w.side.Dirty()) {
		w.side.Paint(sub(c, f.tree))
	}
	if shown(f.chat) && (all || w.chat.Dirty()) {
		w.cursor = w.chat.Paint(sub(c, f.chat))
		w.cursor.X, w.cursor.Y = w.cursor.X+f.chat.Min.X, w.cursor.Y+f.chat.Min.Y
	}
	if shown(f.people) && (all || w.people.Dirty()) {
		w.people.Paint(sub(c, f.people))
	}
	if all || w.status.Dirty() {
		w.status.Paint(sub(c, f.status))
	}
	if !w.dialogs.Empty() || w.dialogs.Dirty() {
		if cur := w.dialogs.Paint(c, &w.theme); !w.dialogs.Empty() {
			return cur
		}
	}
	return w.place()
}

// place returns the cursor: in a list it stands on the row that is chosen, so
// that screen readers and magnifiers find it.
func (w *window) place() screen.Cursor {
	f := &w.frame
	switch {
	case w.focus == focusTree && shown(f.tree):
		x, y, ok := w.side.Cursor()
		return screen.Cursor{X: f.tree.Min.X + x, Y: f.tree.Min.Y + y, Visible: ok}
	case w.focus == focusPeople && shown(f.people):
		x, y := w.people.Cursor()
		return screen.Cursor{X: f.people.Min.X + x, Y: f.people.Min.Y + y, Visible: true}
	case shown(f.chat):
		return w.cursor
	}
	return screen.Cursor{}
}

func (w *window) paintTooSmall(c screen.Canvas) screen.Cursor {
	width, height := c.Size()
	c.Fill(0, 0, width, height, w.theme.Text)
	c.Text(0, height/2, width, safe.Lit(words.TooSmall), w.theme.Warn, "")
	w.dirty = false
	return screen.Cursor{}
}

func (w *window) paintLogin(c screen.Canvas, all bool) screen.Cursor {
	if w.login == nil {
		return screen.Cursor{}
	}
	if all || w.login.Dirty() {
		w.cursor = w.login.Paint(c)
	}
	if !w.dialogs.Empty() || w.dialogs.Dirty() {
		if cur := w.dialogs.Paint(c, &w.theme); !w.dialogs.Empty() {
			return cur
		}
	}
	return w.cursor
}

// paintLines draws what belongs to no pane: lines between them, the breadcrumb.
func (w *window) paintLines(c screen.Canvas) {
	g, th := w.theme.Glyphs, &w.theme
	for _, x := range w.frame.lines {
		for y := range w.frame.status.Min.Y {
			c.Rune(x, y, g.V, th.Border)
		}
	}
	if !w.frame.crumb {
		return
	}
	w.paintCrumbs(c)
}
