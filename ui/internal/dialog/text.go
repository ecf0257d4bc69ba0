package dialog

import (
	tea "charm.land/bubbletea/v2"

	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// Confirm asks a question: Enter or y does it, Esc or n does not. What cannot be
// taken back is done by y alone, for a sentence ends with Enter.
type Confirm struct {
	Name     string
	Head     safe.Text
	Question safe.Text
	Danger   bool // it cannot be taken back
	Yes      func() tea.Cmd
}

// Airy implements Airy.
func (*Confirm) Airy() {}

// ID implements Dialog.
func (d *Confirm) ID() string { return d.Name }

// Title implements Dialog.
func (d *Confirm) Title() safe.Text { return d.Head }

// Size implements Dialog.
func (d *Confirm) Size(wd screen.Widths, w, h int) (int, int) {
	width := min(w, 60)
	return width, min(h, len(pane.Wrap(wd, d.Question, width))+2)
}

// Careful implements Careful.
func (d *Confirm) Careful() bool { return d.Danger }

// Do implements Dialog.
func (d *Confirm) Do(a keymap.Action) Result {
	if a != keymap.Choose || d.Danger {
		return Result{}
	}
	return d.yes()
}

func (d *Confirm) yes() Result { return Result{Close: true, Cmd: d.Yes()} }

// Type implements Dialog: y and n answer too.
func (d *Confirm) Type(s string) Result {
	switch s {
	case "y":
		return d.yes()
	case "n":
		return Result{Close: true}
	}
	return Result{}
}

// Click implements Dialog.
func (d *Confirm) Click(int, int) Result { return Result{} }

// Wheel implements Dialog.
func (d *Confirm) Wheel(int) {}

// Paint implements Dialog.
func (d *Confirm) Paint(c screen.Canvas, th *theme.Theme) screen.Cursor {
	w, h := c.Size()
	st := th.Dialog
	if d.Danger {
		st = th.Danger
	}
	y := paragraph(c, st, 0, d.Question)
	for ; y < h-1; y++ {
		c.Pad(0, y, w, th.Dialog)
	}
	keys := words.ConfirmKeys
	if d.Danger {
		keys = words.DangerKeys
	}
	n := pane.Label(c, th, 0, h-1, w, safe.Own(keys), th.HintKey)
	c.Pad(n, h-1, w, th.Dialog)
	return screen.Cursor{}
}

// Line is a line of a Text dialog: a name in a column and what belongs to it,
// or a heading, or plain text that wraps.
type Line struct {
	Name    safe.Text
	Text    safe.Text
	Heading bool
	Link    string // result of safe.URL
}

// Text shows lines to read.
type Text struct {
	Name   string
	Head   safe.Text
	Lines  []Line
	Column int // width of the names' column

	top    int
	shown  []shown
	width  int
	height int
}

type shown struct {
	name, text safe.Text
	heading    bool
	link       string
}

// Beyond implements Scroller.
func (d *Text) Beyond() (above, below int) { return d.top, max(0, len(d.shown)-d.top-d.height) }

// SetLines replaces what is shown and keeps the place.
func (d *Text) SetLines(l []Line) { d.Lines, d.shown = l, nil }

// Airy implements Airy.
func (*Text) Airy() {}

// ID implements Dialog.
func (d *Text) ID() string { return d.Name }

// Title implements Dialog.
func (d *Text) Title() safe.Text { return d.Head }

// Size implements Dialog.
func (d *Text) Size(wd screen.Widths, w, h int) (int, int) {
	width := min(w, 90)
	d.layout(wd, width)
	return width, min(h, len(d.shown)+1)
}

func (d *Text) layout(wd screen.Widths, width int) {
	if d.width == width && d.shown != nil {
		return
	}
	d.width, d.shown = width, d.shown[:0]
	column := min(d.Column, width/2)
	for _, l := range d.Lines {
		if l.Heading || l.Name.Empty() {
			for _, t := range pane.Wrap(wd, l.Text, width) {
				d.shown = append(d.shown, shown{text: t, heading: l.Heading, link: l.Link})
			}
			continue
		}
		names, texts := pane.Wrap(wd, l.Name, max(1, column-1)), pane.Wrap(wd, l.Text, max(1, width-column))
		for i := range max(len(names), len(texts)) {
			row := shown{name: safe.Own(" "), link: l.Link}
			if i < len(names) {
				row.name = names[i]
			}
			if i < len(texts) {
				row.text = texts[i]
			}
			d.shown = append(d.shown, row)
		}
	}
}

// Do implements Dialog.
func (d *Text) Do(a keymap.Action) Result {
	page := max(1, d.height-1)
	switch a {
	case keymap.ListUp:
		d.top--
	case keymap.ListDown:
		d.top++
	case keymap.ListPgUp:
		d.top -= page
	case keymap.ListPgDown:
		d.top += page
	case keymap.ListFirst, keymap.LineStart:
		d.top = 0
	case keymap.ListLast, keymap.LineEnd:
		d.top = len(d.shown)
	case keymap.Choose:
		return Result{Close: true}
	}
	return Result{}
}

// Type implements Dialog.
func (d *Text) Type(s string) Result {
	switch s {
	case "j":
		d.top++
	case "k":
		d.top--
	case " ":
		d.top += max(1, d.height-1)
	case "g":
		d.top = 0
	case "G":
		d.top = len(d.shown)
	case "q", "?":
		return Result{Close: true}
	}
	return Result{}
}

// Click implements Dialog.
func (d *Text) Click(int, int) Result { return Result{} }

// Wheel implements Dialog.
func (d *Text) Wheel(lines int) { d.top += lines }

// Paint implements Dialog.
func (d *Text) Paint(c screen.Canvas, th *theme.Theme) screen.Cursor {
	w, h := c.Size()
	d.layout(c.Widths(), w)
	d.height = h - 1
	d.top = max(0, min(d.top, len(d.shown)-d.height))
	column := min(d.Column, w/2)
	for y := range max(0, h-1) {
		i := d.top + y
		x := 0
		if i < len(d.shown) {
			l := d.shown[i]
			switch {
			case l.heading:
				x = c.Text(0, y, w, l.text, th.Heading, "")
			case l.name.Empty():
				x = c.Text(0, y, w, l.text, th.Dialog, l.link)
			default:
				x = pane.Label(c, th, 0, y, column-1, l.name, th.HintKey)
				c.Pad(x, y, column, th.Dialog)
				x = column + c.Text(column, y, w-column, l.text, th.Dialog, l.link)
			}
		}
		c.Pad(x, y, w, th.Dialog)
	}
	n := pane.Label(c, th, 0, h-1, w, safe.Own(words.DetailsKeys), th.Hint)
	c.Pad(n, h-1, w, th.Dialog)
	return screen.Cursor{}
}
