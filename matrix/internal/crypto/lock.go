package crypto

import (
	"context"
	"fmt"
	"slices"
	"time"

	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// maxExcluded is how many excluded sessions a lock names.
const maxExcluded = 100

// Lock returns what there is to know about the encryption of a room: its
// settings and policy, the present session, and who would get the next message.
// It asks the homeserver for members and device lists that are out of date;
// when that fails it goes on with what is known.
func (m *Machine) Lock(ctx context.Context, room chat.RoomID) (chat.RoomLock, error) {
	d, err := m.Policy(ctx, room)
	if err != nil {
		return chat.RoomLock{}, err
	}
	l := chat.RoomLock{Room: room, Set: d.Set, Policy: d.Hold, From: d.From}
	st := m.state()
	conf, err := st.GetEncryptionEvent(ctx, id.RoomID(room))
	if err != nil {
		return l, fmt.Errorf("load encryption of %s: %w", room, err)
	}
	if conf == nil {
		return l, nil
	}
	l.Encrypted, l.Algorithm = true, string(conf.Algorithm)
	if conf.Algorithm != id.AlgorithmMegolmV1 {
		return l, nil
	}
	set, err := st.settings(ctx, room)
	if err != nil {
		return l, err
	}
	l.SharesHistory = set.sharesHistory()
	eng, err := m.engine(ctx)
	if err != nil {
		return l, err
	}
	limits, err := set.outbound(id.RoomID(room))
	if err != nil {
		return l, fmt.Errorf("read limits of %s: %w", room, err)
	}
	l.MaxAge, l.MaxMessages = limits.MaxAge, limits.MaxMessages
	session, err := eng.store.GetOutboundGroupSession(ctx, id.RoomID(room))
	if err != nil {
		return l, fmt.Errorf("load session: %w", asDamage(err))
	}
	if session != nil && session.Shared {
		l.HasKey, l.Age, l.Messages = true, max(0, time.Since(session.CreationTime)), session.MessageCount
	}
	users, err := m.recipients(ctx, room, set.vis)
	if err != nil {
		if users, err = m.knownRecipients(ctx, room, set.vis); err != nil {
			return l, err
		}
	}
	if err := m.freshen(ctx, eng, users); err != nil && isStoreError(err) {
		return l, err
	}
	a, err := m.audienceOf(ctx, users, d.Hold.Share)
	if err != nil {
		return l, err
	}
	a.describe(&l, m.own)
	return l, nil
}

// describe fills in who gets the next message.
func (a *audience) describe(l *chat.RoomLock, me id.UserID) {
	readers := map[id.UserID]bool{me: true}
	l.Sessions = len(a.want)
	for r := range a.want {
		readers[r.user] = true
		if a.trust[r] == chat.SessionUnsigned {
			l.Unsigned++
		}
	}
	l.People, l.ExcludedCount = len(readers), len(a.out)
	for _, o := range a.out[:min(len(a.out), maxExcluded)] {
		l.Excluded = append(l.Excluded, chat.Session{
			User: chat.UserID(o.dev.UserID), ID: chat.DeviceID(o.dev.DeviceID), Name: o.dev.Name,
			Fingerprint: string(o.dev.SigningKey), Trust: o.trust,
		})
	}
	for u, t := range a.people {
		if t == chat.PersonChanged || t == chat.PersonWithdrawn {
			l.Changed = append(l.Changed, chat.UserID(u))
		}
	}
	slices.Sort(l.Changed)
}

// Rotate gives up the room's outbound session: the next message has a new key.
func (m *Machine) Rotate(ctx context.Context, room chat.RoomID) error {
	m.roomLocks.Lock(room)
	defer m.roomLocks.Unlock(room)
	eng, err := m.engine(ctx)
	if err != nil {
		return err
	}
	if err := eng.store.RemoveOutboundGroupSession(ctx, id.RoomID(room)); err != nil {
		return fmt.Errorf("give up the session of %s: %w", room, asDamage(err))
	}
	return nil
}
