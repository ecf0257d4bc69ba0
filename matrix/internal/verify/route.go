package verify

import (
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hubbub/matrix/internal/upkeep"
	"hubbub/store/chat"
)

// Times by which a request may differ from our clock.
//
// Spec: client-server-api#mkeyverificationrequest
const (
	maxAge   = 10 * time.Minute
	maxAhead = 5 * time.Minute
)

// ToDevice is a verification event between devices.
type ToDevice struct {
	Sender  chat.UserID
	Device  chat.DeviceID // the session that sent it, when it came encrypted and the session is known
	Type    string
	Content jsontext.Value
}

// RoomEvent is a verification event in a room, decrypted.
type RoomEvent struct {
	Room    chat.RoomID
	ID      chat.EventID
	Sender  chat.UserID
	Device  chat.DeviceID // the session that sent it, when it came encrypted and the session is known
	At      time.Time     // origin_server_ts
	Type    string
	Content jsontext.Value
	Relates chat.EventID // event of the m.reference in the clear part, or ""
}

// HandleToDevice takes in a to-device event whose type begins with
// "m.key.verification.". Intent.
func (m *Manager) HandleToDevice(ev ToDevice) {
	msg, err := parse(ev.Type, ev.Device, ev.Content)
	if err != nil || msg.Txn == "" || len(ev.Sender) > maxText {
		m.log.Warn("Verification event cannot be read", slog.String("sender", string(ev.Sender)))
		return
	}
	m.postRemote(func(ctx context.Context) { m.toDevice(ctx, ev.Sender, msg) })
}

func (m *Manager) toDevice(ctx context.Context, sender chat.UserID, msg message) {
	if sender == m.opt.User && msg.From == m.opt.Device {
		return // our own, sent to all devices
	}
	k := goneKey{user: sender, txn: msg.Txn}
	f := m.find(k)
	switch {
	case f != nil && msg.typ == typeRequest: // a repeat
	case f != nil:
		f.receive(msg)
	case slices.Contains(m.gone, k):
	case msg.typ == typeRequest && !msg.bad:
		m.admit(ctx, k, sender, msg, msg.at())
	case msg.typ == typeStart && !msg.bad && msg.Method == methodSAS:
		m.admitStart(ctx, k, msg)
	case slices.Contains([]string{typeReady, typeAccept, typeKey, typeMAC, typeDone}, msg.typ):
		m.unknown(ctx, k, msg.From)
	}
}

// HandleRoomEvent takes in a room event of such a type, or a message that is a
// request; own ones too, those of other own sessions and the echoes of ours. Intent.
func (m *Manager) HandleRoomEvent(ev RoomEvent) {
	msg, err := parse(ev.Type, ev.Device, ev.Content)
	if err == nil && msg.Relates == nil && ev.Relates != "" && len(ev.Relates) <= maxText {
		if msg.raw, err = withRelation(ev.Content, ev.Relates); err == nil {
			msg.Relates = &relation{reference, ev.Relates}
		}
	}
	if err != nil || len(ev.Sender) > maxText || len(ev.ID) > maxText {
		m.log.Warn("Verification event cannot be read", slog.String("sender", string(ev.Sender)))
		return
	}
	m.postRemote(func(ctx context.Context) { m.roomEvent(ctx, ev, msg) })
}

func (m *Manager) roomEvent(ctx context.Context, ev RoomEvent, msg message) {
	if msg.typ == typeMessage || msg.typ == typeRequest {
		k := goneKey{room: ev.Room, txn: string(ev.ID)}
		if ev.Sender == m.opt.User || msg.To != m.opt.User || msg.MsgType != typeRequest || msg.bad ||
			m.find(k) != nil || slices.Contains(m.gone, k) || m.settled(k, ev.Sender) {
			return
		}
		m.admit(ctx, k, ev.Sender, msg, ev.At)
		return
	}
	if msg.Relates == nil {
		return
	}
	f := m.find(goneKey{room: ev.Room, txn: string(msg.Relates.Event)})
	switch {
	case f == nil:
		m.stray(ev, msg)
	case ev.Sender == m.opt.User:
		f.takeOwn(msg)
	case ev.Sender == f.user:
		f.receive(msg)
	}
}

