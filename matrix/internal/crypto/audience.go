package crypto

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// audience is who would get a room's key, and who would not.
type audience struct {
	want   map[recipient]*id.Device
	out    []outsider // by user and device
	trust  map[recipient]chat.SessionTrust
	people map[id.UserID]chat.PersonTrust
}

// outsider is a device that gets no key, and the code that it is told.
type outsider struct {
	dev   *id.Device
	trust chat.SessionTrust
	code  event.RoomKeyWithheldCode
}

// refusal says whether a policy keeps a session from the keys, and the code
// that says so. What the person blocked, and what changed its keys, never gets any.
//
// Spec: client-server-api#mroom_keywithheld
func refusal(p chat.Policy, t chat.SessionTrust) (code event.RoomKeyWithheldCode, out bool) {
	switch t {
	case chat.SessionBlocked:
		return event.RoomKeyWithheldBlacklisted, true
	case chat.SessionRekeyed, chat.SessionGone:
		return event.RoomKeyWithheldUnverified, true
	case chat.SessionUnsigned:
		return event.RoomKeyWithheldUnverified, p >= chat.PolicySigned
	case chat.SessionSigned:
		return event.RoomKeyWithheldUnverified, p >= chat.PolicyVerified
	case chat.SessionVerified:
		return "", false
	}
	return event.RoomKeyWithheldUnverified, true // a trust that is not known here
}

// audienceOf sorts the devices of users by what the policy says. This device is none of them.
func (m *Machine) audienceOf(ctx context.Context, users []id.UserID, p chat.Policy) (*audience, error) {
	devices, err := m.listed(ctx, users)
	if err != nil {
		return nil, err
	}
	a := &audience{want: make(map[recipient]*id.Device, len(devices))}
	if a.trust, a.people, err = m.trustOf(ctx, devices); err != nil {
		return nil, fmt.Errorf("resolve trust: %w", err)
	}
	for _, d := range devices {
		r := recipientOf(d)
		t := a.trust[r]
		if t == chat.SessionSigned && d.UserID == m.own && a.people[d.UserID] == chat.PersonWithdrawn {
			t = chat.SessionUnsigned // confirmed by an identity in our name that is not the one of this session
		}
		if code, out := refusal(p, t); out {
			a.out = append(a.out, outsider{d, t, code})
			continue
		}
		a.want[r] = d
	}
	slices.SortFunc(a.out, func(x, y outsider) int { return byName(x.dev, y.dev) })
	return a, nil
}

func byName(a, b *id.Device) int {
	return cmp.Or(cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.DeviceID, b.DeviceID))
}

// listed returns the devices of users whose lists are kept, but this one.
func (m *Machine) listed(ctx context.Context, users []id.UserID) ([]*id.Device, error) {
	all, err := devicesWhere(ctx, m.db, `user_id IN (SELECT value FROM json_each($1)) AND deleted=false
		AND EXISTS (SELECT 1 FROM crypto_tracked_user t WHERE t.user_id=crypto_device.user_id)`, jsonList(users))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(d *id.Device) bool {
		return d.UserID == m.own && d.DeviceID == m.this
	}), nil
}

// blockers lists the people for whom nothing may be sent before the person has
// looked at their new identity: those who had been verified, and with
// PolicyVerified all whose identity is another.
func (a *audience) blockers(me id.UserID, p chat.Policy) (users []chat.UserID) {
	for u, t := range a.people {
		if u != me && (t == chat.PersonWithdrawn || t == chat.PersonChanged && p == chat.PolicyVerified) {
			users = append(users, chat.UserID(u))
		}
	}
	slices.Sort(users)
	return users
}

// allow returns why nothing may be sent to the room now, or nil.
func (a *audience) allow(me id.UserID, p chat.Policy) error {
	if who := a.blockers(me, p); len(who) > 0 {
		return &IdentityError{Users: who}
	}
	if a.nobody(me) {
		return ErrNobody
	}
	return nil
}

// nobody reports whether there are others with sessions, none of which may read.
func (a *audience) nobody(me id.UserID) bool {
	for r := range a.want {
		if r.user != me {
			return false
		}
	}
	return slices.ContainsFunc(a.out, func(o outsider) bool { return o.dev.UserID != me })
}

// recipients returns who may read what is sent to the room now.
//
// Spec: client-server-api#room-history-visibility
func (m *Machine) recipients(ctx context.Context, room chat.RoomID, vis *event.HistoryVisibilityEventContent) ([]id.UserID, error) {
	mem, err := m.opt.Rooms.Members(ctx, room)
	if err == nil && !mem.Complete {
		if err = m.opt.Rooms.FetchMembers(ctx, room); err == nil {
			mem, err = m.opt.Rooms.Members(ctx, room)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("load members of %s: %w", room, err)
	}
	if !mem.Complete {
		return nil, ErrMembers
	}
	return m.readers(mem, vis), nil
}

// knownRecipients is recipients without the network: who is known may be only a part.
func (m *Machine) knownRecipients(ctx context.Context, room chat.RoomID, vis *event.HistoryVisibilityEventContent) ([]id.UserID, error) {
	mem, err := m.opt.Rooms.Members(ctx, room)
	if err != nil {
		return nil, fmt.Errorf("load members of %s: %w", room, err)
	}
	return m.readers(mem, vis), nil
}

func (m *Machine) readers(mem Members, vis *event.HistoryVisibilityEventContent) []id.UserID {
	users := userIDs(mem.Joined)
	if vis == nil || vis.HistoryVisibility != event.HistoryVisibilityJoined {
		users = append(users, userIDs(mem.Invited)...)
	}
	users = append(users, m.own)
	slices.Sort(users)
	return slices.Compact(users)
}
