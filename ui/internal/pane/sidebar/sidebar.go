// Package sidebar draws the server rail and the channel tree.
//
// Where there is room the rail is a column of its own, else a strip above the
// tree. The cursor follows the open channel while the tree has no focus.
package sidebar

import (
	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/roomlist"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// RailWidth is the width of the rail with the line that parts it from the tree.
const RailWidth = 8

// Pane is the sidebar. It belongs to Update's goroutine.
type Pane struct {
	model  *roomlist.Model
	theme  *theme.Theme
	server chat.RoomID // "" is home
	open   chat.RoomID
	focus  bool
	rail   bool // a column of its own
	scroll pane.Scroll
	moved  bool // the cursor was moved by hand since the focus came
	cursor place
	top    int // first server of the rail
	dirty  bool
	hits   hits
	empty  safe.Text // stands in an empty tree
}

// place names the row of the cursor, which may move when the rows change.
type place struct {
	kind roomlist.RowKind
	room chat.RoomID
	key  string
}

// Event is what the window shall do after an action or a click.
type Event struct {
	Open   chat.RoomID // open this channel or invite
	Server chat.RoomID // show this server; with Switch
	Switch bool
	Folds  bool // what is folded changed: keep it
	Join   bool // the add button
	Browse bool // list the channels of the server
	Taken  bool // the action was the sidebar's
}

// New makes the pane over a model.
func New(m *roomlist.Model, th *theme.Theme) *Pane {
	return &Pane{model: m, theme: th, dirty: true, empty: safe.Lit(words.NoRooms)}
}

// Dirty reports whether the pane must be painted.
func (p *Pane) Dirty() bool { return p.dirty }

// Changed says that the model changed, or that everything must be painted.
func (p *Pane) Changed() { p.dirty = true }

// SetTheme changes the styles.
func (p *Pane) SetTheme(th *theme.Theme) { p.theme, p.dirty = th, true }

// SetFocus gives or takes the focus.
func (p *Pane) SetFocus(focus bool) {
	if p.focus != focus {
		p.focus, p.moved, p.dirty = focus, false, true
	}
}

// SetEmpty sets what stands in a tree without rows.
func (p *Pane) SetEmpty(t safe.Text) {
	if p.empty != t {
		p.empty, p.dirty = t, true
	}
}

// SetRail chooses between the rail as a column and as a strip.
func (p *Pane) SetRail(column bool) {
	if p.rail != column {
		p.rail, p.dirty = column, true
	}
}

// Server returns the server that is shown, "" for home.
func (p *Pane) Server() chat.RoomID { return p.server }

// SetServer shows a server, or home.
func (p *Pane) SetServer(id chat.RoomID) {
	if p.server != id {
		p.server, p.dirty = id, true
		p.scroll.At, p.scroll.Top, p.moved = 0, 0, false
	}
}

// SetOpen marks the open channel.
func (p *Pane) SetOpen(id chat.RoomID) {
	if p.open != id {
		p.open, p.moved, p.dirty = id, false, true
		f := p.model.Filter()
		f.Keep = id
		p.model.SetFilter(f)
	}
}

// Selected returns the channel or category under the cursor, or "".
func (p *Pane) Selected() chat.RoomID {
	rows := p.settle()
	if p.scroll.At < len(rows) {
		return rows[p.scroll.At].ID()
	}
	return ""
}

// Do takes an action.
func (p *Pane) Do(a keymap.Action) Event {
	rows := p.settle()
	if p.scroll.Do(a, len(rows)) {
		p.moved, p.dirty = true, true
		p.remember(rows)
		return Event{Taken: true}
	}
	var row *roomlist.Row
	if p.scroll.At < len(rows) {
		row = &rows[p.scroll.At]
	}
	switch a {
	case keymap.OnlyUnread:
		f := p.model.Filter()
		f.OnlyUnread = !f.OnlyUnread
		p.model.SetFilter(f)
		p.dirty = true
		return Event{Taken: true}
	case keymap.Choose, keymap.Fold, keymap.Unfold:
		if row != nil {
			return p.choose(rows, row, a)
		}
		return Event{Taken: true}
	}
	return Event{}
}

func (p *Pane) choose(rows []roomlist.Row, row *roomlist.Row, a keymap.Action) Event {
	switch {
	case row.Kind == roomlist.RowRoom && a == keymap.Choose:
		return Event{Open: row.Room.ID, Taken: true}
	case row.Kind == roomlist.RowBrowse && a == keymap.Choose:
		return Event{Browse: true, Taken: true}
	case row.Kind == roomlist.RowRoom && a == keymap.Fold:
		for i := p.scroll.At; i >= 0; i-- { // to the heading above
			if rows[i].Kind != roomlist.RowRoom {
				p.scroll.At, p.moved, p.dirty = i, true, true
				p.remember(rows)
				break
			}
		}
		return Event{Taken: true}
	case row.Kind == roomlist.RowRoom || row.Kind == roomlist.RowBrowse:
		return Event{Taken: true}
	}
	fold := a == keymap.Fold || (a == keymap.Choose && !row.Folded)
	p.remember(rows)
	p.moved, p.dirty = true, true
	if row.Kind == roomlist.RowMore {
		p.model.SetFolded(row.Key, !fold)
		if !fold { // on to the first that it hid, not to the row that ends them
			p.remember(p.model.Rows(p.server))
		}
		return Event{Folds: true, Taken: true}
	}
	p.model.SetFolded(row.Key, fold)
	return Event{Folds: true, Taken: true}
}

// remember keeps what the cursor stands on.
func (p *Pane) remember(rows []roomlist.Row) {
	if p.scroll.At < len(rows) {
		r := &rows[p.scroll.At]
		p.cursor = place{r.Kind, r.ID(), r.Key}
	}
}

// Point moves the cursor to a channel or category of the tree, if it stands there.
func (p *Pane) Point(id chat.RoomID) {
	rows := p.settle()
	for i := range rows {
		if rows[i].ID() == id {
			p.scroll.At, p.moved, p.dirty = i, true, true
			p.remember(rows)
			return
		}
	}
}

// settle finds the cursor's row again after the rows changed: what it stood
// on, or the open channel while nobody moved it.
func (p *Pane) settle() []roomlist.Row {
	rows := p.model.Rows(p.server)
	want := p.cursor
	if !p.moved {
		want = place{roomlist.RowRoom, p.open, ""}
	}
	room := p.model.Room(want.room)
	found := func(r *roomlist.Row) bool { return r.Room == room && r.Kind == want.kind && r.Key == want.key }
	if p.scroll.At < len(rows) && found(&rows[p.scroll.At]) {
		return rows
	}
	for i := range rows {
		if found(&rows[i]) {
			p.scroll.At = i
			return rows
		}
	}
	if p.moved {
		return rows
	}
	// The open channel is not in this tree: the cursor begins on the first, and stays with it.
	for i := range rows {
		if rows[i].Kind == roomlist.RowRoom {
			p.scroll.At, p.moved = i, true
			p.remember(rows)
			break
		}
	}
	return rows
}

// Cursor returns the cell of the cursor's row as it was painted last, and whether there is one.
func (p *Pane) Cursor() (x, y int, ok bool) {
	i := p.scroll.At - p.hits.firstRow
	return p.hits.treeX, p.hits.rowsY + i, i >= 0 && i < p.hits.rows
}

// Wheel scrolls by lines.
func (p *Pane) Wheel(lines int) {
	rows := p.settle()
	p.scroll.Wheel(lines, len(rows))
	p.moved, p.dirty = true, true
	p.remember(rows)
}

// Click takes a click at a cell of the pane.
func (p *Pane) Click(x, y int) Event {
	if s, ok := p.hits.server(x, y); ok {
		switch {
		case s.add:
			return Event{Join: true, Taken: true}
		default:
			return Event{Server: s.id, Switch: true, Taken: true}
		}
	}
	rows := p.settle()
	i := p.hits.row(x, y)
	if i < 0 || i >= len(rows) {
		return Event{}
	}
	p.scroll.At, p.moved, p.dirty = i, true, true
	p.remember(rows)
	return p.choose(rows, &rows[i], keymap.Choose)
}
