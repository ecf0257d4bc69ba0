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

// Item is an entry of a picker.
type Item struct {
	Title    safe.Text
	Detail   safe.Text // at the right: a key, a server
	Mark     rune      // before the title, 0 for none
	Count    int       // unread
	Mentions int
	Weight   int    // added to the score, orders items without a query
	Find     string // what a query is compared with; Title when empty
	Disabled string // why it cannot be chosen
	Do       func() tea.Cmd
}

// Picker is an input above a ranked list.
type Picker struct {
	Name  string    // id
	Head  safe.Text // title
	Intro []safe.Text
	// Free makes an item of what was typed, for pickers that take any text; nil for none.
	Free func(text string) *Item
	// Refused is told why a disabled item was not chosen.
	Refused func(reason string) tea.Cmd

	input  pane.Input
	items  []Item
	source Source // instead of items, or nil
	ranked []ranking
	sorted int              // how many of ranked stand in their order, at the front
	made   map[string]*Item // items of the source in view, by key
	stale  bool             // the input is not the one that ranked is for
	free   *Item
	scroll pane.Scroll
	bare   bool // no input: a menu
	intro  int  // rows of the introduction, of the last paint
}

// NewPicker makes a picker; hint stands in the empty input.
func NewPicker(name, title, hint string, items []Item) *Picker {
	p := &Picker{Name: name, Head: safe.Own(title), items: items, stale: true}
	p.input.Placeholder = hint
	return p
}

// NewFinder makes a picker of a source's entries.
func NewFinder(name, title, hint string, source Source) *Picker {
	p := NewPicker(name, title, hint, nil)
	p.source = source
	return p
}

// NewMenu makes a picker without an input.
func NewMenu(name string, title safe.Text, items []Item) *Picker {
	p := NewPicker(name, "", "", items)
	p.Head, p.bare = title, true
	return p
}

// typed notes that the input changed. What matches is found when somebody
// looks: of keys that come at once only the last counts.
func (p *Picker) typed() {
	p.stale = true
	p.scroll.At, p.scroll.Top = 0, 0
}

func (p *Picker) len() int {
	if p.stale {
		p.rank()
	}
	if p.free != nil {
		return len(p.ranked) + 1
	}
	return len(p.ranked)
}

// item returns an item by its place, which is below len.
func (p *Picker) item(i int) *Item {
	if i >= len(p.ranked) {
		return p.free
	}
	if i >= p.sorted {
		p.sortAll()
	}
	r := &p.ranked[i]
	if p.source == nil {
		return &p.items[r.at]
	}
	it := p.made[r.key]
	if it == nil {
		made := p.source.Item(r.key)
		it = &made
		if p.made == nil {
			p.made = map[string]*Item{}
		}
		p.made[r.key] = it
	}
	return it
}

// ID implements Dialog.
func (p *Picker) ID() string { return p.Name }

// Title implements Dialog.
func (p *Picker) Title() safe.Text { return p.Head }

// Size implements Dialog. A picker keeps its size while one types.
func (p *Picker) Size(wd screen.Widths, w, h int) (int, int) {
	width := min(w, 64)
	rows := len(p.items)
	if p.source != nil {
		rows = p.source.Len()
	}
	if !p.bare {
		rows += 2
	}
	for _, t := range p.Intro {
		rows += len(pane.Wrap(wd, t, width))
	}
	return width, min(h, max(rows, 3), 22)
}

// Do implements Dialog.
func (p *Picker) Do(a keymap.Action) Result {
	switch {
	case a == keymap.Choose:
		return p.choose()
	case p.scroll.Do(a, p.len()):
	case a == keymap.FieldNext:
		p.scroll.Do(keymap.ListDown, p.len())
	case a == keymap.FieldPrev:
		p.scroll.Do(keymap.ListUp, p.len())
	case !p.bare && p.input.Do(a):
		p.typed()
	}
	return Result{}
}

func (p *Picker) choose() Result {
	if p.scroll.At >= p.len() {
		return Result{}
	}
	it := p.item(p.scroll.At)
	if it.Disabled != "" {
		if p.Refused != nil {
			return Result{Cmd: p.Refused(it.Disabled)}
		}
		return Result{}
	}
	if it.Do == nil {
		return Result{Close: true}
	}
	return Result{Close: true, Cmd: it.Do()}
}

