package crypto

import (
	"context"
	"fmt"
	"math"
)

// RoomKeysToSave returns up to limit sessions that the backup named by mark
// does not have yet. A mark is any text that names one backup for good. Those
// that cannot be read are counted and left out.
func (m *Machine) RoomKeysToSave(ctx context.Context, mark string, limit int) (keys []RoomKey, unreadable int, err error) {
	eng, err := m.engine(ctx)
	if err != nil {
		return nil, 0, err
	}
	// Two ranges of the index by mark: "not equal" would look at every session.
	for _, r := range [...]struct {
		from RoomKey // the last one seen
		not  string
	}{{RoomKey{row: -1}, "<"}, {RoomKey{mark: mark, row: math.MaxInt64}, ">"}} {
		for last := r.from; len(keys) < limit; {
			page, err := eng.store.roomKeys(ctx, `AND key_backup_version `+r.not+` $2 AND (key_backup_version, rowid) > ($3, $4)
				ORDER BY key_backup_version, rowid LIMIT $5`, mark, last.mark, last.row, limit)
			if err != nil {
				return nil, 0, fmt.Errorf("load room keys: %w", asDamage(err))
			}
			for i := range page {
				if page[i].Key == "" {
					unreadable++
				} else if len(keys) < limit {
					keys = append(keys, page[i])
				}
			}
			if len(page) < limit {
				break
			}
			last = page[len(page)-1]
		}
	}
	return keys, unreadable, nil
}

// MarkSaved notes that the backup named by mark has these sessions. One that
// has been replaced since it was loaded is not marked.
func (m *Machine) MarkSaved(ctx context.Context, mark string, keys []RoomKey) error {
	eng, err := m.engine(ctx)
	if err != nil {
		return err
	}
	return transact(ctx, eng.store.DB, "mark saved room keys", func(ctx context.Context) error {
		for i := range keys {
			if _, err := eng.store.DB.Exec(ctx, `UPDATE crypto_megolm_inbound_session SET key_backup_version=$1
				WHERE session_id=$2 AND account_id=$3 AND session=$4`, mark, keys[i].Session, eng.store.AccountID, keys[i].stored); err != nil {
				return err
			}
		}
		return nil
	})
}

// ForgetSaved takes back every mark of a backup that turned out to lack keys.
func (m *Machine) ForgetSaved(ctx context.Context, mark string) error {
	return m.exec(ctx, "forget marks of room keys", `UPDATE crypto_megolm_inbound_session SET key_backup_version='' WHERE account_id=$1 AND key_backup_version=$2`,
		m.own, mark)
}

// CountSaved returns how many sessions there are, and how many of them the
// backup named by mark has.
func (m *Machine) CountSaved(ctx context.Context, mark string) (saved, total int, err error) {
	err = m.db.QueryRow(ctx, `SELECT count(*) FILTER (WHERE key_backup_version=$2 AND $2<>''), count(*)
		FROM crypto_megolm_inbound_session WHERE account_id=$1 AND session IS NOT NULL`, m.own, mark).Scan(&saved, &total)
	if err != nil {
		return 0, 0, fmt.Errorf("count room keys: %w", asDamage(err))
	}
	return saved, total, nil
}
