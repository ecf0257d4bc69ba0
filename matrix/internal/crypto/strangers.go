package crypto

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"maunium.net/go/mautrix/id"
)

// maxLook bounds how many senders wait for their devices to be asked for.
const maxLook = 20_000

// strangers are senders of whom no devices are known, until those have been asked for.
type strangers struct {
	mu    sync.Mutex // guards users; never held across I/O
	users map[id.UserID]bool
}

// lookAt has the devices of a sender asked for, if they never were.
func (m *Machine) lookAt(user id.UserID) {
	if m.tracked.have(user) {
		return
	}
	m.strangers.mu.Lock()
	defer m.strangers.mu.Unlock()
	if len(m.strangers.users) < maxLook && !m.strangers.users[user] {
		m.strangers.users[user] = true
		m.wake.Ring()
	}
}

// lookSenders asks for the devices of senders of whom none are known. When they
// have come, whoever listens to OnPeople judges their messages anew.
func (m *Machine) lookSenders(ctx context.Context, eng *engine) error {
	m.strangers.mu.Lock()
	users := slices.Collect(maps.Keys(m.strangers.users))
	m.strangers.mu.Unlock()
	if len(users) == 0 {
		return nil
	}
	if err := m.freshen(ctx, eng, users); err != nil {
		return err
	}
	m.strangers.mu.Lock()
	for _, u := range users {
		delete(m.strangers.users, u)
	}
	m.strangers.mu.Unlock()
	return m.recallRefused(ctx, users)
}

// recallRefused announces the sessions that users refused before their devices
// were known: what waits for them learns why.
func (m *Machine) recallRefused(ctx context.Context, users []id.UserID) error {
	all, err := list(ctx, m.db, scanSession, `SELECT room_id, session_id FROM hubbub_refused WHERE user_id IN (SELECT value FROM json_each($1))
		ORDER BY at_ms DESC LIMIT $2`, jsonList(users), maxWanted)
	if err != nil {
		return fmt.Errorf("load refusals: %w", err)
	}
	for _, w := range all {
		m.tellKey(w)
	}
	return nil
}
