package trust

import (
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/screen"
	"hubbub/ui/safe"
)

// row is one row of the body.
type row struct {
	text   safe.Text
	indent int
	mark   rune
	tone   Tone
	link   string
	art    Art
	line   int // of the art
	lines  int
	choice int
	note   bool
	field  int
}

func plainRow() row { return row{choice: -1, field: -1} }

// builder puts rows one below the other.
type builder struct {
	wd    screen.Widths
	width int
	rows  []row
	air   air
}

// air is how much of what is not needed a layout has.
type air uint8

// Layouts, from the tightest.
const (
	tight air = iota // nothing but what is needed
	gaps             // empty rows between the parts
	notes            // and the notes of choices
)

func (b *builder) gap() {
	if b.air >= gaps && len(b.rows) > 0 {
		b.rows = append(b.rows, plainRow())
	}
}

func (b *builder) text(t safe.Text, like row) {
	for i, line := range pane.Wrap(b.wd, t, max(1, b.width-like.indent)) {
		r := like
		r.text = line
		if i > 0 {
			r.mark = 0
		}
		b.rows = append(b.rows, r)
	}
}

func (b *builder) block(bl *Block, height int) {
	if !bl.Close {
		b.gap()
	}
	if bl.Art != nil {
		n := bl.Art.Rows(b.wd, b.width, height)
		for i := range n {
			r := plainRow()
			r.art, r.line, r.lines = bl.Art, i, n
			b.rows = append(b.rows, r)
		}
		return
	}
	r := plainRow()
	r.tone, r.link = bl.Tone, bl.Link
	if bl.Mark != 0 {
		r.mark, r.indent = bl.Mark, 2
	}
	b.text(bl.Text, r)
}

// lay returns the rows of the body for a width.
func (p *Page) lay(wd screen.Widths, width, height int, air air) []row {
	b := builder{wd: wd, width: width, air: air}
	for i := range p.Blocks {
		b.block(&p.Blocks[i], height)
	}
	if len(p.Fields) > 0 {
		b.gap()
		for i := range p.Fields {
			r := plainRow()
			r.field = i
			b.rows = append(b.rows, r)
		}
	}
	if len(p.Choices) > 0 && !p.Waiting() {
		b.gap()
		for i := range p.Choices {
			if p.Choices[i].Hidden {
				continue
			}
			r := plainRow()
			r.choice = i
			b.rows = append(b.rows, r)
			if note := p.Choices[i].Note; !note.Empty() && air >= notes {
				r.note, r.indent = true, 4
				b.text(note, r)
			}
		}
	}
	p.layMessage(&b)
	return b.rows
}

func (p *Page) layMessage(b *builder) {
	r := plainRow()
	switch {
	case p.Waiting():
		b.gap()
		r.tone = Strong
		b.text(p.busy, r)
	case len(p.message) > 0:
		b.gap()
		r.tone = Good
		if p.bad {
			r.tone = Grave
		}
		for _, m := range p.message {
			b.text(m, r)
			r.tone = Plain
		}
	}
}
