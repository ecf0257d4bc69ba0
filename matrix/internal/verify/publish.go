package verify

import (
	"bytes"
	"context"
	"log/slog"
	"reflect"
	"slices"
	"time"

	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// settle brings everything in line after something happened.
func (m *Manager) settle(ctx context.Context) {
	now := m.opt.Now()
	for _, f := range m.flows {
		f.tick(now)
		if f.auto && f.state == stateOffered {
			f.auto = false
			f.accept()
		}
		m.pump(ctx, f)
	}
	m.publish()
	m.flows = slices.DeleteFunc(m.flows, func(f *flow) bool {
		return f.ended() && !f.busy && len(f.out) == 0
	})
	m.save(ctx)
}

// next is how long nothing has to be done unless something happens; zero is for ever.
func (m *Manager) next() time.Duration {
	var next time.Duration
	now := m.opt.Now()
	for _, f := range m.flows {
		if f.ended() || f.state == stateSaving {
			continue
		}
		if d := max(f.until.Sub(now), time.Millisecond); next == 0 || d < next {
			next = d
		}
	}
	return next
}

// publish tells what changed.
func (m *Manager) publish() {
	var open, fresh []chat.Verification
	for _, f := range m.flows {
		switch {
		case !f.ended() && f.state != stateHeard:
			open = append(open, f.view())
		case f.ended() && !f.told:
			f.told = true
			m.bury(f)
			if f.visible() {
				fresh = append(fresh, f.view())
			}
		}
	}
	m.ended = append(m.ended, fresh...)
	m.ended = m.ended[max(0, len(m.ended)-maxEnded):]
	if !m.answer && len(fresh) == 0 && reflect.DeepEqual(open, m.last) {
		return
	}
	m.last, m.answer = open, false
	m.mu.Lock()
	m.list = slices.Concat(open, m.ended)
	m.mu.Unlock()
	if m.opt.OnChange != nil {
		all := slices.Concat(open, fresh)
		if all == nil {
			all = []chat.Verification{}
		}
		m.opt.OnChange(all)
	}
}

// bury remembers a verification that ended, so that what comes late for it is not news.
func (m *Manager) bury(f *flow) {
	m.log.Info("Verification ended", slog.String("state", f.state.String()), slog.String("reason", f.reason),
		slog.Bool("by_us", f.byUs), slog.String("user", string(f.user)), slog.String("device", string(f.device)))
	m.forget(f.name())
}

func (f *flow) name() goneKey {
	if f.room != "" {
		return goneKey{room: f.room, txn: f.txn}
	}
	return goneKey{user: f.user, txn: f.txn}
}

// find returns the open verification of a name.
func (m *Manager) find(k goneKey) *flow {
	return m.first(func(f *flow) bool { return f.txn != "" && f.name() == k })
}

// save keeps what has to survive a restart.
func (m *Manager) save(ctx context.Context) {
	note := m.remember()
	if bytes.Equal(note, m.note) {
		return
	}
	if err := m.opt.Store.Save(ctx, note); err != nil {
		if ctx.Err() == nil {
			m.log.Warn("Open verifications not saved", slog.String("problem", fault.From(err).Kind.String()))
		}
		return
	}
	m.note = note
}