// stray keeps what comes in a room before the verification that it belongs to
// is known: because our request's id is not, or because a request of somebody
// else is decrypted late.
func (m *Manager) stray(ev RoomEvent, msg message) {
	waiting := slices.ContainsFunc(m.flows, func(f *flow) bool { return f.room == ev.Room && f.txn == "" })
	if waiting && len(m.early) < maxEarly {
		m.early = append(m.early, ev)
	}
	if msg.typ == typeCancel || (msg.typ == typeReady && ev.Sender == m.opt.User && msg.From != m.opt.Device) {
		m.forget(goneKey{ev.Room, ev.Sender, string(msg.Relates.Event)})
	}
}

// settled reports whether a request was taken back, or answered by another
// session of ours, before we could read it.
func (m *Manager) settled(k goneKey, sender chat.UserID) bool {
	return slices.Contains(m.gone, goneKey{k.room, sender, k.txn}) || slices.Contains(m.gone, goneKey{k.room, m.opt.User, k.txn})
}

// replay takes in again what came for a room before our request's id was known.
func (m *Manager) replay(room chat.RoomID) {
	early := m.early
	m.early = nil
	for _, ev := range early {
		if ev.Room != room {
			m.early = append(m.early, ev)
			continue
		}
		m.HandleRoomEvent(ev)
	}
}

// admit begins a verification that somebody asks for, within limits.
func (m *Manager) admit(ctx context.Context, k goneKey, user chat.UserID, msg message, at time.Time) {
	now := m.opt.Now()
	if age := now.Sub(at); age > maxAge || age < -maxAhead {
		m.log.Info("Verification request is out of date", slog.String("user", string(user)))
		return
	}
	id, auto := rand.Text(), false
	var after *flow
	if ours := m.mutual(user, msg.From, k.room); ours != nil {
		if ours.us().before(side{user, msg.From}) {
			return // both asked: ours counts, and they know it
		}
		// They must not see our answer before the request that may be under way.
		id, auto, after = ours.id, true, ours
		ours.yield(msg.From)
	} else if m.crowd(ctx, k, user, msg.From) {
		return
	}
	f := m.newFlow(id, user, k.room)
	f.txn, f.auto, f.at, f.after = k.txn, auto, at, after
	f.until = upkeep.Earlier(at, now).Add(timeLimit)
	f.hear(msg)
}

// admitStart begins a verification without a request, as old clients do.
//
// Spec: client-server-api#key-verification-framework
func (m *Manager) admitStart(ctx context.Context, k goneKey, msg message) {
	if m.crowd(ctx, k, k.user, msg.From) {
		return
	}
	now := m.opt.Now()
	f := m.newFlow(rand.Text(), k.user, "")
	f.txn, f.direct, f.at, f.until = msg.Txn, true, now, now.Add(timeLimit)
	f.hear(msg)
	f.methods, f.held = []string{methodSAS}, map[string]message{typeStart: msg}
}

// offer returns the request of a side that we want to ask now.
func (m *Manager) offer(user chat.UserID, device chat.DeviceID, room chat.RoomID) *flow {
	return m.first(func(f *flow) bool {
		return (f.state == stateHeard || f.state == stateOffered) && f.with(user, room) && (device == "" || f.device == device)
	})
}

// mutual returns our own request to the side that asks us now, if nobody has answered it.
func (m *Manager) mutual(user chat.UserID, device chat.DeviceID, room chat.RoomID) *flow {
	return m.first(func(f *flow) bool {
		return (f.state == stateAsking || f.state == stateAsked) && f.with(user, room) && (f.target == "" || f.target == device)
	})
}

// with reports whether it is with a user, and in a room as the other one is or between devices as the other one is.
func (f *flow) with(user chat.UserID, room chat.RoomID) bool {
	return f.user == user && (f.room == "") == (room == "")
}

// yield gives our request up for theirs, which takes its place on the screen.
func (f *flow) yield(to chat.DeviceID) {
	f.out = nil
	f.tellCancel(codeAccepted, to)
	f.end(codeAccepted, true, nil)
	f.hidden = true
}
