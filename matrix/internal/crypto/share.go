package crypto

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	mcrypto "maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// noOlmRetry is how long a device without one-time keys is not asked for them again.
const noOlmRetry = 15 * time.Minute

// clockSlack is how far ahead of the clock a session may have been made before
// it counts as made with a wrong one.
const clockSlack = time.Hour

// shareDevices is how many devices one to-device request serves.
const shareDevices = 250

// settled remembers that every device had the key when a room was last looked
// at. As long as nothing of it changed there is nothing to compare.
type settled struct {
	session id.SessionID
	users   uint64 // hash of the recipients
	rules   rules
	policy  chat.Policy
	devices uint64 // keyStore.devices
	trust   uint64 // roomMemory.epoch
	until   time.Time
}

// rules are the settings of a room that end sessions.
type rules struct {
	age      int64 // milliseconds
	messages int
	history  event.HistoryVisibility
}

func rulesOf(s settings) rules {
	r := rules{age: s.conf.RotationPeriodMillis, messages: s.conf.RotationPeriodMessages}
	if s.vis != nil {
		r.history = s.vis.HistoryVisibility
	}
	return r
}

// share makes sure that the room has an outbound session that every device has
// to which the room's policy gives it, and no other one. The caller holds the
// room's lock.
//
// A session is used on for new devices, which get it from its present place
// on, and given up when somebody who has it should not read on, when it is
// used up, or when the room's history visibility changed.
func (m *Machine) share(ctx context.Context, eng *engine, room chat.RoomID) error {
	set, err := m.state().settings(ctx, room)
	if err != nil {
		return err
	}
	decided, err := m.Policy(ctx, room)
	if err != nil {
		return err
	}
	if err := m.remember(ctx, room); err != nil {
		return err
	}
	users, err := m.freshReaders(ctx, eng, room, set)
	if err != nil {
		return err
	}
	session, err := eng.store.GetOutboundGroupSession(ctx, id.RoomID(room))
	if err != nil {
		return fmt.Errorf("load session: %w", asDamage(err))
	}
	mark := settled{
		users: hash(m.seed, users...), rules: rulesOf(set), policy: decided.Hold.Share,
		devices: eng.store.devices.Load(), trust: m.trustEpoch(), until: time.Now().Add(noOlmRetry),
	}
	if session != nil && !session.Expired() && !fromFuture(session) && m.isSettled(room, session.ID(), mark) {
		return nil
	}
	all, err := m.audienceOf(ctx, users, decided.Hold.Share)
	if err == nil {
		err = all.allow(m.own, decided.Hold.Share)
	}
	if err != nil {
		return err
	}
	want := all.want
	given := map[recipient]bool{}
	if session != nil {
		if given, err = m.givenOf(ctx, eng, session.ID()); err != nil {
			return err
		}
	}
	if why := stale(session, set, given, want); why != "" {
		m.log.Debug("New outbound session", "room", string(room), "reason", why)
		if session, err = m.newSession(ctx, eng, room, set); err != nil {
			return err
		}
		given = map[recipient]bool{}
	}
	if err := m.give(ctx, eng, session, given, want); err != nil {
		return err
	}
	m.refuse(ctx, eng, session, all.out)
	mark.session = session.ID()
	m.settle(room, mark, given)
	return nil
}

// freshReaders returns who may read what is said in a room now, with device
// lists that are current, once the homeserver knows who it is that gives keys.
func (m *Machine) freshReaders(ctx context.Context, eng *engine, room chat.RoomID, set settings) ([]id.UserID, error) {
	if err := m.ensureUploaded(ctx); err != nil {
		return nil, err
	}
	users, err := m.recipients(ctx, room, set.vis)
	if err != nil {
		return nil, err
	}
	return users, m.freshen(ctx, eng, users)
}

// fromFuture reports whether a session was made when the clock was ahead.
func fromFuture(s *mcrypto.OutboundGroupSession) bool { return time.Until(s.CreationTime) > clockSlack }

// stale says why a session must not be used any more, or "".
func stale(s *mcrypto.OutboundGroupSession, set settings, given map[recipient]bool, want map[recipient]*id.Device) string {
	switch {
	case s == nil:
		return "none yet"
	case s.Expired():
		return "used up"
	case fromFuture(s):
		return "made when the clock was ahead" // it would live as much longer
	case s.SharedHistory == nil || *s.SharedHistory != set.sharesHistory():
		return "history visibility changed"
	}
	limit, err := set.outbound(s.RoomID)
	if err == nil && (s.MessageCount >= limit.MaxMessages || time.Since(s.CreationTime) >= limit.MaxAge) {
		return "used up by newer settings"
	}
	for r := range given {
		if want[r] == nil {
			return "a recipient left"
		}
	}
	return ""
}

func (m *Machine) givenOf(ctx context.Context, eng *engine, session id.SessionID) (map[recipient]bool, error) {
	m.mu.Lock()
	given, ok := m.given[session]
	m.mu.Unlock()
	if ok {
		return given, nil
	}
	return eng.store.sharedWith(ctx, session)
}

func (m *Machine) isSettled(room chat.RoomID, session id.SessionID, now settled) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.settled[room]
	return ok && s.session == session && s.users == now.users && s.rules == now.rules && s.policy == now.policy &&
		s.devices == now.devices && s.trust == now.trust && time.Now().Before(s.until)
}

