package chat

import (
	"hubbub/store/chat"
	"hubbub/ui/internal/screen"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// SetUnread takes where reading had stopped when the room was opened.
func (p *Pane) SetUnread(u chat.Unread) {
	if !p.open || u.First == "" {
		return
	}
	p.fresh = u
	p.tl.SetFirst(u.First, u.Count)
	p.touched()
}

// ForgetNew takes away what leads to the first new message.
func (p *Pane) ForgetNew() {
	p.caught = true
	p.dirty |= partTimeline
}

// notice sees whether the first new message is on the screen.
func (p *Pane) notice() {
	if p.caught || p.fresh.First == "" {
		return
	}
	first, last := p.list.Visible()
	if i := p.tl.NewDivider(); i >= 0 && first >= 0 && first <= i && i <= last {
		p.ForgetNew()
	}
}

// newAbove reports whether the first new message stands above what is visible.
func (p *Pane) newAbove() bool {
	if p.caught || p.fresh.First == "" || !p.loaded {
		return false
	}
	if i := p.tl.NewDivider(); i >= 0 {
		first, _ := p.list.Visible()
		return i < first
	}
	newest := p.tl.Newest()
	return newest == nil || !newest.Time.Before(p.fresh.Since)
}

// toFirstNew goes up to the first new message, loading it if need be.
func (p *Pane) toFirstNew() {
	i := p.tl.NewDivider()
	switch {
	case i >= 0:
		newest := p.tl.AtNewest()
		p.list.ViewFrom(i, newest)
		if p.mode == Reading {
			p.list.CursorToVisible()
		}
		p.ForgetNew()
		p.moved()
	case p.fresh.First != "":
		p.jumpTo, p.jumpNew = p.fresh.First, true
		p.askJump()
	default:
		p.say(words.NothingNew)
	}
}

// paintNewPill says, at the top, that older messages are new too.
func (p *Pane) paintNewPill(t screen.Canvas) {
	p.layout.newPill = screen.Rect{}
	if !p.newAbove() {
		return
	}
	zone := p.opts.Zone
	layout := words.ClockLayout
	if last := p.tl.Newest(); last != nil {
		y, m, d := last.Time.In(zone).Date()
		if y2, m2, d2 := p.fresh.Since.In(zone).Date(); y != y2 || m != m2 || d != d2 {
			layout = words.DayClockLayout
		}
	}
	w, h := t.Size()
	text := safe.Own(" " + string(p.th.Glyphs.Up) + " " + words.NewAbove(max(p.fresh.Count, p.room.Unread), p.fresh.Since.In(zone).Format(layout)) + " ")
	width := t.Widths().Text(text)
	if width+2 > w || h < 3 {
		return
	}
	x := w - width - 1
	t.Text(x, 0, width, text, p.th.Badge, "")
	p.layout.newPill = rect(x, p.layout.list.Min.Y, width, 1)
}
