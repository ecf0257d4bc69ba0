package crypto

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.mau.fi/util/dbutil"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// People returns what is known about users, in their order, from crypto.db.
// Sessions that are gone are left out.
func (m *Machine) People(ctx context.Context, users ...chat.UserID) ([]chat.Person, error) {
	ids := userIDs(users)
	b, err := m.trustBook(ctx, ids)
	if err != nil {
		return nil, err
	}
	devices, err := devicesWhere(ctx, m.db, `deleted=false AND user_id IN (SELECT value FROM json_each($1))`, jsonList(ids))
	if err != nil {
		return nil, err
	}
	byUser := map[id.UserID][]*id.Device{}
	for _, d := range devices {
		byUser[d.UserID] = append(byUser[d.UserID], d)
	}
	out := make([]chat.Person, 0, len(users))
	for _, u := range ids {
		p := chat.Person{User: chat.UserID(u), Trust: b.person(u), MasterKey: string(b.ids[u].master)}
		for _, d := range byUser[u] {
			p.Sessions = append(p.Sessions, m.sessionOf(b, d, p.Trust))
		}
		slices.SortFunc(p.Sessions, func(a, b chat.Session) int { return cmp.Compare(a.ID, b.ID) })
		out = append(out, p)
	}
	return out, nil
}

func (m *Machine) sessionOf(b *trustBook, d *id.Device, owner chat.PersonTrust) chat.Session {
	return chat.Session{
		User: chat.UserID(d.UserID), ID: chat.DeviceID(d.DeviceID), Name: d.Name, Fingerprint: string(d.SigningKey),
		Trust: b.session(d, owner), Current: d.UserID == b.own && chat.DeviceID(d.DeviceID) == m.opt.Device,
	}
}

// SessionTrust returns what is known about a session. One that was never seen
// has the trust SessionGone and no fingerprint.
func (m *Machine) SessionTrust(ctx context.Context, user chat.UserID, device chat.DeviceID) (chat.Session, error) {
	return m.sessionWhere(ctx, chat.Session{User: user, ID: device, Trust: chat.SessionGone},
		`user_id=$1 AND device_id=$2`, user, device)
}

// SenderTrust returns whose session sent a to-device event, from the device
// list and never from what the event says. Where it came in clear, or from a
// device that the homeserver does not list with these keys, the trust is
// SessionGone.
func (m *Machine) SenderTrust(ctx context.Context, ev *Received) (chat.Session, error) {
	none := chat.Session{User: ev.Sender, Trust: chat.SessionGone}
	if !ev.Encrypted || ev.Device == nil {
		return none, nil
	}
	return m.sessionWhere(ctx, none, `user_id=$1 AND identity_key=$2 AND signing_key=$3 AND deleted=false`,
		ev.Sender, ev.SenderKey, ev.Device.SigningKey)
}

func (m *Machine) sessionWhere(ctx context.Context, none chat.Session, where string, args ...any) (chat.Session, error) {
	devices, err := devicesWhere(ctx, m.db, where, args...)
	if err != nil || len(devices) != 1 {
		return none, err
	}
	b, err := m.trustBook(ctx, []id.UserID{id.UserID(none.User)})
	if err != nil {
		return none, err
	}
	return m.sessionOf(b, devices[0], b.person(id.UserID(none.User))), nil
}

// Refresh asks the homeserver for the sessions and identities of those users
// whose lists are out of date or were never seen.
func (m *Machine) Refresh(ctx context.Context, users ...chat.UserID) error {
	eng, err := m.engine(ctx)
	if err != nil {
		return err
	}
	return m.freshen(ctx, eng, userIDs(users))
}

// Reload asks the homeserver for the sessions and identities of users whatever
// is known about them. ErrNoList is returned when a list does not come: what
// was known before is then not what is known now.
func (m *Machine) Reload(ctx context.Context, users ...chat.UserID) error {
	eng, err := m.engine(ctx)
	if err != nil {
		return err
	}
	ids := userIDs(users)
	if err := m.fetchDevices(ctx, eng, m.tracked.present(ids)); err != nil {
		return err
	}
	for _, u := range ids {
		if !m.tracked.have(u) || m.tracked.missed(u, time.Now()) {
			return fmt.Errorf("%w: %s", ErrNoList, u)
		}
	}
	return nil
}

