package trust

import (
	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/keymap"
)

func (p *Page) page(a keymap.Action) {
	n := max(1, p.height-1)
	if a == keymap.ListPgUp {
		n = -n
	}
	p.scroll(n)
}

func (p *Page) scroll(lines int) {
	p.top += lines
	p.follow = false
}

// Wheel implements dialog.Dialog.
func (p *Page) Wheel(lines int) { p.scroll(lines) }

// Click implements dialog.Dialog.
func (p *Page) Click(_, y int) dialog.Result {
	i := y - p.first + p.top
	if p.Waiting() || y < p.first || i < 0 || i >= len(p.rows) {
		return dialog.Result{}
	}
	r := p.rows[i]
	switch {
	case r.choice >= 0:
		return p.choose(r.choice)
	case r.field >= 0:
		p.at = r.field
	}
	return dialog.Result{}
}

// Resume takes over where the cursor stood in a page that this one replaces,
// and what was said there.
func (p *Page) Resume(before *Page) {
	p.message, p.bad, p.busy, p.moved, p.top = before.message, before.bad, before.busy, before.moved, before.top
	if before.choice >= len(before.Choices) {
		return
	}
	for i := range p.Choices {
		if p.Choices[i].Key == before.Choices[before.choice].Key {
			p.choice = i
		}
	}
}
