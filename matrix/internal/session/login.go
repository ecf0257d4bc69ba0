package session

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// deviceName is what other sessions see when the request names none.
const deviceName = "hubbub"

// courtesy is how long a request may take whose outcome changes nothing here. A
// busy homeserver needs some seconds to take a session away.
const courtesy = 20 * time.Second

// loginLimit is how long the homeserver may take to check a password.
const loginLimit = time.Minute

// Login signs in with a password and takes the account's lock. An account that
// is here keeps its device and keys. Errors are, or hold, *chat.Problem;
// ProblemPassword is a wrong user or password.
//
// Spec: client-server-api#post_matrixclientv3login
func (r *Registry) Login(ctx context.Context, req chat.LoginRequest) (*Session, error) {
	base, err := checkURL(req.Homeserver)
	if err != nil {
		return nil, err
	}
	user := strings.TrimSpace(req.User)
	if user == "" || len(user) > 255 || strings.HasPrefix(user, "@") && !chat.UserID(user).Valid() {
		return nil, &chat.Problem{Kind: chat.ProblemBadInput, Detail: DetailBadUser}
	}
	here := r.known(base, user)
	for range 2 { // once more when the homeserver names an account that turns out to be here
		s, other, err := r.loginAs(ctx, base, user, here, req)
		if err != nil || other == "" {
			return s, err
		}
		here = other
	}
	return nil, &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "the homeserver names a different account each time"}
}

// known returns the account here that a sign-in as user at base would be, or "".
func (r *Registry) known(base *url.URL, user string) chat.UserID {
	if id := chat.UserID(user); id.Valid() {
		return id
	}
	accounts, _, err := r.Accounts()
	if err != nil {
		return ""
	}
	for _, a := range accounts {
		if u, err := checkURL(a.Homeserver); err == nil && *u == *base && strings.EqualFold(a.User.Localpart(), user) {
			return a.User
		}
	}
	return ""
}

// loginAs signs in, expecting account here ("" for none). When the homeserver
// answers with another account that is here too, it returns that one's id.
func (r *Registry) loginAs(ctx context.Context, base *url.URL, user string, here chat.UserID, req chat.LoginRequest) (*Session, chat.UserID, error) {
	sl := &slot{}
	if here != "" {
		var err error
		if sl, err = r.reserve(ctx, base, here); err != nil {
			return nil, "", err
		}
	}
	name := req.DeviceName
	if name == "" {
		name = deviceName
	}
	resp, err := r.passwordLogin(ctx, base, user, req.Password, sl.rec.Device, name)
	if err != nil {
		return nil, "", errors.Join(err, sl.release())
	}
	s, other, err := r.settle(ctx, base, user, sl, resp)
	// A session of ours that cannot be written down now is not ended: its keys would go with it.
	ours := chat.UserID(resp.UserID) == sl.rec.User && chat.DeviceID(resp.DeviceID) == sl.rec.Device
	if (err != nil || other != "") && !ours {
		r.discardToken(ctx, base, resp.AccessToken)
	}
	return s, other, err
}

// settle checks who was signed in and keeps the account. It takes over the slot.
func (r *Registry) settle(ctx context.Context, base *url.URL, user string, sl *slot, resp *mautrix.RespLogin) (*Session, chat.UserID, error) {
	got := chat.UserID(resp.UserID)
	if !got.Valid() || resp.DeviceID == "" || resp.AccessToken == "" || chat.UserID(user).Valid() && got != chat.UserID(user) {
		p := &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "the homeserver signed in another account"}
		return nil, "", errors.Join(p, sl.release())
	}
	if got != sl.rec.User {
		if err := sl.release(); err != nil {
			return nil, "", err
		}
		if r.isHere(got) {
			return nil, got, nil
		}
		var err error
		if sl, err = r.reserve(ctx, base, got); err != nil {
			return nil, "", err
		}
	}
	s, err := r.keep(ctx, base, sl, resp)
	if err != nil {
		return nil, "", errors.Join(err, sl.release())
	}
	return s, "", nil
}

// keep writes the account down: the secrets first, so that a record always has them.
func (r *Registry) keep(ctx context.Context, base *url.URL, sl *slot, resp *mautrix.RespLogin) (*Session, error) {
	rec := sl.rec
	rec.Version, rec.Device, rec.Homeserver = recordVersion, chat.DeviceID(resp.DeviceID), base.String()
	if rec.SecretID == "" {
		rec.SecretID = rand.Text()
	}
	sec := secrets{Token: resp.AccessToken, Pickle: sl.pickle}
	if err := r.saveSecrets(ctx, sl.dir, &rec, sec); err != nil {
		return nil, err
	}
	if err := rec.write(sl.dir); err != nil {
		return nil, err
	}
	s, err := r.newSession(rec, sl.dir, sl.cache, sl.lock)
	if err != nil {
		return nil, err
	}
	s.use(sec)
	return s, nil
}

