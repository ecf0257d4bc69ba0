package chat

import (
	"strings"

	"hubbub/store/chat"
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/timeline"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// paintComposer draws the composer if it changed, and returns the cursor.
func (p *Pane) paintComposer(c screen.Canvas) screen.Cursor {
	l := &p.layout
	if !p.open {
		p.cursor = screen.Cursor{}
		return p.cursor
	}
	if p.dirty&partFrame != 0 {
		framed := p.h >= boxHeight && l.box.Dy() >= 3
		if framed {
			p.paintFrame(sub(c, l.box))
		}
		p.paintSides(sub(c, l.box), framed)
		if l.banner.Dy() > 0 {
			p.paintBanner(sub(c, l.banner))
		}
	}
	if p.dirty&partComposer == 0 {
		return p.cursor
	}
	p.cursor = p.paintText(sub(c, l.text))
	if above, below := p.ed.Beyond(); (above != p.above || below != p.under) && p.h >= boxHeight && l.box.Dy() >= 3 {
		p.above, p.under = above, below
		p.paintFrame(sub(c, l.box))
	}
	return p.cursor
}

// paintText draws the editor, or why one cannot write.
func (p *Pane) paintText(t screen.Canvas) screen.Cursor {
	w, _ := t.Size()
	if why := p.readOnly(); why != "" {
		used := pane.Label(t, p.th, 0, 0, w, safe.Own(why), p.th.Dim)
		t.Pad(used, 0, w, p.th.Text)
		_, h := t.Size()
		t.Fill(0, 1, w, h-1, p.th.Text)
		return screen.Cursor{}
	}
	hint := safe.Own(words.MessageTo(safe.Line(p.room.Name).String(), p.room.Direct))
	x, y := p.ed.Draw(t, p.th, hint)
	return screen.Cursor{
		X: p.layout.text.Min.X + x, Y: p.layout.text.Min.Y + y,
		Visible: p.focus && p.mode == Writing, Shape: screen.CursorBar,
	}
}

// readOnly says why nothing can be written, or "".
func (p *Pane) readOnly() string {
	switch {
	case p.room.Membership != chat.MemberJoined:
		return words.NotJoined
	case !p.room.CanSend && p.ed.Empty():
		return words.CannotSend
	}
	return ""
}

// paintSides draws what stands left and right of the text.
func (p *Pane) paintSides(b screen.Canvas, framed bool) {
	w, h := b.Size()
	st := p.border()
	from, to := 0, h
	if framed {
		from, to = 1, h-1
	}
	for y := from; y < to; y++ {
		b.Pad(0, y, 2, p.th.Text)
		b.Pad(w-2, y, w, p.th.Text)
		switch {
		case framed:
			b.Rune(0, y, p.th.Glyphs.V, st)
			b.Rune(w-1, y, p.th.Glyphs.V, st)
		case y == from:
			b.Rune(0, y, '>', st)
		}
	}
}

func (p *Pane) border() screen.Style {
	if p.focus && p.mode == Writing {
		return p.th.BorderFocus
	}
	return p.th.Border
}

// paintFrame draws the upper and lower edge: who types, and what the keys do.
func (p *Pane) paintFrame(b screen.Canvas) {
	_, h := b.Size()
	g := &p.th.Glyphs
	top := words.Typers(lines(p.typists))
	if more := words.Beyond(g.Up, g.Down, p.above, p.under); more != "" {
		top = strings.TrimLeft(top+"  "+more, " ")
	}
	p.edge(b, 0, g.TL, g.TR, safe.Own(top), false)
	p.edge(b, h-1, g.BL, g.BR, p.hintText(), true)
}

// lines sanitises names one by one.
func lines(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = safe.Line(n).String()
	}
	return out
}

// hintText joins as many hints as fit.
func (p *Pane) hintText() safe.Text {
	var text string
	for _, h := range p.hints() {
		next := h
		if text != "" {
			next = text + "  " + h
		}
		if p.wd.Text(safe.Own(next))+8 > p.w {
			continue // a shorter one may fit
		}
		text = next
	}
	return safe.Own(text)
}

// edge draws one edge of the frame with a text in it, at the right end or behind the corner.
func (p *Pane) edge(b screen.Canvas, y int, left, right rune, text safe.Text, end bool) {
	w, _ := b.Size()
	st := p.border()
	b.Rune(0, y, left, st)
	width := min(p.wd.Text(text), w-6)
	x, from := 1, 2
	if end {
		from = w - width - 4
	}
	if width > 0 {
		for ; x < from; x++ {
			b.Rune(x, y, p.th.Glyphs.H, st)
		}
		b.Pad(x, y, x+1, p.th.Text)
		x += 1 + pane.Label(b, p.th, x+1, y, width, text, p.th.Hint)
		b.Pad(x, y, x+1, p.th.Text)
		x++
	}
	for ; x < w-1; x++ {
		b.Rune(x, y, p.th.Glyphs.H, st)
	}
	b.Rune(w-1, y, right, st)
}

// paintBanner says what is being answered or edited.
func (p *Pane) paintBanner(b screen.Canvas) {
	w, _ := b.Size()
	text := words.EditBanner
	if p.edit == nil && p.editID == "" {
		name, body := words.UnknownSender, ""
		if p.reply != nil {
			name = timeline.NameAlone(p.reply.SenderName, p.reply.Sender, p.reply.SenderAmbiguous)
			body = ": " + oneLine(p.reply.Body, p.reply.HTML)
		}
		text = string(p.th.Glyphs.Reply) + " " + words.ReplyTo(name) + strings.TrimSuffix(body, ": ")
	}
	cancel := safe.Own("  " + words.ReplyCancel)
	end := w - p.wd.Text(cancel)
	if end < w/2 {
		cancel, end = safe.Text{}, w
	}
	used := pane.Label(b, p.th, 0, 0, end, safe.Own(text), p.th.Reply)
	b.Pad(used, 0, end, p.th.Text)
	used = max(end, 0) + b.Text(end, 0, w-end, cancel, p.th.Hint, "")
	b.Pad(used, 0, w, p.th.Text)
}
