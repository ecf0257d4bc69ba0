package crypto

import (
	"context"
	"fmt"
	"log/slog"

	"maunium.net/go/mautrix"
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

// repair gives up what an older crypto.db must not go on with: the outbound
// sessions, whose next messages may have been sent already, and the one-time
// keys that nobody can use, which it claims itself. Broken Olm sessions are
// replaced when they are met.
func (m *Machine) repair(ctx context.Context) error {
	if _, err := m.db.Exec(ctx, `DELETE FROM crypto_megolm_outbound_session`); err != nil {
		return fmt.Errorf("give up sessions: %w", asDamage(err))
	}
	m.mu.Lock()
	clear(m.settled)
	m.mu.Unlock()
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