func (r *Registry) isHere(user chat.UserID) bool {
	dir, _, err := r.dirs(user)
	if err != nil {
		return false
	}
	_, err = readRecord(dir)
	return err == nil
}

// slot is a locked account folder that waits for a sign-in. The zero value is none.
type slot struct {
	dir, cache string
	lock       *lock
	rec        record // Device is "" when the homeserver shall make one
	pickle     []byte
	made       bool // the folder was made for this sign-in
}

// reserve locks the folder of an account and finds out what of it is kept.
func (r *Registry) reserve(ctx context.Context, base *url.URL, user chat.UserID) (*slot, error) {
	dir, cache, err := r.dirs(user)
	if err != nil {
		return nil, err
	}
	there, err := exists(dir)
	if err != nil {
		return nil, err
	}
	if err := makeDir(r.data); err != nil {
		return nil, err
	}
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	sl := &slot{dir: dir, cache: cache, made: !there}
	if sl.lock, err = takeLock(dir); err != nil {
		return nil, err
	}
	if err := r.recall(ctx, base, user, sl); err != nil {
		return nil, errors.Join(err, sl.release())
	}
	return sl, nil
}

// recall fills the slot from what is in its folder. crypto.db without its key
// is an error: a new key would make it useless for ever.
func (r *Registry) recall(ctx context.Context, base *url.URL, user chat.UserID, sl *slot) error {
	keys, err := exists(filepath.Join(sl.dir, cryptoName))
	if err != nil {
		return err
	}
	rec, err := readRecord(sl.dir)
	switch {
	case errors.Is(err, os.ErrNotExist) && keys:
		return &chat.Problem{Kind: chat.ProblemKeyGone, Detail: DetailNoSecrets}
	case errors.Is(err, os.ErrNotExist):
		sl.rec, sl.pickle = record{User: user}, newPickle()
		return nil
	case err != nil:
		return err
	}
	if !r.isHome(ctx, user, rec.Homeserver, base) {
		// Another homeserver that claims our user id must not get our keys' device.
		return &chat.Problem{
			Kind:   chat.ProblemBadInput,
			Detail: fmt.Sprintf("%s is signed in at %s; sign out there first", user, rec.Homeserver),
		}
	}
	sl.rec = rec
	if !keys {
		sl.rec.Device, sl.pickle = "", newPickle()
		return nil
	}
	sec, err := r.loadSecrets(ctx, sl.dir, rec)
	sl.pickle = sec.Pickle
	return err
}

// isHome reports whether base is the homeserver of an account that was at
// another address: it is the same host, or the one that the server name of the
// account leads to now.
func (r *Registry) isHome(ctx context.Context, user chat.UserID, was string, base *url.URL) bool {
	if u, err := url.Parse(was); err == nil && u.Host == base.Host {
		return true
	}
	now, err := r.Discover(ctx, string(user))
	return err == nil && now.Homeserver == base.String()
}

// release frees the lock, and removes a folder that was made in vain.
func (sl *slot) release() error {
	if sl.lock == nil {
		return nil
	}
	var err error
	if sl.made {
		err = os.RemoveAll(sl.dir)
	}
	err = errors.Join(err, sl.lock.free())
	sl.lock = nil
	return err
}

// passwordLogin asks for a token. A device id of "" has the homeserver make one.
func (r *Registry) passwordLogin(ctx context.Context, base *url.URL, user, password string, device chat.DeviceID, name string) (*mautrix.RespLogin, error) {
	ctx, cancel := context.WithTimeout(ctx, loginLimit)
	defer cancel()
	resp, err := r.newClient(base).Login(ctx, &mautrix.ReqLogin{
		Type:                     mautrix.AuthTypePassword,
		Identifier:               mautrix.UserIdentifier{Type: mautrix.IdentifierTypeUser, User: user},
		Password:                 password,
		DeviceID:                 id.DeviceID(device),
		InitialDeviceDisplayName: name,
	})
	if err == nil {
		return resp, nil
	}
	p := fault.From(err)
	if p.Code == "M_FORBIDDEN" || p.Code == "M_INVALID_USERNAME" || p.Kind == chat.ProblemSignedOut {
		p = &chat.Problem{Kind: chat.ProblemPassword, Detail: p.Detail, Code: p.Code, Err: err}
	}
	return nil, p
}

// discardToken ends a sign-in that cannot be kept. It is a courtesy to the
// account's list of sessions: that it fails changes nothing here.
func (r *Registry) discardToken(ctx context.Context, base *url.URL, token string) {
	if token == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), courtesy)
	defer cancel()
	client := r.newClient(base)
	client.AccessToken = token
	if _, err := client.Logout(ctx); err != nil {
		r.log.Warn("Could not end an unused sign-in", "problem", fault.From(err).Kind.String())
	}
}
