package crypto

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"go.mau.fi/util/dbutil"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// CodeHistoryNotShared says that a session's maker did not mean it for people
// who come later.
//
// MSC4268
const CodeHistoryNotShared = "m.history_not_shared"

// Limits of what waits of others' history keys.
const (
	maxBundles = 100
	bundleAge  = 7 * 24 * time.Hour
)

// bundleSecret is the name under which the address and key of a bundle lie.
const bundleSecret = "hubbub.bundle."

// History returns a room's sessions: those that people who come later may have,
// and those that were not meant for them, without their keys.
//
// MSC4268
func (m *Machine) History(ctx context.Context, room chat.RoomID) (shared, kept []RoomKey, err error) {
	eng, err := m.engine(ctx)
	if err != nil {
		return nil, nil, err
	}
	all, err := eng.store.roomKeys(ctx, `AND room_id = $2 ORDER BY session_id`, string(room))
	if err != nil {
		return nil, nil, fmt.Errorf("load room keys: %w", asDamage(err))
	}
	for _, k := range all {
		switch {
		case k.SharedHistory && k.Key != "":
			shared = append(shared, k)
		default:
			k.Key, k.stored = "", nil
			kept = append(kept, k)
		}
	}
	return shared, kept, nil
}

// MayGetHistory returns the sessions of a user that may get the keys of a
// room's history: they are confirmed by an identity that is not another one
// than before, and the room's policy lets them read. It asks for the user's
// sessions: of somebody with whom no room is shared, nobody tells what changes.
func (m *Machine) MayGetHistory(ctx context.Context, room chat.RoomID, user chat.UserID) ([]chat.DeviceID, error) {
	if err := m.Reload(ctx, user); err != nil {
		return nil, err
	}
	d, err := m.Policy(ctx, room)
	if err != nil {
		return nil, err
	}
	people, err := m.People(ctx, user)
	if err != nil {
		return nil, err
	}
	if t := people[0].Trust; t == chat.PersonChanged || t == chat.PersonWithdrawn {
		return nil, &IdentityError{Users: []chat.UserID{user}}
	}
	var out []chat.DeviceID
	for _, s := range people[0].Sessions {
		if _, no := refusal(max(d.Hold.Share, chat.PolicySigned), s.Trust); !no && !s.Current {
			out = append(out, s.ID)
		}
	}
	return out, nil
}

// Bundle is an offer of a room's history keys that waits to be taken in.
type Bundle struct {
	Room    chat.RoomID
	From    chat.UserID
	Key     string    // identity key of the session that sent it
	At      time.Time // when it came
	Content chat.Secret
}

// PutBundle keeps an offer; a later one of the same person for the room takes
// its place. An offer is dropped after a week, and when there are too many.
func (m *Machine) PutBundle(ctx context.Context, b Bundle) error {
	eng, err := m.engine(ctx)
	if err != nil {
		return err
	}
	return transact(ctx, m.db, "keep history keys", func(ctx context.Context) error {
		now := time.Now()
		if err := m.dropBundles(ctx, eng, now.Add(-bundleAge)); err != nil {
			return err
		}
		var done bool
		err := m.db.QueryRow(ctx, `SELECT done FROM hubbub_bundle WHERE room_id=$1 AND user_id=$2`, string(b.Room), string(b.From)).Scan(&done)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if done {
			m.log.Info("History keys were taken in before", slog.String("room", string(b.Room)))
			return nil
		}
		var count int
		if err := m.db.QueryRow(ctx, `SELECT count(*) FROM hubbub_bundle WHERE done=0`).Scan(&count); err != nil {
			return err
		}
		if count >= maxBundles {
			m.log.Warn("Too many offers of history keys wait")
			return nil
		}
		if _, err := m.db.Exec(ctx, `INSERT INTO hubbub_bundle (room_id, user_id, sender_key, at_ms, done) VALUES ($1, $2, $3, $4, 0)
			ON CONFLICT (room_id, user_id) DO UPDATE SET sender_key=excluded.sender_key, at_ms=excluded.at_ms`,
			string(b.Room), string(b.From), b.Key, now.UnixMilli()); err != nil {
			return err
		}
		return m.putSecret(ctx, eng, bundleName(b.Room, b.From), b.Content)
	})
}

