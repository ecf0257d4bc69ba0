package crypto

import (
	"context"
	"fmt"
	"time"

	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// unwedgeAge is how long a broken Olm session is not replaced again.
const unwedgeAge = time.Hour

// Bounds of what strangers can make us do with messages under keys that nobody
// has: broken sessions that wait at once, and the time between two looks at a
// person's devices for that reason.
const (
	maxDummy = 100
	lookAge  = 10 * time.Minute
)

// noteSender remembers whose an identity key claims to be, for noteWedged.
func (m *Machine) noteSender(user id.UserID, key id.SenderKey) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.todo.senders) > 1000 {
		clear(m.todo.senders)
	}
	m.todo.senders[key] = user
}

// noteWedged queues the replacement of a broken Olm session.
func (m *Machine) noteWedged(key id.SenderKey) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Since(m.todo.unwedged[key]) < unwedgeAge || len(m.todo.dummy) >= maxDummy {
		return
	}
	if len(m.todo.unwedged) > 1000 {
		clear(m.todo.unwedged)
	}
	m.todo.unwedged[key] = time.Now()
	m.todo.wedged[key] = true
	m.todo.dummy = append(m.todo.dummy, key)
	m.wake.Ring()
}

// takeWedged reports, once, that a device's session is broken.
func (m *Machine) takeWedged(key id.IdentityKey) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	w := m.todo.wedged[key]
	delete(m.todo.wedged, key)
	return w
}

// unwedge sends an empty event through a new Olm session to the devices whose
// session is broken.
//
// Spec: client-server-api#recovering-from-undecryptable-messages
func (m *Machine) unwedge(ctx context.Context, eng *engine) error {
	m.mu.Lock()
	keys := m.todo.dummy
	m.todo.dummy = nil
	m.mu.Unlock()
	for i, key := range keys {
		m.mu.Lock()
		user := m.todo.senders[key]
		m.mu.Unlock()
		dev, err := m.deviceByKey(ctx, eng, user, key)
		if err == nil && dev == nil {
			m.takeWedged(key) // there is nobody to have a session with
		}
		if err == nil && dev != nil {
			_, err = m.sendSealed(ctx, target{dev, event.ToDeviceDummy, event.Content{Raw: map[string]any{}}})
		}
		if err != nil {
			m.mu.Lock()
			for _, k := range keys[i:] {
				m.todo.wedged[k] = true
			}
			m.todo.dummy = append(m.todo.dummy, keys[i:]...)
			m.mu.Unlock()
			return fmt.Errorf("replace broken session: %w", err)
		}
	}
	return nil
}

// deviceByKey finds a device by its identity key, asking the homeserver when it is not known.
func (m *Machine) deviceByKey(ctx context.Context, eng *engine, user id.UserID, key id.IdentityKey) (*id.Device, error) {
	if user == "" {
		return nil, nil //nolint:nilnil // nobody is not an error
	}
	dev, err := eng.store.FindDeviceByKey(ctx, user, key)
	if err != nil || dev != nil || !m.mayLook(user) {
		return dev, err
	}
	if err := m.fetchDevices(ctx, eng, map[id.UserID]uint64{user: 0}); err != nil {
		return nil, err
	}
	return eng.store.FindDeviceByKey(ctx, user, key)
}

// mayLook reports whether a person's devices may be asked for again because of
// a key that none of them has.
func (m *Machine) mayLook(user id.UserID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Since(m.todo.looked[user]) < lookAge {
		return false
	}
	if len(m.todo.looked) > 1000 {
		clear(m.todo.looked)
	}
	m.todo.looked[user] = time.Now()
	return true
}