func (m *Machine) settle(room chat.RoomID, mark settled, given map[recipient]bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.settled[room]; ok && old.session != mark.session {
		delete(m.given, old.session)
	}
	m.settled[room] = mark
	m.given[mark.session] = given
}

// newSession makes an outbound session and keeps its inbound half, with which
// the own messages are read back.
func (m *Machine) newSession(ctx context.Context, eng *engine, room chat.RoomID, set settings) (*mcrypto.OutboundGroupSession, error) {
	out, err := set.outbound(id.RoomID(room))
	if err != nil {
		return nil, fmt.Errorf("make session: %w", err)
	}
	shared := set.sharesHistory()
	out.SharedHistory = &shared
	signing, identity := eng.mach.GetAccount().Keys()
	in, err := mcrypto.NewInboundGroupSession(identity, signing, out.RoomID, out.Internal.Key(), out.MaxAge, out.MaxMessages, out.SharedHistory, false)
	if err != nil {
		return nil, fmt.Errorf("make session: %w", err)
	}
	in.SourceUser = m.own
	if err := eng.mach.StoreGroupSession(ctx, in); err != nil {
		return nil, fmt.Errorf("save session: %w", asDamage(err))
	}
	m.roomKeysCame()
	return out, nil
}

// give sends the session to the devices that lack it. Devices that no Olm
// session can be made with are told so, and may ask.
func (m *Machine) give(ctx context.Context, eng *engine, s *mcrypto.OutboundGroupSession, given map[recipient]bool, want map[recipient]*id.Device) error {
	var missing []*id.Device
	for r, d := range want {
		if !given[r] {
			missing = append(missing, d)
		}
	}
	slices.SortFunc(missing, byName)
	var without []*id.Device
	content := roomKey(s)
	for part := range slices.Chunk(missing, shareDevices) {
		targets := make([]target, len(part))
		for i, d := range part {
			targets[i] = target{d, event.ToDeviceRoomKey, content}
		}
		sealed, unsealed, err := m.seal(ctx, targets)
		if err != nil {
			return err
		}
		without = append(without, unsealed...)
		if err := m.toDevice(ctx, event.ToDeviceEncrypted, sealed); err != nil {
			return fmt.Errorf("give keys: %w", err)
		}
		if err := m.markGiven(ctx, eng, s.ID(), part, unsealed, given); err != nil {
			return err
		}
	}
	if !s.Shared {
		s.Shared = true
		if err := eng.store.AddOutboundGroupSession(ctx, s); err != nil {
			return fmt.Errorf("save session: %w", asDamage(err))
		}
	}
	m.refuseWithout(ctx, eng, s, without)
	return nil
}

// roomKey is the content of the event that gives a session. Who keeps the name
// of the flag from before it was in the specification gets it too.
//
// Spec: client-server-api#mroom_key, MSC3061 (unstable prefix org.matrix.msc3061)
func roomKey(s *mcrypto.OutboundGroupSession) event.Content {
	raw := map[string]any{
		"algorithm": id.AlgorithmMegolmV1, "room_id": s.RoomID, "session_id": s.ID(), "session_key": s.Internal.Key(),
	}
	if s.SharedHistory != nil && *s.SharedHistory {
		raw["shared_history"], raw["org.matrix.msc3061.shared_history"] = true, true
	}
	return event.Content{Raw: raw}
}

// markGiven writes down who has the session, after the homeserver has the keys.
func (m *Machine) markGiven(ctx context.Context, eng *engine, session id.SessionID, part, unsealed []*id.Device, given map[recipient]bool) error {
	got := slices.DeleteFunc(slices.Clone(part), func(d *id.Device) bool { return slices.Contains(unsealed, d) })
	err := transact(ctx, eng.store.DB, "save recipients", func(ctx context.Context) error {
		for _, d := range got {
			if err := eng.store.MarkOutboundGroupSessionShared(ctx, d.UserID, d.IdentityKey, session); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, d := range got {
		given[recipientOf(d)] = true
	}
	return nil
}

// refuseWithout tells devices with no Olm session why they get no key. It is
// a courtesy: when it fails, sending goes on.
//
// Spec: client-server-api#mroom_keywithheld
func (m *Machine) refuseWithout(ctx context.Context, eng *engine, s *mcrypto.OutboundGroupSession, without []*id.Device) {
	l := letters{}
	_, identity := eng.mach.GetAccount().Keys()
	now := time.Now()
	m.mu.Lock()
	for _, d := range without {
		r := recipientOf(d)
		if now.Sub(m.noOlm[r]) < noOlmRetry {
			continue
		}
		m.noOlm[r] = now
		withhold(l, s, identity, d, event.RoomKeyWithheldNoOlmSession)
	}
	m.mu.Unlock()
	if len(l) == 0 {
		return
	}
	m.log.Info("Devices without one-time keys get no key", slog.Int("count", len(without)), slog.String("room", string(s.RoomID)))
	if err := m.toDevice(ctx, event.ToDeviceRoomKeyWithheld, l); err != nil && !errors.Is(err, context.Canceled) {
		m.log.Warn("Withheld notice was not sent", slog.String("room", string(s.RoomID)))
	}
}
