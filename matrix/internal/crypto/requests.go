package crypto

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// Limits of asking own devices for keys.
const (
	askDelay  = 5 * time.Second // a key that is only late needs no request
	askAgain  = 6 * time.Hour
	askTimes  = 2
	askPace   = time.Second // between two requests
	maxWanted = 500         // the newest ones
	maxAsked  = 5000        // whose answer is still taken
)

// maxRequests bounds how many requests of own devices wait for an answer.
const maxRequests = 200

// todo is what Run has to do. Guarded by Machine.mu.
type todo struct {
	closed   bool
	keys     keyState
	requests []keyRequest
	wanted   map[WantedSession]*ask
	asked    map[WantedSession]struct{} // own devices may still answer for them
	cancel   []string                   // ids of requests whose key has arrived
	senders  map[id.SenderKey]id.UserID
	wedged   map[id.SenderKey]bool      // replace the session with the next message
	dummy    []id.SenderKey             // send a message for that reason
	unwedged map[id.SenderKey]time.Time // when it was last done
	looked   map[id.UserID]time.Time    // when a person's devices were asked for because of a broken session
	nextAsk  time.Time
}

type keyRequest struct {
	sender id.UserID
	req    event.RoomKeyRequestEventContent
}

// ask is the state of one wanted session.
type ask struct {
	senderKey id.SenderKey
	due       time.Time
	tries     int
	request   string // id of the last request, or ""
}

func (t *todo) init() {
	t.wanted = map[WantedSession]*ask{}
	t.asked = map[WantedSession]struct{}{}
	t.senders = map[id.SenderKey]id.UserID{}
	t.wedged = map[id.SenderKey]bool{}
	t.unwedged = map[id.SenderKey]time.Time{}
	t.looked = map[id.UserID]time.Time{}
}

// want notes that an event waits for a session.
func (m *Machine) want(room chat.RoomID, session, senderKey string) {
	if session == "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	k := WantedSession{room, session}
	if m.todo.wanted[k] != nil || len(m.todo.wanted) >= maxWanted {
		return
	}
	m.todo.wanted[k] = &ask{senderKey: id.SenderKey(senderKey), due: time.Now().Add(m.delay)}
	if len(m.todo.wanted) == 1 {
		m.nudge()
	}
}

// asked reports whether own devices were asked for a session, or will be.
func (m *Machine) asked(k WantedSession) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, done := m.todo.asked[k]
	return done || m.todo.wanted[k] != nil
}

// arrived notes that a session need not be asked for any more.
func (m *Machine) arrived(k WantedSession) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if a := m.todo.wanted[k]; a != nil {
		if a.request != "" {
			m.todo.cancel = append(m.todo.cancel, a.request)
		}
		delete(m.todo.wanted, k)
	}
}