// Type implements Dialog.
func (p *Picker) Type(s string) Result {
	if p.bare {
		switch s {
		case "j":
			p.scroll.Do(keymap.ListDown, p.len())
		case "k":
			p.scroll.Do(keymap.ListUp, p.len())
		default:
			return p.byKey(s)
		}
		return Result{}
	}
	p.input.Type(s)
	p.typed()
	return Result{}
}

// byKey chooses the item of a menu whose key is s.
func (p *Picker) byKey(s string) Result {
	for i := range p.len() {
		if p.item(i).Detail.String() == s {
			p.scroll.At = i
			return p.choose()
		}
	}
	return Result{}
}

// Click implements Dialog.
func (p *Picker) Click(_, y int) Result {
	i := y - p.intro + p.scroll.Top
	if y < p.intro || i >= p.len() {
		return Result{}
	}
	p.scroll.At = i
	return p.choose()
}

// Wheel implements Dialog.
func (p *Picker) Wheel(lines int) { p.scroll.Wheel(lines, p.len()) }

// Paint implements Dialog.
func (p *Picker) Paint(c screen.Canvas, th *theme.Theme) screen.Cursor {
	w, h := c.Size()
	y := 0
	for _, t := range p.Intro {
		for _, line := range pane.Wrap(c.Widths(), t, w) {
			n := c.Text(0, y, w, line, th.Dialog, "")
			c.Pad(n, y, w, th.Dialog)
			y++
		}
	}
	cur := screen.Cursor{}
	if !p.bare {
		cur = screen.Cursor{X: p.input.Paint(c, th, y), Y: y, Visible: true, Shape: screen.CursorBar}
		y++
		for x := range w {
			c.Rune(x, y, th.Glyphs.H, th.Border)
		}
		y++
	}
	p.intro = y
	p.scroll.Fit(p.len(), max(0, h-y))
	for i := p.scroll.Top; y < h; i, y = i+1, y+1 {
		if i < p.len() {
			paintItem(c, th, y, p.item(i), i == p.scroll.At)
			continue
		}
		n := 0
		if p.len() == 0 && i == 0 {
			n = pane.Label(c, th, 1, y, w-1, safe.Own(words.NothingFound), th.Dim) + 1
		}
		c.Pad(n, y, w, th.Dialog)
	}
	if p.bare {
		cur = screen.Cursor{Y: p.intro + p.scroll.At - p.scroll.Top, Visible: p.len() > 0}
	}
	return cur
}

func paintItem(c screen.Canvas, th *theme.Theme, y int, it *Item, selected bool) {
	w, _ := c.Size()
	row := th.Dialog
	if selected {
		row = th.Selected
	}
	bar := ' '
	if selected {
		bar = th.Glyphs.Bar
	}
	c.Rune(0, y, bar, pane.Over(th.Accent, row))
	x := 1
	if it.Mark != 0 {
		c.Rune(1, y, it.Mark, pane.Over(th.Dim, row))
		c.Rune(2, y, ' ', row)
		x = 3
	}
	st := row
	switch {
	case it.Disabled != "":
		st = pane.Over(th.Dim, row)
	case it.Count > 0 || it.Mentions > 0:
		st = pane.Over(th.Unread, row)
	}
	end := w
	detail := it.Detail
	if it.Disabled != "" && selected {
		detail = safe.Own(it.Disabled)
	}
	switch {
	case it.Mentions > 0:
		end = pane.Right(c, end, y, safe.Own("@"+words.Badge(it.Mentions)), th.MentionBadge) - 1
		c.Rune(end, y, ' ', row)
	case it.Count > 0:
		end = pane.Right(c, end, y, safe.Own(words.Badge(it.Count)), th.Badge) - 1
		c.Rune(end, y, ' ', row)
	}
	n := x + pane.Label(c, th, x, y, end-x, it.Title, st)
	if room := end - n - 2; room > 3 && !detail.Empty() {
		d := min(c.Widths().Text(detail), room)
		c.Pad(n, y, end-d, row)
		n = end - d + pane.Label(c, th, end-d, y, d, detail, pane.Over(th.Hint, row))
	}
	c.Pad(n, y, end, row)
}
