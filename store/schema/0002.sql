-- Version 2. What is to be said about the messages that one person sent with one Megolm session: chat.Shield. A row for
-- every session that was decrypted with; 0 where there is nothing to say. What came before this table is looked at anew:
-- 2 is ShieldUnknownSession.

CREATE TABLE shield (
  session_id TEXT NOT NULL,
  sender     TEXT NOT NULL,
  room       INTEGER NOT NULL,
  shield     INTEGER NOT NULL,
  PRIMARY KEY (session_id, sender)
) STRICT, WITHOUT ROWID;

INSERT OR IGNORE INTO shield (session_id, sender, room, shield)
  SELECT session_id, sender, room, 2 FROM event WHERE encrypted = 1 AND kind <> 11 AND session_id IS NOT NULL;

CREATE INDEX space_child ON space_edge (child);
