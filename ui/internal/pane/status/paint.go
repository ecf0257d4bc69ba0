package status

import (
	"hubbub/store/chat"
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/screen"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// maxRows is how many rows a notice that does not fit in the line gets above it.
const maxRows = 5

// Rows returns how many rows the shown notice wants above the line, in a window
// of w columns: none where it fits into the line.
func (p *Pane) Rows(wd screen.Widths, w int) int {
	if len(p.notices) == 0 || w <= 0 {
		return 0
	}
	room := w
	if left := safe.Own(words.Outbox(p.outbox, p.unsent)); !left.Empty() {
		room -= wd.Text(left) + 2
	}
	room -= p.badgesWidth(wd, w)
	if w >= lineAlone {
		room -= 3 + wd.Text(safe.Own(words.Connection(p.conn, p.now))) + 2
	}
	if p.noticeWidth(wd) <= room {
		return 0
	}
	return min(len(pane.Wrap(wd, p.noticeText(), w-2)), maxRows)
}

// lineAlone is the width from which a notice shares the line with the connection.
const lineAlone = 80

// Paint draws the line into the last row, and into the rows above it, if there are
// any, a notice that does not fit into it.
func (p *Pane) Paint(c screen.Canvas) {
	p.dirty = false
	w, h := c.Size()
	if h > 1 {
		p.paintLong(c.Sub(0, 0, w, h-1))
		c = c.Sub(0, h-1, w, 1)
	}
	p.paintLine(c, len(p.notices) > 0 && h <= 1)
}

// paintLong draws a notice into rows of its own.
func (p *Pane) paintLong(c screen.Canvas) {
	w, h := c.Size()
	var lines []safe.Text
	st := p.theme.Text
	if len(p.notices) > 0 {
		lines, st = pane.Wrap(c.Widths(), p.noticeText(), w-2), p.noticeStyle()
	}
	for y := range h {
		x := 0
		if y < len(lines) {
			c.Pad(0, y, 1, p.theme.Text)
			x = 1 + c.Text(1, y, w-1, lines[y], st, "")
			if y == h-1 && len(lines) > h && x < w {
				c.Rune(x, y, p.theme.Glyphs.Ellipsis, st)
				x++
			}
		}
		c.Pad(x, y, w, p.theme.Text)
	}
}

// paintLine draws the line, with the notice in it or without.
func (p *Pane) paintLine(c screen.Canvas, notice bool) {
	th := p.theme
	w, _ := c.Size()
	mark, st := p.mark()
	end := w
	if words := safe.Own(words.Outbox(p.outbox, p.unsent)); !words.Empty() {
		style := th.Waiting
		if p.outbox.Failed > 0 {
			style = th.NotSent
		}
		end = pane.Right(c, end, 0, words, style) - 2
		c.Pad(end, 0, end+2, th.Text)
	} else if !notice && w >= 60 {
		end = pane.Right(c, end, 0, p.hint, th.Hint) - 2
		c.Pad(max(end, 0), 0, end+2, th.Text)
	}
	if !notice || w >= badgesBeside {
		end = p.paintBadges(c, end)
	}
	x := 0
	if notice && w < lineAlone {
		x = p.paintNotice(c, 0, end)
		c.Pad(x, 0, end, th.Text)
		return
	}
	c.Rune(0, 0, ' ', th.Text)
	c.Rune(1, 0, mark, st)
	c.Rune(2, 0, ' ', th.Text)
	conn := safe.Own(words.Connection(p.conn, p.now))
	account := !notice || p.roomForAccount(c.Widths(), conn, end)
	x = 3 + pane.Label(c, th, 3, 0, end-3, conn, st)
	if account && x+2 < end {
		c.Pad(x, 0, x+2, th.Text)
		x += 2
		x += pane.Label(c, th, x, 0, min(40, end-x), p.account, th.Dim)
	}
	if notice && x+3 < end {
		c.Pad(x, 0, x+2, th.Text)
		x = p.paintNotice(c, x+2, end)
	}
	c.Pad(x, 0, end, th.Text)
}

// roomForAccount reports whether the account has room beside a notice: it is always
// the same, and what the notice says is not.
func (p *Pane) roomForAccount(wd screen.Widths, conn safe.Text, end int) bool {
	return 3+wd.Text(conn)+2+min(40, wd.Text(p.account))+2+p.noticeWidth(wd) <= end
}

func (p *Pane) noticeWidth(wd screen.Widths) int { return wd.Text(p.noticeText()) }

// noticeText returns the shown notice, behind how many wait.
func (p *Pane) noticeText() safe.Text {
	t := p.notices[0].text
	if more := len(p.notices) - 1; more > 0 {
		return safe.Join(safe.Lit(" "), safe.Own("(+"+words.More(more)+")"), t)
	}
	return t
}

func (p *Pane) noticeStyle() screen.Style {
	if p.notices[0].level == Bad {
		return p.theme.Error
	}
	return p.theme.Accent
}

func (p *Pane) paintNotice(c screen.Canvas, x, end int) int {
	if more := len(p.notices) - 1; more > 0 {
		x += c.Text(x, 0, end-x, safe.Own("(+"+words.More(more)+") "), p.theme.Dim, "")
	}
	return x + pane.Label(c, p.theme, x, 0, end-x, p.notices[0].text, p.noticeStyle())
}

func (p *Pane) mark() (rune, screen.Style) {
	th := p.theme
	switch p.conn.State {
	case chat.ConnOnline:
		return th.Glyphs.Dot, th.Online
	case chat.ConnOffline:
		return th.Glyphs.Ring, th.Waiting
	case chat.ConnSignedOut, chat.ConnFailed:
		return th.Glyphs.Cross, th.Error
	}
	return th.Glyphs.Ring, th.Offline
}
