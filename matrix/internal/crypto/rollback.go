package crypto

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
)

// A copy of crypto.db that was put back encrypts with ratchets that have moved
// on: two messages under one key, and sessions that others have gone past. So
// crypto.db counts its lives, and so does a file beside it. A crypto.db that
// counts less than the file, or the same under another mark, is an older copy.
// crypto.db is written first: a crash between the two leaves it ahead.
//
// Who puts back the whole folder puts back both: repair.go says by what that is noticed.

// lifeSuffix is added to the path of crypto.db.
const lifeSuffix = ".life"

// lifeWrites is how many changes of ratchets are one life.
const lifeWrites = 100

// life is one count, with a random mark.
type life struct {
	number int64
	mark   string
}

// lives counts what was written since the last life.
type lives struct {
	mu     sync.Mutex // guards both, and orders the writing of the file
	now    life
	writes int
}

// sleptOn compares the two counts. It returns ErrRolledBack, and writes nothing.
func (m *Machine) sleptOn(ctx context.Context) error {
	file, err := readLife(m.opt.Path + lifeSuffix)
	if err != nil {
		return fmt.Errorf("read the count of lives: %w", err)
	}
	var here life
	var accounts int
	err = m.db.QueryRow(ctx, `SELECT number, mark FROM hubbub_life WHERE id=1`).Scan(&here.number, &here.mark)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read the count of lives: %w", asDamage(err))
	}
	if err := m.db.QueryRow(ctx, `SELECT count(*) FROM crypto_account`).Scan(&accounts); err != nil {
		return fmt.Errorf("read account: %w", asDamage(err))
	}
	// A new crypto.db has no ratchets that could be behind: that its keys are others is noticed elsewhere.
	if accounts > 0 && (here.number < file.number || here.number == file.number && here.mark != file.mark) {
		return ErrRolledBack
	}
	m.lives.mu.Lock()
	defer m.lives.mu.Unlock()
	m.lives.now = life{number: max(here.number, file.number)}
	return nil
}

// awake begins a new life.
func (m *Machine) awake(ctx context.Context) error {
	m.lives.mu.Lock()
	defer m.lives.mu.Unlock()
	return m.live(ctx)
}

// lived notes that ratchets have moved, after that is on disk.
func (m *Machine) lived(ctx context.Context) {
	m.lives.mu.Lock()
	defer m.lives.mu.Unlock()
	if m.lives.writes++; m.lives.writes < lifeWrites {
		return
	}
	if err := m.live(ctx); err != nil && ctx.Err() == nil {
		// Counted again with the next change; until then an older copy is found by the life before.
		m.log.Warn("Count of lives cannot be written", slog.Any("err", err))
	}
}

// live begins the next life. The caller holds lives.mu.
func (m *Machine) live(ctx context.Context) error {
	var mark [8]byte
	_, _ = rand.Read(mark[:]) // documented never to fail
	next := life{m.lives.now.number + 1, hex.EncodeToString(mark[:])}
	if err := m.exec(ctx, "count lives", `INSERT INTO hubbub_life (id, number, mark) VALUES (1, $1, $2)
		ON CONFLICT (id) DO UPDATE SET number=excluded.number, mark=excluded.mark`, next.number, next.mark); err != nil {
		return err
	}
	m.lives.now, m.lives.writes = next, 0
	path := m.opt.Path + lifeSuffix
	if err := os.WriteFile(path+".new", []byte(strconv.FormatInt(next.number, 10)+" "+next.mark+"\n"), 0o600); err != nil {
		return fmt.Errorf("count lives: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("count lives: %w", err)
	}
	return nil
}

// readLife reads the file. One that is missing or cannot be understood counts nothing.
func readLife(path string) (life, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return life{}, nil
	}
	if err != nil {
		return life{}, err
	}
	number, mark, ok := strings.Cut(strings.TrimSpace(string(raw)), " ")
	n, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || n < 0 {
		return life{}, nil //nolint:nilerr // see above
	}
	return life{n, mark}, nil
}
