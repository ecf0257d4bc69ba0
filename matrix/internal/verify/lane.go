package verify

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"hubbub/matrix/internal/fault"
	"hubbub/matrix/internal/upkeep"
	"hubbub/store/chat"
)

// Limits of a step.
const (
	tryLimit  = 30 * time.Second // of one try
	maxTries  = 5
	firstWait = time.Second // between two tries; doubled each time
	maxPause  = time.Minute // that a homeserver can make us wait between two
)

// outcome is what became of a step.
type outcome struct {
	pins    pins
	devices []chat.DeviceID
	event   chat.EventID
	err     error
}

// pump begins the flow's next step. One is under way at a time, so that they
// happen in order.
func (m *Manager) pump(ctx context.Context, f *flow) {
	if f.busy || len(f.out) == 0 || (f.after != nil && f.after.busy) {
		return
	}
	f.after = nil
	s := f.out[0]
	f.out = f.out[1:]
	f.busy = true
	w := work{m: m, step: s, txn: rand.Text(), room: f.room, user: f.user, device: f.device}
	if w.device == "" {
		w.device = f.target
	}
	m.running.Add(1)
	go func() {
		defer m.running.Done()
		var out outcome
		if err := fault.Guard(func() error { out = w.do(ctx); return nil }); err != nil {
			out.err = err
		}
		m.post(func(context.Context) {
			f.busy = false
			m.took(f, s, out)
		})
	}()
}

// took hands the outcome of a step to its flow.
func (m *Manager) took(f *flow, s step, out outcome) {
	var crash *fault.PanicError
	if errors.As(out.err, &crash) {
		m.crash = out.err
		return
	}
	if out.err != nil {
		m.log.Warn("Verification cannot go on", slog.Int("step", int(s.kind)), slog.String("type", s.typ),
			slog.String("problem", fault.From(out.err).Kind.String()))
		if !f.ended() && s.kind != stepCheck {
			f.fail(out.err)
		}
		return
	}
	switch s.kind {
	case stepPin:
		f.pinned(out.pins, out.devices, m.opt.Now())
	case stepCheck:
		f.checked(out.pins)
	case stepConfirm:
		f.confirmed()
	case stepSend:
		if f.txn == "" {
			f.sent(out.event)
			m.replay(f.room)
		}
	}
}

// work is a step on its way, with what it needs of its flow.
type work struct {
	m      *Manager
	step   step
	txn    string
	room   chat.RoomID
	user   chat.UserID
	device chat.DeviceID
}

// do tries the step until it is done or there is no sense in it.
func (w work) do(ctx context.Context) (out outcome) {
	wait := firstWait
	for try := 1; ; try++ {
		out = w.once(ctx)
		p := fault.From(out.err)
		if p == nil || !p.Retry || try >= maxTries {
			return out
		}
		if !upkeep.Sleep(ctx, max(wait, min(p.RetryAfter, maxPause))) {
			return out
		}
		wait *= 2
	}
}

func (w work) once(ctx context.Context) (out outcome) {
	ctx, cancel := context.WithTimeout(ctx, tryLimit)
	defer cancel()
	switch w.step.kind {
	case stepSend:
		if w.room != "" {
			out.event, out.err = w.m.opt.Transport.Room(ctx, w.txn, w.room, w.step.typ, w.step.content)
			return out
		}
		out.err = w.m.opt.Transport.ToDevice(ctx, w.txn, w.user, w.step.devices, w.step.typ, w.step.content)
	case stepConfirm:
		out.err = w.m.opt.Keys.Confirm(ctx, w.step.verified)
	default:
		out.pins, out.devices, out.err = w.look(ctx)
	}
	return out
}

// look reads the keys of both sides.
func (w work) look(ctx context.Context) (pins, []chat.DeviceID, error) {
	own, err := w.m.opt.Keys.Own(ctx)
	if err != nil {
		return pins{}, nil, err
	}
	they, err := w.m.opt.Keys.Of(ctx, w.user, w.device)
	if err != nil {
		return pins{}, nil, err
	}
	devices := slices.Sorted(maps.Keys(they.Devices))
	if w.device != "" {
		devices = slices.DeleteFunc(devices, func(d chat.DeviceID) bool { return d != w.device })
	}
	return pinsOf(own, they, w.user, w.device), devices[:min(len(devices), maxDevices)], nil
}