// noteRequest queues a key request of another device. Only own devices can
// get an answer: what another user's device should have, it was given.
func (m *Machine) noteRequest(sender id.UserID, req event.RoomKeyRequestEventContent) {
	if sender != id.UserID(m.opt.User) || req.RequestingDeviceID == id.DeviceID(m.opt.Device) {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if req.Action != event.KeyRequestActionRequest {
		kept := m.todo.requests[:0]
		for _, r := range m.todo.requests {
			if r.req.RequestID != req.RequestID || r.req.RequestingDeviceID != req.RequestingDeviceID {
				kept = append(kept, r)
			}
		}
		m.todo.requests = kept
		return
	}
	if len(m.todo.requests) < maxRequests {
		m.todo.requests = append(m.todo.requests, keyRequest{sender, req})
	}
}

// answer gives own verified devices the keys they asked for.
//
// Spec: client-server-api#mroom_key_request
func (m *Machine) answer(ctx context.Context, eng *engine) error {
	for {
		m.mu.Lock()
		if len(m.todo.requests) == 0 {
			m.mu.Unlock()
			return nil
		}
		r := m.todo.requests[0]
		m.todo.requests = m.todo.requests[1:]
		m.mu.Unlock()
		if err := m.answerOne(ctx, eng, r); err != nil {
			return fmt.Errorf("answer key request: %w", err)
		}
	}
}

func (m *Machine) answerOne(ctx context.Context, eng *engine, r keyRequest) error {
	if err := m.freshen(ctx, eng, []id.UserID{r.sender}); err != nil {
		return err
	}
	dev, err := eng.store.GetDevice(ctx, r.sender, r.req.RequestingDeviceID)
	if err != nil || dev == nil || dev.Deleted {
		return err
	}
	var trust id.TrustState
	if err := guard(func() (err error) { trust, err = eng.mach.ResolveTrustContext(ctx, dev); return err }); err != nil {
		m.log.Warn("Trust in own device is not known", slog.String("device", string(dev.DeviceID)))
		return nil
	}
	if trust < id.TrustStateCrossSignedVerified {
		return nil
	}
	igs, err := eng.store.SQLCryptoStore.GetGroupSession(ctx, r.req.Body.RoomID, r.req.Body.SessionID)
	if err != nil || igs == nil {
		return nil //nolint:nilerr // a session that was refused or cannot be read is one that is not there
	}
	exported, err := igs.Internal.Export(igs.Internal.FirstKnownIndex())
	if err != nil {
		return fmt.Errorf("export session: %w", err)
	}
	_, err = m.sendSealed(ctx, target{dev, event.ToDeviceForwardedRoomKey, event.Content{Parsed: &event.ForwardedRoomKeyEventContent{
		RoomKeyEventContent: event.RoomKeyEventContent{
			Algorithm: id.AlgorithmMegolmV1, RoomID: igs.RoomID, SessionID: igs.ID(),
			SessionKey: string(exported), SharedHistory: igs.SharedHistory,
		},
		SenderKey: igs.SenderKey, ForwardingKeyChain: igs.ForwardingChains, SenderClaimedKey: igs.SigningKey,
	}}})
	return err
}

// askOwn asks the own other devices for one wanted session, and takes back
// requests whose key has arrived. It returns when to come back.
func (m *Machine) askOwn(ctx context.Context, eng *engine) (next time.Time, err error) {
	others, err := m.otherDevices(ctx, eng)
	if err != nil {
		return time.Time{}, err
	}
	m.mu.Lock()
	cancel := m.todo.cancel
	m.todo.cancel = nil
	if !others {
		clear(m.todo.wanted) // a device that comes later has no older keys
	}
	key, a, next := m.todo.nextWanted()
	m.mu.Unlock()
	for _, request := range cancel {
		if err := m.sendRequest(ctx, event.RoomKeyRequestEventContent{Action: event.KeyRequestActionCancel, RequestID: request}); err != nil {
			return time.Time{}, err
		}
	}
	now := time.Now()
	if a == nil || next.After(now) {
		return next, nil
	}
	request := m.opt.Client.TxnID()
	err = m.sendRequest(ctx, event.RoomKeyRequestEventContent{
		Action: event.KeyRequestActionRequest, RequestID: request,
		Body: event.RequestedKeyInfo{
			Algorithm: id.AlgorithmMegolmV1, RoomID: id.RoomID(key.Room), SessionID: id.SessionID(key.Session),
			SenderKey: a.senderKey, //nolint:staticcheck // older clients match on it
		},
	})
	if err != nil {
		return time.Time{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	a.request, a.tries, a.due = request, a.tries+1, now.Add(askAgain)
	if len(m.todo.asked) >= maxAsked {
		clear(m.todo.asked) // those whose answer is still wanted are asked for again at the next start
	}
	m.todo.asked[key] = struct{}{}
	if a.tries >= askTimes {
		delete(m.todo.wanted, key)
	}
	m.todo.nextAsk = now.Add(askPace)
	_, _, next = m.todo.nextWanted()
	return next, nil
}

// nextWanted returns the wanted session that is due first.
func (t *todo) nextWanted() (key WantedSession, first *ask, at time.Time) {
	for k, a := range t.wanted {
		if first == nil || a.due.Before(first.due) {
			key, first = k, a
		}
	}
	if first == nil {
		return key, nil, time.Time{}
	}
	at = first.due
	if at.Before(t.nextAsk) {
		at = t.nextAsk
	}
	return key, first, at
}

func (m *Machine) sendRequest(ctx context.Context, req event.RoomKeyRequestEventContent) error {
	req.RequestingDeviceID = id.DeviceID(m.opt.Device)
	err := m.toDevice(ctx, event.ToDeviceRoomKeyRequest, &mautrix.ReqSendToDevice{
		Messages: map[id.UserID]map[id.DeviceID]*event.Content{id.UserID(m.opt.User): {"*": {Parsed: &req}}},
	})
	if err != nil {
		return fmt.Errorf("ask own devices: %w", err)
	}
	return nil
}

// otherDevices reports whether the account has devices beside this one.
func (m *Machine) otherDevices(ctx context.Context, eng *engine) (bool, error) {
	own := id.UserID(m.opt.User)
	if err := m.freshen(ctx, eng, []id.UserID{own}); err != nil {
		return false, err
	}
	devices, err := eng.store.GetDevices(ctx, own)
	if err != nil {
		return false, fmt.Errorf("load own devices: %w", asDamage(err))
	}
	delete(devices, id.DeviceID(m.opt.Device))
	return len(devices) > 0, nil
}
