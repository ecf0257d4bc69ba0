package session

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

const (
	recordName    = "account.json"
	recordVersion = 1
	cryptoName    = "crypto.db"
	cacheName     = "cache.db"
	removedPrefix = ".removed-"
)

// Options tell New where and with what.
type Options struct {
	Data  string // holds one folder an account; made when needed
	Cache string // same, for what can be deleted at any time
	// Keyring holds new accounts' secrets; nil: a file holds them.
	Keyring Keyring
	Log     *slog.Logger // nil: none
}

// Registry is the accounts on this machine. Its methods may be called from any goroutine.
type Registry struct {
	data, cache string
	keyring     Keyring
	log         *slog.Logger
	http        *http.Client // for the API: same host only
	look        *http.Client // for discovery: may be sent elsewhere
}

// New returns the registry of these folders. It touches nothing.
func New(o Options) *Registry {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	t := newTransport()
	return &Registry{
		data: o.Data, cache: o.Cache, keyring: o.Keyring, log: o.Log,
		http: &http.Client{Transport: t, CheckRedirect: sameHost},
		look: &http.Client{Transport: t, CheckRedirect: secureHops},
	}
}

// Info describes an account on this machine.
type Info struct {
	chat.Account
	LastUsed time.Time
}

// record is account.json: what is not secret.
type record struct {
	Version    int           `json:"version"`
	User       chat.UserID   `json:"user"`
	Device     chat.DeviceID `json:"device"`
	Homeserver string        `json:"homeserver"`
	Secrets    place         `json:"secrets"`
	SecretID   string        `json:"secret_id"` // tells the keyring entries of two installs apart
}

func (r record) keyringUser() string { return string(r.User) + " " + r.SecretID }

func (r record) account() chat.Account {
	return chat.Account{User: r.User, Device: r.Device, Homeserver: r.Homeserver}
}

// Accounts lists the accounts, the one used last first, and what is wrong with
// the folders whose record cannot be read. Removals that a crash cut off are
// finished.
func (r *Registry) Accounts() (all []Info, broken []*chat.Problem, err error) {
	entries, err := os.ReadDir(r.data)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, nil
	} else if err != nil {
		return nil, nil, fmt.Errorf("list accounts: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), removedPrefix) {
			r.finishRemoval(e.Name())
		}
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		dir := filepath.Join(r.data, e.Name())
		rec, err := readRecord(dir)
		if errors.Is(err, os.ErrNotExist) {
			continue
		} else if err != nil {
			r.log.Warn("Account record is unreadable", "folder", e.Name(), "err", err)
			broken = append(broken, fault.From(err))
			continue
		}
		info := Info{Account: rec.account()}
		if st, err := os.Stat(filepath.Join(dir, lockName)); err == nil {
			info.LastUsed = st.ModTime()
		}
		all = append(all, info)
	}
	slices.SortStableFunc(all, func(a, b Info) int {
		return cmp.Or(b.LastUsed.Compare(a.LastUsed), cmp.Compare(a.User, b.User))
	})
	return all, broken, nil
}

// finishRemoval deletes what a sign-out that was cut off has left. It holds keys.
func (r *Registry) finishRemoval(name string) {
	dir := filepath.Join(r.data, name)
	if there, err := exists(filepath.Join(dir, "account")); err == nil && !there {
		return // somebody is about to move one there
	}
	if err := os.RemoveAll(dir); err != nil {
		r.log.Warn("Rest of a removed account stays", "folder", name, "err", err)
	}
}

// readRecord reads and checks the record of a folder.
func readRecord(dir string) (record, error) {
	b, err := os.ReadFile(filepath.Join(dir, recordName))
	if err != nil {
		return record{}, fmt.Errorf("read account: %w", err)
	}
	var rec record
	damaged := &chat.Problem{Kind: chat.ProblemCorrupt, Detail: filepath.Join(dir, recordName)}
	if err := json.Unmarshal(b, &rec); err != nil {
		damaged.Err = err
		return record{}, damaged
	}
	if rec.Version > recordVersion {
		return record{}, &chat.Problem{Kind: chat.ProblemNewer, Detail: filepath.Join(dir, recordName)}
	}
	folder, err := Folder(rec.User)
	if err != nil || folder != filepath.Base(dir) || rec.Device == "" {
		damaged.Err = err
		return record{}, damaged
	}
	if _, err := checkURL(rec.Homeserver); err != nil {
		return record{}, err
	}
	return rec, nil
}

func (rec record) write(dir string) error {
	b, err := json.MarshalIndent(rec, "", "  ")
	if err != nil {
		return fmt.Errorf("write account: %w", err)
	}
	return writeFile(filepath.Join(dir, recordName), append(b, '\n'))
}

// dirs returns the data and cache folder of an account.
func (r *Registry) dirs(user chat.UserID) (data, cache string, err error) {
	name, err := Folder(user)
	if err != nil {
		return "", "", err
	}
	return filepath.Join(r.data, name), filepath.Join(r.cache, name), nil
}
