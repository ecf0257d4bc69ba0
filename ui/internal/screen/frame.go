package screen

import (
	"strconv"

	"github.com/charmbracelet/x/ansi"
)

// frame paints what is dirty, makes the bytes of the difference and hands them
// to the writer. The terminal must not be busy.
func (s *Screen) frame() {
	if s.model.Dirty() {
		s.cursor = s.model.Paint(s.cells.canvas(s.widths))
	}
	s.pace.frames++
	b := s.ctl.take(s.out[:0])
	control := len(b)
	b = s.openFrame(b)
	s.out = b
	body := len(b)
	s.render()
	b = s.out
	if len(b)-body <= smallFrame && !s.fresh {
		// A handful of bytes arrives at once: nothing to hide.
		n := copy(b[control:], b[body:])
		b = s.cursorState(b[:control+n])
	} else {
		b = s.closeFrame(b)
	}
	if len(b) == 0 {
		s.out = b
		return
	}
	b = s.requestAck(b)
	s.pace.last = now()
	rest := s.tty.offer(b)
	if len(rest) == 0 {
		s.out = b[:0]
		if !s.pace.acks.waiting {
			s.pace.arrived()
		}
		return
	}
	s.out = nil
	s.pace.writing = true
	s.jobs <- rest
}

// openFrame begins a large frame: the terminal shows it as a whole if it can,
// else the cursor at least does not run across it.
func (s *Screen) openFrame(b []byte) []byte {
	switch {
	case s.facts.sync:
		return append(b, ansi.SetModeSynchronizedOutput...)
	case s.shown.Visible:
		return append(b, ansi.ResetModeTextCursorEnable...)
	}
	return b
}

// closeFrame ends what openFrame began.
func (s *Screen) closeFrame(b []byte) []byte {
	if !s.facts.sync {
		s.shown.Visible = false
	}
	b = s.cursorState(b)
	if s.facts.sync || s.fresh {
		b = append(b, ansi.ResetModeSynchronizedOutput...)
	}
	s.fresh = false
	return b
}

// cursorState shows, hides and shapes the cursor where that changed.
func (s *Screen) cursorState(b []byte) []byte {
	if s.cursor.Visible && s.cursor.Shape != s.shown.Shape {
		b = append(b, "\x1b["...)
		b = strconv.AppendInt(b, int64(s.cursor.Shape), 10)
		b = append(b, " q"...)
		s.shown.Shape = s.cursor.Shape
	}
	if s.cursor.Visible != s.shown.Visible {
		s.shown.Visible = s.cursor.Visible
		if s.cursor.Visible {
			b = append(b, ansi.SetModeTextCursorEnable...)
		} else {
			b = append(b, ansi.ResetModeTextCursorEnable...)
		}
	}
	return b
}

// render writes the difference between the cells and the terminal into the sink,
// and moves the cursor to its place.
func (s *Screen) render() {
	if s.cells.touched {
		s.out = s.r.paint(s.out, s.cells)
		s.cells.touched = false
	}
	if s.cursor.Visible {
		s.out = s.r.move(s.out, min(max(s.cursor.X, 0), s.w-1), min(max(s.cursor.Y, 0), s.h-1))
	}
}

// requestAck adds the request whose answer says that the terminal has drawn all
// this, if the terminal is one that answers and enough was written.
func (s *Screen) requestAck(b []byte) []byte {
	a := &s.pace.acks
	a.unasked += len(b)
	if !a.works || a.unasked < ackBytes {
		return b
	}
	a.unasked = 0
	a.asking()
	s.tty.asked.Store(true)
	s.awaitAck()
	return append(b, queryDA1...)
}

// write is the writer goroutine: it writes one frame after the other.
func (s *Screen) write() {
	for b := range s.jobs {
		err := s.tty.write(b)
		s.Send(wroteMsg{b: b[:0], err: err})
	}
}

// resize takes the size of the terminal and starts with blank cells if it
// changed. It returns whether it did.
func (s *Screen) resize() bool {
	w, h, err := s.tty.size()
	if err != nil {
		s.log.Warn("Size of the terminal is unknown", "error", err)
		return false
	}
	if w == s.w && h == s.h {
		return false
	}
	s.w, s.h = w, h
	s.cells = newCells(w, h)
	s.redraw()
	return true
}

// redraw makes the next frame draw every cell.
func (s *Screen) redraw() {
	s.r.reset(s.w, s.h)
	s.cells.touched = true
}
