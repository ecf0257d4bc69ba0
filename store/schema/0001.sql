-- Version 1. Times are milliseconds since 1970 (suffix _ms). Rooms are integers inside; room.room_id is the Matrix id.
-- Booleans are 0 or 1. Text from the homeserver is kept raw.

CREATE TABLE account (
  id         INTEGER PRIMARY KEY CHECK (id = 1),
  user       TEXT NOT NULL,
  device     TEXT NOT NULL,
  name       TEXT NOT NULL,
  homeserver TEXT NOT NULL
) STRICT;

-- next_batch and the like. No tokens that give access.
CREATE TABLE sync_state (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE room (
  id               INTEGER PRIMARY KEY,
  room_id          TEXT NOT NULL UNIQUE,
  name             TEXT NOT NULL DEFAULT '',
  topic            TEXT NOT NULL DEFAULT '',
  alias            TEXT NOT NULL DEFAULT '',
  avatar           TEXT NOT NULL DEFAULT '',
  type             INTEGER NOT NULL DEFAULT 0,
  membership       INTEGER NOT NULL DEFAULT 0,
  inviter          TEXT NOT NULL DEFAULT '',
  reason           TEXT NOT NULL DEFAULT '',
  direct           INTEGER NOT NULL DEFAULT 0,
  direct_with      TEXT NOT NULL DEFAULT '',
  encrypted        INTEGER NOT NULL DEFAULT 0,
  version          TEXT NOT NULL DEFAULT '',
  join_rule        TEXT NOT NULL DEFAULT '',
  history          TEXT NOT NULL DEFAULT '',
  successor        TEXT NOT NULL DEFAULT '',
  joined           INTEGER NOT NULL DEFAULT 0,
  invited          INTEGER NOT NULL DEFAULT 0,
  unread           INTEGER NOT NULL DEFAULT 0,
  mentions         INTEGER NOT NULL DEFAULT 0,
  has_unread       INTEGER NOT NULL DEFAULT 0,
  marked           INTEGER NOT NULL DEFAULT 0,
  notify           INTEGER NOT NULL DEFAULT 0,
  favourite        INTEGER NOT NULL DEFAULT 0,
  low_prio         INTEGER NOT NULL DEFAULT 0,
  last_active_ms   INTEGER NOT NULL DEFAULT 0,
  last_key         INTEGER NOT NULL DEFAULT 0,
  fully_read       TEXT NOT NULL DEFAULT '',
  read_up_to       TEXT NOT NULL DEFAULT '',
  can_send         INTEGER NOT NULL DEFAULT 1,
  members_complete INTEGER NOT NULL DEFAULT 0, -- the member table holds everybody, not only who was seen
  heroes           TEXT NOT NULL DEFAULT ''    -- JSON list of user ids from the sync summary, '' when none
) STRICT;

-- Encryption is latched: a room once encrypted never becomes plaintext, whatever is written.
CREATE TRIGGER room_latch AFTER UPDATE OF encrypted ON room WHEN OLD.encrypted = 1 AND NEW.encrypted = 0
BEGIN
  UPDATE room SET encrypted = 1 WHERE id = NEW.id;
END;

CREATE TABLE space_edge (
  parent    TEXT NOT NULL,
  child     TEXT NOT NULL,
  ord       TEXT NOT NULL,
  suggested INTEGER NOT NULL,
  via       TEXT NOT NULL, -- JSON list
  PRIMARY KEY (parent, child)
) STRICT, WITHOUT ROWID;

-- id is the item key: given out by the program, never reused. seq is the place in the timeline, NULL for an event
-- that stands in none; shown is 1 for rows with a place that are items of their own (not reactions, edits, redactions).
CREATE TABLE event (
  id            INTEGER PRIMARY KEY,
  room          INTEGER NOT NULL,
  seq           INTEGER,
  shown         INTEGER NOT NULL,
  event_id      TEXT, -- NULL for a local echo without one
  txn_id        TEXT,
  sender        TEXT NOT NULL,
  ts_ms         INTEGER NOT NULL,
  type          TEXT NOT NULL, -- of the decrypted event if there is one
  state_key     TEXT,
  kind          INTEGER NOT NULL,
  body          TEXT NOT NULL,
  html          TEXT NOT NULL,
  extra         TEXT, -- JSON of what only some kinds need
  rel_type      TEXT,
  rel_target    TEXT,
  rel_key       TEXT,
  encrypted     INTEGER NOT NULL,
  plain         INTEGER NOT NULL,
  mention       INTEGER NOT NULL,
  cause         INTEGER NOT NULL,
  session_id    TEXT,
  redacted_by   TEXT,
  reason        TEXT,
  send_state    INTEGER NOT NULL,
  send_problem  TEXT, -- JSON
  raw           BLOB,
  clear         BLOB
) STRICT;

CREATE UNIQUE INDEX event_by_id ON event (room, event_id) WHERE event_id IS NOT NULL;
CREATE UNIQUE INDEX event_by_txn ON event (txn_id) WHERE txn_id IS NOT NULL;
CREATE INDEX event_timeline ON event (room, seq) WHERE shown = 1;
CREATE INDEX event_relation ON event (room, rel_target, rel_type) WHERE rel_target IS NOT NULL;
CREATE INDEX event_session ON event (room, session_id) WHERE kind = 11 AND session_id IS NOT NULL;

-- Redactions whose target has not been seen yet.
CREATE TABLE parked_redaction (
  room   INTEGER NOT NULL,
  target TEXT NOT NULL,
  key    INTEGER NOT NULL,
  PRIMARY KEY (room, target)
) STRICT, WITHOUT ROWID;

-- seq = number << 40 | (1 << 39 + pos); pos runs from first to last, empty while last < first.
CREATE TABLE chunk (
  room       INTEGER NOT NULL,
  number     INTEGER NOT NULL,
  prev_token TEXT, -- what is missing before it; NULL: joined to the chunk before, or the room begins here
  first      INTEGER NOT NULL,
  last       INTEGER NOT NULL,
  PRIMARY KEY (room, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE state (
  room      INTEGER NOT NULL,
  type      TEXT NOT NULL,
  state_key TEXT NOT NULL,
  event_id  TEXT NOT NULL,
  sender    TEXT NOT NULL,
  ts_ms     INTEGER NOT NULL,
  content   BLOB NOT NULL,
  PRIMARY KEY (room, type, state_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE member (
  room       INTEGER NOT NULL,
  user       TEXT NOT NULL,
  membership INTEGER NOT NULL,
  name       TEXT NOT NULL,
  avatar     TEXT NOT NULL,
  sender     TEXT NOT NULL,
  reason     TEXT NOT NULL,
  event_id   TEXT NOT NULL,
  PRIMARY KEY (room, user)
) STRICT, WITHOUT ROWID;

CREATE INDEX member_name ON member (room, name) WHERE name <> '';

CREATE TABLE receipt (
  room     INTEGER NOT NULL,
  user     TEXT NOT NULL,
  thread   TEXT NOT NULL, -- '' unthreaded, 'main', or the root of a thread
  private  INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  ts_ms    INTEGER NOT NULL,
  PRIMARY KEY (room, user, thread, private)
) STRICT, WITHOUT ROWID;

CREATE TABLE account_data (
  room_id TEXT NOT NULL, -- '' for the account's own
  type    TEXT NOT NULL,
  content BLOB NOT NULL,
  PRIMARY KEY (room_id, type)
) STRICT, WITHOUT ROWID;

CREATE TABLE wanted_session (
  room_id     TEXT NOT NULL,
  session_id  TEXT NOT NULL,
  sender      TEXT NOT NULL,
  sender_key  TEXT NOT NULL,
  attempts    INTEGER NOT NULL,
  next_try_ms INTEGER NOT NULL,
  PRIMARY KEY (room_id, session_id)
) STRICT, WITHOUT ROWID;

-- key is the item key of the local echo. Room ids are text here and in draft, so that a damaged file can be salvaged row by row.
CREATE TABLE outbox (
  key         INTEGER PRIMARY KEY,
  room_id     TEXT NOT NULL,
  txn_id      TEXT NOT NULL UNIQUE,
  type        TEXT NOT NULL,
  content     BLOB,
  out         TEXT NOT NULL, -- JSON of what the person asked for
  upload      BLOB,
  sent_type   TEXT NOT NULL,
  ciphertext  BLOB,
  state       INTEGER NOT NULL,
  problem     TEXT,
  attempts    INTEGER NOT NULL,
  next_try_ms INTEGER NOT NULL,
  created_ms  INTEGER NOT NULL,
  depends_on  INTEGER NOT NULL
) STRICT;

CREATE INDEX outbox_room ON outbox (room_id, key);

CREATE TABLE draft (
  room_id  TEXT PRIMARY KEY,
  text     TEXT NOT NULL,
  cursor   INTEGER NOT NULL,
  reply_to TEXT NOT NULL,
  edit     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE ui_state (
  key   TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE media (
  uri          TEXT PRIMARY KEY, -- mxc URL, with a suffix for thumbnails
  file         TEXT NOT NULL,    -- name inside the media folder
  size         INTEGER NOT NULL,
  last_used_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX media_age ON media (last_used_ms);

CREATE VIRTUAL TABLE event_fts USING fts5 (
  body, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);

-- Bodies of messages: text, emote, notice, image, video, audio, file, poll. Rows are added by the program: a trigger
-- on INSERT would open a statement journal, for which FTS5 writes out its index after every single row.
CREATE TRIGGER event_fts_update AFTER UPDATE OF body, kind ON event WHEN OLD.body <> NEW.body OR OLD.kind <> NEW.kind
BEGIN
  DELETE FROM event_fts WHERE rowid = OLD.id AND OLD.body <> '' AND OLD.kind IN (0, 1, 2, 3, 4, 5, 6, 9);
  INSERT INTO event_fts (rowid, body) SELECT NEW.id, NEW.body WHERE NEW.body <> '' AND NEW.kind IN (0, 1, 2, 3, 4, 5, 6, 9);
END;

CREATE TRIGGER event_fts_delete AFTER DELETE ON event WHEN OLD.body <> '' AND OLD.kind IN (0, 1, 2, 3, 4, 5, 6, 9)
BEGIN
  DELETE FROM event_fts WHERE rowid = OLD.id;
END;
