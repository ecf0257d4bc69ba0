package crypto

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Value returns what SetValue stored under a key, or nil.
func (m *Machine) Value(ctx context.Context, key string) ([]byte, error) {
	var v []byte
	err := m.db.QueryRow(ctx, `SELECT value FROM hubbub_value WHERE key=$1`, key).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("load value %s: %w", key, asDamage(err))
	}
	return v, nil
}

// SetValue stores a small note in crypto.db, in clear; nil deletes it.
func (m *Machine) SetValue(ctx context.Context, key string, value []byte) error {
	var err error
	if value == nil {
		_, err = m.db.Exec(ctx, `DELETE FROM hubbub_value WHERE key=$1`, key)
	} else {
		_, err = m.db.Exec(ctx, `INSERT INTO hubbub_value (key, value) VALUES ($1, $2)
			ON CONFLICT (key) DO UPDATE SET value=excluded.value`, key, value)
	}
	if err != nil {
		return fmt.Errorf("save value %s: %w", key, asDamage(err))
	}
	return nil
}
