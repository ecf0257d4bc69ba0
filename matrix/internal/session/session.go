package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/rs/zerolog"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// UserAgent is what homeservers see.
const UserAgent = "hubbub"

// maxAnswer bounds the answer of one request that is read whole into memory, in bytes.
const maxAnswer = 128 << 20

// Session is one account, held by this process. Its methods may be called from
// any goroutine, Close last.
type Session struct {
	reg        *Registry
	account    chat.Account
	dir, cache string
	lock       *lock
	client     *mautrix.Client
	auth       *authorised // client's transport

	mu      sync.Mutex // held while a sign-in or the keyring is under way
	rec     record     // guarded by mu
	secrets *secrets   // guarded by mu; nil until Unlock; a pointer, which no printing of a Session follows
	leaving bool       // guarded by mu: Logout was done, Close removes what is on disk
}

// Open takes an account's lock and reads its record. It asks neither the
// keyring nor the network.
func (r *Registry) Open(user chat.UserID) (*Session, error) {
	dir, cache, err := r.dirs(user)
	if err != nil {
		return nil, err
	}
	rec, err := readRecord(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, &chat.Problem{Kind: chat.ProblemNotFound, Detail: "no account " + string(user) + " on this machine", Err: err}
	} else if err != nil {
		return nil, err
	}
	l, err := takeLock(dir)
	if err != nil {
		return nil, err
	}
	s, err := r.newSession(rec, dir, cache, l)
	if err != nil {
		return nil, errors.Join(err, l.free())
	}
	return s, nil
}

func (r *Registry) newSession(rec record, dir, cache string, l *lock) (*Session, error) {
	base, err := checkURL(rec.Homeserver)
	if err != nil {
		return nil, err
	}
	for _, d := range []string{r.data, dir, r.cache, cache} {
		if err := makeDir(d); err != nil {
			return nil, err
		}
	}
	client := r.newClient(base)
	auth := &authorised{RoundTripper: r.http.Transport, base: base}
	client.Client = &http.Client{Transport: auth, CheckRedirect: r.http.CheckRedirect}
	client.ExternalClient = client.Client
	client.UserID, client.DeviceID = id.UserID(rec.User), id.DeviceID(rec.Device)
	return &Session{reg: r, account: rec.account(), rec: rec, dir: dir, cache: cache, lock: l, client: client, auth: auth}, nil
}

// newClient returns a mautrix client that logs nothing (its logger writes
// request bodies), retries nothing (each caller has its own policy) and never
// leaves the homeserver's host.
func (r *Registry) newClient(base *url.URL) *mautrix.Client {
	u := *base
	u.RawPath = u.EscapedPath()
	return &mautrix.Client{
		HomeserverURL: &u, UserAgent: UserAgent, Client: r.http, ExternalClient: r.http,
		Log: zerolog.Nop(), ResponseSizeLimit: maxAnswer,
	}
}

// Account returns the account; its Name is not known here.
func (s *Session) Account() chat.Account { return s.account }

// Client returns the client for all requests of the account. Until Unlock it has no token.
func (s *Session) Client() *mautrix.Client { return s.client }

// CryptoPath returns the path of crypto.db.
func (s *Session) CryptoPath() string { return filepath.Join(s.dir, cryptoName) }

// CachePath returns the path of cache.db.
func (s *Session) CachePath() string { return filepath.Join(s.cache, cacheName) }

// CacheDir returns the folder of what can be deleted at any time.
func (s *Session) CacheDir() string { return s.cache }

// Unlock loads the token and the pickle key. It can take as long as the
// keyring does (2 s at most). Errors hold chat.ProblemKeyGone when crypto.db has lost its key.
func (s *Session) Unlock(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unlock(ctx)
}

func (s *Session) unlock(ctx context.Context) error {
	if s.secrets != nil {
		return nil
	}
	sec, err := s.reg.loadSecrets(ctx, s.dir, s.rec)
	if err != nil {
		return err
	}
	s.use(sec)
	return nil
}

