package store

import (
	"errors"
	"fmt"
)

// Clear empties the whole cache, drafts and unsent messages included.
func (tx *Tx) Clear() error {
	if err := tx.execAll(
		`DELETE FROM account`, `DELETE FROM draft`, `DELETE FROM ui_state`, `DELETE FROM outbox`, `DELETE FROM media`,
	); err != nil {
		return fmt.Errorf("clear: %w", err)
	}
	tx.s.setOwn("")
	if err := tx.ClearSync(); err != nil {
		return err
	}
	clear(tx.w.rooms)
	if err := tx.execAll(`DELETE FROM room`); err != nil {
		return fmt.Errorf("clear: %w", err)
	}
	return nil
}

// ClearSync deletes what the homeserver can give again, so that a first sync
// starts afresh. Account, drafts, unsent messages with their local echoes and
// the window's state stay; so does the fact that a room is encrypted.
func (tx *Tx) ClearSync() error {
	if err := tx.clearEvents(); err != nil {
		return fmt.Errorf("clear: %w", err)
	}
	if err := tx.execAll(
		`DELETE FROM chunk`, `DELETE FROM state`, `DELETE FROM member`, `DELETE FROM receipt`, `DELETE FROM account_data`,
		`DELETE FROM wanted_session`, `DELETE FROM parked_redaction`, `DELETE FROM shield`, `DELETE FROM space_edge`, `DELETE FROM sync_state`,
		`UPDATE room SET membership = 0, members_complete = 0, last_key = 0, unread = 0, mentions = 0, has_unread = 0, read_up_to = ''`,
	); err != nil {
		return fmt.Errorf("clear: %w", err)
	}
	tx.w.parked = nil
	tx.ch.reset()
	return nil
}

// clearEvents deletes all events but local echoes of unsent messages. The index
// is emptied at once: by the trigger, row by row, it would take a minute.
func (tx *Tx) clearEvents() error {
	tx.rowOf = ""
	if err := errors.Join(tx.dropTail(), tx.saveNextKey()); err != nil {
		return err
	}
	var trigger string
	ok, err := tx.q().one(`SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = 'event_fts_delete'`, nil, &trigger)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("trigger: %w", ErrNotFound)
	}
	return tx.execAll(
		`DROP TRIGGER event_fts_delete`,
		`DELETE FROM event WHERE id NOT IN (SELECT key FROM outbox)`,
		`INSERT INTO event_fts (event_fts) VALUES ('delete-all')`,
		`INSERT INTO event_fts (rowid, body) SELECT id, body FROM event WHERE body <> '' AND kind IN (0, 1, 2, 3, 4, 5, 6, 9)`,
		trigger,
	)
}

func (tx *Tx) execAll(statements ...string) error {
	for _, q := range statements {
		if err := tx.exec(q); err != nil {
			return err
		}
	}
	return nil
}
