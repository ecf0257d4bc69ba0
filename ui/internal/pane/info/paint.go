package info

import (
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

const (
	maxWidth = 90 // columns
	gutter   = 3  // columns for the cursor and for marks
	narrow   = 50 // columns below which names stand before their text
	maxFoot  = 4  // rows of keys
)

// Paint implements dialog.Dialog.
func (s *Sheet) Paint(c screen.Canvas, th *theme.Theme) screen.Cursor {
	w, h := c.Size()
	s.layout(c.Widths(), w)
	below := s.below(c.Widths(), th, w)
	if room := max(0, h-1); len(below) > room {
		below = below[:room]
	}
	s.height = max(0, h-len(below))
	s.top = s.clamp(s.top)
	cur := screen.Cursor{}
	for y := range s.height {
		i := s.top + y
		if i >= len(s.rows) {
			c.Pad(0, y, w, th.Dialog)
			continue
		}
		r := s.rows[i]
		if r.line == s.at && r.first {
			cur = screen.Cursor{Y: y, Visible: true}
		}
		s.paintRow(c, th, y, r)
	}
	for i, f := range below {
		y := s.height + i
		n := pane.Label(c, th, 0, y, w, f.text, f.style)
		c.Pad(n, y, w, th.Dialog)
	}
	return cur
}

func (s *Sheet) paintRow(c screen.Canvas, th *theme.Theme, y int, r row) {
	w, _ := c.Size()
	l := &s.lines[r.line]
	base := th.Dialog
	if r.line == s.at {
		base = th.Selected
	}
	bar, mark, st := ' ', ' ', th.Dialog
	if r.line == s.at {
		bar = th.Glyphs.Bar
	}
	if r.first {
		mark, st = markOf(th, l.Level)
	}
	c.Rune(0, y, bar, pane.Over(th.Accent, base))
	c.Rune(1, y, mark, pane.Over(st, base))
	c.Rune(2, y, ' ', base)
	x := gutter
	text := base
	switch {
	case l.Heading:
		text = pane.Over(th.Heading, base)
	case l.Level == Warn || l.Level == Bad:
		_, text = markOf(th, l.Level)
		text = pane.Over(text, base)
	}
	if !r.name.Empty() {
		end := gutter + s.column(w)
		if r.first {
			x += pane.Label(c, th, x, y, end-1-x, r.name, pane.Over(th.HintKey, base))
		}
		c.Pad(x, y, end, base)
		x = end
	}
	x += c.Text(x, y, w-x, r.text, text, l.Link)
	c.Pad(x, y, w, base)
}

// markOf returns the mark of a level. The mark says it without the colour.
func markOf(th *theme.Theme, l Level) (rune, screen.Style) {
	switch l {
	case Good:
		return th.Glyphs.Check, th.Good
	case Note:
		return th.Glyphs.Mine, th.Dim
	case Warn:
		return th.Glyphs.Warn, th.Warn
	case Bad:
		return th.Glyphs.Cross, th.Error
	case Plain:
	}
	return ' ', th.Dialog
}

type footRow struct {
	text  safe.Text
	style screen.Style
}

// below returns the rows under the text: a blank one, the message, and the keys.
func (s *Sheet) below(wd screen.Widths, th *theme.Theme, w int) []footRow {
	rows := []footRow{{}}
	if !s.message.Empty() {
		_, st := markOf(th, s.level)
		for _, t := range pane.Wrap(wd, s.message, w) {
			rows = append(rows, footRow{t, pane.Over(st, th.Dialog)})
		}
	}
	for _, t := range s.keyRows(wd, w) {
		rows = append(rows, footRow{t, th.Hint})
	}
	return rows
}

// footRows returns how many rows stand under the text.
func (s *Sheet) footRows(wd screen.Widths, w, h int) int {
	n := 1 + len(s.keyRows(wd, w))
	if !s.message.Empty() {
		n += len(pane.Wrap(wd, s.message, w))
	}
	return min(n, max(0, h-1))
}

// keyRows returns what the keys do, in as many rows as it takes.
func (s *Sheet) keyRows(wd screen.Widths, w int) []safe.Text {
	var hints []string
	add := func(a keymap.Action, label string) {
		key := ""
		if s.Keys != nil {
			key = s.Keys.Key(keymap.Sheet, a)
		}
		if key != "" {
			hints = append(hints, key+" "+label)
		}
	}
	for _, a := range s.Actions {
		label := a.Label.String()
		if label == "" {
			label = words.SheetKey(string(a.Do))
		}
		add(a.Do, label)
	}
	if s.at >= 0 {
		does := s.Chose
		if does == "" {
			does = words.SheetKey(string(keymap.Choose))
		}
		add(keymap.Choose, does)
	}
	add(keymap.Close, words.SheetKey(string(keymap.Close)))
	var rows []safe.Text
	line := ""
	for _, h := range hints {
		next := h
		if line != "" {
			next = line + " · " + h
		}
		if line != "" && wd.Text(safe.Own(next)) > w && len(rows) < maxFoot-1 {
			rows = append(rows, safe.Own(line))
			next = h
		}
		line = next
	}
	if line != "" {
		rows = append(rows, safe.Own(line))
	}
	return rows
}
