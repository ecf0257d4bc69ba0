package crypto

import (
	"context"
	"fmt"
)

// maxTried bounds how many sessions are remembered as looked for in vain.
const maxTried = 50_000

// heal looks at the sessions that stored events wait for: some have arrived
// just before the last crash, or with an import that did not know of them. The
// others are looked for, as many as are looked for at once.
func (m *Machine) heal(ctx context.Context) error {
	if m.opt.Wanted == nil {
		return nil
	}
	sessions, err := m.opt.Wanted(ctx)
	if err != nil {
		return fmt.Errorf("load wanted sessions: %w", err)
	}
	have, err := m.haveAny(ctx, sessions)
	if err != nil {
		return err
	}
	more := false
	for _, k := range sessions {
		if have[k] {
			m.tellKey(k)
		} else if !m.triedFor(k) && !m.want(k.Room, k.Session, "") {
			more = true
		}
	}
	m.mu.Lock()
	m.todo.more = more
	m.mu.Unlock()
	return nil
}

// haveAny returns those of the sessions that are here.
func (m *Machine) haveAny(ctx context.Context, sessions []WantedSession) (map[WantedSession]bool, error) {
	names := make([]string, len(sessions))
	for i, k := range sessions {
		names[i] = k.Session
	}
	have, err := list(ctx, m.db, scanSession, `SELECT room_id, session_id FROM crypto_megolm_inbound_session
		WHERE account_id=$1 AND session IS NOT NULL AND session_id IN (SELECT value FROM json_each($2))`, m.opt.User, jsonList(names))
	if err != nil {
		return nil, fmt.Errorf("look for wanted sessions: %w", err)
	}
	return setOf(have), nil
}

// triedFor reports whether the backup was asked for a session in vain.
func (m *Machine) triedFor(k WantedSession) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.todo.tried[k]
	return ok
}

// healAgain does what heal does once more, when that was asked for.
func (m *Machine) healAgain(ctx context.Context) error {
	m.mu.Lock()
	due := m.todo.heal
	m.todo.heal = false
	m.mu.Unlock()
	if !due {
		return nil
	}
	return m.heal(ctx)
}

// spare reports whether there is more to look for than there was room for, and
// room for a good part of it now.
func (t *todo) spare() bool {
	if !t.more {
		return false
	}
	busy := 0
	for _, a := range t.wanted {
		if a.tries == 0 {
			busy++
		}
	}
	return busy <= maxWanted/2
}

// noteTried remembers a session that the backup lacks.
func (t *todo) noteTried(k WantedSession) {
	if len(t.tried) >= maxTried {
		t.more = false // enough is enough: the rest is looked for when it is looked at
		return
	}
	t.tried[k] = struct{}{}
}

// forgetTried has everything looked for once more.
func (t *todo) forgetTried() {
	clear(t.tried)
	t.heal = true
}
