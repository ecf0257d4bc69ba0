// Package status draws the line at the foot of the window: the account, the
// connection, what waits to be sent, and the newest notice.
package status

import (
	"time"

	"hubbub/store/chat"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// How long a notice stays: as long as reading it takes.
const (
	lastsLeast = 4 * time.Second
	lastsMost  = 20 * time.Second
	lastsLook  = 3 * time.Second // to find it
	lastsByte  = 80 * time.Millisecond
)

// Lasting returns how long a notice stays.
func Lasting(t safe.Text) time.Duration {
	return min(max(lastsLook+time.Duration(t.Len())*lastsByte, lastsLeast), lastsMost)
}

// seen is how long a notice has to stand before what comes next ends it.
const seen = time.Second

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
	since   time.Time // the shown notice stands since then
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
		p.since = now
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
	p.since, p.dirty = now, true
}

// Next tells that the person goes on to something else: an answer that was there
// to be seen goes. With all, as when a message is sent, any notice does.
func (p *Pane) Next(now time.Time, all bool) {
	if len(p.notices) == 0 || now.Sub(p.since) < seen {
		return
	}
	if n := p.notices[0]; all || n.reply || n.level == Plain {
		p.Dismiss(now)
	}
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
	p.since = now
	p.dirty = true
	return true
}

// Tick moves on to the next notice when the shown one has lasted, and to the
// next second of a countdown. It returns when it wants to be called again, zero for never.
func (p *Pane) Tick(now time.Time) time.Time {
	if len(p.notices) > 0 && !now.Before(p.until()) {
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
		return earlier(p.until(), now.Add(time.Second))
	case len(p.notices) > 0:
		return p.until()
	case counting:
		return now.Add(time.Second)
	}
	return time.Time{}
}

// until returns when the shown notice goes.
func (p *Pane) until() time.Time { return p.since.Add(Lasting(p.notices[0].text)) }

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