// use takes secrets into use; the caller holds mu, or has the only reference. Requests get the new token from now on.
func (s *Session) use(sec secrets) {
	s.secrets = &sec
	s.auth.token.Store(&sec.Token)
}

// PickleKey returns the key of crypto.db, 32 bytes, after Unlock.
func (s *Session) PickleKey() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.secrets == nil {
		return nil
	}
	return s.secrets.Pickle
}

// InFile reports whether a file, not the keyring, holds the secrets, and its path.
func (s *Session) InFile() (path string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return filepath.Join(s.dir, secretsName), s.rec.Secrets == inFile
}

// SignIn gets a new token for the same device with the password, after a soft
// logout. Keys, drafts and unsent messages are untouched.
//
// Spec: client-server-api#soft-logout
func (s *Session) SignIn(ctx context.Context, password string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.unlock(ctx); err != nil {
		return err
	}
	resp, err := s.reg.passwordLogin(ctx, s.client.HomeserverURL, string(s.account.User), password, s.account.Device, "")
	if err != nil {
		return err
	}
	if chat.UserID(resp.UserID) != s.rec.User || chat.DeviceID(resp.DeviceID) != s.rec.Device {
		s.reg.discardToken(ctx, s.client.HomeserverURL, resp.AccessToken)
		return &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "the homeserver signed in another account or session"}
	}
	sec := secrets{Token: resp.AccessToken, Pickle: s.secrets.Pickle}
	if err := s.reg.saveSecrets(ctx, s.dir, &s.rec, sec); err != nil {
		return err
	}
	s.use(sec)
	return s.rec.write(s.dir)
}

// Logout ends the device on the homeserver and has Close remove everything on
// disk. A homeserver that cannot be told is no error: the returned problem
// says why its list of sessions still has this one.
//
// Spec: client-server-api#post_matrixclientv3logout
func (s *Session) Logout(ctx context.Context) *chat.Problem {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaving = true
	if err := s.unlock(ctx); err != nil {
		return fault.From(err)
	}
	ctx, cancel := context.WithTimeout(ctx, courtesy)
	defer cancel()
	if _, err := s.client.Logout(ctx); err != nil {
		if p := fault.From(err); p.Kind != chat.ProblemSignedOut {
			return p
		}
	}
	return nil
}

// Close frees the lock and, after Logout, removes the account's files first.
// The databases must be closed before. The context bounds a call of the keyring.
func (s *Session) Close(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if s.leaving {
		err = s.remove(ctx)
	}
	return errors.Join(err, s.lock.free())
}

// remove takes the folder away in one step, so that a crash leaves no half
// account (keys without their secret), and then deletes it. The cache goes
// first: without its account nobody would look for it.
func (s *Session) remove(ctx context.Context) error {
	cache := os.RemoveAll(s.cache)
	gone, err := os.MkdirTemp(s.reg.data, removedPrefix)
	if err != nil {
		return errors.Join(fmt.Errorf("remove account: %w", err), cache)
	}
	if err := os.Rename(s.dir, filepath.Join(gone, "account")); err != nil {
		return errors.Join(fmt.Errorf("remove account: %w", err), os.Remove(gone), cache)
	}
	return errors.Join(cache, s.reg.dropSecrets(ctx, s.rec), os.RemoveAll(gone))
}

// Forget removes an account whose record or secrets cannot be used, without
// telling the homeserver.
func (r *Registry) Forget(ctx context.Context, user chat.UserID) error {
	dir, cache, err := r.dirs(user)
	if err != nil {
		return err
	}
	if there, err := exists(dir); err != nil || !there {
		return errors.Join(err, &chat.Problem{Kind: chat.ProblemNotFound, Detail: "no account " + string(user) + " on this machine"})
	}
	l, err := takeLock(dir)
	if err != nil {
		return err
	}
	rec, err := readRecord(dir)
	if err != nil {
		rec = record{User: user}
	}
	s := &Session{reg: r, rec: rec, dir: dir, cache: cache, lock: l, leaving: true}
	return s.Close(ctx)
}
