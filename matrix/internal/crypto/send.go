package crypto

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// SendToDevice sends one to-device event to sessions of a user. In clear, nil
// devices are all that the homeserver knows; encrypted, all that are in the
// device list, without this one and without those that are blocked or whose
// keys changed. Encrypted, it returns ErrUnreachable when a named session, or
// every session, could not be written to; those that could have got it.
//
// Spec: client-server-api#send-to-device-messaging
func (m *Machine) SendToDevice(ctx context.Context, eventType string, content any, user chat.UserID, devices []chat.DeviceID, encrypted bool) error {
	raw, err := json.Marshal(content)
	if err != nil {
		return fmt.Errorf("encode %s: %w", eventType, err)
	}
	typ := event.Type{Type: eventType, Class: event.ToDeviceEventType}
	body := event.Content{VeryRaw: raw}
	if encrypted {
		return m.sendEncrypted(ctx, typ, body, id.UserID(user), devices, notRefused)
	}
	if devices == nil {
		devices = []chat.DeviceID{"*"}
	}
	l := letters{}
	for _, d := range devices {
		l.add(id.UserID(user), id.DeviceID(d), &body)
	}
	return m.toDevice(ctx, typ, l)
}

// notRefused says whom anything encrypted may go to.
func notRefused(t chat.SessionTrust, _ chat.PersonTrust) bool {
	return t != chat.SessionBlocked && t != chat.SessionRekeyed
}

// SendSecret sends one encrypted to-device event to named sessions of a user
// that a policy lets have keys, and nothing to the others. Whose they are is
// decided for the very keys that are encrypted to: between a decision of the
// caller and the sending, a homeserver can put another session under the same id.
// Somebody whose identity has changed gets nothing. It returns ErrUnreachable as
// SendToDevice does.
func (m *Machine) SendSecret(ctx context.Context, eventType string, content any, user chat.UserID, devices []chat.DeviceID, p chat.Policy) error {
	raw, err := json.Marshal(content)
	if err != nil {
		return fmt.Errorf("encode %s: %w", eventType, err)
	}
	if devices == nil {
		devices = []chat.DeviceID{} // nil is everybody
	}
	typ := event.Type{Type: eventType, Class: event.ToDeviceEventType}
	may := func(t chat.SessionTrust, person chat.PersonTrust) bool {
		_, out := refusal(p, t)
		return !out && person != chat.PersonChanged && person != chat.PersonWithdrawn
	}
	return m.sendEncrypted(ctx, typ, event.Content{VeryRaw: raw}, id.UserID(user), devices, may)
}

func (m *Machine) sendEncrypted(ctx context.Context, typ event.Type, body event.Content, user id.UserID, names []chat.DeviceID, may func(chat.SessionTrust, chat.PersonTrust) bool) error {
	if err := m.ensureUploaded(ctx); err != nil {
		return err
	}
	eng, err := m.engine(ctx)
	if err != nil {
		return err
	}
	if err := m.freshen(ctx, eng, []id.UserID{user}); err != nil {
		return err
	}
	known, err := devicesWhere(ctx, m.db, `user_id=$1 AND deleted=false`, user)
	if err != nil {
		return err
	}
	trust, people, err := m.trustOf(ctx, known)
	if err != nil {
		return err
	}
	var targets []target
	for _, d := range known {
		t := trust[recipientOf(d)]
		this := user == m.own && d.DeviceID == m.this
		if this || !may(t, people[user]) || (names != nil && !slices.Contains(names, chat.DeviceID(d.DeviceID))) {
			continue
		}
		targets = append(targets, target{d, typ, body})
	}
	missed := names != nil && len(targets) < len(names)
	reached := 0
	for part := range slices.Chunk(targets, shareDevices) {
		sealed, without, err := m.seal(ctx, part)
		if err != nil {
			return err
		}
		missed = missed || (names != nil && len(without) > 0)
		reached += len(part) - len(without)
		if err := m.toDevice(ctx, event.ToDeviceEncrypted, sealed); err != nil {
			return fmt.Errorf("send %s: %w", typ.Type, err)
		}
	}
	if missed || reached == 0 {
		return fmt.Errorf("%w: %s", ErrUnreachable, typ.Type)
	}
	return nil
}
