package crypto

import (
	"context"
	"fmt"
	"time"

	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// Limits of looking for keys: in the backup first, then with own devices.
const (
	lookDelay = time.Second      // a key that is only late is not looked for
	lookAgain = 30 * time.Second // after the backup could not be asked
	lookTimes = 3
	lookLater = 2 * time.Minute // another session may have put the key there meanwhile
	askDelay  = 5 * time.Second // a key that is only late needs no request
	askAgain  = 6 * time.Hour
	askTimes  = 2
	askPace   = time.Second // between two requests
	maxWanted = 500         // the newest ones
	maxAsked  = 5000        // whose answer is still taken
)

// ask is the state of one wanted session.
type ask struct {
	senderKey id.SenderKey
	due       time.Time
	looked    bool      // the backup was asked, or cannot be
	failed    int       // how often the backup could not be asked
	own       time.Time // own devices are not asked before
	tries     int
	request   string // id of the last request, or ""
}

// want notes that an event waits for a session. It returns false when there is
// no room for it.
func (m *Machine) want(room chat.RoomID, session, senderKey string) bool {
	if session == "" || len(session) > maxCode {
		return true // nothing has such a name: it would only fill the memory
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	k := WantedSession{room, session}
	if m.todo.wanted[k] != nil {
		return true
	}
	if !m.todo.room() {
		m.todo.more = true
		return false
	}
	now := time.Now()
	a := &ask{senderKey: id.SenderKey(senderKey), due: now.Add(min(m.delay, lookDelay)), own: now.Add(m.delay)}
	m.todo.wanted[k] = a
	if t := &m.todo; t.askAt.IsZero() || a.due.Before(t.askAt) {
		t.askAt = a.due
		m.wake.Ring()
	}
	return true
}

// room reports whether one more session can be wanted. One that own devices
// have been asked for gives its place away: their answer is taken all the same.
func (t *todo) room() bool {
	if len(t.wanted) < maxWanted {
		return true
	}
	for k, a := range t.wanted {
		if a.tries > 0 {
			delete(t.wanted, k)
			return true
		}
	}
	return false
}

// Seek looks for a session now: in the backup, then with own devices.
func (m *Machine) Seek(room chat.RoomID, session string) {
	if session == "" || len(session) > maxCode {
		return
	}
	now := time.Now()
	m.mu.Lock()
	k := WantedSession{room, session}
	a := m.todo.wanted[k]
	if a == nil {
		a = &ask{}
		m.todo.wanted[k] = a
	}
	a.due, a.own, a.looked, a.failed, a.tries = now, now, false, 0, 0
	m.mu.Unlock()
	m.wake.Ring()
}

// SeekAll looks in the backup for everything that is still wanted. It is for
// when a backup can be read that could not be read before.
func (m *Machine) SeekAll() {
	now := time.Now()
	m.mu.Lock()
	for _, a := range m.todo.wanted {
		a.due, a.looked, a.failed = now, false, 0
	}
	m.todo.forgetTried()
	m.mu.Unlock()
	m.wake.Ring()
}

// Asked reports whether own devices have been asked for a session since the start.
func (m *Machine) Asked(room chat.RoomID, session string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, done := m.todo.asked[WantedSession{room, session}]
	return done
}

// asked reports whether own devices were asked for a session, or will be.
func (m *Machine) asked(k WantedSession) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, done := m.todo.asked[k]
	return done || m.todo.wanted[k] != nil
}

// arrived notes that a session need not be asked for any more, and reports
// whether it was wanted.
func (m *Machine) arrived(k WantedSession) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.todo.wanted[k]
	if a == nil {
		return false
	}
	if a.request != "" {
		m.todo.cancel = append(m.todo.cancel, a.request)
	}
	delete(m.todo.wanted, k)
	return true
}

