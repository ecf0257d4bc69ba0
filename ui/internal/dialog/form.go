package dialog

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// Field is an input or, with Toggle, a choice of yes and no.
type Field struct {
	Input  pane.Input
	Toggle bool
	On     bool
}

// Form is fields that are sent together.
type Form struct {
	Name   string
	Head   safe.Text
	Intro  safe.Text
	Fields []*Field
	// Submit gets the form and returns why it cannot be sent, or "" and a command.
	Submit func(f *Form) (refused string, cmd tea.Cmd)
	// Toggled is told which choice was changed; it may be nil.
	Toggled func(f *Form, i int)
	// Stay keeps the form open after it was sent, until its opener closes it.
	Stay bool

	at      int
	message safe.Text
	bad     bool
	rows    []int // row of each field, of the last paint
	busy    bool
}

// Text returns the text of field i.
func (f *Form) Text(i int) string { return f.Fields[i].Input.Text() }

// On returns the choice of field i.
func (f *Form) On(i int) bool { return f.Fields[i].On }

// Say shows a line: bad for what went wrong. It ends the wait of a form that stays.
func (f *Form) Say(t string, bad bool) {
	f.message, f.bad, f.busy = safe.Own(t), bad, false
}

// Airy implements Airy.
func (*Form) Airy() {}

// ID implements Dialog.
func (f *Form) ID() string { return f.Name }

// Title implements Dialog.
func (f *Form) Title() safe.Text { return f.Head }

// Size implements Dialog.
func (f *Form) Size(wd screen.Widths, w, h int) (int, int) {
	width := min(w, 64)
	rows := len(f.Fields) + 3
	for _, t := range []safe.Text{f.Intro, f.message} {
		if !t.Empty() {
			rows += len(pane.Wrap(wd, t, width)) + 1
		}
	}
	return width, min(h, rows)
}

// Do implements Dialog.
func (f *Form) Do(a keymap.Action) Result {
	field := f.Fields[f.at]
	switch a {
	case keymap.Choose:
		return f.submit()
	case keymap.FieldNext, keymap.ListDown:
		f.at = (f.at + 1) % len(f.Fields)
	case keymap.FieldPrev, keymap.ListUp:
		f.at = (f.at + len(f.Fields) - 1) % len(f.Fields)
	case keymap.Reveal:
		field.Reveal()
	default:
		if !field.Toggle {
			field.Input.Do(a)
		}
	}
	return Result{}
}

func (f *Form) submit() Result {
	if f.busy {
		return Result{}
	}
	refused, cmd := f.Submit(f)
	if refused != "" {
		f.message, f.bad = safe.Own(refused), true
		return Result{Cmd: cmd}
	}
	f.busy = f.Stay
	if f.Stay {
		f.message, f.bad = safe.Own(words.Loading), false
	}
	return Result{Close: !f.Stay, Cmd: cmd}
}

// Type implements Dialog.
func (f *Form) Type(s string) Result {
	field := f.Fields[f.at]
	if field.Toggle {
		if s == " " {
			f.toggle(f.at)
		}
		return Result{}
	}
	field.Input.Type(s)
	return Result{}
}

func (f *Form) toggle(i int) {
	f.Fields[i].On = !f.Fields[i].On
	if f.Toggled != nil {
		f.Toggled(f, i)
	}
}

// column returns where the inputs begin: below each other.
func (f *Form) column(wd screen.Widths) int {
	most := 0
	for _, field := range f.Fields {
		if !field.Toggle && field.Input.Label != "" {
			most = max(most, wd.Text(safe.Own(field.Input.Label))+2)
		}
	}
	return most
}

// Click implements Dialog.
func (f *Form) Click(_, y int) Result {
	for i, row := range f.rows {
		if row == y {
			f.at = i
			if f.Fields[i].Toggle {
				f.toggle(i)
			}
		}
	}
	return Result{}
}

// Wheel implements Dialog.
func (f *Form) Wheel(int) {}

// Paint implements Dialog.
func (f *Form) Paint(c screen.Canvas, th *theme.Theme) screen.Cursor {
	w, h := c.Size()
	y := paragraph(c, th.Dialog, 0, f.Intro)
	cur := screen.Cursor{Visible: true, Shape: screen.CursorBar}
	f.rows = f.rows[:0]
	column := f.column(c.Widths())
	for i, field := range f.Fields {
		field.Input.Column = column
		f.rows = append(f.rows, y)
		mark := ' '
		if i == f.at {
			mark = th.Glyphs.Bar
		}
		c.Rune(0, y, mark, th.Accent)
		if field.Toggle {
			field.paintToggle(c, th, y, i == f.at)
		} else if x := field.Input.Paint(c.Sub(1, y, w-1, 1), th, 0); i == f.at {
			cur.X, cur.Y = 1+x, y
		}
		if i == f.at && field.Toggle {
			cur.X, cur.Y = 1, y
		}
		y++
	}
	c.Pad(0, y, w, th.Dialog)
	y++
	st := th.Good
	if f.bad {
		st = th.Error
	}
	y = paragraph(c, st, y, f.message)
	for ; y < h-1; y++ {
		c.Pad(0, y, w, th.Dialog)
	}
	keys := words.FormKeys
	switch {
	case slices.ContainsFunc(f.Fields, func(field *Field) bool { return field.Toggle }):
		keys = words.FormKeysToggle
	case f.Fields[f.at].Input.Masked:
		keys = words.FormKeysSecret
	case len(f.Fields) == 1:
		keys = words.FormKeysOne
	}
	n := pane.Label(c, th, 0, h-1, w, safe.Own(keys), th.Hint)
	c.Pad(n, h-1, w, th.Dialog)
	return cur
}

// paragraph draws a text and an empty row after it and returns the next row.
func paragraph(c screen.Canvas, st screen.Style, y int, t safe.Text) int {
	w, _ := c.Size()
	if t.Empty() {
		return y
	}
	for _, line := range pane.Wrap(c.Widths(), t, w) {
		c.Pad(c.Text(0, y, w, line, st, ""), y, w, st)
		y++
	}
	c.Pad(0, y, w, st)
	return y + 1
}

func (f *Field) paintToggle(c screen.Canvas, th *theme.Theme, y int, focused bool) {
	w, _ := c.Size()
	mark, word := ' ', words.No
	if f.On {
		mark, word = th.Glyphs.Check, words.Yes
	}
	st := th.Dialog
	if focused {
		st = th.Selected
	}
	c.Rune(1, y, '[', st)
	c.Rune(2, y, mark, st)
	c.Rune(3, y, ']', st)
	c.Rune(4, y, ' ', th.Dialog)
	n := 5 + pane.Label(c, th, 5, y, w-10, safe.Own(f.Input.Label+": "+word), th.Dialog)
	c.Pad(n, y, w, th.Dialog)
}
