package dialog

import (
	"slices"

	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// Scroller is a dialog that may hold more rows than it shows.
type Scroller interface {
	// Beyond returns how many rows stood above and below what was painted last.
	Beyond() (above, below int)
}

// Airy is a dialog of running text, which stands off from its frame where
// there is room.
type Airy interface{ Airy() }

// Paint draws the dialogs over the window, whose cells must have been painted
// anew, and returns the cursor of the uppermost.
func (s *Stack) Paint(c screen.Canvas, th *theme.Theme) screen.Cursor {
	s.dirty = false
	w, h := c.Size()
	if s.Empty() || w < 4 || h < 3 {
		return screen.Cursor{}
	}
	if !s.Staged() {
		c.Restyle(0, 0, w, h, func(st screen.Style) screen.Style {
			shade := th.Shade
			shade.Attrs |= st.Attrs & th.Selected.Attrs
			return shade
		})
	}
	var cur screen.Cursor
	for _, l := range s.layers {
		cur = s.paint(l, c, th)
	}
	s.shown = append(s.shown[:0], s.layers...)
	return cur
}

// Stands reports whether the dialogs stand where they were painted last, so
// that PaintTop is enough as long as the window below did not change.
func (s *Stack) Stands(c screen.Canvas) bool {
	if s.Empty() || !slices.Equal(s.layers, s.shown) {
		return false
	}
	l := s.layers[len(s.layers)-1]
	x, y, w, h, _ := s.place(l, c)
	return x == l.x && y == l.y && w == l.w && h == l.h
}

// PaintTop draws the uppermost dialog again and returns its cursor.
func (s *Stack) PaintTop(c screen.Canvas, th *theme.Theme) screen.Cursor {
	s.dirty = false
	return s.paint(s.layers[len(s.layers)-1], c, th)
}

// place returns where the inside of a dialog stands, and how many columns are
// between it and its frame.
func (s *Stack) place(l *layer, c screen.Canvas) (x, y, width, height, air int) {
	w, h := c.Size()
	switch at := s.stage; {
	case l.cover() == Stage && !at.Empty():
		return at.Min.X, at.Min.Y, at.Dx(), at.Dy(), 0
	case l.cover() != Framed:
		return 0, 0, w, h, 0
	}
	mostW, mostH := max(1, w-2), max(1, h-2)
	if w >= 60 {
		mostW = w - 6
	}
	if h >= 16 {
		mostH = h - 4
	}
	if _, ok := l.Dialog.(Airy); ok && w >= 60 {
		air = 1
		mostW -= 2
	}
	width, height = l.Size(c.Widths(), mostW, mostH)
	width, height = max(1, min(width, mostW)), max(1, min(height, mostH))
	return (w - width) / 2, max(1, (h-height)/3), width, height, air
}

// paintBeyond says in the lower edge of the frame that there is more above or below.
func (l *layer) paintBeyond(frame screen.Canvas, th *theme.Theme) {
	d, ok := l.Dialog.(Scroller)
	if !ok {
		return
	}
	above, below := d.Beyond()
	text := safe.Own(words.Beyond(th.Glyphs.Up, th.Glyphs.Down, above, below))
	w, h := frame.Size()
	if n := frame.Widths().Text(text) + 2; !text.Empty() && n+3 < w {
		frame.Rune(w-n-2, h-1, ' ', th.DialogBorder)
		frame.Text(w-n-1, h-1, n-2, text, th.Accent, "")
		frame.Rune(w-3, h-1, ' ', th.DialogBorder)
	}
}

func (s *Stack) paint(l *layer, c screen.Canvas, th *theme.Theme) screen.Cursor {
	l.x, l.y, l.w, l.h, l.air = s.place(l, c)
	var cur screen.Cursor
	if l.cover() != Framed {
		note := safe.Text{}
		if l.hushed() {
			note = safe.Lit(words.PressAgain)
		}
		cur = l.Dialog.(Coverer).PaintWhole(c.Sub(l.x, l.y, l.w, l.h), th, note)
	} else {
		title := l.Title()
		if l.hushed() {
			title = safe.Own(title.String() + " · " + words.PressAgain)
		}
		frame := c.Sub(l.x-1-l.air, l.y-1, l.w+2+2*l.air, l.h+2)
		inside := pane.Box(frame, th, title, th.DialogBorder, th.DialogTitle)
		if l.air > 0 {
			inside.Fill(0, 0, l.air, l.h, th.Dialog)
			inside.Fill(l.air+l.w, 0, l.air, l.h, th.Dialog)
			inside = inside.Sub(l.air, 0, l.w, l.h)
		}
		cur = l.Dialog.Paint(inside, th)
		l.paintBeyond(frame, th)
	}
	cur.X, cur.Y = cur.X+l.x, cur.Y+l.y
	return cur
}
