package crypto

// roomTables are the machine's own tables about rooms, in the manner of ownTables.
//
//   - hubbub_room: rooms that are encrypted, for the case that cache.db, which
//     knows that too, is gone.
//   - hubbub_refused: who refused to give which session, as told by a device of
//     his. The library's own place for that believes everybody.
//   - hubbub_refusal: which devices were told that they do not get an outbound session.
//   - hubbub_bundle: whose history keys (MSC4268) were taken in, or wait to be;
//     what opens them lies with the secrets.
//   - hubbub_life: how often crypto.db was opened; see rollback.go.
var roomTables = [...]string{
	`CREATE TABLE IF NOT EXISTS hubbub_room (room_id TEXT PRIMARY KEY) WITHOUT ROWID`,
	// Rooms that were written to before there was this table: the own messages' inbound half has the own key.
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