func bundleName(room chat.RoomID, from chat.UserID) string {
	return bundleSecret + string(room) + " " + string(from)
}

// dropBundles forgets offers that came before a time, or were taken in.
func (m *Machine) dropBundles(ctx context.Context, eng *engine, before time.Time) error {
	all, err := m.bundles(ctx, `done=0 AND at_ms < $1`, before.UnixMilli())
	if err != nil {
		return err
	}
	for _, b := range all {
		if err := m.endBundle(ctx, eng, b, false); err != nil {
			return err
		}
	}
	return nil
}

func (m *Machine) bundles(ctx context.Context, where string, args ...any) ([]Bundle, error) {
	return list(ctx, m.db, func(rows dbutil.Rows, b *Bundle) error {
		var ms int64
		err := rows.Scan(&b.Room, &b.From, &b.Key, &ms)
		b.At = time.UnixMilli(ms)
		return err
	}, `SELECT room_id, user_id, sender_key, at_ms FROM hubbub_bundle WHERE `+where, args...)
}

// Bundles lists the offers that wait.
func (m *Machine) Bundles(ctx context.Context) ([]Bundle, error) {
	all, err := m.bundles(ctx, `done=0 ORDER BY at_ms`)
	for i := 0; err == nil && i < len(all); i++ {
		all[i].Content, err = m.Secret(ctx, bundleName(all[i].Room, all[i].From))
	}
	if err != nil {
		return nil, fmt.Errorf("load history keys: %w", asDamage(err))
	}
	return all, nil
}

// EndBundle forgets an offer. Once taken in, none of that person for the room is taken again.
func (m *Machine) EndBundle(ctx context.Context, b Bundle, taken bool) error {
	eng, err := m.engine(ctx)
	if err != nil {
		return err
	}
	return transact(ctx, m.db, "forget history keys", func(ctx context.Context) error { return m.endBundle(ctx, eng, b, taken) })
}

func (m *Machine) endBundle(ctx context.Context, eng *engine, b Bundle, taken bool) error {
	stmt := `DELETE FROM hubbub_bundle WHERE room_id=$1 AND user_id=$2`
	if taken {
		stmt = `UPDATE hubbub_bundle SET done=1 WHERE room_id=$1 AND user_id=$2`
	}
	if _, err := m.db.Exec(ctx, stmt, string(b.Room), string(b.From)); err != nil {
		return err
	}
	return m.putSecret(ctx, eng, bundleName(b.Room, b.From), "")
}

// ForgetBundles lets history keys of a room be taken in again: who leaves and
// is invited anew is given them anew.
func (m *Machine) ForgetBundles(ctx context.Context, room chat.RoomID) error {
	return m.exec(ctx, "forget history keys", `DELETE FROM hubbub_bundle WHERE room_id=$1 AND done=1`, string(room))
}

// SessionByKey returns which listed session of a user has an identity key. One
// that is not listed has the trust SessionGone.
func (m *Machine) SessionByKey(ctx context.Context, user chat.UserID, identityKey string) (chat.Session, error) {
	return m.sessionWhere(ctx, chat.Session{User: user, Trust: chat.SessionGone},
		`user_id=$1 AND identity_key=$2 AND deleted=false`, user, identityKey)
}

// NotShared notes which sessions of a room were not meant for people who came
// later, as whoever gave the others says. A refusal of the sender himself counts more.
//
// MSC4268
func (m *Machine) NotShared(ctx context.Context, room chat.RoomID, sessions []string) error {
	for part := range slices.Chunk(sessions, importBatch) {
		err := transact(ctx, m.db, "save what is not shared", func(ctx context.Context) error {
			for _, s := range part {
				if len(s) > maxCode {
					continue
				}
				if err := m.putRefused(ctx, "", event.RoomKeyWithheldEventContent{
					RoomID: id.RoomID(room), SessionID: id.SessionID(s), Code: CodeHistoryNotShared,
				}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
