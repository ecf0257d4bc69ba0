// Package trust draws the pages of verification and recovery: text, pictures,
// inputs and choices, one above the other.
//
// A [Page] is a dialog: in a frame, or with All in the place of the timeline,
// or of the window where that is narrow. It fits
// 40 by 12 cells; what is taller gives up its empty rows first, then it
// scrolls. A page never closes itself because of a choice: the one who opened
// it does, since a flow goes from page to page under one id. A page with
// inputs takes letters into them; one without takes the letters of its choices.
package trust

import (
	tea "charm.land/bubbletea/v2"

	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
)

// Tone is how a block of text is meant.
type Tone uint8

// Tones.
const (
	Plain Tone = iota
	Quiet
	Strong
	Good
	Warn
	Grave
)

// Block is a paragraph, or a picture with Art.
type Block struct {
	Text safe.Text
	Tone Tone
	Mark rune   // before the text, 0 for none
	Link string // result of safe.URL
	Art  Art
	// Close joins it to the block before, without an empty row between.
	Close bool
}

// Art draws itself into rows of a page.
type Art interface {
	// Rows returns how many rows it takes in width columns, of at most height.
	Rows(wd screen.Widths, width, height int) int
	// Paint draws the rows.
	Paint(c screen.Canvas, th *theme.Theme)
}

// Choice is something to do, by its letter or by Enter.
type Choice struct {
	Key   string
	Title safe.Text
	// Note explains it in a dim line, where there is room.
	Note safe.Text
	// Hidden has no row: the last row of the page names its key.
	Hidden bool
	// Disabled is why it cannot be chosen, or "".
	Disabled string
	Do       func() tea.Cmd
}

// Page is one page of a flow. It belongs to Update's goroutine.
type Page struct {
	Name    string
	Head    safe.Text
	All     bool // no frame: it takes the stage
	Broad   bool // with All: it takes the whole window, up to its edges
	Blocks  []Block
	Fields  []*dialog.Field
	Choices []Choice
	Keys    safe.Text // the last row
	// Submit is Enter in a page with fields: why not, or "" and a command.
	Submit func(p *Page) (refused string, cmd tea.Cmd)
	// Edited is told after each change of a field; it may be nil.
	Edited func(p *Page) tea.Cmd
	// Hold keeps the page open until its opener closes it.
	Hold bool
	// Left is told when the page was closed by Esc, or would be with Hold; it may be nil.
	Left func() tea.Cmd
	// Unset is a page without a choice to begin with: Enter alone does nothing.
	Unset bool

	at      int // of Fields
	choice  int // of Choices
	top     int
	follow  bool // scroll to where the cursor is
	moved   bool
	busy    safe.Text
	message []safe.Text
	bad     bool
	height  int   // rows of the body, of the last paint
	rows    []row // of the last paint
	first   int   // row of the canvas where they begin
}

// Say shows what became of something, and ends the wait.
func (p *Page) Say(bad bool, lines ...string) {
	p.busy, p.bad, p.message = safe.Text{}, bad, nil
	for _, l := range lines {
		if l != "" {
			p.message = append(p.message, safe.Own(l))
		}
	}
	p.follow = true
}

// Wait says what is under way; until Say nothing else can be done.
func (p *Page) Wait(what string) {
	p.busy, p.message, p.follow = safe.Own(what), nil, true
}

// Waiting reports whether something is under way.
func (p *Page) Waiting() bool { return !p.busy.Empty() }

// Text returns the text of field i.
func (p *Page) Text(i int) string { return p.Fields[i].Input.Text() }

// Holds implements dialog.Holder.
func (p *Page) Holds() bool { return p.Hold }

// Cover implements dialog.Coverer.
func (p *Page) Cover() dialog.Cover {
	switch {
	case p.All && p.Broad:
		return dialog.Window
	case p.All:
		return dialog.Stage
	}
	return dialog.Framed
}

