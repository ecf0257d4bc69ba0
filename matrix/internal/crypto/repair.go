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

// checkStock claims one of the own one-time keys, once in a run, and looks
// whether it is here. One that is not says that keys were lost, with a folder
// that was put back or moved: whoever claims the next one writes what cannot
// be read here.
func (m *Machine) checkStock(ctx context.Context) error {
	m.mu.Lock()
	due := !m.todo.keys.checked && m.todo.keys.stock > 0
	m.mu.Unlock()
	if !due {
		return nil
	}
	mine, err := m.ownKeys25519(ctx)
	if err != nil {
		return err
	}
	claimed, err := m.claimOwn(ctx)
	if ctx.Err() != nil {
		return err
	}
	m.mu.Lock()
	m.todo.keys.checked = true
	m.mu.Unlock()
	if err != nil {
		// Not worth holding up the rest of the upkeep: the next run looks again.
		m.log.Info("Own one-time keys were not looked at", slog.Any("err", err))
		return nil
	}
	for _, k := range claimed {
		if mine != nil && !k.Fallback && !mine[k.Key] {
			m.log.Warn("The homeserver has one-time keys that are not here")
			return m.repair(ctx)
		}
	}
	return nil
}

// ownKeys25519 returns the one-time keys whose private half is here, or nil
// when that cannot be told.
func (m *Machine) ownKeys25519(ctx context.Context) (map[id.Curve25519]bool, error) {
	m.olm.Lock()
	defer m.olm.Unlock()
	eng, err := m.engineLocked(ctx)
	if err != nil {
		return nil, err
	}
	acc, ok := eng.mach.GetAccount().Internal.(*account.Account)
	if !ok {
		return nil, nil
	}
	out := make(map[id.Curve25519]bool, len(acc.OTKeys))
	for _, k := range acc.OTKeys {
		out[k.Key.PublicKey.B64Encoded()] = true
	}
	return out, nil
}

// claimOwn claims one of the own keys.
func (m *Machine) claimOwn(ctx context.Context) (map[id.KeyID]mautrix.OneTimeKey, error) {
	resp, err := within(ctx, func(ctx context.Context) (*mautrix.RespClaimKeys, error) {
		return m.opt.Client.ClaimKeys(ctx, &mautrix.ReqClaimKeys{
			OneTimeKeys: mautrix.OneTimeKeysRequest{m.own: {m.this: id.KeyAlgorithmSignedCurve25519}}, Timeout: claimTimeout,
		})
	})
	if err != nil {
		return nil, fmt.Errorf("claim own key: %w", err)
	}
	return resp.OneTimeKeys[m.own][m.this], nil
}

// keysRefused is called when the homeserver has other one-time keys under the
// ids of those that were uploaded: ids go up, so that this device has been
// further than it is now. It repairs that once in a run.
func (m *Machine) keysRefused(ctx context.Context) (repaired bool, err error) {
	m.mu.Lock()
	before := m.todo.keys.repaired
	m.todo.keys.repaired = true
	m.mu.Unlock()
	if before {
		return false, nil
	}
	return true, m.repair(ctx)
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
	if err := m.exec(ctx, "give up sessions", `DELETE FROM crypto_megolm_outbound_session`); err != nil {
		return err
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
	for range maxClaims {
		claimed, err := m.claimOwn(ctx)
		if err != nil {
			return err
		}
		if !anyOneTime(claimed) {
			break
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.todo.keys.low, m.todo.keys.fallback = true, true
	m.wake.Ring()
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
