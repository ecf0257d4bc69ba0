package crypto

import (
	"context"
	"fmt"

	"go.mau.fi/util/dbutil"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// Whose a session is, is read from crypto.db alone: a device signed by its
// owner's self-signing key, that signed by the owner's master key, and the
// master key pinned when it was first seen, or signed by our user-signing key.
// The library verifies each signature before it stores it. No answer here asks
// the network, and none is cached.
//
// Spec: client-server-api#cross-signing

// identity is somebody's published cross-signing keys; those that are not
// signed by the master key are left out.
type identity struct {
	master, self, user id.Ed25519
}

// pinned is what is remembered about somebody's identity.
type pinned struct {
	pinned   id.Ed25519 // seen first, or acknowledged
	verified id.Ed25519 // verified last, and not withdrawn
}

// signature names a signature that was checked.
type signature struct {
	user   id.UserID
	key    id.Ed25519
	signer id.UserID
	by     id.Ed25519
}

// deviceName names a device within Matrix.
type deviceName struct {
	user   id.UserID
	device id.DeviceID
}

// trustBook answers whose sessions are, for the users it was loaded for and ourselves.
type trustBook struct {
	own     id.UserID
	ids     map[id.UserID]identity
	pins    map[id.UserID]pinned
	signed  map[signature]bool
	blocked map[deviceName]bool
	// identities of which our verification was withdrawn
	withdrawn map[withdrawal]bool
}

// withdrawal names an identity that was verified once.
type withdrawal struct {
	user   id.UserID
	master id.Ed25519
}

// trustOf returns what is known about devices, and about their owners.
func (m *Machine) trustOf(ctx context.Context, devices []*id.Device) (map[recipient]chat.SessionTrust, map[id.UserID]chat.PersonTrust, error) {
	people := map[id.UserID]chat.PersonTrust{}
	for _, d := range devices {
		people[d.UserID] = chat.PersonUnknown
	}
	users := make([]id.UserID, 0, len(people))
	for u := range people {
		users = append(users, u)
	}
	b, err := m.trustBook(ctx, users)
	if err != nil {
		return nil, nil, err
	}
	for u := range people {
		people[u] = b.person(u)
	}
	sessions := make(map[recipient]chat.SessionTrust, len(devices))
	for _, d := range devices {
		sessions[recipientOf(d)] = b.session(d, people[d.UserID])
	}
	return sessions, people, nil
}

// trustBook loads everything that the trust of users' sessions depends on.
func (m *Machine) trustBook(ctx context.Context, users []id.UserID) (*trustBook, error) {
	list := jsonList(append(append(make([]id.UserID, 0, len(users)+1), users...), m.own))
	b := &trustBook{
		own: m.own, ids: map[id.UserID]identity{}, pins: map[id.UserID]pinned{},
		signed: map[signature]bool{}, blocked: map[deviceName]bool{}, withdrawn: map[withdrawal]bool{},
	}
	steps := []struct {
		sql  string
		args []any
		take func(rows dbutil.Rows) error
	}{
		{`SELECT user_id, pinned, verified FROM hubbub_pin WHERE user_id IN (SELECT value FROM json_each($1))`, []any{list}, b.takePin},
		{`SELECT user_id, master FROM hubbub_withdrawn WHERE user_id IN (SELECT value FROM json_each($1))`, []any{list}, b.takeWithdrawal},
		{`SELECT user_id, device_id FROM hubbub_block WHERE user_id IN (SELECT value FROM json_each($1))`, []any{list}, b.takeBlock},
		{`SELECT signed_user_id, signed_key, signer_user_id, signer_key FROM crypto_cross_signing_signatures
			WHERE signed_user_id IN (SELECT value FROM json_each($1)) AND signed_key <> signer_key
			AND (signer_user_id = signed_user_id OR signer_user_id = $2)`, []any{list, m.own}, b.takeSignature},
		{`SELECT user_id, usage, key FROM crypto_cross_signing_keys WHERE user_id IN (SELECT value FROM json_each($1))`, []any{list}, b.takeKey},
	}
	for _, s := range steps {
		if err := each(ctx, m.db, s.take, s.sql, s.args...); err != nil {
			return nil, fmt.Errorf("load trust: %w", err)
		}
	}
	for u, k := range b.ids {
		if !b.signed[signature{u, k.self, u, k.master}] {
			k.self = ""
		}
		if !b.signed[signature{u, k.user, u, k.master}] {
			k.user = ""
		}
		b.ids[u] = k
	}
	return b, nil
}

func (b *trustBook) takePin(rows dbutil.Rows) error {
	var u id.UserID
	var p pinned
	err := rows.Scan(&u, &p.pinned, &p.verified)
	b.pins[u] = p
	return err
}

func (b *trustBook) takeWithdrawal(rows dbutil.Rows) error {
	var w withdrawal
	err := rows.Scan(&w.user, &w.master)
	b.withdrawn[w] = true
	return err
}

func (b *trustBook) takeBlock(rows dbutil.Rows) error {
	var d deviceName
	err := rows.Scan(&d.user, &d.device)
	b.blocked[d] = true
	return err
}

func (b *trustBook) takeSignature(rows dbutil.Rows) error {
	var s signature
	err := rows.Scan(&s.user, &s.key, &s.signer, &s.by)
	b.signed[s] = true
	return err
}

func (b *trustBook) takeKey(rows dbutil.Rows) error {
	var u id.UserID
	var usage id.CrossSigningUsage
	var key id.Ed25519
	if err := rows.Scan(&u, &usage, &key); err != nil {
		return err
	}
	k := b.ids[u]
	switch usage {
	case id.XSUsageMaster:
		k.master = key
	case id.XSUsageSelfSigning:
		k.self = key
	case id.XSUsageUserSigning:
		k.user = key
	}
	b.ids[u] = k
	return nil
}

// trusted reports whether the own identity is the one that this session was
// verified with.
func (b *trustBook) trusted() bool {
	k := b.ids[b.own].master
	return k != "" && b.pins[b.own].verified == k
}

// replaced reports whether the own identity is another one than that.
func (b *trustBook) replaced() bool {
	k, p := b.ids[b.own].master, b.pins[b.own].verified
	return k != "" && p != "" && p != k
}

// vouched reports whether our user-signing key has signed somebody's identity,
// and the person has not accepted another one in its place since.
func (b *trustBook) vouched(u id.UserID) bool {
	k := b.ids[b.own].user
	master := b.ids[u].master
	return k != "" && b.trusted() && b.signed[signature{u, master, b.own, k}] && !b.withdrawn[withdrawal{u, master}]
}

// person returns what is known about somebody's identity.
func (b *trustBook) person(u id.UserID) chat.PersonTrust {
	master, p := b.ids[u].master, b.pins[u]
	switch {
	case master == "":
		return chat.PersonUnknown
	case u == b.own && b.trusted(), u != b.own && b.vouched(u):
		return chat.PersonVerified
	case p.verified != "" && p.verified != master:
		return chat.PersonWithdrawn
	case u == b.own:
		// Which of several identities of our own was seen first says nothing.
		return chat.PersonPinned
	case p.pinned != "" && p.pinned != master:
		return chat.PersonChanged
	}
	return chat.PersonPinned
}

// confirmed reports whether a device's owner has signed it.
func (b *trustBook) confirmed(d *id.Device) bool {
	self := b.ids[d.UserID].self
	return self != "" && b.signed[signature{d.UserID, d.SigningKey, d.UserID, self}]
}

// session returns what is known about a device, given its owner's trust.
func (b *trustBook) session(d *id.Device, owner chat.PersonTrust) chat.SessionTrust {
	switch {
	case b.blocked[deviceName{d.UserID, d.DeviceID}], d.Trust == id.TrustStateBlacklisted:
		return chat.SessionBlocked
	case d.Deleted:
		return chat.SessionGone
	case d.Trust < id.TrustStateUnset:
		return chat.SessionRekeyed
	case !b.confirmed(d):
		return chat.SessionUnsigned
	case owner == chat.PersonVerified:
		return chat.SessionVerified
	}
	return chat.SessionSigned
}