// DeviceKeys are the public keys of a session, unpadded base64.
type DeviceKeys struct {
	Ed25519    string
	Curve25519 string
}

// PersonKeys are somebody's public keys as they were fetched: what a
// verification compares and confirms. Sessions whose keys changed are left out.
type PersonKeys struct {
	Master  string // unpadded base64, or ""
	Devices map[chat.DeviceID]DeviceKeys
}

// KeysOf returns somebody's public keys from crypto.db.
func (m *Machine) KeysOf(ctx context.Context, user chat.UserID) (PersonKeys, error) {
	out := PersonKeys{Devices: map[chat.DeviceID]DeviceKeys{}}
	b, err := m.trustBook(ctx, []id.UserID{id.UserID(user)})
	if err != nil {
		return out, err
	}
	out.Master = string(b.ids[id.UserID(user)].master)
	devices, err := devicesWhere(ctx, m.db, `user_id=$1 AND deleted=false`, user)
	if err != nil {
		return out, err
	}
	for _, d := range devices {
		if b.session(d, chat.PersonUnknown) != chat.SessionRekeyed {
			out.Devices[chat.DeviceID(d.DeviceID)] = DeviceKeys{string(d.SigningKey), string(d.IdentityKey)}
		}
	}
	return out, nil
}

// Block says that a session never gets keys, or may get them again.
func (m *Machine) Block(ctx context.Context, user chat.UserID, device chat.DeviceID, block bool) error {
	stmt := `DELETE FROM hubbub_block WHERE user_id=$1 AND device_id=$2`
	if block {
		stmt = `INSERT OR IGNORE INTO hubbub_block (user_id, device_id) VALUES ($1, $2)`
	}
	if err := m.exec(ctx, "block session", stmt, user, device); err != nil {
		return err
	}
	m.tellPeople(user)
	return nil
}

// Acknowledge accepts the identity with this master key as the one to go on
// with for somebody. Where it is not the present one it is ErrKeyDiffers: what
// the person looked at is what is accepted. A verification of an earlier one is
// withdrawn by that, also when that one is shown again.
func (m *Machine) Acknowledge(ctx context.Context, user chat.UserID, master string) error {
	if user == m.opt.User {
		return ErrOwnIdentity
	}
	err := transact(ctx, m.db, "acknowledge identity", func(ctx context.Context) error {
		if _, err := m.db.Exec(ctx, `INSERT OR IGNORE INTO hubbub_withdrawn (user_id, master)
			SELECT p.user_id, p.verified FROM hubbub_pin p JOIN crypto_cross_signing_keys k ON k.user_id=p.user_id AND k.usage='master'
			WHERE p.user_id=$1 AND k.key=$2 AND p.verified<>'' AND p.verified<>k.key`, user, master); err != nil {
			return err
		}
		res, err := m.db.Exec(ctx, `UPDATE hubbub_pin SET
			pinned = k.key, verified = CASE WHEN verified = k.key THEN verified ELSE '' END
			FROM crypto_cross_signing_keys AS k
			WHERE hubbub_pin.user_id=$1 AND k.user_id=hubbub_pin.user_id AND k.usage='master' AND k.key=$2`, user, master)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(ErrKeyDiffers, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	m.tellPeople(user)
	return nil
}

// Changed returns the people whose identity is another one than the pinned or
// verified one and was not acknowledged, the own account left out.
func (m *Machine) Changed(ctx context.Context) ([]chat.Person, error) {
	users, err := list(ctx, m.db, func(rows dbutil.Rows, u *chat.UserID) error { return rows.Scan(u) }, `SELECT p.user_id FROM hubbub_pin p JOIN crypto_cross_signing_keys k ON k.user_id=p.user_id AND k.usage='master'
		WHERE p.user_id<>$1 AND (p.pinned<>'' AND p.pinned<>k.key OR p.verified<>'' AND p.verified<>k.key)`, m.opt.User)
	if err != nil {
		return nil, fmt.Errorf("load changed identities: %w", err)
	}
	people, err := m.People(ctx, users...)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(people, func(p chat.Person) bool {
		return p.Trust != chat.PersonChanged && p.Trust != chat.PersonWithdrawn
	}), nil
}