// Beyond implements dialog.Scroller.
func (p *Page) Beyond() (above, below int) { return p.top, max(0, len(p.rows)-p.top-p.height) }

// ID implements dialog.Dialog.
func (p *Page) ID() string { return p.Name }

// Title implements dialog.Dialog.
func (p *Page) Title() safe.Text { return p.Head }

// Size implements dialog.Dialog.
func (p *Page) Size(wd screen.Widths, w, h int) (int, int) {
	width := min(w, maxWidth)
	return width, min(h, len(p.lay(wd, width, h-1, notes))+2)
}

// Do implements dialog.Dialog.
func (p *Page) Do(a keymap.Action) dialog.Result {
	if a == keymap.Close {
		return p.leave()
	}
	p.follow = true
	switch a {
	case keymap.ListPgUp, keymap.ListPgDown:
		p.page(a)
		return dialog.Result{}
	}
	if p.Waiting() {
		return dialog.Result{}
	}
	if len(p.Fields) > 0 {
		return p.inField(a)
	}
	switch a {
	case keymap.Choose:
		if p.Unset && !p.moved {
			return dialog.Result{}
		}
		return p.choose(p.choice)
	case keymap.ListUp, keymap.FieldPrev:
		p.step(-1)
	case keymap.ListDown, keymap.FieldNext:
		p.step(1)
	}
	return dialog.Result{}
}

func (p *Page) leave() dialog.Result {
	if p.Left == nil {
		return dialog.Result{}
	}
	return dialog.Result{Cmd: p.Left()}
}

// inField gives an action to the focused field.
func (p *Page) inField(a keymap.Action) dialog.Result {
	f := p.Fields[p.at]
	switch a {
	case keymap.Choose:
		if p.at+1 < len(p.Fields) && f.Input.Text() != "" && p.Text(p.at+1) == "" {
			p.at++
			return dialog.Result{}
		}
		refused, cmd := p.Submit(p)
		if refused != "" {
			p.Say(true, refused)
		}
		return dialog.Result{Cmd: cmd}
	case keymap.FieldNext, keymap.ListDown:
		p.at = (p.at + 1) % len(p.Fields)
	case keymap.FieldPrev, keymap.ListUp:
		p.at = (p.at + len(p.Fields) - 1) % len(p.Fields)
	case keymap.Reveal:
		f.Reveal()
	default:
		if f.Input.Do(a) {
			return p.edited()
		}
	}
	return dialog.Result{}
}

func (p *Page) edited() dialog.Result {
	p.message = nil // it was about what is no longer there
	if p.Edited == nil {
		return dialog.Result{}
	}
	return dialog.Result{Cmd: p.Edited(p)}
}

func (p *Page) step(dir int) {
	n := len(p.Choices)
	if n == 0 {
		p.scroll(dir)
		return
	}
	if p.Unset && !p.moved {
		p.moved = true
		return
	}
	p.choice = (p.choice + dir + n) % n
}

func (p *Page) choose(i int) dialog.Result {
	if i >= len(p.Choices) {
		if len(p.Choices) == 0 && !p.Hold {
			r := p.leave()
			r.Close = true
			return r
		}
		return dialog.Result{}
	}
	c := p.Choices[i]
	if c.Disabled != "" {
		p.Say(true, c.Disabled)
		return dialog.Result{}
	}
	if c.Do == nil {
		return dialog.Result{}
	}
	return dialog.Result{Cmd: c.Do()}
}

// Type implements dialog.Dialog.
func (p *Page) Type(s string) dialog.Result {
	p.follow = true
	switch {
	case p.Waiting():
		return dialog.Result{}
	case len(p.Fields) > 0:
		f := p.Fields[p.at]
		f.Input.Type(s)
		return p.edited()
	}
	for i := range p.Choices {
		if p.Choices[i].Key == s {
			return p.choose(i)
		}
	}
	switch s {
	case "j":
		p.step(1)
	case "k":
		p.step(-1)
	case " ":
		p.page(keymap.ListPgDown)
	}
	return dialog.Result{}
}
