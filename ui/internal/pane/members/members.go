// Package members draws the list of the people of a channel, by role.
package members

import (
	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/theme"
	"hubbub/ui/internal/timeline"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// Fetch says what becomes of people of the channel who are not known here.
type Fetch uint8

// Fetches.
const (
	FetchIdle    Fetch = iota // nothing to say
	FetchRunning              // the homeserver was asked
	FetchFailed               // it gave no answer
)

// Pane is the member list. It belongs to Update's goroutine.
type Pane struct {
	theme  *theme.Theme
	list   List
	scroll pane.Scroll
	focus  bool
	dirty  bool
	total  int                              // people in the channel as its summary says, 0 when not known
	fetch  Fetch                            // of those of them who are not known
	trust  map[chat.UserID]chat.PersonTrust // as known last
	asked  map[chat.UserID]bool             // whose trust was asked for since it changed
}

// New makes an empty list.
func New(th *theme.Theme) *Pane { return &Pane{theme: th, dirty: true} }

// Dirty reports whether the pane must be painted.
func (p *Pane) Dirty() bool { return p.dirty }

// Changed says that the pane must be painted.
func (p *Pane) Changed() { p.dirty = true }

// SetTheme changes the styles.
func (p *Pane) SetTheme(th *theme.Theme) { p.theme, p.dirty = th, true }

// SetFocus gives or takes the focus.
func (p *Pane) SetFocus(focus bool) {
	p.focus, p.dirty = focus, true
	p.settle()
}

// settle keeps the cursor off the first heading.
func (p *Pane) settle() {
	if p.scroll.At == 0 && len(p.list.Rows) > 1 {
		p.scroll.At = 1
	}
}

// SetList shows a list; that of another channel starts at its top.
func (p *Pane) SetList(l List) {
	if l.Room != p.list.Room {
		p.scroll = pane.Scroll{}
	}
	p.list, p.dirty = l, true
	p.settle()
}

// SetTotal takes how many people the channel has, as its summary says: the
// number stands at the top before the list is read, and says how many are missing.
func (p *Pane) SetTotal(n int) {
	if p.total != n {
		p.total, p.dirty = n, true
	}
}

// SetFetch takes whether those who are not known are being asked for.
func (p *Pane) SetFetch(f Fetch) {
	if p.fetch != f {
		p.fetch, p.dirty = f, true
	}
}

// missing returns how many people of the channel are not in the list. While
// the list itself is not read, nobody is missed.
func (p *Pane) missing() int {
	if len(p.list.Rows) == 0 {
		return 0
	}
	return max(0, p.total-p.list.Joined)
}

// SetTrust takes what is known about people's identities.
func (p *Pane) SetTrust(known map[chat.UserID]chat.PersonTrust) {
	if p.trust == nil {
		p.trust = map[chat.UserID]chat.PersonTrust{}
	}
	for u, t := range known {
		p.dirty = p.dirty || p.trust[u] != t
		p.trust[u] = t
	}
}

// Forget drops what is known about people, about all of them for nil: it has
// to be asked for again. The marks stay until the answer comes.
func (p *Pane) Forget(users []chat.UserID) {
	if users == nil {
		p.asked = nil
	}
	for _, u := range users {
		delete(p.asked, u)
	}
}

// Unknown returns those in a view of so many rows whose trust has to be asked
// for, and takes it that it is.
func (p *Pane) Unknown(height int) []chat.UserID {
	var out []chat.UserID
	rows := p.list.Rows
	for i := p.scroll.Top; i < len(rows) && i < p.scroll.Top+height; i++ {
		u := rows[i].Member.User
		if u == "" || p.asked[u] {
			continue
		}
		if p.asked == nil {
			p.asked = map[chat.UserID]bool{}
		}
		p.asked[u] = true
		out = append(out, u)
	}
	return out
}

// Selected returns the person under the cursor, or nil.
func (p *Pane) Selected() *chat.Member {
	if p.scroll.At >= len(p.list.Rows) {
		return nil
	}
	return p.person(p.scroll.At)
}

// List returns what is shown.
func (p *Pane) List() List { return p.list }

// Do takes an action. It returns the person who was chosen, and whether the action was the list's.
func (p *Pane) Do(a keymap.Action) (chosen *chat.Member, taken bool) {
	if p.scroll.Do(a, len(p.list.Rows)) {
		p.skipHeading(a)
		p.dirty = true
		return nil, true
	}
	if a == keymap.Choose && p.scroll.At < len(p.list.Rows) {
		return p.person(p.scroll.At), true
	}
	return nil, false
}

// skipHeading moves the cursor off a heading in the direction it was going.
func (p *Pane) skipHeading(a keymap.Action) {
	rows := p.list.Rows
	if p.scroll.At >= len(rows) || rows[p.scroll.At].Heading == "" {
		return
	}
	if (a == keymap.ListUp || a == keymap.ListPgUp) && p.scroll.At > 0 {
		p.scroll.At--
		return
	}
	p.scroll.At = min(p.scroll.At+1, len(rows)-1)
}

func (p *Pane) person(i int) *chat.Member {
	if p.list.Rows[i].Heading != "" {
		return nil
	}
	m := p.list.Rows[i].Member
	return &m
}

// Click takes a click and returns the person there, or nil.
func (p *Pane) Click(_, y int) *chat.Member {
	i := p.scroll.Top + y - 1
	if y < 1 || i >= len(p.list.Rows) {
		return nil
	}
	p.scroll.At, p.dirty = i, true
	return p.person(i)
}

// Cursor returns the cell of the cursor's row as it was painted last.
func (p *Pane) Cursor() (x, y int) { return 1, 1 + p.scroll.At - p.scroll.Top }

// Wheel scrolls by lines.
func (p *Pane) Wheel(lines int) {
	p.scroll.Wheel(lines, len(p.list.Rows))
	p.dirty = true
}

// Paint draws the list.
func (p *Pane) Paint(c screen.Canvas) {
	p.dirty = false
	th := p.theme
	w, h := c.Size()
	for y := range h {
		c.Rune(0, y, ' ', th.Text)
	}
	c = c.Sub(1, 0, w-1, h)
	w = max(0, w-1)
	n := pane.Label(c, th, 0, 0, w, safe.Own(words.Heading(words.Members, max(p.list.Joined, p.total))), th.Header)
	c.Pad(n, 0, w, th.Text)
	rest := safe.Text{}
	if n := p.missing(); n > 0 && p.fetch != FetchIdle {
		rest = safe.Own(words.MissingMembers(n, p.fetch == FetchFailed))
	}
	foot := 0
	if !rest.Empty() && h > 3 {
		foot = 1
	}
	p.scroll.Fit(len(p.list.Rows), max(0, h-1-foot))
	for y := 1; y < h; y++ {
		i := p.scroll.Top + y - 1
		switch {
		case foot > 0 && (y == h-1 || i == len(p.list.Rows)):
			foot = 0 // said once
			c.Pad(pane.Label(c, th, 0, y, w, rest, th.Dim), y, w, th.Text)
		case i >= len(p.list.Rows):
			c.Pad(0, y, w, th.Text)
		default:
			p.paintRow(c, y, p.list.Rows[i], p.focus && i == p.scroll.At)
		}
	}
}

func (p *Pane) paintRow(c screen.Canvas, y int, r Row, selected bool) {
	th := p.theme
	w, _ := c.Size()
	row := th.Text
	if selected {
		row = th.Selected
	}
	if r.Heading != "" {
		n := pane.Label(c, th, 0, y, w, safe.Own(r.Heading), pane.Over(th.Category, row))
		c.Pad(n, y, w, row)
		return
	}
	mark, mst := p.mark(r.Member.User)
	c.Rune(0, y, mark, pane.Over(mst, row))
	st := th.Sender(r.Member.User)
	if r.Member.Membership != chat.MemberJoined {
		st = th.Dim
	}
	x := 1 + pane.Label(c, th, 1, y, w-1, safe.Line(Name(r.Member)), pane.Over(st, row))
	if timeline.Doubtful(r.Member.Name, r.Member.User, r.Member.Ambiguous) && x+2 < w {
		c.Rune(x, y, ' ', row)
		x++
		x += pane.Label(c, th, x, y, w-x, safe.Line(string(r.Member.User)), pane.Over(th.Dim, row))
	}
	c.Pad(x, y, w, row)
}

// mark is what stands before a person: verified, or another identity than
// before. The glyph says it without the colour.
func (p *Pane) mark(user chat.UserID) (rune, screen.Style) {
	th := p.theme
	switch p.trust[user] {
	case chat.PersonVerified:
		return th.Glyphs.Check, th.Good
	case chat.PersonChanged:
		return th.Glyphs.Warn, th.Warn
	case chat.PersonWithdrawn:
		return th.Glyphs.Cross, th.Error
	case chat.PersonUnknown, chat.PersonPinned:
	}
	return ' ', th.Text
}
