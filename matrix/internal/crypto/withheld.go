package crypto

import (
	"context"
	"database/sql"
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

const (
	// maxRefused is how many refusals of others are kept, the newest ones.
	maxRefused = 20_000
	// maxCode is the longest code of a refusal, and the longest id of a session, that is kept, in bytes.
	maxCode = 64
	// refuseDevices is how many devices one request with refusals serves: they are small and in clear.
	refuseDevices = 500
)

// handleWithheld remembers that a session was refused, by whom. Whether that
// counts is decided when an event of the session is read: only its sender can
// refuse it. Own devices that say they lack a session say nothing about whether
// its sender refused it.
//
// Spec: client-server-api#mroom_keywithheld
func (m *Machine) handleWithheld(ctx context.Context, sender id.UserID, c event.RoomKeyWithheldEventContent) {
	if c.SessionID == "" || c.RoomID == "" || c.Algorithm != id.AlgorithmMegolmV1 || c.Code == "" || len(c.Code) > maxCode ||
		len(c.SessionID) > maxCode || len(c.RoomID) > 4*maxCode || len(c.SenderKey) > maxCode {
		return
	}
	if sender == m.own && c.Code == event.RoomKeyWithheldUnavailable {
		return
	}
	if err := m.putRefused(ctx, sender, c); err != nil {
		_ = note(ctx, err) // the probe carries it out of the transaction
		return
	}
	m.lookAt(sender)
	if p := probeOf(ctx); p != nil {
		// Events that wait for this session learn that it will not come.
		p.keys[WantedSession{chat.RoomID(c.RoomID), string(c.SessionID)}] = struct{}{}
	}
}

func (m *Machine) putRefused(ctx context.Context, user id.UserID, c event.RoomKeyWithheldEventContent) error {
	now := time.Now().UnixMilli()
	if _, err := m.db.Exec(ctx, `INSERT INTO hubbub_refused (session_id, user_id, room_id, sender_key, code, at_ms) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (session_id, user_id) DO UPDATE SET room_id=excluded.room_id, sender_key=excluded.sender_key, code=excluded.code, at_ms=excluded.at_ms`,
		c.SessionID, user, c.RoomID, c.SenderKey, string(c.Code), now); err != nil {
		return fmt.Errorf("save refusal: %w", err)
	}
	if m.refused.Add(1)%100 != 1 {
		return nil // what is too much is looked at now and then
	}
	var count int
	if err := m.db.QueryRow(ctx, `SELECT count(*) FROM hubbub_refused`).Scan(&count); err != nil {
		return fmt.Errorf("count refusals: %w", err)
	}
	if count > maxRefused {
		if _, err := m.db.Exec(ctx, `DELETE FROM hubbub_refused WHERE at_ms <=
			(SELECT at_ms FROM hubbub_refused ORDER BY at_ms LIMIT 1 OFFSET $1)`, maxRefused/10); err != nil {
			return fmt.Errorf("forget refusals: %w", err)
		}
	}
	return nil
}

// refusedBy returns the code with which a user refused a session of a room, or
// "". The refusal must name the key of a device that is listed as his: the
// sender of a to-device event is only what homeservers say. Without a user it is what
// came with the keys of the room's history: see NotShared.
func (m *Machine) refusedBy(ctx context.Context, room chat.RoomID, session string, user id.UserID) (code string, err error) {
	err = m.db.QueryRow(ctx, `SELECT code FROM hubbub_refused r WHERE session_id=$1 AND user_id IN ($2, '') AND room_id=$3
		AND (user_id='' OR EXISTS (SELECT 1 FROM crypto_device d WHERE d.user_id=r.user_id AND d.identity_key=r.sender_key))
		ORDER BY user_id DESC LIMIT 1`,
		session, user, string(room)).Scan(&code)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for a refusal: %w", asDamage(err))
	}
	return code, nil
}

// refuse tells devices once per session why they get no key. It is a
// courtesy: when it fails, sending goes on.
func (m *Machine) refuse(ctx context.Context, eng *engine, s *mcrypto.OutboundGroupSession, out []outsider) {
	if len(out) == 0 {
		return
	}
	told, err := m.toldOf(ctx, s.ID())
	if err != nil {
		m.log.Warn("Refusals cannot be read", slog.Any("err", err))
		return
	}
	out = slices.DeleteFunc(slices.Clone(out), func(o outsider) bool { return told[recipientOf(o.dev)] })
	_, identity := eng.mach.GetAccount().Keys()
	for part := range slices.Chunk(out, refuseDevices) {
		l := letters{}
		for _, o := range part {
			withhold(l, s, identity, o.dev, o.code)
		}
		if err := m.toDevice(ctx, event.ToDeviceRoomKeyWithheld, l); err != nil {
			if !errors.Is(err, context.Canceled) {
				m.log.Warn("Withheld notice was not sent", slog.String("room", string(s.RoomID)))
			}
			return
		}
		if err := m.markTold(ctx, s.ID(), part); err != nil {
			m.log.Warn("Refusals cannot be saved", slog.Any("err", err))
			return
		}
	}
}

// withhold adds one refusal.
func withhold(l letters, s *mcrypto.OutboundGroupSession, identity id.Curve25519, d *id.Device, code event.RoomKeyWithheldCode) {
	reason := "The sender's settings keep the key from this session"
	if code == event.RoomKeyWithheldNoOlmSession {
		reason = "No Olm session established"
	}
	l.add(d.UserID, d.DeviceID, &event.Content{Parsed: &event.RoomKeyWithheldEventContent{
		RoomID: s.RoomID, Algorithm: id.AlgorithmMegolmV1, SessionID: s.ID(), SenderKey: identity, Code: code, Reason: reason,
	}})
}

func (m *Machine) toldOf(ctx context.Context, session id.SessionID) (map[recipient]bool, error) {
	told, err := list(ctx, m.db, scanRecipient, `SELECT user_id, identity_key FROM hubbub_refusal WHERE session_id=$1`, session)
	if err != nil {
		return nil, fmt.Errorf("load refusals: %w", err)
	}
	return setOf(told), nil
}

// markTold writes down who was told, and forgets that of sessions that are gone.
func (m *Machine) markTold(ctx context.Context, session id.SessionID, part []outsider) error {
	return transact(ctx, m.db, "save refusals", func(ctx context.Context) error {
		for _, o := range part {
			if _, err := m.db.Exec(ctx, `INSERT OR IGNORE INTO hubbub_refusal (session_id, user_id, identity_key) VALUES ($1, $2, $3)`,
				session, o.dev.UserID, o.dev.IdentityKey); err != nil {
				return err
			}
		}
		_, err := m.db.Exec(ctx, `DELETE FROM hubbub_refusal WHERE session_id<>$1 AND
			session_id NOT IN (SELECT session_id FROM crypto_megolm_outbound_session)`, session)
		return err
	})
}
