package crypto

import (
	"context"
	"fmt"

	"go.mau.fi/util/dbutil"
	"maunium.net/go/mautrix/id"
)

// pin remembers the identities of users who have none pinned, and which of
// their identities are verified now. It runs in the transaction that stored them.
func (m *Machine) pin(ctx context.Context, users []id.UserID) error {
	_, err := m.db.Exec(ctx, `INSERT INTO hubbub_pin (user_id, pinned)
		SELECT user_id, key FROM crypto_cross_signing_keys
		WHERE usage='master' AND user_id IN (SELECT value FROM json_each($1))
		ON CONFLICT (user_id) DO UPDATE SET pinned=excluded.pinned WHERE pinned=''`, jsonList(users))
	if err != nil {
		return fmt.Errorf("pin identities: %w", err)
	}
	return m.noteVerified(ctx, users)
}

// noteVerified remembers which of the users' identities our user-signing key
// has signed, so that a later change of them is not taken for a mere change.
func (m *Machine) noteVerified(ctx context.Context, users []id.UserID) error {
	b, err := m.trustBook(ctx, users)
	if err != nil {
		return err
	}
	for _, u := range users {
		master := b.ids[u].master
		if u == b.own || !b.vouched(u) || (b.pins[u].verified == master && b.pins[u].pinned == master) {
			continue
		}
		if err := m.setPin(ctx, u, master); err != nil {
			return err
		}
	}
	return nil
}

// setPin makes an identity the pinned and verified one.
func (m *Machine) setPin(ctx context.Context, user id.UserID, master id.Ed25519) error {
	_, err := m.db.Exec(ctx, `INSERT INTO hubbub_pin (user_id, pinned, verified) VALUES ($1, $2, $2)
		ON CONFLICT (user_id) DO UPDATE SET pinned=excluded.pinned, verified=excluded.verified`, user, master)
	if err == nil {
		_, err = m.db.Exec(ctx, `DELETE FROM hubbub_withdrawn WHERE user_id=$1 AND master=$2`, user, master)
	}
	if err != nil {
		return fmt.Errorf("pin identity of %s: %w", user, err)
	}
	return nil
}

// dependents returns everybody whose trust may change when trust in our own
// identity does: those whom one of our user-signing keys has signed, and ourselves.
func (m *Machine) dependents(ctx context.Context) ([]id.UserID, error) {
	users, err := list(ctx, m.db, func(rows dbutil.Rows, u *id.UserID) error { return rows.Scan(u) },
		`SELECT DISTINCT signed_user_id FROM crypto_cross_signing_signatures WHERE signer_user_id=$1 UNION SELECT $1`, m.opt.User)
	if err != nil {
		return nil, fmt.Errorf("load whom we have verified: %w", err)
	}
	return users, nil
}
