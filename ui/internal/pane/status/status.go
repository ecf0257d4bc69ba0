// Package status draws the line at the foot of the window: the account, the
// connection, what waits to be sent, and the newest notice.
package status

import (
	"time"

	"hubbub/store/chat"
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// Lasting is how long a notice stays.
const Lasting = 8 * time.Second

// Level says how loud a notice is.
type Level uint8

// Levels.
const (
	Plain Level = iota
	Bad
)

// maxNotices bounds what waits to be shown.
const maxNotices = 20

type notice struct {
	text  safe.Text
	level Level
	reply bool // the answer to a key
}

// Pane is the status line. It belongs to Update's goroutine.
type Pane struct {
	theme   *theme.Theme
	account safe.Text
	conn    chat.Connection
	outbox  chat.OutboxState
	notices []notice
	until   time.Time // the shown notice goes then
	now     time.Time // clock of the last event
	hint    safe.Text
	unsent  string // key that leads to what was not sent, or ""
	badges  [badges]badge
	dirty   bool
}

// New makes the line for an account.
func New(account chat.Account, th *theme.Theme) *Pane {
	return &Pane{theme: th, account: safe.Line(string(account.User)), dirty: true}
}

// Dirty reports whether the line must be painted.
func (p *Pane) Dirty() bool { return p.dirty }

// Changed says that the line must be painted.
func (p *Pane) Changed() { p.dirty = true }

// SetTheme changes the styles.
func (p *Pane) SetTheme(th *theme.Theme) { p.theme, p.dirty = th, true }

// SetHint sets what stands at the right end.
func (p *Pane) SetHint(t safe.Text) {
	if p.hint != t {
		p.hint, p.dirty = t, true
	}
}

// SetUnsentKey sets the key that leads to what was not sent.
func (p *Pane) SetUnsentKey(key string) { p.unsent, p.dirty = key, true }

// SetConnection takes the state of the connection.
func (p *Pane) SetConnection(c chat.Connection, now time.Time) {
	p.conn, p.now, p.dirty = c, now, true
}

// Connection returns the state of the connection.
func (p *Pane) Connection() chat.Connection { return p.conn }

// SetOutbox takes the counts of the outbox.
func (p *Pane) SetOutbox(o chat.OutboxState) {
	if p.outbox != o {
		p.outbox, p.dirty = o, true
	}
}

// Outbox returns the counts of the outbox.
func (p *Pane) Outbox() chat.OutboxState { return p.outbox }

// Add shows a notice, after those that wait. A repeat of the last one is not added.
func (p *Pane) Add(t safe.Text, level Level, now time.Time) {
	if n := len(p.notices); n > 0 && p.notices[n-1].text == t {
		return
	}
	if len(p.notices) == 0 || p.notices[0].level == Plain {
		p.notices = p.notices[:0] // a plain notice gives way at once
		p.until = now.Add(Lasting)
	}
	if len(p.notices) < maxNotices {
		p.notices = append(p.notices, notice{text: t, level: level})
	}
	p.dirty = true
}

// Answer shows what became of a key at once, before everything that waits. It
// takes the place of an answer before it.
func (p *Pane) Answer(t safe.Text, level Level, now time.Time) {
	n := notice{t, level, true}
	switch {
	case len(p.notices) > 0 && (p.notices[0].reply || p.notices[0].level == Plain):
		p.notices[0] = n
	default:
		p.notices = append([]notice{n}, p.notices...)
		p.notices = p.notices[:min(len(p.notices), maxNotices)]
	}
	p.until, p.dirty = now.Add(Lasting), true
}

// DropAnswer takes back the answer to a key, as when what it was about is left.
func (p *Pane) DropAnswer(now time.Time) {
	if len(p.notices) > 0 && p.notices[0].reply {
		p.Dismiss(now)
	}
}

// Dismiss drops the shown notice and reports whether there was one.
func (p *Pane) Dismiss(now time.Time) bool {
	if len(p.notices) == 0 {
		return false
	}
	p.notices = p.notices[1:]
	p.until = now.Add(Lasting)
	p.dirty = true
	return true
}

// Tick moves on to the next notice when the shown one has lasted, and to the
// next second of a countdown. It returns when it wants to be called again, zero for never.
func (p *Pane) Tick(now time.Time) time.Time {
	if len(p.notices) > 0 && !now.Before(p.until) {
		p.Dismiss(now)
	}
	counting := p.conn.State == chat.ConnOffline && p.conn.RetryAt.After(now)
	if counting {
		before, after := words.Connection(p.conn, p.now), words.Connection(p.conn, now)
		p.dirty = p.dirty || before != after
	}
	p.now = now
	switch {
	case len(p.notices) > 0 && counting:
		return earlier(p.until, now.Add(time.Second))
	case len(p.notices) > 0:
		return p.until
	case counting:
		return now.Add(time.Second)
	}
	return time.Time{}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Paint draws the line into the first row.
func (p *Pane) Paint(c screen.Canvas) {
	p.dirty = false
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
	} else if len(p.notices) == 0 && w >= 60 {
		end = pane.Right(c, end, 0, p.hint, th.Hint) - 2
		c.Pad(max(end, 0), 0, end+2, th.Text)
	}
	end = p.paintBadges(c, end)
	x := 0
	if len(p.notices) > 0 && w < 80 {
		x = p.paintNotice(c, 0, end)
		c.Pad(x, 0, end, th.Text)
		return
	}
	c.Rune(0, 0, ' ', th.Text)
	c.Rune(1, 0, mark, st)
	c.Rune(2, 0, ' ', th.Text)
	x = 3 + pane.Label(c, th, 3, 0, end-3, safe.Own(words.Connection(p.conn, p.now)), st)
	if x+2 < end {
		c.Pad(x, 0, x+2, th.Text)
		x += 2
		x += pane.Label(c, th, x, 0, min(40, end-x), p.account, th.Dim)
	}
	if len(p.notices) > 0 && x+3 < end {
		c.Pad(x, 0, x+2, th.Text)
		x = p.paintNotice(c, x+2, end)
	}
	c.Pad(x, 0, end, th.Text)
}

func (p *Pane) paintNotice(c screen.Canvas, x, end int) int {
	th := p.theme
	st := th.Accent
	if p.notices[0].level == Bad {
		st = th.Error
	}
	if more := len(p.notices) - 1; more > 0 {
		x += c.Text(x, 0, end-x, safe.Own("(+"+words.More(more)+") "), th.Dim, "")
	}
	return x + pane.Label(c, th, x, 0, end-x, p.notices[0].text, st)
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
