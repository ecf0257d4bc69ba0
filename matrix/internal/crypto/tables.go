package crypto

import (
	"context"
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
//   - hubbub_room: rooms that are encrypted, for the case that cache.db, which
//     knows that too, is gone.
//   - hubbub_refused: who refused to give which session, as told by a device of
//     his. The library's own place for that believes everybody.
//   - hubbub_refusal: which devices were told that they do not get an outbound session.
//   - hubbub_bundle: whose history keys (MSC4268) were taken in, or wait to be;
//     what opens them lies with the secrets.
//   - hubbub_life: how far crypto.db has come; see rollback.go.
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
	`CREATE TABLE IF NOT EXISTS hubbub_room (room_id TEXT PRIMARY KEY) WITHOUT ROWID`,
	// Rooms that were written to before there was this table.
	`INSERT OR IGNORE INTO hubbub_room (room_id) SELECT room_id FROM crypto_megolm_outbound_session`,
	`CREATE TABLE IF NOT EXISTS hubbub_refused (
		session_id TEXT NOT NULL,
		user_id    TEXT NOT NULL,
		room_id    TEXT NOT NULL,
		sender_key TEXT NOT NULL,
		code       TEXT NOT NULL,
		at_ms      INTEGER NOT NULL,
		PRIMARY KEY (session_id, user_id)
	) WITHOUT ROWID`,
	`CREATE TABLE IF NOT EXISTS hubbub_refusal (
		session_id   TEXT NOT NULL,
		user_id      TEXT NOT NULL,
		identity_key TEXT NOT NULL,
		PRIMARY KEY (session_id, user_id, identity_key)
	) WITHOUT ROWID`,
	`CREATE TABLE IF NOT EXISTS hubbub_bundle (
		room_id    TEXT NOT NULL,
		user_id    TEXT NOT NULL,
		sender_key TEXT NOT NULL,
		at_ms      INTEGER NOT NULL,
		done       INTEGER NOT NULL,
		PRIMARY KEY (room_id, user_id)
	) WITHOUT ROWID`,
	`CREATE TABLE IF NOT EXISTS hubbub_life (
		id     INTEGER PRIMARY KEY CHECK (id = 1),
		number INTEGER NOT NULL,
		mark   TEXT NOT NULL
	)`,
	// The owner of a key that came second hand is looked for by the key alone.
	`CREATE INDEX IF NOT EXISTS hubbub_device_key ON crypto_device (identity_key)`,
}

func (m *Machine) makeTables(ctx context.Context) error {
	return transact(ctx, m.db, "make own tables", func(ctx context.Context) error {
		for _, stmt := range ownTables {
			if _, err := m.db.Exec(ctx, stmt); err != nil {
				return err
			}
		}
		return nil
	})
}
