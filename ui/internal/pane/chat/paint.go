package chat

import (
	"strconv"
	"strings"

	"hubbub/store/chat"
	"hubbub/ui/internal/list"
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/richtext"
	"hubbub/ui/internal/screen"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// layout is where the parts stand, in cells of the pane. Parts of no height are not shown.
type layout struct {
	header, list, notes, box, banner, text, popup, pill, newPill screen.Rect
}

// Sizes of the parts.
const (
	boxHeight  = 12 // rows of the pane from which the composer has a frame
	headHeight = 5  // rows of the pane from which there is a header
)

func rect(x, y, w, h int) screen.Rect {
	var r screen.Rect
	r.Min.X, r.Min.Y, r.Max.X, r.Max.Y = x, y, x+max(w, 0), y+max(h, 0)
	return r
}

func inside(r screen.Rect, x, y int) bool {
	return x >= r.Min.X && x < r.Max.X && y >= r.Min.Y && y < r.Max.Y
}

func sub(c screen.Canvas, r screen.Rect) screen.Canvas {
	return c.Sub(r.Min.X, r.Min.Y, r.Dx(), r.Dy())
}

// arrange finds where the parts stand. A part that moved is painted, with its neighbours.
func (p *Pane) arrange() {
	if p.wd == nil {
		return
	}
	var l layout
	w, h := p.w, p.h
	head, frame, banner, indent := 0, 0, 0, 2
	if h >= headHeight {
		head = 1
	}
	if h >= boxHeight {
		frame, indent = 1, 2
	}
	if p.reply != nil || p.replyID != "" || p.edit != nil || p.editID != "" {
		banner = 1
	}
	most := max(h/3-banner-2*frame, 1)
	text := 1
	if p.open {
		text = min(max(p.ed.Height(max(w-2*indent, 1), p.wd), 1), most)
	}
	bottom := min(text+banner+2*frame, max(h-head-1, 1))
	notes := min(p.noteRows(), max(h-head-bottom-1, 0))
	if !p.open {
		head, bottom, notes = 0, 0, 0 // the welcome has it all
	}
	l.header = rect(0, 0, w, head)
	l.list = rect(0, head, w, h-head-notes-bottom)
	l.notes = rect(0, h-bottom-notes, w, notes)
	l.box = rect(0, h-bottom, w, bottom)
	if p.open {
		l.banner = rect(indent, h-bottom+frame, w-2*indent, banner)
		l.text = rect(indent, h-bottom+frame+banner, w-2*indent, min(text, bottom))
	}
	l.popup, l.pill, l.newPill = p.layout.popup, p.layout.pill, p.layout.newPill
	if l.box != p.layout.box || l.text != p.layout.text || l.list != p.layout.list {
		p.dirty = partAll
	}
	p.layout = l
	if p.list.SetSize(w, l.list.Dy()) {
		p.dirty |= partTimeline
	}
}

// Paint paints what has changed and returns where the cursor stands.
func (p *Pane) Paint(c screen.Canvas) screen.Cursor {
	p.SetSize(c.Size())
	if p.wd != c.Widths() {
		p.SetWidths(c.Widths())
	}
	p.arrange()
	if p.dirty&partHeader != 0 && p.layout.header.Dy() > 0 {
		p.paintHeader(sub(c, p.layout.header))
	}
	if p.dirty&partTimeline != 0 {
		p.paintTimeline(c)
		if p.mode == Reading {
			p.dirty |= partFrame // the hints are those of the message under the cursor
		}
	}
	if p.dirty&partFrame != 0 && p.layout.notes.Dy() > 0 {
		p.paintNotes(sub(c, p.layout.notes))
	}
	cursor := p.paintComposer(c)
	p.dirty = 0
	return cursor
}

// paintHeader draws name, topic, lock and number of members.
func (p *Pane) paintHeader(c screen.Canvas) {
	w, _ := c.Size()
	th := p.th
	if !p.open {
		c.Pad(0, 0, w, th.Text)
		return
	}
	count := ""
	if !p.room.Direct || p.room.Joined > 2 {
		count = strconv.Itoa(p.room.Joined) + " "
	}
	lock, look := p.lockText(w)
	right := safe.Own(" " + count)
	if !lock.Empty() {
		lock, right = safe.Own(" "+lock.String()+" "), safe.Own(" "+count)
	}
	end := w - p.wd.Text(lock) - p.wd.Text(right)
	name := p.room.Name
	if !p.room.Direct {
		name = words.ChannelName(name, p.room.Type == chat.RoomVoice)
		if mark, rest, ok := strings.Cut(name, "#"); ok && mark == "" {
			name = "# " + rest
		}
	}
	x := 1
	c.Pad(0, 0, 1, th.Text)
	x += pane.Label(c, th, x, 0, max(end-x, 0), safe.Line(name), th.Header)
	if id := safe.Line(string(p.room.DirectWith)); p.room.Direct && !id.Empty() && id.String() != name && end-x > 12 {
		// The name of a direct message is what the other one wants it to be.
		c.Pad(x, 0, x+2, th.Text)
		x += 2
		x += pane.Label(c, th, x, 0, end-x, id, th.Topic)
	}
	topic := safe.Line(p.room.Topic)
	if p.h < boxHeight && len(p.typists) > 0 {
		topic = safe.Own(words.Typers(lines(p.typists))) // there is no frame to say it
	}
	if !topic.Empty() && end-x > 12 {
		c.Pad(x, 0, x+3, th.Text)
		x += 3
		x += pane.Label(c, th, x, 0, end-x, topic, th.Topic)
	}
	c.Pad(x, 0, end, th.Text)
	if end >= 0 {
		end += c.Text(end, 0, w-end, lock, look, "")
		end += c.Text(end, 0, w-end, right, th.Lock, "")
	}
	c.Pad(max(end, 0), 0, w, th.Text)
}

// paintTimeline draws the visible rows, and over them the completion list and the pill.
func (p *Pane) paintTimeline(c screen.Canvas) {
	t := sub(c, p.layout.list)
	w, h := t.Size()
	if !p.loaded || p.tl.Len() == 0 {
		p.paintEmpty(t)
	} else {
		cur := -1
		if p.mode == Reading {
			cur = p.list.Cursor()
		}
		first := true
		p.list.Draw(t, func(y int, r list.Row, line richtext.Line) {
			used := line.Draw(t, 0, y, w)
			t.Pad(used, y, w, p.th.Text)
			if r.Item >= 0 && r.Item == cur && len(line.Runs) > 0 { // the blank row before it is not marked
				p.paintCursorRow(t, y, line, first)
				first = false
			}
		})
	}
	p.layout.pill = screen.Rect{}
	if p.loaded && h > 0 && !p.list.Following() && (p.below > 0 || !p.list.AtEnd() || !p.tl.AtNewest()) {
		p.paintPill(t)
	}
	p.paintNewPill(t)
	p.paintPopup(t)
}

// paintCursorRow marks a row of the message under the cursor: a bar in the
// gutter, and the background where the theme has one; where it has none, an
// arrow before the first row tells the bar from that of a mention.
func (p *Pane) paintCursorRow(t screen.Canvas, y int, line richtext.Line, first bool) {
	w, _ := t.Size()
	bar, look := p.th.Glyphs.Bar, p.th.Cursor
	bg := p.th.Selected.Bg
	switch {
	case bg == nil && first:
		bar = p.th.Glyphs.Right
	case bg == nil:
		look = p.th.Accent // reversed, the bar would stand on the other side
	}
	if bg != nil {
		look.Bg = bg
		t.Restyle(0, y, w, 1, func(st screen.Style) screen.Style {
			if st.Bg == nil {
				st.Bg = bg
			}
			return st
		})
	}
	x := 0
	if len(line.Runs) > 0 {
		if mark := line.Runs[0].Text.String(); mark != "" && mark[0] != ' ' && mark != string(p.th.Glyphs.Bar) {
			x = 1 // the mark says more than the bar
		}
	}
	t.Rune(x, y, bar, look)
}

// paintEmpty says why there are no messages.
func (p *Pane) paintEmpty(t screen.Canvas) {
	if !p.open {
		p.paintWelcome(t)
		return
	}
	w, h := t.Size()
	text, st := words.LoadingRoom, p.th.Dim
	switch {
	case p.failed != nil:
		text, st = words.ProblemLine(p.failed), p.th.Error
	case p.loaded:
		text = words.EmptyRoom
	}
	lines := pane.Wrap(t.Widths(), safe.Own(text), max(w-4, 1))
	top := max((h-len(lines))/2, 0)
	for y := range h {
		used := 0
		if i := y - top; i >= 0 && i < len(lines) {
			x := max((w-t.Widths().Text(lines[i]))/2, 0)
			t.Pad(0, y, x, p.th.Text)
			used = x + t.Text(x, y, w-x, lines[i], st, "")
		}
		t.Pad(used, y, w, p.th.Text)
	}
}

// paintPill says that there is something below.
func (p *Pane) paintPill(t screen.Canvas) {
	w, h := t.Size()
	text := safe.Own(" " + words.NewPill(p.below) + " " + string(p.th.Glyphs.Down) + " ")
	width := t.Widths().Text(text)
	if width+2 > w {
		return
	}
	st := p.th.Badge
	if p.below == 0 {
		st = p.th.Dim
	}
	x := w - width - 1
	t.Text(x, h-1, width, text, st, "")
	p.layout.pill = rect(x, p.layout.list.Min.Y+h-1, width, 1)
}

// paintPopup draws the completion list over the lowest rows of the timeline.
func (p *Pane) paintPopup(t screen.Canvas) {
	p.layout.popup = screen.Rect{}
	w, h := t.Size()
	n := min(len(p.popup.found), h)
	if n == 0 {
		return
	}
	width := 0
	for _, c := range p.popup.found {
		width = max(width, p.wd.Text(c.label)+p.wd.Text(c.note)+4)
	}
	width = min(max(width, 20), w-2)
	if width < 4 {
		return
	}
	from := max(p.popup.at-n+1, 0)
	p.popup.from, p.popup.drawn = from, true
	for i := range n {
		c := p.popup.found[from+i]
		st, note := p.th.Dialog, richtext.Over(p.th.Dialog, p.th.Dim)
		if from+i == p.popup.at {
			st, note = richtext.Over(p.th.Dialog, p.th.Selected), richtext.Over(note, p.th.Selected)
		}
		row := t.Sub(1, h-n+i, width, 1)
		row.Pad(0, 0, 1, st)
		if from+i == p.popup.at {
			row.Rune(0, 0, p.th.Glyphs.Bar, st)
		}
		x := 1 + pane.Label(row, p.th, 1, 0, width-2, c.label, st)
		if room := width - x - 3; room > 4 && !c.note.Empty() {
			row.Pad(x, 0, x+2, st)
			x += 2 + pane.Label(row, p.th, x+2, 0, room, c.note, note)
		}
		row.Pad(x, 0, width, st)
	}
	p.layout.popup = rect(1, p.layout.list.Min.Y+h-n, width, n)
}
