package crypto

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"maunium.net/go/mautrix"
	mcrypto "maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/crypto/goolm/account"
	"maunium.net/go/mautrix/id"
)

// maxClaims bounds how many of the own keys are claimed back.
const maxClaims = 200

// privateKeys returns how many one-time keys this device could use, or -1.
func (m *Machine) privateKeys(ctx context.Context) (int, error) {
	m.olm.Lock()
	defer m.olm.Unlock()
	eng, err := m.engineLocked(ctx)
	if err != nil {
		return 0, err
	}
	if acc, ok := eng.mach.GetAccount().Internal.(*account.Account); ok {
		return len(acc.OTKeys), nil
	}
	return -1, nil
}

// compareStock compares the homeserver's one-time keys with those that are
// here. There can only be fewer: one is forgotten here after it was claimed
// there. More of them say that keys were lost, with a folder that was put back
// or moved: whoever claims one writes what cannot be read here.
func (m *Machine) compareStock(ctx context.Context) error {
	resp, err := within(ctx, func(ctx context.Context) (*mautrix.RespUploadKeys, error) {
		return m.opt.Client.UploadKeys(ctx, &mautrix.ReqUploadKeys{})
	})
	if err != nil {
		return fmt.Errorf("compare one-time keys: %w", err)
	}
	here, err := m.privateKeys(ctx)
	if err != nil {
		return err
	}
	if there := resp.OneTimeKeyCounts.SignedCurve25519; here < 0 || there <= here {
		return nil
	}
	m.log.Warn("The homeserver has one-time keys that are not here", slog.Int("there", resp.OneTimeKeyCounts.SignedCurve25519), slog.Int("here", here))
	return m.repair(ctx)
}

// keysRefused is called when the homeserver has other one-time keys under the
// ids of those that were uploaded: ids go up, so that this device has been
// further than it is now. It repairs that once in a run.
func (m *Machine) keysRefused(ctx context.Context) error {
	m.mu.Lock()
	again := m.todo.keys.repaired
	m.todo.keys.repaired = true
	m.mu.Unlock()
	if again {
		return nil
	}
	return m.repair(ctx)
}

// checkAhead looks whether an own message is further on than the session it
// was sent with: then it was sent by a later state of this device, and what the
// session would encrypt next has been used.
func (m *Machine) checkAhead(ctx context.Context, eng *engine, room id.RoomID, session id.SessionID, ciphertext []byte) error {
	index, err := mcrypto.ParseMegolmMessageIndex(ciphertext)
	if err != nil {
		return nil //nolint:nilerr // it was decrypted: whatever the library makes of it, it says nothing about us
	}
	var count uint
	err = eng.store.DB.QueryRow(ctx, `SELECT message_count FROM crypto_megolm_outbound_session WHERE room_id=$1 AND session_id=$2`, room, session).Scan(&count)
	if errors.Is(err, sql.ErrNoRows) || err == nil && index < count {
		return nil
	}
	if err == nil {
		m.log.Warn("Own messages are ahead of the keys: sessions are given up", slog.String("room", string(room)))
		err = m.giveUp(ctx)
	}
	if err != nil {
		return fmt.Errorf("compare own messages: %w", asDamage(err))
	}
	return nil
}

// giveUp drops all outbound sessions.
func (m *Machine) giveUp(ctx context.Context) error {
	if _, err := m.db.Exec(ctx, `DELETE FROM crypto_megolm_outbound_session`); err != nil {
		return fmt.Errorf("give up sessions: %w", asDamage(err))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.settled)
	return nil
}

// repair gives up what an older crypto.db must not go on with: the outbound
// sessions, whose next messages may have been sent already, and the one-time
// keys that nobody can use, which it claims itself. Broken Olm sessions are
// replaced when they are met.
func (m *Machine) repair(ctx context.Context) error {
	if err := m.giveUp(ctx); err != nil {
		return err
	}
	user, dev := id.UserID(m.opt.User), id.DeviceID(m.opt.Device)
	for range maxClaims {
		claimed, err := within(ctx, func(ctx context.Context) (*mautrix.RespClaimKeys, error) {
			return m.opt.Client.ClaimKeys(ctx, &mautrix.ReqClaimKeys{
				OneTimeKeys: mautrix.OneTimeKeysRequest{user: {dev: id.KeyAlgorithmSignedCurve25519}}, Timeout: claimTimeout,
			})
		})
		if err != nil {
			return fmt.Errorf("claim own keys: %w", err)
		}
		if !anyOneTime(claimed.OneTimeKeys[user][dev]) {
			break
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.todo.keys.low, m.todo.keys.fallback = true, true
	return nil
}

// anyOneTime reports whether there is a key that is no fallback key: those are given out without end.
func anyOneTime(keys map[id.KeyID]mautrix.OneTimeKey) bool {
	for _, k := range keys {
		if !k.Fallback {
			return true
		}
	}
	return false
}
