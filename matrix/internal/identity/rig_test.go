package identity

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"hubbub/matrix/internal/backup"
	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/crypto/cryptotest"
	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

const waitLimit = 30 * time.Second

// device is a session with its keys, backup and identity, which syncs by itself.
type device struct {
	*cryptotest.Device
	account matrixtest.Account
	b       *backup.Manager
	i       *Manager

	mu     sync.Mutex
	trusts []chat.Trust       // as told
	secret []*crypto.Received // secret events that came
}

// signIn makes a session of the account.
func signIn(t testing.TB, hs *matrixtest.Homeserver, a matrixtest.Account) *device {
	t.Helper()
	d := &device{Device: cryptotest.New(t, hs.Login(t, a)), account: a}
	d.start()
	return d
}

// start opens the keys and begins to sync.
func (d *device) start() {
	d.T.Helper()
	d.Open()
	d.b = backup.New(backup.Options{Machine: d.Machine, Client: d.HTTP, Log: d.Log})
	d.i = New(Options{Machine: d.Machine, Client: d.HTTP, Backup: d.b, User: d.User(), Device: d.ID(), Log: d.Log})
	d.b.OnChange(func(chat.Backup) { d.i.Changed() })
	d.i.OnChange(func(t chat.Trust) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.trusts = append(d.trusts, t)
	})
	d.Machine.OnToDevice(func(ev *crypto.Received) {
		d.mu.Lock()
		d.secret = append(d.secret, ev)
		d.mu.Unlock()
		d.i.HandleToDevice(ev)
	})
	d.Run(d.Machine.Run, d.b.Run, d.i.Run, d.Follow)
	d.Known()
}

func (d *device) restart() {
	d.T.Helper()
	d.Close()
	d.start()
}

// trust returns what the manager tells.
func (d *device) trust() chat.Trust {
	d.T.Helper()
	t, err := d.i.Trust(d.T.Context())
	if err != nil {
		d.T.Fatalf("Trust: %v", err)
	}
	return t
}

// wait waits until what the manager tells is as wanted.
func (d *device) wait(what string, done func(chat.Trust) bool) chat.Trust {
	d.T.Helper()
	defer func() {
		if d.T.Failed() {
			d.T.Logf("trust of %s: %+v", d.DeviceID, d.trust())
		}
	}()
	matrixtest.Wait(d.T, waitLimit, what, func() bool { return done(d.trust()) })
	return d.trust()
}

func complete(t chat.Trust) bool { return t.Complete() }

// setUp sets everything up and returns the recovery key.
func (d *device) setUp(want chat.SetUp) chat.Secret {
	d.T.Helper()
	key, err := d.i.SetUp(d.T.Context(), want)
	if err != nil {
		d.T.Fatalf("SetUp: %v", err)
	}
	if !strings.HasPrefix(string(key), "E") || strings.Count(string(key), " ") != 11 {
		d.T.Fatal("SetUp returned no recovery key")
	}
	return key
}

// kind returns an error's kind, and the empty problem for nil.
func kind(t testing.TB, err error) *chat.Problem {
	t.Helper()
	if err == nil {
		return &chat.Problem{}
	}
	var p *chat.Problem
	if !errors.As(err, &p) {
		t.Fatalf("%v is not a *chat.Problem", err)
	}
	return p
}

// wantKind fails unless an error is of a kind.
func wantKind(t testing.TB, what string, err error, want chat.ProblemKind) *chat.Problem {
	t.Helper()
	p := kind(t, err)
	if err == nil || p.Kind != want {
		t.Fatalf("%s: %v, want %s", what, err, want)
	}
	return p
}
