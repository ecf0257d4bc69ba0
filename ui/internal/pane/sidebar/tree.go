package sidebar

import (
	"hubbub/store/chat"
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/roomlist"
	"hubbub/ui/internal/screen"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// paintTree draws the heading and the rows from row y on.
func (p *Pane) paintTree(c screen.Canvas, y int) {
	th := p.theme
	w, h := c.Size()
	title := safe.Own(words.HomeTitle)
	if r := p.model.Room(p.server); r != nil {
		title = safe.Line(r.Name)
	}
	end := w
	if p.model.Filter().OnlyUnread {
		end = pane.Right(c, w, y, safe.Own(words.OnlyUnread), th.Warn) - 1
	}
	n := pane.Label(c, th, 1, y, end-1, title, th.Header)
	c.Rune(0, y, ' ', th.Text)
	c.Pad(1+n, y, min(end+1, w), th.Text)
	if y+1 < h {
		for x := range w {
			c.Rune(x, y+1, th.Glyphs.H, th.Border)
		}
	}
	rows := p.settle()
	from, height := y+2, h-y-2
	p.scroll.Fit(len(rows), max(height, 0))
	if y+1 < h {
		p.paintBeyond(c, y+1, rows, max(height, 0))
	}
	p.hits.rowsY, p.hits.firstRow, p.hits.rows = from, p.scroll.Top, max(0, min(height, len(rows)-p.scroll.Top))
	for i := range max(height, 0) {
		at := p.scroll.Top + i
		if at >= len(rows) {
			c.Pad(0, from+i, w, th.Text)
			continue
		}
		p.paintRow(c, from+i, &rows[at], p.focus && at == p.scroll.At)
	}
	if len(rows) == 0 && height > 0 {
		empty := p.empty
		if p.model.Filter().OnlyUnread {
			empty = safe.Lit(words.NothingUnread)
		}
		n := pane.Label(c, th, 1, from, w-1, empty, th.Dim)
		c.Pad(1+n, from, w, th.Text)
	}
}

// paintBeyond says in the line above the rows how many rooms out of view, above
// and below, have anything unread.
func (p *Pane) paintBeyond(c screen.Canvas, y int, rows []roomlist.Row, height int) {
	if len(rows) <= height {
		return
	}
	unread := func(rows []roomlist.Row) (n int, mention bool) {
		for i := range rows {
			if r := &rows[i]; r.Kind == roomlist.RowRoom || r.Folded {
				if count := r.Count(); count.Any {
					n++
					mention = mention || count.Mentions > 0
				}
			}
		}
		return n, mention
	}
	th := p.theme
	above, up := unread(rows[:p.scroll.Top])
	below, down := unread(rows[min(p.scroll.Top+height, len(rows)):])
	text := safe.Own(words.UnreadBeyond(th.Glyphs.Up, th.Glyphs.Down, above, below))
	w, _ := c.Size()
	n := c.Widths().Text(text)
	if text.Empty() || n+4 > w {
		return
	}
	st := th.Unread
	if up || down {
		st = th.MentionBadge
	}
	c.Rune(w-n-3, y, ' ', th.Border)
	c.Text(w-n-2, y, n, text, st, "")
	c.Rune(w-2, y, ' ', th.Border)
}

func (p *Pane) paintRow(c screen.Canvas, y int, r *roomlist.Row, selected bool) {
	th := p.theme
	w, _ := c.Size()
	row := th.Text
	isOpen := r.Kind == roomlist.RowRoom && r.Room.ID == p.open
	switch {
	case selected:
		row = th.Selected
	case isOpen:
		row = th.Current
	}
	bar := ' '
	if isOpen {
		bar = th.Glyphs.Bar
	}
	c.Rune(0, y, bar, pane.Over(th.Accent, row))
	count := r.Count()
	end := w
	if r.Kind == roomlist.RowRoom || r.Folded {
		end = paintBadge(c, pane.Over(th.Badge, row), th.MentionBadge, pane.Over(th.Unread, row), w, y, count, th.Glyphs.Dot)
	}
	depth := r.Depth
	if r.Kind != roomlist.RowSection && r.Section != roomlist.None {
		depth++ // below its heading
	}
	x := 1 + min(2*depth, w/3)
	c.Pad(1, y, x, row)
	switch r.Kind {
	case roomlist.RowRoom:
	case roomlist.RowBrowse:
		st := pane.Over(th.Dim, row)
		c.Rune(x, y, th.Glyphs.Add, st)
		c.Rune(x+1, y, ' ', row)
		n := pane.Label(c, th, x+2, y, end-x-3, safe.Own(words.BrowseRow(r.Hidden())), st)
		c.Pad(x+2+n, y, end, row)
		return
	default:
		p.paintHeading(c, x, y, end, r, row)
		return
	}
	glyph, name := p.roomMark(r.Room)
	st := th.Channel
	switch {
	case r.Room.Notify == chat.NotifyMuted:
		st = th.Muted
	case count.Any:
		st = th.Unread
	case isOpen:
		st = th.Text
	}
	st = pane.Over(st, row)
	c.Rune(x, y, glyph, pane.Over(th.Dim, row))
	c.Rune(x+1, y, ' ', row)
	n := pane.Label(c, th, x+2, y, end-x-3, name, st)
	c.Pad(x+2+n, y, end, row)
}

func (p *Pane) paintHeading(c screen.Canvas, x, y, end int, r *roomlist.Row, row screen.Style) {
	th := p.theme
	mark := th.Glyphs.Fold
	if r.Folded {
		mark = th.Glyphs.Unfold
	}
	st := pane.Over(th.Category, row)
	c.Rune(x, y, mark, st)
	c.Rune(x+1, y, ' ', row)
	name := safe.Own(sectionTitle(r.Section))
	switch {
	case r.Kind == roomlist.RowCategory:
		name = safe.Line(r.Room.Name)
	case r.Kind == roomlist.RowMore && r.Folded:
		name = safe.Own(words.More(r.Hidden()))
	case r.Kind == roomlist.RowMore:
		name = safe.Lit(words.Fewer)
	}
	n := pane.Label(c, th, x+2, y, end-x-3, name, st)
	c.Pad(x+2+n, y, end, row)
}

func sectionTitle(s roomlist.Section) string {
	switch s {
	case roomlist.Invites:
		return words.Invites
	case roomlist.Direct:
		return words.DirectMessages
	case roomlist.Unread:
		return words.UnreadRooms
	}
	return words.Recent
}

// roomMark returns the glyph and the name of a channel. The name loses a `#` of its own.
func (p *Pane) roomMark(r *chat.Room) (rune, safe.Text) {
	g := p.theme.Glyphs
	name := safe.Line(r.Name)
	switch {
	case r.Membership == chat.MemberInvited:
		return g.Invite, name
	case r.Direct:
		return g.Person, name
	case r.Type == chat.RoomVoice:
		return g.Voice, name
	}
	if s := name.String(); len(s) > 1 && s[0] == '#' {
		name = name.Slice(1, name.Len())
	}
	return g.Hash, name
}
