package screen

import (
	"hubbub/ui/internal/term"
	"hubbub/ui/safe"
)

// maxControl is how many bytes of notifications and other sequences wait for a
// terminal that does not read. More are dropped: they would come too late.
const maxControl = 256 << 10

// control is what has to be told to the terminal before the next frame. Of title
// and clipboard the latest counts. Owner: the goroutine of Update.
type control struct {
	title     string
	hasTitle  bool
	lastTitle string
	clipboard string
	bell      bool
	queue     []byte
}

// pending reports whether something waits.
func (c *control) pending() bool {
	return c.hasTitle || c.clipboard != "" || c.bell || len(c.queue) > 0
}

// take appends everything that waits to b.
func (c *control) take(b []byte) []byte {
	if c.hasTitle {
		b = append(b, "\x1b]2;"...)
		b = append(b, c.title...)
		b = append(b, "\x1b\\"...)
		c.hasTitle, c.lastTitle = false, c.title
	}
	b = append(b, c.queue...)
	c.queue = c.queue[:0]
	b = append(b, c.clipboard...)
	c.clipboard = ""
	if c.bell {
		b = append(b, '\a')
		c.bell = false
	}
	return b
}

// add queues a sequence, unless too much waits already.
func (c *control) add(seq string) {
	if len(c.queue)+len(seq) <= maxControl {
		c.queue = append(c.queue, seq...)
	}
}

// SetTitle sets the title of the window. Only the goroutine of Update calls it.
func (s *Screen) SetTitle(title safe.Text) {
	t := safe.OSC(title.String())
	s.ctl.title = t
	s.ctl.hasTitle = t != s.ctl.lastTitle
}

// Clipboard puts text into the clipboard of the terminal's user. Whether the
// terminal allows it cannot be known. The error is [term.ErrClipboardTooLong].
// Only the goroutine of Update calls it.
func (s *Screen) Clipboard(text string) error {
	seq, err := term.Clipboard(text, s.env)
	if err != nil {
		return err
	}
	s.ctl.clipboard = seq
	return nil
}

// Bell rings the bell. Several rings before a frame are one. Only the goroutine
// of Update calls it.
func (s *Screen) Bell() { s.ctl.bell = !s.opts.NoBell }

// Notify shows a notification in the way the terminal is known to understand, or
// rings the bell. Only the goroutine of Update calls it.
func (s *Screen) Notify(title, body safe.Text) {
	n := term.ChooseNotifier(s.env, s.facts.version)
	if n == term.NotifyBell {
		s.Bell()
		return
	}
	s.ctl.add(term.Notification(n, title.String(), body.String()))
}

// SetMouse makes the terminal report the mouse, or leave it to its own
// selection. Only the goroutine of Update calls it.
func (s *Screen) SetMouse(on bool) {
	s.facts.noMouse = !on
	s.ctl.add(mouseMode(on))
}

// mouseMode switches the reports of buttons and drags.
func mouseMode(on bool) string {
	if on {
		return "\x1b[?1002;1006h"
	}
	return "\x1b[?1006;1002l"
}

// Redraw draws the whole screen anew, for when something else wrote to the
// terminal. The model has to draw nothing for it. Only the goroutine of Update
// calls it.
func (s *Screen) Redraw() { s.redraw() }

// reassert queues the modes that differ from those of entering.
func (s *Screen) reassert() {
	if s.facts.noMouse {
		s.ctl.add(mouseMode(false))
	}
}
