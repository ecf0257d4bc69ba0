package crypto

import (
	"context"
	"slices"
	"sync"

	"hubbub/store/chat"
)

// hooks are the functions that a Machine calls outside. They are named before
// Run; none is called with a lock held.
type hooks struct {
	mu      sync.Mutex // guards all below
	key     func(room chat.RoomID, session string)
	device  func(ev *Received)
	people  []func(users []chat.UserID)
	roomKey func()
	backup  func(ctx context.Context, room chat.RoomID, session string) (found bool, err error)
}

// OnKey names the function that is told of every Megolm session that arrives,
// after it is on disk. It is called from HandleSync (and from Run for
// sessions that stored events still wait for) and must not call back into
// HandleSync. Set it before Run.
func (m *Machine) OnKey(fn func(room chat.RoomID, session string)) {
	m.hooks.mu.Lock()
	defer m.hooks.mu.Unlock()
	m.hooks.key = fn
}

func (m *Machine) tellKey(k WantedSession) {
	m.hooks.mu.Lock()
	fn := m.hooks.key
	m.hooks.mu.Unlock()
	if fn != nil {
		fn(k.Room, k.Session)
	}
}

// OnToDevice names the function that gets the to-device events that are not
// about keys (call keys, verification), decrypted if they came encrypted. It
// is called from HandleSync, after the events are committed. Set it before Run.
func (m *Machine) OnToDevice(fn func(ev *Received)) {
	m.hooks.mu.Lock()
	defer m.hooks.mu.Unlock()
	m.hooks.device = fn
}

func (m *Machine) tellDevice(ev *Received) {
	m.hooks.mu.Lock()
	fn := m.hooks.device
	m.hooks.mu.Unlock()
	if fn != nil {
		fn(ev)
	}
}

// OnPeople names a function that is told whose identity, sessions or trust
// changed, after that is on disk. All functions named are called, from any
// goroutine; they must not call back into what changes trust. Set them before Run.
func (m *Machine) OnPeople(fn func(users []chat.UserID)) {
	m.hooks.mu.Lock()
	defer m.hooks.mu.Unlock()
	m.hooks.people = append(m.hooks.people, fn)
}

// tellPeople says whose trust changed, and has what rests on it judged anew.
func (m *Machine) tellPeople(users ...chat.UserID) {
	if len(users) == 0 {
		return
	}
	m.trustMoved()
	m.hooks.mu.Lock()
	fns := slices.Clone(m.hooks.people)
	m.hooks.mu.Unlock()
	for _, fn := range fns {
		fn(slices.Clone(users))
	}
}

// OnRoomKey names the function that is told that there are room keys which a
// backup may not have yet. It must not block. Set it before Run.
func (m *Machine) OnRoomKey(fn func()) {
	m.hooks.mu.Lock()
	defer m.hooks.mu.Unlock()
	m.hooks.roomKey = fn
}

func (m *Machine) roomKeysCame() {
	m.hooks.mu.Lock()
	fn := m.hooks.roomKey
	m.hooks.mu.Unlock()
	if fn != nil {
		fn()
	}
}

// AskBackup names the function that looks for a session in the key backup. It
// stores what it finds that is better than what is here, with ImportRoomKeys,
// and then returns true. Set it before Run.
func (m *Machine) AskBackup(fn func(ctx context.Context, room chat.RoomID, session string) (found bool, err error)) {
	m.hooks.mu.Lock()
	defer m.hooks.mu.Unlock()
	m.hooks.backup = fn
}

// askBackup finds nothing where there is no backup.
func (m *Machine) askBackup(ctx context.Context, k WantedSession) (found bool, err error) {
	m.hooks.mu.Lock()
	fn := m.hooks.backup
	m.hooks.mu.Unlock()
	if fn == nil {
		return false, nil
	}
	return fn(ctx, k.Room, k.Session)
}
