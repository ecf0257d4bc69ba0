package chat

// Wheel scrolls the timeline by lines, down if positive.
func (p *Pane) Wheel(lines int) {
	p.list.Scroll(lines, p.tl.AtNewest())
	p.moved()
}

// Click takes a click at a cell of the pane: it puts the cursor of the composer
// or of message mode there, takes a completion, goes to the newest message, or asks
// what is known of the room.
func (p *Pane) Click(x, y int) {
	l := &p.layout
	switch {
	case l.popup.Dy() > 0 && inside(l.popup, x, y):
		// What is on the glass may be an older list than the present one.
		if i := p.popup.from + y - l.popup.Min.Y; p.popup.drawn && i < len(p.popup.found) {
			p.popup.at = i
			p.accept()
		}
	case l.newPill.Dx() > 0 && inside(l.newPill, x, y):
		p.toFirstNew()
	case l.pill.Dx() > 0 && inside(l.pill, x, y):
		p.toNewest()
	case inside(l.header, x, y), inside(l.notes, x, y):
		p.want(Intent{Kind: IntentInfo})
	case inside(l.text, x, y):
		p.setMode(Writing)
		p.ed.Click(x-l.text.Min.X, y-l.text.Min.Y)
		p.complete()
		p.dirty |= partText
	case inside(l.list, x, y):
		rows := p.list.Rows()
		i := y - l.list.Min.Y
		if i >= len(rows) || rows[i].Item < 0 || !(source{p}).Selectable(rows[i].Item) {
			return
		}
		if p.mode == Reading && p.list.Cursor() == rows[i].Item {
			p.toggle()
			return
		}
		p.setMode(Reading)
		p.list.SetCursor(rows[i].Item, p.tl.AtNewest())
		p.moved()
	}
}
