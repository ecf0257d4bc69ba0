package sidebar

import (
	"strings"

	"hubbub/store/chat"
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/roomlist"
	"hubbub/ui/internal/screen"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// serverHit is the place of a server on the rail.
type serverHit struct {
	x, y, w int
	id      chat.RoomID
	add     bool
}

// hits says what the last paint drew where.
type hits struct {
	servers  []serverHit
	treeX    int
	rowsY    int
	firstRow int
	rows     int
}

func (h *hits) server(x, y int) (serverHit, bool) {
	for _, s := range h.servers {
		if y == s.y && x >= s.x && x < s.x+s.w {
			return s, true
		}
	}
	return serverHit{}, false
}

func (h *hits) row(x, y int) int {
	if x < h.treeX || y < h.rowsY || y >= h.rowsY+h.rows {
		return -1
	}
	return h.firstRow + y - h.rowsY
}

// Paint draws the pane.
func (p *Pane) Paint(c screen.Canvas) {
	p.dirty = false
	w, h := c.Size()
	p.hits = hits{servers: p.hits.servers[:0]}
	if p.rail && w > RailWidth+8 {
		p.paintRail(c.Sub(0, 0, RailWidth, h))
		p.hits.treeX = RailWidth
		p.paintTree(c.Sub(RailWidth, 0, w-RailWidth, h), 0)
		return
	}
	p.paintStrip(c)
	p.paintTree(c, 1)
}

// entries returns the rail with home first.
func (p *Pane) entries() []roomlist.Server {
	return append([]roomlist.Server{{Count: p.model.HomeCount()}}, p.model.Servers()...)
}

func (p *Pane) name(s roomlist.Server) safe.Text {
	if s.Room == nil {
		return safe.Own(string(p.theme.Glyphs.Home))
	}
	return initials(safe.Line(s.Room.Name))
}

func serverID(s roomlist.Server) chat.RoomID {
	if s.Room == nil {
		return ""
	}
	return s.Room.ID
}

// initials returns up to three letters that stand for a name: the first of
// each word, or the first two of a single word.
func initials(t safe.Text) safe.Text {
	fields := strings.Fields(t.String())
	var b strings.Builder
	if len(fields) == 1 {
		s := fields[0]
		for n := 0; n < 2 && s != ""; n++ {
			l := pane.ClusterLen(s)
			b.WriteString(s[:l])
			s = s[l:]
		}
		return safe.Own(b.String())
	}
	for i, f := range fields {
		if i == 3 {
			break
		}
		b.WriteString(f[:pane.ClusterLen(f)])
	}
	return safe.Own(b.String())
}

// paintRail draws the rail as a column with a line at its right.
func (p *Pane) paintRail(c screen.Canvas) {
	th := p.theme
	w, h := c.Size()
	entries := p.entries()
	at := 0
	for i, e := range entries {
		if serverID(e) == p.server {
			at = i
		}
	}
	visible := max(1, h-1)
	p.top = max(0, min(p.top, at, len(entries)-visible))
	if at >= p.top+visible {
		p.top = at - visible + 1
	}
	for y := range h {
		c.Rune(w-1, y, th.Glyphs.V, th.Border)
		i := p.top + y
		switch {
		case i < len(entries):
			p.paintServer(c, y, entries[i])
		case i == len(entries):
			x := 1
			c.Rune(0, y, ' ', th.Text)
			c.Rune(x, y, th.Glyphs.Add, th.Dim)
			c.Pad(x+1, y, w-1, th.Text)
			p.hits.servers = append(p.hits.servers, serverHit{0, y, w - 1, "", true})
		default:
			c.Pad(0, y, w-1, th.Text)
		}
	}
}

func (p *Pane) paintServer(c screen.Canvas, y int, e roomlist.Server) {
	th := p.theme
	w, _ := c.Size()
	st, bar := th.Server, ' '
	if serverID(e) == p.server {
		st, bar = pane.Over(th.Accent, th.Server), th.Glyphs.Bar
	} else if !e.Count.Any {
		st = th.Dim
	}
	c.Rune(0, y, bar, th.Accent)
	n := c.Text(1, y, 3, p.name(e), st, "")
	c.Pad(1+n, y, w-1, th.Text)
	paintBadge(c, th.Badge, th.MentionBadge, th.Unread, w-2, y, e.Count, th.Glyphs.Dot)
	p.hits.servers = append(p.hits.servers, serverHit{0, y, w - 1, serverID(e), false})
}

// paintBadge draws a count that ends before column end and returns where it begins.
func paintBadge(c screen.Canvas, badge, mention, dotStyle screen.Style, end, y int, n roomlist.Count, dot rune) int {
	switch {
	case n.Mentions > 0:
		return pane.Right(c, end, y, safe.Own("@"+words.Badge(n.Mentions)), mention)
	case n.Unread > 0:
		return pane.Right(c, end, y, safe.Own(words.Badge(n.Unread)), badge)
	case n.Any:
		c.Rune(end-1, y, dot, dotStyle)
		return end - 1
	}
	return end
}

// paintStrip draws the rail as one line.
func (p *Pane) paintStrip(c screen.Canvas) {
	th := p.theme
	w, _ := c.Size()
	entries := p.entries()
	at := 0
	for i, e := range entries {
		if serverID(e) == p.server {
			at = i
		}
	}
	first := max(0, at-max(1, w/6)+1)
	x := 0
	for _, e := range entries[first:] {
		if x+5 > w-2 {
			break
		}
		st, start := th.Dim, x
		if e.Count.Any {
			st = th.Unread
		}
		if serverID(e) == p.server {
			st = pane.Over(th.Selected, th.Server)
		}
		x += c.Text(x, 0, 3, p.name(e), st, "")
		switch {
		case e.Count.Mentions > 0:
			x += c.Text(x, 0, w-x, safe.Own("@"+words.Badge(e.Count.Mentions)), th.MentionBadge, "")
		case e.Count.Unread > 0:
			x += c.Text(x, 0, w-x, safe.Own(words.Badge(e.Count.Unread)), th.Badge, "")
		}
		p.hits.servers = append(p.hits.servers, serverHit{start, 0, x - start, serverID(e), false})
		c.Rune(x, 0, ' ', th.Text)
		x++
	}
	c.Rune(x, 0, th.Glyphs.Add, th.Dim)
	p.hits.servers = append(p.hits.servers, serverHit{x, 0, 1, "", true})
	c.Pad(x+1, 0, w, th.Text)
}
