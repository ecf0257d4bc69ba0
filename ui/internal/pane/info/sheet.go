// Package info draws sheets: texts that explain something, whose lines can be
// chosen, with the keys that change it at the foot.
//
// A [Sheet] is a dialog. It holds what its opener gave it and knows nothing of
// what it is about; its letters are those of keymap.Sheet.
package info

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/screen"
	"hubbub/ui/safe"
)

// Level says how a line or a message is meant.
type Level uint8

// Levels.
const (
	Plain Level = iota
	Good
	Note
	Warn
	Bad
)

// Line is a heading, a name with what belongs to it, or a sentence.
type Line struct {
	Heading bool
	Level   Level
	Name    safe.Text
	Text    safe.Text
	Link    string // result of safe.URL
	// Choose is what Enter does on the line; nil for lines that are only read.
	Choose func() tea.Cmd
	// ID finds a line that can be chosen again when the lines change.
	ID string
}

// Action is something that a key of keymap.Sheet does.
type Action struct {
	Do    keymap.Action
	Label safe.Text // in the foot
	Run   func() tea.Cmd
}

// Sheet is a text to read. The zero value is not usable: set Name.
type Sheet struct {
	Name    string
	Head    safe.Text
	Column  int // width of the names' column
	Actions []Action
	Keys    *keymap.Map // for the foot; nil leaves the keys out
	// Chose says in the foot what Enter does on a line that can be chosen; "" for opening it.
	Chose string
	// Refused is told of keys of sheets that do nothing in this one; nil ignores them.
	Refused func(a keymap.Action) tea.Cmd

	lines   []Line
	at      int // line that is chosen, -1 for none
	top     int // first visible row
	rows    []row
	width   int // that rows are for
	height  int // rows of text, of the last paint
	message safe.Text
	level   Level
}

// row is a line, or a part of one, as wide as the sheet.
type row struct {
	line       int
	name, text safe.Text
	first      bool
}

// New makes a sheet. What it shows follows with SetLines.
func New(name string, head safe.Text, keys *keymap.Map) *Sheet {
	return &Sheet{Name: name, Head: head, Keys: keys, Column: 16, at: -1}
}

// SetLines replaces what is shown and keeps the place.
func (s *Sheet) SetLines(lines []Line) {
	id := ""
	if s.at >= 0 && s.at < len(s.lines) {
		id = s.lines[s.at].ID
	}
	s.lines, s.rows = lines, nil
	at := slices.IndexFunc(lines, func(l Line) bool { return l.Choose != nil && l.ID == id && id != "" })
	if at < 0 {
		at = slices.IndexFunc(lines, func(l Line) bool { return l.Choose != nil })
	}
	s.at = at
}

// Beyond implements dialog.Scroller.
func (s *Sheet) Beyond() (above, below int) { return s.top, max(0, len(s.rows)-s.top-s.height) }

// Say shows a sentence above the foot: what is under way, or what became of it.
func (s *Sheet) Say(t string, level Level) { s.message, s.level = safe.Own(t), level }

// Text returns all that the sheet says, for copying.
func (s *Sheet) Text() string {
	var out []byte
	for _, l := range s.lines {
		if !l.Name.Empty() {
			out = append(out, l.Name.String()+": "...)
		}
		out = append(out, l.Text.String()+"\n"...)
	}
	return string(out)
}

// Chosen returns the ID of the line under the cursor, or "".
func (s *Sheet) Chosen() string {
	if s.at < 0 || s.at >= len(s.lines) {
		return ""
	}
	return s.lines[s.at].ID
}

// ID implements dialog.Dialog.
func (s *Sheet) ID() string { return s.Name }

// Title implements dialog.Dialog.
func (s *Sheet) Title() safe.Text { return s.Head }

// Size implements dialog.Dialog.
func (s *Sheet) Size(wd screen.Widths, w, h int) (int, int) {
	width := min(w, maxWidth)
	s.layout(wd, width)
	return width, min(h, max(len(s.rows), 3)+s.footRows(wd, width, h))
}

// Do implements dialog.Dialog.
func (s *Sheet) Do(a keymap.Action) dialog.Result {
	page := max(1, s.height-1)
	switch a {
	case keymap.ListUp, keymap.FieldPrev:
		s.step(-1)
	case keymap.ListDown, keymap.FieldNext:
		s.step(1)
	case keymap.ListPgUp:
		s.scroll(-page)
	case keymap.ListPgDown:
		s.scroll(page)
	case keymap.ListFirst, keymap.LineStart:
		s.scroll(-len(s.rows))
	case keymap.ListLast, keymap.LineEnd:
		s.scroll(len(s.rows))
	case keymap.Choose:
		return s.choose()
	default:
		return s.act(a)
	}
	return dialog.Result{}
}

