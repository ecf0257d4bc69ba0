package crypto

import (
	"context"
	"encoding/json"
	"fmt"

	"go.mau.fi/util/dbutil"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// each runs a query and hands over its rows.
func each(ctx context.Context, db *dbutil.Database, take func(rows dbutil.Rows) error, sql string, args ...any) error {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return asDamage(err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		if err := take(rows); err != nil {
			return asDamage(err)
		}
	}
	return asDamage(rows.Err())
}

// list runs a query and returns what scan fills in for each of its rows.
func list[T any](ctx context.Context, db *dbutil.Database, scan func(rows dbutil.Rows, v *T) error, sql string, args ...any) ([]T, error) {
	var out []T
	err := each(ctx, db, func(rows dbutil.Rows) error {
		var v T
		if err := scan(rows, &v); err != nil {
			return err
		}
		out = append(out, v)
		return nil
	}, sql, args...)
	return out, err
}

// exec changes crypto.db.
func (m *Machine) exec(ctx context.Context, what, sql string, args ...any) error {
	if _, err := m.db.Exec(ctx, sql, args...); err != nil {
		return fmt.Errorf("%s: %w", what, asDamage(err))
	}
	return nil
}

// transact runs fn in one transaction, or in the one that it is called in.
func transact(ctx context.Context, db *dbutil.Database, what string, fn func(ctx context.Context) error) error {
	if err := db.DoTxn(ctx, nil, fn); err != nil {
		return fmt.Errorf("%s: %w", what, asDamage(err))
	}
	return nil
}

// scanSession reads a room and a session id.
func scanSession(rows dbutil.Rows, k *WantedSession) error { return rows.Scan(&k.Room, &k.Session) }

// scanRecipient reads a user and an identity key.
func scanRecipient(rows dbutil.Rows, r *recipient) error { return rows.Scan(&r.user, &r.key) }

// devicesWhere loads devices.
func devicesWhere(ctx context.Context, db *dbutil.Database, where string, args ...any) ([]*id.Device, error) {
	devices, err := list(ctx, db, func(rows dbutil.Rows, d **id.Device) error {
		*d = &id.Device{}
		return rows.Scan(&(*d).UserID, &(*d).DeviceID, &(*d).IdentityKey, &(*d).SigningKey, &(*d).Trust, &(*d).Deleted, &(*d).Name)
	}, `SELECT user_id, device_id, identity_key, signing_key, trust, deleted, name FROM crypto_device WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("load devices: %w", err)
	}
	return devices, nil
}

// setOf returns a list as a set.
func setOf[T comparable](all []T) map[T]bool {
	out := make(map[T]bool, len(all))
	for _, v := range all {
		out[v] = true
	}
	return out
}

// jsonList makes the argument of json_each.
func jsonList[T ~string](list []T) string {
	if list == nil {
		return "[]"
	}
	data, err := json.Marshal(list)
	if err != nil {
		panic("crypto: strings cannot be encoded: " + err.Error())
	}
	return string(data)
}

// userIDs and chatUsers translate between the library's ids and ours.
func userIDs(users []chat.UserID) []id.UserID { return idsAs[id.UserID](users) }

func chatUsers(users []id.UserID) []chat.UserID { return idsAs[chat.UserID](users) }

func idsAs[To, From ~string](ids []From) []To {
	out := make([]To, len(ids))
	for i, v := range ids {
		out[i] = To(v)
	}
	return out
}