// askFor looks for one wanted session, and takes back requests whose key has
// arrived. It returns when to come back.
func (m *Machine) askFor(ctx context.Context, eng *engine) (next time.Time, err error) {
	m.mu.Lock()
	cancel := m.todo.cancel
	m.todo.cancel = nil
	key, a, next := m.todo.nextWanted()
	m.todo.askAt = next
	m.mu.Unlock()
	for _, request := range cancel {
		if err := m.sendRequest(ctx, event.RoomKeyRequestEventContent{Action: event.KeyRequestActionCancel, RequestID: request}); err != nil {
			return time.Time{}, err
		}
	}
	if a == nil || next.After(time.Now()) {
		return next, nil
	}
	if m.lookUp(ctx, key, a) {
		err = m.askOwn(ctx, eng, key, a)
	}
	if err == nil {
		err = ctx.Err()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	_, _, next = m.todo.nextWanted()
	if m.todo.spare() {
		m.todo.heal, next = true, time.Now()
	}
	m.todo.askAt = next
	return next, err
}

// lookUp asks the backup for one session, and reports whether own devices are
// to be asked now.
func (m *Machine) lookUp(ctx context.Context, key WantedSession, a *ask) bool {
	m.mu.Lock()
	looked := a.looked
	m.mu.Unlock()
	if looked {
		return true
	}
	found, err := m.askBackup(ctx, key)
	m.mu.Lock()
	defer m.mu.Unlock()
	if found || m.todo.wanted[key] != a {
		return false
	}
	now := time.Now()
	if err != nil && a.failed < lookTimes {
		a.failed, a.due = a.failed+1, now.Add(lookAgain)
		return false
	}
	a.looked, a.due = true, a.own
	m.todo.noteTried(key)
	return !now.Before(a.own) && !now.Before(m.todo.nextAsk)
}

// askOwn asks the own other devices for one wanted session.
//
// Spec: client-server-api#mroom_key_request
func (m *Machine) askOwn(ctx context.Context, eng *engine, key WantedSession, a *ask) error {
	others, err := m.otherDevices(ctx, eng)
	if err != nil {
		return err
	}
	if !others {
		m.mu.Lock()
		defer m.mu.Unlock()
		for k, a := range m.todo.wanted {
			if a.looked {
				delete(m.todo.wanted, k) // a device that comes later has no older keys
			}
		}
		return nil
	}
	request := m.opt.Client.TxnID()
	// Before it is on its way: whose key comes at once has a request to take back.
	m.mu.Lock()
	a.request = request
	m.mu.Unlock()
	err = m.sendRequest(ctx, event.RoomKeyRequestEventContent{
		Action: event.KeyRequestActionRequest, RequestID: request,
		Body: event.RequestedKeyInfo{
			Algorithm: id.AlgorithmMegolmV1, RoomID: id.RoomID(key.Room), SessionID: id.SessionID(key.Session),
			SenderKey: a.senderKey, //nolint:staticcheck // older clients match on it
		},
	})
	if err != nil {
		return err
	}
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	a.tries, a.looked = a.tries+1, false
	a.due, a.own = now.Add(lookLater), now.Add(askAgain)
	if len(m.todo.asked) >= maxAsked {
		clear(m.todo.asked) // those whose answer is still wanted are asked for again at the next start
	}
	m.todo.asked[key] = struct{}{}
	if a.tries >= askTimes {
		delete(m.todo.wanted, key)
	}
	m.todo.nextAsk = now.Add(askPace)
	return nil
}

// nextWanted returns the wanted session that is due first.
func (t *todo) nextWanted() (key WantedSession, first *ask, at time.Time) {
	for k, a := range t.wanted {
		due := a.due
		if a.looked && due.Before(t.nextAsk) {
			due = t.nextAsk
		}
		if first == nil || due.Before(at) {
			key, first, at = k, a, due
		}
	}
	return key, first, at
}

func (m *Machine) sendRequest(ctx context.Context, req event.RoomKeyRequestEventContent) error {
	req.RequestingDeviceID = m.this
	everyone := letters{m.own: {"*": {Parsed: &req}}}
	if err := m.toDevice(ctx, event.ToDeviceRoomKeyRequest, everyone); err != nil {
		return fmt.Errorf("ask own devices: %w", err)
	}
	return nil
}

// otherDevices reports whether the account has devices beside this one.
func (m *Machine) otherDevices(ctx context.Context, eng *engine) (bool, error) {
	if err := m.freshen(ctx, eng, []id.UserID{m.own}); err != nil {
		return false, err
	}
	devices, err := eng.store.GetDevices(ctx, m.own)
	if err != nil {
		return false, fmt.Errorf("load own devices: %w", asDamage(err))
	}
	delete(devices, m.this)
	return len(devices) > 0, nil
}
