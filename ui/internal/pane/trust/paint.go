package trust

import (
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// maxWidth is how wide the text of a page gets.
const maxWidth = 78

// fit lays the body out with empty rows where they fit.
func (p *Page) fit(wd screen.Widths, width, height int) {
	art := height
	if p.All {
		art++ // a picture may have the row of the title
	}
	p.height = height
	for _, air := range []air{notes, gaps, tight} {
		if p.rows = p.lay(wd, width, art, air); len(p.rows) <= height {
			break
		}
	}
	if p.follow {
		p.follow = false
		p.show()
	}
	p.top = max(0, min(p.top, len(p.rows)-height))
}

// show scrolls so that the field or choice with the cursor, or what was said last, can be seen.
func (p *Page) show() {
	want := -1
	for i, r := range p.rows {
		if (r.choice >= 0 && r.choice == p.choice && !r.note && (!p.Unset || p.moved)) || (len(p.Fields) > 0 && r.field == p.at) {
			want = i
		}
	}
	if len(p.message) > 0 || p.Waiting() {
		want = len(p.rows) - 1
	}
	switch {
	case want < 0:
	case want < p.top:
		p.top = want
	case want >= p.top+p.height:
		p.top = want - p.height + 1
	}
}

// Paint implements dialog.Dialog.
func (p *Page) Paint(c screen.Canvas, th *theme.Theme) screen.Cursor {
	w, h := c.Size()
	p.fit(c.Widths(), w, h-1)
	p.first = 0
	cur := p.body(c, th, 0, h-1, th.Dialog)
	p.foot(c, th, h-1, safe.Text{})
	return cur
}

// PaintWhole implements dialog.Coverer.
func (p *Page) PaintWhole(c screen.Canvas, th *theme.Theme, note safe.Text) screen.Cursor {
	w, h := c.Size()
	width := min(w-2, maxWidth)
	if p.Broad {
		width = w - 2
	}
	x := (w - width) / 2
	p.fit(c.Widths(), width, h-2)
	head := true
	if n := len(p.rows); n == h-1 && p.top == 0 {
		p.height, head = h-1, false // a picture that needs the row of the title
	}
	y, room := 0, h-1
	if head {
		y, room = 1, h-2
		if free := room - len(p.rows); free > 1 {
			y += min(free/3, 4)
			if free > 3 {
				y = max(y, 2)
			}
		}
	}
	c.Fill(0, 0, w, h, th.Dialog)
	if head {
		pane.Label(c, th, x, max(0, y-2), width, p.Head, th.DialogTitle)
	}
	p.first = y
	inner := c.Sub(x, y, width, min(len(p.rows), room))
	cur := p.body(inner, th, 0, min(len(p.rows), room), th.Dialog)
	cur.X, cur.Y = cur.X+x, cur.Y+y
	p.foot(c.Sub(x, 0, width, h), th, h-1, note)
	return cur
}

func (p *Page) foot(c screen.Canvas, th *theme.Theme, y int, note safe.Text) {
	w, _ := c.Size()
	keys, st := p.Keys, th.Hint
	switch {
	case !note.Empty():
		keys, st = note, th.Accent
	default:
		if more := words.MorePages(p.Beyond()); more != "" {
			keys = safe.Own(more + " · " + keys.String())
		}
	}
	c.Pad(pane.Label(c, th, 0, y, w, keys, st), y, w, th.Dialog)
}

// body draws height rows and returns the cursor.
func (p *Page) body(c screen.Canvas, th *theme.Theme, from, height int, blank screen.Style) screen.Cursor {
	w, _ := c.Size()
	cur := screen.Cursor{}
	var drawn Art
	for y := range height {
		i := p.top + y
		if i >= len(p.rows) {
			c.Pad(0, from+y, w, blank)
			continue
		}
		r := &p.rows[i]
		switch {
		case r.art != nil:
			if r.art != drawn {
				drawn = r.art
				r.art.Paint(c.Sub(0, from+y-r.line, w, r.lines), th)
			}
		case r.field >= 0:
			if x := p.field(c, th, from+y, r.field); r.field == p.at && !p.Waiting() {
				cur = screen.Cursor{X: x, Y: from + y, Visible: true, Shape: screen.CursorBar}
			}
		case r.choice >= 0:
			if p.choiceRow(c, th, from+y, r) {
				cur = screen.Cursor{X: 1, Y: from + y, Visible: true}
			}
		default:
			textRow(c, th, from+y, r)
		}
	}
	return cur
}

func textRow(c screen.Canvas, th *theme.Theme, y int, r *row) {
	w, _ := c.Size()
	st := tone(th, r.tone)
	x := r.indent
	if x > 0 {
		c.Pad(0, y, x, th.Dialog)
		c.Rune(0, y, r.mark, st)
	}
	x += c.Text(x, y, w-x, r.text, st, r.link)
	c.Pad(x, y, w, th.Dialog)
}

func tone(th *theme.Theme, t Tone) screen.Style {
	switch t {
	case Quiet:
		return th.Dim
	case Strong:
		return th.Strong
	case Good:
		return th.Good
	case Warn:
		return th.Warn
	case Grave:
		return th.Error
	}
	return th.Dialog
}

func (p *Page) field(c screen.Canvas, th *theme.Theme, y, i int) int {
	w, _ := c.Size()
	mark := ' '
	if i == p.at {
		mark = th.Glyphs.Bar
	}
	c.Rune(0, y, mark, th.Accent)
	return 1 + p.Fields[i].Input.Paint(c.Sub(1, y, w-1, 1), th, 0)
}

// choiceRow draws a choice or its note and reports whether the cursor is on it.
func (p *Page) choiceRow(c screen.Canvas, th *theme.Theme, y int, r *row) bool {
	w, _ := c.Size()
	ch := &p.Choices[r.choice]
	here := r.choice == p.choice && (!p.Unset || p.moved)
	st := th.Dialog
	if here {
		st = th.Selected
	}
	if r.note {
		c.Pad(0, y, r.indent, th.Dialog)
		c.Pad(r.indent+c.Text(r.indent, y, w-r.indent, r.text, th.Dim, ""), y, w, th.Dialog)
		return false
	}
	bar := ' '
	if here {
		bar = th.Glyphs.Bar
	}
	c.Rune(0, y, bar, pane.Over(th.Accent, st))
	x := 1 + pane.Label(c, th, 1, y, 6, safe.Own(ch.Key), pane.Over(th.HintKey, st))
	c.Pad(x, y, x+2, st)
	x += 2
	title := st
	if ch.Disabled != "" {
		title = pane.Over(th.Dim, st)
	}
	x += pane.Label(c, th, x, y, w-x, ch.Title, title)
	c.Pad(x, y, w, st)
	return here
}
