package crypto

import (
	"context"
	"fmt"
	"slices"

	mcrypto "maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// SessionUse names the messages that one person sent with one Megolm session.
type SessionUse struct {
	Room    chat.RoomID
	Session string
	Sender  chat.UserID
}

// Verdict is what is to be said about such messages.
type Verdict struct {
	Shield chat.Shield
	// Soft says that the shield is for messages that were never beyond doubt: a
	// session that its owner had confirmed stays his when he changes his identity
	// or signs the session out.
	Soft bool
}

// Shields judges sessions as things are now, from crypto.db alone. Whoever sent
// with a session that is not here gets ShieldNone: what cannot be read needs no shield.
func (m *Machine) Shields(ctx context.Context, uses []SessionUse) ([]Verdict, error) {
	eng, err := m.engine(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Verdict, len(uses))
	for i, u := range uses {
		igs, err := eng.store.SQLCryptoStore.GetGroupSession(ctx, id.RoomID(u.Room), id.SessionID(u.Session))
		if err != nil && isStoreError(err) {
			return nil, fmt.Errorf("load session: %w", asDamage(err))
		}
		if err != nil || igs == nil {
			continue
		}
		if out[i], err = m.judge(ctx, eng, igs, u); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// judgeNow compares who made a session with who sends with it.
//
// Spec: client-server-api#mmegolmv1aes-sha2
func (m *Machine) judgeNow(ctx context.Context, eng *engine, igs *mcrypto.InboundGroupSession, sender id.UserID) (Verdict, error) {
	signing, identity := eng.mach.GetAccount().Keys()
	direct := igs.KeySource == id.KeySourceDirect
	if sender == m.own && direct && igs.SenderKey == identity && igs.SigningKey == signing {
		return Verdict{}, nil // made here
	}
	owners, err := m.ownersOf(ctx, igs.SenderKey)
	if err != nil {
		return Verdict{}, err
	}
	i := slices.IndexFunc(owners, func(d *id.Device) bool { return d.UserID == sender })
	switch {
	case igs.SenderKey == identity && sender != m.own, i < 0 && len(owners) > 0:
		return Verdict{Shield: chat.ShieldMismatch}, nil
	case i >= 0 && owners[i].SigningKey != igs.SigningKey:
		return Verdict{Shield: chat.ShieldMismatch}, nil
	case !direct:
		return Verdict{Shield: chat.ShieldUnknownOrigin}, nil
	case i < 0:
		m.lookAt(sender)
		return Verdict{Shield: chat.ShieldUnknownSession, Soft: true}, nil
	}
	return m.judgeDevice(ctx, *owners[i])
}

// judgeDevice judges what came straight from a device. One that is gone is
// judged by what it was.
func (m *Machine) judgeDevice(ctx context.Context, d id.Device) (Verdict, error) {
	gone := d.Deleted
	d.Deleted = false
	sessions, people, err := m.trustOf(ctx, []*id.Device{&d})
	if err != nil {
		return Verdict{}, err
	}
	person := people[d.UserID]
	switch sessions[recipientOf(&d)] {
	case chat.SessionVerified, chat.SessionSigned:
		if person == chat.PersonChanged || person == chat.PersonWithdrawn {
			return Verdict{Shield: chat.ShieldChanged, Soft: true}, nil
		}
		return Verdict{}, nil
	case chat.SessionBlocked, chat.SessionRekeyed:
		return Verdict{Shield: chat.ShieldUnsigned}, nil
	}
	if gone {
		return Verdict{Shield: chat.ShieldUnknownSession, Soft: true}, nil
	}
	return Verdict{Shield: chat.ShieldUnsigned, Soft: true}, nil
}

// ownersOf returns the devices that have an identity key, also those that are gone.
func (m *Machine) ownersOf(ctx context.Context, key id.SenderKey) ([]*id.Device, error) {
	return devicesWhere(ctx, m.db, `identity_key=$1`, key)
}

// KeyInfo is what there is to know about a Megolm session and who sent with it.
type KeyInfo struct {
	Here    bool // the key is here
	Source  chat.KeySource
	From    chat.UserID  // who gave the key, when it was not the session itself
	Session chat.Session // the session that made the key; its ID is "" when it is not known
	Shield  chat.Shield
	First   uint32 // index of the first message that the key opens
	Refused string // code with which the sender refused the key, or ""
	Asked   bool   // own sessions were asked for the key, or will be
}

// KeyInfo looks a session up for the messages that sender sent with it.
func (m *Machine) KeyInfo(ctx context.Context, u SessionUse) (KeyInfo, error) {
	var k KeyInfo
	eng, err := m.engine(ctx)
	if err != nil {
		return k, err
	}
	k.Asked = m.asked(WantedSession{u.Room, u.Session})
	if k.Refused, err = m.refusedBy(ctx, u.Room, u.Session, id.UserID(u.Sender)); err != nil {
		return k, err
	}
	igs, err := eng.store.SQLCryptoStore.GetGroupSession(ctx, id.RoomID(u.Room), id.SessionID(u.Session))
	if err != nil && isStoreError(err) {
		return k, fmt.Errorf("load session: %w", asDamage(err))
	}
	if err != nil || igs == nil {
		return k, nil //nolint:nilerr // a session that cannot be read is one that is not there
	}
	k.Here, k.First = true, igs.Internal.FirstKnownIndex()
	k.Source, k.From = sourceOf(igs.KeySource), m.giver(igs)
	v, err := m.judge(ctx, eng, igs, u)
	if err != nil {
		return k, err
	}
	k.Shield = v.Shield
	owners, err := m.ownersOf(ctx, igs.SenderKey)
	if err != nil {
		return k, err
	}
	if i := slices.IndexFunc(owners, func(d *id.Device) bool { return string(d.UserID) == string(u.Sender) }); i > 0 {
		owners[0] = owners[i]
	}
	if len(owners) > 0 {
		k.Session, err = m.SessionTrust(ctx, chat.UserID(owners[0].UserID), chat.DeviceID(owners[0].DeviceID))
		if err != nil {
			return k, err
		}
	}
	return k, nil
}

// giver returns who gave a key, when that was not its maker.
func (m *Machine) giver(igs *mcrypto.InboundGroupSession) chat.UserID {
	switch igs.KeySource {
	case id.KeySourceDirect:
		return ""
	case keySourceShared:
		return chat.UserID(igs.SourceUser)
	}
	return m.opt.User
}
