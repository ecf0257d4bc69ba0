package crypto

import (
	"context"
	"fmt"
	"sync"

	mcrypto "maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/id"
)

// maxVerdicts bounds how many verdicts are remembered.
const maxVerdicts = 10_000

// verdicts remembers what was said about messages until somebody's trust moves.
type verdicts struct {
	mu    sync.Mutex // guards all below; never held across I/O
	known map[SessionUse]verdict
	epoch uint64 // bumped whenever somebody's trust may be another
}

// verdict is a remembered Verdict.
type verdict struct {
	Verdict

	source id.KeySource // a key that comes again straight from its maker is judged anew
}

// trustMoved says that somebody's trust may be another than before, after that is on disk.
func (m *Machine) trustMoved() {
	m.verdicts.mu.Lock()
	defer m.verdicts.mu.Unlock()
	m.verdicts.epoch++
	clear(m.verdicts.known)
}

func (m *Machine) trustEpoch() uint64 {
	m.verdicts.mu.Lock()
	defer m.verdicts.mu.Unlock()
	return m.verdicts.epoch
}

// judge is the verdict about what was sent with a session.
func (m *Machine) judge(ctx context.Context, eng *engine, igs *mcrypto.InboundGroupSession, u SessionUse) (Verdict, error) {
	v := &m.verdicts
	v.mu.Lock()
	known, ok := v.known[u]
	epoch := v.epoch
	v.mu.Unlock()
	if ok && known.source == igs.KeySource {
		return known.Verdict, nil
	}
	now, err := m.judgeNow(ctx, eng, igs, id.UserID(u.Sender))
	if err != nil {
		return Verdict{}, fmt.Errorf("judge session: %w", asDamage(err))
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.epoch != epoch {
		return now, nil // it may have been read before the change, and is not remembered
	}
	if len(v.known) >= maxVerdicts {
		clear(v.known)
	}
	v.known[u] = verdict{now, igs.KeySource}
	return now, nil
}
