package crypto

import (
	"context"
	"fmt"
	"slices"
)

// ownTables are the machine's own tables in crypto.db, beside the library's.
// Statements are only ever added, and each may run any number of times.
//
//   - hubbub_pin: whose identity was seen first (or acknowledged), and which
//     was verified last. For the own account, verified is the identity that this
//     session belongs to.
//   - hubbub_block: sessions that never get keys. The library's mark is lost
//     when a homeserver shows other keys for a while.
//   - hubbub_withdrawn: identities that were verified before the person accepted
//     another one in their place. Our signature of them exists for ever, and a
//     homeserver can show them again.
//   - hubbub_value: small notes that must survive cache.db.
var ownTables = [...]string{
	`CREATE TABLE IF NOT EXISTS hubbub_pin (
		user_id  TEXT PRIMARY KEY,
		pinned   TEXT NOT NULL DEFAULT '',
		verified TEXT NOT NULL DEFAULT ''
	) WITHOUT ROWID`,
	`CREATE TABLE IF NOT EXISTS hubbub_block (
		user_id   TEXT NOT NULL,
		device_id TEXT NOT NULL,
		PRIMARY KEY (user_id, device_id)
	) WITHOUT ROWID`,
	`CREATE TABLE IF NOT EXISTS hubbub_value (
		key   TEXT PRIMARY KEY,
		value BLOB NOT NULL
	) WITHOUT ROWID`,
	`CREATE TABLE IF NOT EXISTS hubbub_withdrawn (
		user_id TEXT NOT NULL,
		master  TEXT NOT NULL,
		PRIMARY KEY (user_id, master)
	) WITHOUT ROWID`,
	// Identities that were seen before there were pins.
	`INSERT OR IGNORE INTO hubbub_pin (user_id, pinned)
		SELECT user_id, first_seen_key FROM crypto_cross_signing_keys WHERE usage='master'`,
}

func (m *Machine) makeTables(ctx context.Context) error {
	err := m.db.DoTxn(ctx, nil, func(ctx context.Context) error {
		for _, stmt := range slices.Concat(ownTables[:], roomTables[:]) {
			if _, err := m.db.Exec(ctx, stmt); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("make own tables: %w", asDamage(err))
	}
	return nil
}
