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
	Also     string // the same, as behind Find
	Whole    bool   // of Picker.Free
	Disabled string // why it cannot be chosen
	Do       func() tea.Cmd
}

// Picker is an input above a ranked list.
type Picker struct {
	Name  string    // id
	Head  safe.Text // title
	Intro []safe.Text
	// Free makes an item of what was typed, for pickers that take any text; nil for
	// none. With Whole it says all that there is to say, and only what is called
	// exactly so comes before it; else it comes last.
	Free func(text string) *Item
	// Refused is told why a disabled item was not chosen.
	Refused func(reason string) tea.Cmd
	// Search begins a search for items that are not at hand; what it finds is
	// given to Found. It may be nil.
	Search func(query string) tea.Cmd

	input  pane.Input
	items  []Item
	source Source // instead of items, or nil
	found  []Item // by Search
	sought string // the last query of Search
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
	switch first := p.free != nil && p.free.Whole && (len(p.ranked) == 0 || p.ranked[0].score < scoreExact); {
	case first && i == 0:
		return p.free
	case first:
		i--
	case i >= len(p.ranked):
		return p.free
	}
	if i >= p.sorted {
		p.sortAll()
	}
	r := &p.ranked[i]
	switch {
	case r.found:
		return &p.found[r.at]
	case p.source == nil:
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

// Set fills the input.
func (p *Picker) Set(text string) {
	p.input.Set(text)
	p.typed()
}

// LookUp returns the search for what the input holds, or nil if there is none
// or it was begun before.
func (p *Picker) LookUp() tea.Cmd {
	query := p.input.Text()
	if p.Search == nil || query == p.sought {
		return nil
	}
	p.sought = query
	return p.Search(query)
}

// Found takes what the search for a query found. What the cursor is on stays
// under it, if somebody has moved it.
func (p *Picker) Found(query string, items []Item) {
	if query != p.input.Text() {
		return
	}
	var on string
	if p.scroll.At > 0 && p.scroll.At < p.len() {
		on = p.item(p.scroll.At).name()
	}
	p.found, p.stale = items, true
	for i := range p.len() {
		if on != "" && p.item(i).name() == on {
			p.scroll.At = i
			break
		}
	}
}

// name tells an item from others.
func (it *Item) name() string { return it.Title.String() + "\x00" + it.Detail.String() }

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

// Beyond implements Scroller.
func (p *Picker) Beyond() (above, below int) { return p.scroll.Beyond(p.len()) }

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
	switch {
	case !selected:
	case it.Disabled != "":
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
	title := end - x
	if want := c.Widths().Text(detail) + 2; want > 2 && c.Widths().Text(it.Title)+want > title {
		title = max(title-want, (title+1)/2) // neither takes all from the other
	}
	n := x + pane.Label(c, th, x, y, title, it.Title, st)
	if room := end - n - 2; room > 3 && !detail.Empty() {
		d := min(c.Widths().Text(detail), room)
		c.Pad(n, y, end-d, row)
		n = end - d + pane.Label(c, th, end-d, y, d, detail, pane.Over(th.Hint, row))
	}
	c.Pad(n, y, end, row)
}
