package crypto

import (
	"context"
	"fmt"
	"hash/maphash"
	"slices"

	"go.mau.fi/util/dbutil"
	"maunium.net/go/mautrix/crypto/signatures"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// listWork collects what the library wants written while it takes in device
// lists. All of it commits at once: a crash in between would leave a list
// without its signatures, and a transaction for each costs a disk sync.
// One goroutine uses it.
type listWork struct {
	asked map[id.UserID]bool // who was asked for: what comes about others is not taken
	ops   []func(ctx context.Context) error
	users []id.UserID // of whom something came
	claim *claim      // nil while devices are read
}

// claim is the cross-signing key that is being read: what it is said to be,
// and whose, by a homeserver.
type claim struct {
	user   id.UserID
	key    id.Ed25519
	usages []id.CrossSigningUsage
}

// covers reports whether a signature says what a row of it would: that a key
// has that one use, for that user. The library checks the signature of an object
// without a look at whose it is. What was signed as the key of one person would
// count as that of another one, under whose name a homeserver shows it.
func (c *claim) covers(user id.UserID, key id.Ed25519, signer id.UserID, by id.Ed25519, sig string) bool {
	if c.user != user || c.key != key || len(c.usages) != 1 {
		return false
	}
	obj := keyObject(user, c.usages[0], key)
	obj.Signatures = signatures.NewSingleSignature(signer, id.KeyAlgorithmEd25519, string(by), sig)
	ok, err := signatures.VerifySignatureJSON(obj, signer, string(by), by)
	return err == nil && ok
}

// listsOf returns the collector that travels in the context, or nil.
func listsOf(ctx context.Context) *listWork {
	if p := probeOf(ctx); p != nil {
		return p.lists
	}
	return nil
}

// later queues a write about a user when lists are taken in, and else does it now.
func later(ctx context.Context, user id.UserID, op func(ctx context.Context) error) error {
	if w := listsOf(ctx); w != nil {
		if w.asked[user] {
			w.ops = append(w.ops, op)
			if !slices.Contains(w.users, user) {
				w.users = append(w.users, user)
			}
		}
		return nil
	}
	return note(ctx, op(ctx))
}

// PutDevices implements crypto.Store.
func (s *keyStore) PutDevices(ctx context.Context, user id.UserID, devs map[id.DeviceID]*id.Device) error {
	s.devices.Add(1)
	return later(ctx, user, func(ctx context.Context) error {
		kept, err := s.keepKeys(ctx, user, devs)
		if err != nil {
			return err
		}
		return s.SQLCryptoStore.PutDevices(ctx, user, kept)
	})
}

// keepKeys holds a device to the keys it was first seen with. The library lets
// a device change its identity key, and where a device went away and came back
// under its id it joins the old signing key, which its owner has confirmed,
// with the new identity key, which anybody may have made.
func (s *keyStore) keepKeys(ctx context.Context, user id.UserID, devs map[id.DeviceID]*id.Device) (map[id.DeviceID]*id.Device, error) {
	known, err := devicesWhere(ctx, s.DB, `user_id=$1`, user)
	if err != nil {
		return nil, err
	}
	out := make(map[id.DeviceID]*id.Device, len(devs))
	for name, d := range devs {
		out[name] = d
	}
	for _, old := range known {
		d := out[old.DeviceID]
		if d == nil || (d.SigningKey == old.SigningKey && d.IdentityKey == old.IdentityKey) {
			continue
		}
		if old.Deleted {
			// Another device under an id that is free again: nothing of the old one is left.
			if _, err := s.DB.Exec(ctx, `DELETE FROM crypto_device WHERE user_id=$1 AND device_id=$2`, user, old.DeviceID); err != nil {
				return nil, err
			}
			continue
		}
		kept := *old
		kept.Trust, kept.Name = id.TrustStateDeviceKeyMismatch, d.Name
		out[old.DeviceID] = &kept
	}
	return out, nil
}

// PutCrossSigningKey implements crypto.Store.
func (s *keyStore) PutCrossSigningKey(ctx context.Context, user id.UserID, usage id.CrossSigningUsage, key id.Ed25519) error {
	if w := listsOf(ctx); w != nil {
		if w.claim == nil || w.claim.user != user || w.claim.key != key {
			w.claim = &claim{user: user, key: key}
		}
		w.claim.usages = append(w.claim.usages, usage)
	}
	return later(ctx, user, func(ctx context.Context) error {
		return s.SQLCryptoStore.PutCrossSigningKey(ctx, user, usage, key)
	})
}

// PutSignature implements crypto.Store.
func (s *keyStore) PutSignature(ctx context.Context, signed id.UserID, key id.Ed25519, signer id.UserID, by id.Ed25519, sig string) error {
	if key == by {
		return nil // the library does not check what a key says about itself
	}
	if w := listsOf(ctx); w != nil {
		if signer != signed && signer != s.own {
			return nil // nothing here asks what strangers say about each other
		}
		if w.claim != nil && !w.claim.covers(signed, key, signer, by, sig) {
			return nil
		}
	}
	return later(ctx, signed, func(ctx context.Context) error {
		return s.SQLCryptoStore.PutSignature(ctx, signed, key, signer, by, sig)
	})
}

// DropSignaturesByKey implements crypto.Store. What a key has signed stays
// true when another one takes its place: it counts only as long as the key is
// the published one, and a homeserver that shows another key for a while does
// not undo what was verified.
func (s *keyStore) DropSignaturesByKey(context.Context, id.UserID, id.Ed25519) (int64, error) {
	return 0, nil
}

// GetCrossSigningKeys implements crypto.Store. Only the taking in of device
// lists gets an answer: everywhere else the library would resolve trust with
// it, in ways that are not safe for several goroutines and that ask the network.
func (s *keyStore) GetCrossSigningKeys(ctx context.Context, user id.UserID) (map[id.CrossSigningUsage]id.CrossSigningKey, error) {
	w := listsOf(ctx)
	if w == nil {
		return nil, nil
	}
	w.claim = &claim{} // the library asks this before it reads each of a user's cross-signing keys
	return s.SQLCryptoStore.GetCrossSigningKeys(ctx, user)
}

// takeLists writes what was collected, pins identities that are new, and
// returns the users of whom something changed.
func (m *Machine) takeLists(ctx context.Context, w *listWork) (changed []chat.UserID, err error) {
	err = transact(ctx, m.db, "save device lists", func(ctx context.Context) error {
		before, err := m.prints(ctx, w.users)
		if err != nil {
			return err
		}
		for _, op := range w.ops {
			if err := op(ctx); err != nil {
				return err
			}
		}
		if err := m.pin(ctx, w.users); err != nil {
			return err
		}
		after, err := m.prints(ctx, w.users)
		if err != nil {
			return err
		}
		for _, u := range w.users {
			if before[u] != after[u] {
				changed = append(changed, chat.UserID(u))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// prints returns, for each user, a hash of everything that trust depends on.
func (m *Machine) prints(ctx context.Context, users []id.UserID) (map[id.UserID]uint64, error) {
	out := map[id.UserID]uint64{}
	err := each(ctx, m.db, func(rows dbutil.Rows) error {
		var user id.UserID
		var a, b string
		err := rows.Scan(&user, &a, &b)
		out[user] = out[user]*31 + hash(m.seed, a, b)
		return err
	}, `
		SELECT user_id AS u, device_id, identity_key || signing_key || trust || deleted || name
			FROM crypto_device WHERE user_id IN (SELECT value FROM json_each($1))
		UNION ALL SELECT user_id, usage, key FROM crypto_cross_signing_keys WHERE user_id IN (SELECT value FROM json_each($1))
		UNION ALL SELECT signed_user_id, signer_user_id, signed_key || signer_key
			FROM crypto_cross_signing_signatures WHERE signed_user_id IN (SELECT value FROM json_each($1))
		UNION ALL SELECT user_id, pinned, verified FROM hubbub_pin WHERE user_id IN (SELECT value FROM json_each($1))
		ORDER BY 1, 2, 3`, jsonList(users))
	if err != nil {
		return nil, fmt.Errorf("load device lists: %w", err)
	}
	return out, nil
}

// hash tells lists of texts apart, within one run.
func hash[T ~string](seed maphash.Seed, parts ...T) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, s := range parts {
		_, _ = h.WriteString(string(s)) // never fails
		_ = h.WriteByte(0)              // never fails
	}
	return h.Sum64()
}
