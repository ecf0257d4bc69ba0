package crypto

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"go.mau.fi/util/dbutil"
	_ "go.mau.fi/util/dbutil/litestream" // registers the SQLite drivers with their pragmas
	mcrypto "maunium.net/go/mautrix/crypto"
)

// driverName is the driver whose connections run with WAL and
// synchronous=FULL: see the package comment for why keys need the latter.
const driverName = "sqlite3-fk-wal-fullsync"

// checkBelow is the size in bytes up to which crypto.db is checked whole when
// it is opened. A larger one is checked as it is read.
const checkBelow = 16 << 20

// openDB opens or creates the file, readable by its owner alone.
func openDB(ctx context.Context, path string) (*dbutil.Database, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", path, err)
	}
	// SQLite gives -wal and -shm the mode of the file itself.
	f, err := os.OpenFile(abs, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	info, err := f.Stat()
	if err == nil {
		err = f.Chmod(0o600)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	uri := url.URL{Scheme: "file", OmitHost: true, Path: abs, RawQuery: "_txlock=immediate"}
	db, err := dbutil.NewWithDialect(uri.String(), driverName)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.RawDB.SetMaxOpenConns(4)
	db.RawDB.SetMaxIdleConns(4)
	if err := check(ctx, db, info.Size()); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, asDamage(err)), db.Close())
	}
	return db, nil
}

// check looks for damage before anything is written.
func check(ctx context.Context, db *dbutil.Database, size int64) error {
	if size > checkBelow {
		var n int
		return db.QueryRow(ctx, `SELECT count(*) FROM sqlite_master`).Scan(&n)
	}
	var word string
	if err := db.QueryRow(ctx, `PRAGMA quick_check(1)`).Scan(&word); err != nil {
		return err
	}
	if word != "ok" {
		return fmt.Errorf("%w: %s", ErrCorrupt, word)
	}
	return nil
}

// upgrade brings the tables to mautrix's newest version.
func (m *Machine) upgrade(ctx context.Context) error {
	sql := mcrypto.NewSQLCryptoStore(m.db, nil, "", "", nil)
	err := sql.DB.Upgrade(ctx)
	if errors.Is(err, dbutil.ErrUnsupportedDatabaseVersion) {
		return fmt.Errorf("%w: %w", ErrNewer, err)
	}
	if err != nil {
		return fmt.Errorf("upgrade tables: %w", asDamage(err))
	}
	return m.makeTables(ctx)
}

// ownership checks that the file is this device's and that no account row is
// missing where keys are present.
func (m *Machine) ownership(ctx context.Context) error {
	var accounts, mine, keys int
	err := m.db.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE account_id=$1 AND device_id=$2) FROM crypto_account`,
		string(m.opt.User), string(m.opt.Device)).Scan(&accounts, &mine)
	if err != nil {
		return fmt.Errorf("read account: %w", asDamage(err))
	}
	if accounts > 0 {
		if mine != accounts {
			return ErrWrongDevice
		}
		return nil
	}
	err = m.db.QueryRow(ctx, `SELECT EXISTS(SELECT 1 FROM crypto_megolm_inbound_session) + EXISTS(SELECT 1 FROM crypto_olm_session)`).Scan(&keys)
	if err != nil {
		return fmt.Errorf("look for keys: %w", asDamage(err))
	}
	if keys > 0 {
		return fmt.Errorf("%w: keys without an account", ErrCorrupt)
	}
	return nil
}
