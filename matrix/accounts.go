package matrix

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"hubbub/matrix/internal/fault"
	"hubbub/matrix/internal/session"
	"hubbub/store"
	"hubbub/store/chat"
)

// Options tell NewAccounts where things are and how the account behaves.
type Options struct {
	Data  string // folder of folders with keys, one an account
	Cache string // same, for what can be deleted at any time
	// Keyring lets new accounts keep their secrets in the operating system's
	// keyring; without it a file holds them.
	Keyring bool
	// PrivateReceipts sends receipts that only the own sessions see; NoReceipts sends none.
	PrivateReceipts, NoReceipts bool
	// NoTyping tells nobody that one types.
	NoTyping bool
	// Downloads is where files go that are saved without a folder.
	Downloads string
	Log       *slog.Logger // nil: none
}

// Accounts is the accounts on this machine.
type Accounts struct {
	opt Options
	reg *session.Registry
	log *slog.Logger
}

// NewAccounts returns the accounts under these folders. It touches nothing.
func NewAccounts(o Options) *Accounts {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	so := session.Options{Data: o.Data, Cache: o.Cache, Log: o.Log}
	if o.Keyring {
		so.Keyring = session.SystemKeyring{}
	}
	return &Accounts{opt: o, reg: session.New(so), log: o.Log}
}

// List returns the accounts, the one used last first, and what is wrong with
// those that cannot be read: a program that takes the only account there is
// must know that there is another. Errors are *chat.Problem.
func (a *Accounts) List() (all []chat.Account, broken []*chat.Problem, err error) {
	infos, broken, err := a.reg.Accounts()
	if err != nil {
		return nil, nil, fault.From(err)
	}
	for _, i := range infos {
		all = append(all, i.Account)
	}
	return all, broken, nil
}

// Discover finds the homeserver of a server name, user id or URL. Errors are *chat.Problem.
func (a *Accounts) Discover(ctx context.Context, address string) (chat.LoginOptions, error) {
	opts, err := a.reg.Discover(ctx, address)
	if err != nil {
		return opts, fault.From(err)
	}
	return opts, nil
}

// Login signs in with a password and opens the account. Errors are *chat.Problem.
func (a *Accounts) Login(ctx context.Context, req chat.LoginRequest) (*Client, error) {
	s, err := a.reg.Login(ctx, req)
	if err != nil {
		return nil, fault.From(err)
	}
	c, err := a.open(ctx, s)
	if err != nil {
		return nil, err
	}
	if path, inFile := s.InFile(); inFile {
		c.store.PublishNotice(chat.Notice{Done: chat.DoneSecretsInFile, Value: path})
	}
	return c, nil
}

// Open opens an account from what is on disk: no keyring, no network. Errors are *chat.Problem.
func (a *Accounts) Open(ctx context.Context, user chat.UserID) (*Client, error) {
	s, err := a.reg.Open(user)
	if err != nil {
		return nil, fault.From(err)
	}
	return a.open(ctx, s)
}

// Forget removes an account that cannot be opened any more (its secrets or
// record are gone), with its keys, without telling the homeserver.
func (a *Accounts) Forget(ctx context.Context, user chat.UserID) error {
	if err := a.reg.Forget(ctx, user); err != nil {
		return fault.From(err)
	}
	return nil
}

// open takes over the session: on an error it is closed.
func (a *Accounts) open(ctx context.Context, s *session.Session) (*Client, error) {
	st, rebuilt, err := a.openCache(ctx, s)
	if err != nil {
		return nil, fault.From(errors.Join(err, s.Close(ctx)))
	}
	c := newClient(a.opt, a.log, s, st)
	if rebuilt {
		st.PublishNotice(chat.Notice{Problem: &chat.Problem{
			Kind: chat.ProblemCorrupt, Detail: "the cache was damaged and is built again; keys are untouched",
		}})
	}
	return c, nil
}

// openCache opens cache.db. A damaged one is put aside and made anew: all that
// it held but drafts and unsent messages comes again from the homeserver.
func (a *Accounts) openCache(ctx context.Context, s *session.Session) (_ *store.Store, rebuilt bool, err error) {
	st, err := store.Open(ctx, s.CachePath(), store.Options{Log: a.log})
	if errors.Is(err, store.ErrCorrupt) {
		a.log.Warn("Cache is damaged and built again", "err", err)
		st, _, err = store.Rebuild(ctx, s.CachePath(), store.Options{Log: a.log})
		rebuilt = true
	}
	if err != nil {
		return nil, false, fmt.Errorf("open cache: %w", err)
	}
	// The account's row tells the cache which user is oneself.
	have, ok, err := st.Account(ctx)
	if err == nil && (!ok || have.User != s.Account().User || have.Device != s.Account().Device || have.Homeserver != s.Account().Homeserver) {
		account := s.Account()
		account.Name = have.Name
		err = st.Write(ctx, func(tx *store.Tx) error { return tx.PutAccount(account) })
	}
	if err != nil && !errors.Is(err, store.ErrReadOnly) && !errors.Is(err, store.ErrDiskFull) {
		return nil, false, errors.Join(fmt.Errorf("open cache: %w", err), st.Close())
	}
	return st, rebuilt, nil
}
