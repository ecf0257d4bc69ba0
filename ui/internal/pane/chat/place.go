package chat

import (
	"hubbub/store/chat"
	"hubbub/ui/internal/timeline"
)

// place is where a room was left: the line that stood at the top.
type place struct {
	event chat.EventID
	line  int
}

// leave remembers the place in the open room, unless that is its end.
func (p *Pane) leave() {
	if !p.open || !p.loaded {
		return
	}
	delete(p.places, p.room.ID)
	if p.list.Following() || p.h <= 0 {
		return
	}
	for _, row := range p.list.Rows() {
		if row.Item < 0 {
			continue
		}
		if it := p.tl.At(row.Item); it.Kind == timeline.KindMessage && it.Message().ID != "" {
			p.places[p.room.ID] = place{it.Message().ID, row.Line}
			return
		}
	}
}

// askOpen asks for the first page of the room: where it was left, else its end.
func (p *Pane) askOpen() {
	p.ask(PageOpen, chat.PageQuery{Room: p.room.ID, Around: p.back.event, Limit: timeline.PageSize})
}

// goBack shows the place where the room was left.
func (p *Pane) goBack() {
	back := p.back
	p.back = place{}
	i, ok := p.tl.Find(back.event)
	if !ok {
		return
	}
	p.arrange()
	p.list.TopLine(i, back.line, p.tl.AtNewest())
	if !p.list.Following() {
		p.below = p.room.Unread
	}
}
