package screen

import (
	"time"
)

// Timing of frames.
const (
	frameTime  = 8 * time.Millisecond  // between frames that nobody waits for
	slowFrame  = 33 * time.Millisecond // the same for a slow terminal, or out of focus
	ackLimit   = 2 * time.Second       // how long an answer to DA1 is awaited
	ackBytes   = 512                   // how many bytes are written without asking
	smallFrame = 128                   // bytes of a frame that needs no wrapping
)

// pace decides when a frame is made. Owner: the goroutine of Update, but for the
// two timers, which only send a message.
type pace struct {
	timer    *time.Timer // sends frameDueMsg
	armed    bool        // timer runs
	ackTimer *time.Timer // sends ackLateMsg
	last     time.Time   // when the last frame was handed over
	frames   uint64      // how many were made
	blurred  bool        // the window is not focused
	slow     bool        // the last frame took longer than slowFrame to arrive
	writing  bool        // the writer goroutine has a frame
	urgent   bool        // a key waits for the frame
	acks     acks
}

// acks is the account of DA1, whose answer says that the terminal has drawn what
// came before.
type acks struct {
	asked    int       // how many are not answered yet
	askedAt  time.Time // when it was asked last
	works    bool      // the terminal answers
	waiting  bool      // the next frame waits for an answer
	unasked  int       // bytes written since the last request
	deadline int       // number of the wait, so that a late timer is told apart
}

// frameDueMsg says that the frame timer ran out.
type frameDueMsg struct{}

// ackLateMsg says that an answer did not come in time.
type ackLateMsg struct{ n int }

// wroteMsg says that the writer goroutine is done with a frame.
type wroteMsg struct {
	b   []byte
	err error
}

// init makes the timers, which do not run yet.
func (p *pace) init(s *Screen) {
	p.timer = time.AfterFunc(time.Hour, func() { s.Send(frameDueMsg{}) })
	p.timer.Stop()
}

// stop ends the timers.
func (p *pace) stop() {
	if p.timer != nil {
		p.timer.Stop()
	}
	if p.ackTimer != nil {
		p.ackTimer.Stop()
	}
}

// busy reports whether the terminal has not taken the last frame yet.
func (p *pace) busy() bool { return p.writing || p.acks.waiting }

// interval returns the time between two frames that nobody waits for.
func (p *pace) interval() time.Duration {
	if p.blurred || p.slow {
		return slowFrame
	}
	return frameTime
}

// arm starts the frame timer, unless it runs.
func (p *pace) arm(d time.Duration) {
	if !p.armed {
		p.armed = true
		p.timer.Reset(d)
	}
}

// arrived notes that the terminal has taken the last frame.
func (p *pace) arrived() {
	p.slow = time.Since(p.last) > slowFrame
}

// reset forgets what was under way when another program took the terminal.
func (p *pace) reset() {
	p.acks.waiting = false
	p.acks.asked = 0
	p.acks.unasked = 0
}

// pump makes a frame if there is something to show and the time has come.
func (s *Screen) pump(urgent bool) {
	if s.dead || s.leaving != nil || s.handing || s.away.Load() || !s.cells.touched && !s.ctl.pending() && !s.model.Dirty() {
		return
	}
	p := &s.pace
	if p.busy() {
		p.urgent = p.urgent || urgent
		return
	}
	if !urgent {
		if d := p.interval() - time.Since(p.last); d > 0 {
			p.arm(d)
			return
		}
	}
	s.frame()
}

// wrote takes the writer's report.
func (s *Screen) wrote(m wroteMsg) {
	s.pace.writing = false
	s.out = m.b
	if m.err != nil {
		s.log.Warn("Terminal takes no output", "error", m.err)
		s.end(&WriteError{Err: m.err})
		return
	}
	if !s.pace.acks.waiting {
		s.pace.arrived()
		s.again()
	}
}

// acked takes an answer to DA1.
func (s *Screen) acked() {
	a := &s.pace.acks
	a.asked = max(0, a.asked-1)
	if a.asked > 0 {
		return
	}
	a.works = true
	s.tty.asked.Store(false)
	if a.waiting {
		a.waiting = false
		s.pace.ackTimer.Stop()
		if !s.pace.writing {
			s.pace.arrived()
			s.again()
		}
	}
}

// ackLate gives up waiting for an answer. Answers that come all the same count
// again from then on.
func (s *Screen) ackLate(m ackLateMsg) {
	a := &s.pace.acks
	if !a.waiting || m.n != a.deadline {
		return
	}
	a.waiting, a.works = false, false
	s.pace.slow = true
	if !s.pace.writing {
		s.again()
	}
}

// again makes the frame that waited for the last one.
func (s *Screen) again() {
	urgent := s.pace.urgent
	s.pace.urgent = false
	s.pump(urgent)
}

// awaitAck starts the time for an answer.
func (s *Screen) awaitAck() {
	a := &s.pace.acks
	a.waiting = true
	a.deadline++
	n := a.deadline
	if s.pace.ackTimer != nil {
		s.pace.ackTimer.Stop()
	}
	s.pace.ackTimer = time.AfterFunc(ackLimit, func() { s.Send(ackLateMsg{n}) })
}
