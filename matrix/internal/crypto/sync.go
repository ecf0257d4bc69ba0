package crypto

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/go-json-experiment/json/jsontext"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// ToDevice is the part of a sync response that is about keys and devices.
//
// Spec: client-server-api#get_matrixclientv3sync
type ToDevice struct {
	// First says that the request had no since token: what changed before is
	// not in the answer, so that every device list counts as out of date.
	First         bool
	Events        []jsontext.Value // to_device.events, in order
	Changed       []chat.UserID    // device_lists.changed
	Left          []chat.UserID    // device_lists.left
	OTKCounts     map[string]int   // device_one_time_keys_count
	HasOTKCounts  bool
	FallbackTypes []string // device_unused_fallback_key_types
	HasFallback   bool
}

// Received is a to-device event that is not about room keys.
type Received struct {
	Sender    chat.UserID
	Type      string
	Content   jsontext.Value
	Encrypted bool
	// SenderKey and Device are set when it came encrypted. Device is nil when
	// the sender's device is not known: such an event proves nothing about who sent it.
	SenderKey id.SenderKey
	Device    *id.Device
}

// toDeviceBatch is how many to-device events share a transaction.
const toDeviceBatch = 100

// HandleSync takes in what a sync response says about keys and devices. When
// it returns nil everything is on disk; when it returns an error the response
// must not be counted as received. Events that cannot be decrypted or read
// are dropped. It does no network requests.
func (m *Machine) HandleSync(ctx context.Context, td ToDevice) error {
	m.noteCounts(td)
	if td.First {
		td.Changed = append(m.tracked.all(), td.Changed...)
	}
	if len(td.Events) == 0 && len(td.Changed) == 0 && len(td.Left) == 0 {
		return nil
	}
	b := batch{m: m, keys: map[WantedSession]struct{}{}}
	if err := b.run(ctx, td); err != nil {
		return fmt.Errorf("take in keys: %w", err)
	}
	b.announce()
	return nil
}

// batch is the work of one HandleSync.
type batch struct {
	m    *Machine
	keys map[WantedSession]struct{}
	rest []*Received
}

func (b *batch) run(ctx context.Context, td ToDevice) error {
	m := b.m
	m.olm.Lock()
	defer m.olm.Unlock()
	eng, err := m.engineLocked(ctx)
	if err != nil {
		return err
	}
	m.tracked.change(td.Changed, nil)
	first := true
	for events := td.Events; first || len(events) > 0; first = false {
		n := min(len(events), toDeviceBatch)
		now := events[:n]
		events = events[n:]
		lists := first
		p := &probe{keys: map[WantedSession]struct{}{}}
		var rest []*Received
		err := m.txn(ctx, eng, func(ctx context.Context) error {
			ctx = withProbe(ctx, p)
			if lists {
				if err := m.noteLists(ctx, eng, td.Changed, td.Left); err != nil {
					return err
				}
			}
			for _, raw := range now {
				if r := m.handleToDevice(ctx, eng, raw); r != nil {
					rest = append(rest, r)
				}
				if p.err != nil {
					return p.err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if lists {
			m.tracked.change(nil, td.Left)
		}
		for k := range p.keys {
			b.keys[k] = struct{}{}
		}
		b.rest = append(b.rest, rest...)
	}
	eng.mach.MarkOlmHashSavePoint(ctx)
	return nil
}

// announce tells the hooks what came. No lock is held.
func (b *batch) announce() {
	m := b.m
	if len(b.keys) > 0 {
		m.roomKeysCame()
	}
	for k := range b.keys {
		m.arrived(k)
		m.tellKey(k)
	}
	for _, r := range b.rest {
		m.tellDevice(r)
	}
	m.wake.Ring()
}

// sessionReceived is the library's callback for a stored Megolm session.
func sessionReceived(ctx context.Context, room id.RoomID, session id.SessionID, _ uint32) {
	if p := probeOf(ctx); p != nil && p.keys != nil {
		p.keys[WantedSession{chat.RoomID(room), string(session)}] = struct{}{}
	}
}

// noteLists writes down whose devices changed. Nobody's devices are asked for here.
func (m *Machine) noteLists(ctx context.Context, eng *engine, changed, left []chat.UserID) error {
	if len(changed) > 0 {
		if err := eng.store.MarkTrackedUsersOutdated(ctx, userIDs(changed)); err != nil {
			return fmt.Errorf("mark device lists: %w", err)
		}
	}
	return eng.store.forget(ctx, userIDs(left))
}

// wireToDevice is a to-device event as received.
type wireToDevice struct {
	Sender  id.UserID       `json:"sender"`
	Type    string          `json:"type"`
	Content json.RawMessage `json:"content"`
}

// handleToDevice takes in one event and returns it when it is not about keys.
func (m *Machine) handleToDevice(ctx context.Context, eng *engine, raw jsontext.Value) *Received {
	var w wireToDevice
	if err := json.Unmarshal(raw, &w); err != nil || w.Type == "" || w.Sender == "" {
		m.log.Warn("To-device event cannot be read")
		return nil
	}
	evt := &event.Event{
		Sender: w.Sender, Type: event.Type{Type: w.Type, Class: event.ToDeviceEventType},
		Content: event.Content{VeryRaw: w.Content},
	}
	switch w.Type {
	case event.ToDeviceEncrypted.Type:
		return m.handleEncrypted(ctx, eng, evt)
	case event.ToDeviceRoomKeyRequest.Type:
		var req event.RoomKeyRequestEventContent
		if json.Unmarshal(w.Content, &req) == nil {
			m.noteRequest(w.Sender, req)
		}
		return nil
	case event.ToDeviceRoomKeyWithheld.Type, event.ToDeviceOrgMatrixRoomKeyWithheld.Type:
		var content event.RoomKeyWithheldEventContent
		if json.Unmarshal(w.Content, &content) == nil {
			m.handleWithheld(ctx, w.Sender, content)
		}
		return nil
	case event.ToDeviceRoomKey.Type, event.ToDeviceForwardedRoomKey.Type, event.ToDeviceSecretSend.Type,
		event.ToDeviceSecretPush.Type, event.ToDeviceRoomKeyBundle.Type:
		// These are secrets: one that comes in the clear is a mistake or an attack.
		m.log.Warn("Key event came unencrypted", slog.String("sender", string(w.Sender)))
		return nil
	}
	return &Received{Sender: chat.UserID(w.Sender), Type: w.Type, Content: jsontext.Value(w.Content)}
}

// handleEncrypted decrypts an Olm event. Room keys are stored; anything else comes back.
func (m *Machine) handleEncrypted(ctx context.Context, eng *engine, evt *event.Event) *Received {
	var out *Received
	err := guard(func() error {
		if err := evt.Content.ParseRaw(evt.Type); err != nil {
			return err
		}
		c := evt.Content.AsEncrypted()
		if c.SenderKey != "" {
			m.noteSender(evt.Sender, c.SenderKey)
		}
		if p := probeOf(ctx); p != nil {
			p.from, p.device = evt.Sender, c.SenderKey
		}
		var err error
		out, err = m.decryptToDevice(ctx, eng, evt)
		return err
	})
	if err != nil {
		m.log.Warn("Encrypted to-device event cannot be read", slog.String("sender", string(evt.Sender)))
	}
	return out
}