// Offers reports whether an action does something in the sheet.
func (s *Sheet) Offers(a keymap.Action) bool {
	switch a {
	case keymap.ListUp, keymap.ListDown, keymap.ListPgUp, keymap.ListPgDown, keymap.ListFirst, keymap.ListLast, keymap.Close:
		return true
	}
	return slices.ContainsFunc(s.Actions, func(x Action) bool { return x.Do == a })
}

func (s *Sheet) act(a keymap.Action) dialog.Result {
	i := slices.IndexFunc(s.Actions, func(x Action) bool { return x.Do == a })
	switch {
	case i >= 0:
		return dialog.Result{Cmd: s.Actions[i].Run()}
	case s.Refused != nil && a != keymap.Close:
		return dialog.Result{Cmd: s.Refused(a)}
	}
	return dialog.Result{}
}

func (s *Sheet) choose() dialog.Result {
	if s.at < 0 || s.at >= len(s.lines) {
		return dialog.Result{Close: true}
	}
	return dialog.Result{Cmd: s.lines[s.at].Choose()}
}

// Type implements dialog.Dialog. Letters come as actions.
func (s *Sheet) Type(string) dialog.Result { return dialog.Result{} }

// Click implements dialog.Dialog.
func (s *Sheet) Click(_, y int) dialog.Result {
	i := s.top + y
	if y < 0 || y >= s.height || i >= len(s.rows) {
		return dialog.Result{}
	}
	if at := s.rows[i].line; s.lines[at].Choose != nil {
		s.at = at
		return s.choose()
	}
	return dialog.Result{}
}

// Wheel implements dialog.Dialog.
func (s *Sheet) Wheel(lines int) { s.scroll(lines) }

// step moves to the next line that can be chosen while that is in the view or
// at its edge, else it scrolls by a row.
func (s *Sheet) step(by int) {
	next := s.next(s.at, by)
	if next < 0 {
		s.top = s.clamp(s.top + by)
		return
	}
	first, last := s.span(next)
	if first >= s.top-1 && last <= s.top+s.height {
		s.at = next
		s.show(first, last)
		return
	}
	s.top = s.clamp(s.top + by)
}

// show scrolls no further than needed to have some rows in view.
func (s *Sheet) show(first, last int) {
	if last >= s.top+s.height {
		s.top = last - s.height + 1
	}
	if first < s.top {
		s.top = first
	}
	s.top = s.clamp(s.top)
}

// next returns the next line that can be chosen, or -1.
func (s *Sheet) next(from, by int) int {
	for i := from + by; i >= 0 && i < len(s.lines); i += by {
		if s.lines[i].Choose != nil {
			return i
		}
	}
	return -1
}

// span returns the first and last row of a line.
func (s *Sheet) span(line int) (first, last int) {
	first, last = -1, -1
	for i, r := range s.rows {
		if r.line == line {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	return first, last
}

// scroll moves the view; a chosen line that leaves it gives way to the nearest
// in it. Where the view cannot move that far, the last line that can be chosen
// in that direction is.
func (s *Sheet) scroll(by int) {
	stuck := s.clamp(s.top+by) != s.top+by
	s.top = s.clamp(s.top + by)
	dir := 1
	if by < 0 {
		dir = -1
	}
	for i := s.at; i >= 0; {
		if s.inView(s.at) && !stuck {
			return
		}
		if i = s.next(i, dir); i >= 0 && s.inView(i) {
			s.at = i
		}
	}
}

// inView reports whether all rows of a line are in view.
func (s *Sheet) inView(line int) bool {
	first, last := s.span(line)
	return first >= s.top && last < s.top+s.height
}

func (s *Sheet) clamp(top int) int { return max(0, min(top, len(s.rows)-s.height)) }

// layout wraps the lines for a width.
func (s *Sheet) layout(wd screen.Widths, width int) {
	if s.width == width && s.rows != nil {
		return
	}
	s.width, s.rows = width, make([]row, 0, len(s.lines))
	room := max(1, width-gutter)
	column := s.column(width)
	for i, l := range s.lines {
		r := row{line: i, name: l.Name, first: true}
		w, text := room, l.Text
		switch {
		case l.Name.Empty():
		case width < narrow:
			r.name, text = safe.Text{}, safe.Own(l.Name.String()+": "+l.Text.String())
		default:
			w = max(1, room-column)
		}
		parts := pane.Wrap(wd, text, w)
		if len(parts) == 0 {
			parts = []safe.Text{{}}
		}
		for _, t := range parts {
			r.text = t
			s.rows = append(s.rows, r)
			r.first = false
		}
	}
}

// column returns the width of the names' column.
func (s *Sheet) column(width int) int { return min(s.Column, max(1, width*2/5)) }
