package crypto

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	mcrypto "maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/crypto/olm"
)

// engine is the library's machine with its store. A failed transaction leaves
// both ahead of the disk, so that a new pair is made from what the disk has.
type engine struct {
	store *keyStore
	mach  *mcrypto.OlmMachine
	// lists takes in device lists: a machine of its own, whose caches are
	// touched under Machine.fetching alone.
	lists *mcrypto.OlmMachine
}

// newEngine loads the account, or makes one when crypto.db holds nothing yet.
// The caller holds m.olm, or is Open.
func (m *Machine) newEngine(ctx context.Context) (*engine, error) {
	sql := mcrypto.NewSQLCryptoStore(m.db, nil, string(m.opt.User), m.this, m.opt.PickleKey)
	store := &keyStore{
		SQLCryptoStore: sql, own: m.own, asked: m.asked, forwards: m.forwards, onWedged: m.noteWedged, onFull: m.wake.Ring,
		replay: replay{seen: map[index]use{}},
	}
	mach := mcrypto.NewOlmMachine(m.opt.Client, quiet(m.log), store, m.state())
	mach.DisableRatchetTracking = true
	mach.DisableDecryptKeyFetching = true
	mach.IgnorePostDecryptionParseErrors = true
	mach.DisableDeviceChangeKeyRotation = true
	mach.SessionReceived = sessionReceived
	known, err := sql.GetAccount(ctx)
	switch {
	case errors.Is(err, olm.ErrBadMAC):
		return nil, ErrWrongKey
	case err != nil:
		return nil, fmt.Errorf("load account: %w", asPickleDamage(err))
	}
	if err := mach.Load(ctx); err != nil {
		return nil, fmt.Errorf("load account: %w", err)
	}
	if known == nil {
		// Olm message hashes refer to the account row, and a key that has been
		// used before it is saved would be lost: the account comes first.
		if err := store.PutAccount(ctx, mach.GetAccount()); err != nil {
			return nil, fmt.Errorf("save new account: %w", err)
		}
		m.log.Info("Encryption identity created", slog.String("device", string(m.opt.Device)))
	}
	mach.GetAccount().Keys() // fills a cache that is read without a lock
	lists := mcrypto.NewOlmMachine(m.opt.Client, quiet(m.log), store, m.state())
	lists.DisableDeviceChangeKeyRotation = true
	return &engine{store: store, mach: mach, lists: lists}, nil
}

// asPickleDamage: an account that opens with the key but cannot be read is damage.
func asPickleDamage(err error) error {
	if isStoreError(err) {
		return asDamage(err)
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}

func (m *Machine) setEngine(e *engine) { m.eng.Store(e) }

// engine returns the present machine. After a failed write that could not be
// undone it tries once more to load what the disk has.
func (m *Machine) engine(ctx context.Context) (*engine, error) {
	if e := m.eng.Load(); e != nil {
		return e, nil
	}
	m.olm.Lock()
	defer m.olm.Unlock()
	return m.engineLocked(ctx)
}

func (m *Machine) engineLocked(ctx context.Context) (*engine, error) {
	if e := m.eng.Load(); e != nil {
		return e, nil
	}
	if m.isClosed() {
		return nil, errClosed
	}
	e, err := m.newEngine(ctx)
	if err != nil {
		return nil, err
	}
	m.setEngine(e)
	return e, nil
}

// changeAccount changes the own Olm account and saves it. Whatever fails leaves
// the account as it was.
func (m *Machine) changeAccount(ctx context.Context, fn func(eng *engine, acc *mcrypto.OlmAccount) error) error {
	m.olm.Lock()
	defer m.olm.Unlock()
	eng, err := m.engineLocked(ctx)
	if err != nil {
		return err
	}
	return m.txn(ctx, eng, func(ctx context.Context) error {
		acc := eng.mach.GetAccount()
		if err := fn(eng, acc); err != nil {
			return err
		}
		return eng.store.PutAccount(ctx, acc)
	})
}

// txn runs fn in one transaction of crypto.db. The caller holds m.olm. When
// it fails, the Olm state in memory is ahead of the disk and is loaded again.
func (m *Machine) txn(ctx context.Context, eng *engine, fn func(ctx context.Context) error) error {
	err := eng.store.DB.DoTxn(ctx, nil, fn)
	if err == nil {
		m.lived(ctx)
		return nil
	}
	fresh, again := m.newEngine(context.WithoutCancel(ctx))
	if again == nil {
		fresh.store.replay.seen = eng.store.replay.take()
	}
	m.setEngine(fresh)
	m.mu.Lock()
	clear(m.settled) // its marks count changes of the old store
	m.mu.Unlock()
	return errors.Join(asDamage(err), again)
}
