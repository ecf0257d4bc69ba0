package identity

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/rs/zerolog"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/internal/backup"
	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

const waitLimit = 30 * time.Second

// noRooms has no room at all.
type noRooms struct{}

func (noRooms) Encryption(context.Context, chat.RoomID) ([]byte, bool, error) { return nil, false, nil }
func (noRooms) Members(context.Context, chat.RoomID) (crypto.Members, error) {
	return crypto.Members{Complete: true}, nil
}
func (noRooms) FetchMembers(context.Context, chat.RoomID) error { return nil }
func (noRooms) HistoryVisibility(context.Context, chat.RoomID) (string, error) {
	return "", nil
}
func (noRooms) Parents(context.Context, chat.RoomID) ([]chat.RoomID, error) { return nil, nil }

// device is a session with its keys, backup and identity, which syncs by itself.
type device struct {
	*matrixtest.Client
	t       testing.TB
	account matrixtest.Account
	path    string
	m       *crypto.Machine
	b       *backup.Manager
	i       *Manager
	since   string
	log     *slog.Logger
	stop    func()

	mu     sync.Mutex
	trusts []chat.Trust       // as told
	secret []*crypto.Received // secret events that came
}

// signIn makes a session of the account.
func signIn(t testing.TB, hs *matrixtest.Homeserver, a matrixtest.Account) *device {
	t.Helper()
	d := &device{Client: hs.Login(t, a), t: t, account: a, path: filepath.Join(t.TempDir(), "crypto.db")}
	d.start()
	t.Cleanup(d.close)
	return d
}

// start opens the keys and begins to sync.
func (d *device) start() {
	d.t.Helper()
	cl, err := mautrix.NewClient(d.URL, id.UserID(d.UserID), d.Token)
	if err != nil {
		d.t.Fatal(err)
	}
	cl.DeviceID, cl.Log = id.DeviceID(d.DeviceID), zerolog.Nop()
	user, dev := chat.UserID(d.UserID), chat.DeviceID(d.DeviceID)
	d.m, err = crypto.Open(d.t.Context(), crypto.Options{
		Path: d.path, PickleKey: []byte("a key for tests, 32 bytes long.."), Client: cl, User: user, Device: dev, Rooms: noRooms{}, Log: d.log,
	})
	if err != nil {
		d.t.Fatalf("open: %v", err)
	}
	d.b = backup.New(backup.Options{Machine: d.m, Client: cl, Log: d.log})
	d.i = New(Options{Machine: d.m, Client: cl, Backup: d.b, User: user, Device: dev, Log: d.log})
	d.b.OnChange(func(chat.Backup) { d.i.Changed() })
	d.i.OnChange(func(t chat.Trust) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.trusts = append(d.trusts, t)
	})
	d.m.OnToDevice(func(ev *crypto.Received) {
		d.mu.Lock()
		d.secret = append(d.secret, ev)
		d.mu.Unlock()
		d.i.HandleToDevice(ev)
	})
	ctx, cancel := context.WithCancel(d.t.Context())
	var group sync.WaitGroup
	for _, part := range []func(context.Context) error{d.m.Run, d.b.Run, d.i.Run, d.keepSync} {
		group.Go(func() {
			if err := part(ctx); err != nil {
				d.t.Errorf("Run: %v", err)
			}
		})
	}
	d.stop = func() {
		cancel()
		group.Wait()
		if err := d.m.Close(context.WithoutCancel(ctx)); err != nil {
			d.t.Errorf("close: %v", err)
		}
	}
	matrixtest.Wait(d.t, waitLimit, "device keys", func() bool {
		s, err := d.m.Stock(ctx)
		return err == nil && s.Same && s.OneTime > 0
	})
}

func (d *device) close() {
	if d.stop != nil {
		d.stop()
		d.stop = nil
	}
}

func (d *device) restart() {
	d.t.Helper()
	d.close()
	d.start()
}

// keepSync takes in what is about keys.
func (d *device) keepSync(ctx context.Context) error {
	for ctx.Err() == nil {
		query := url.Values{"timeout": {"5000"}}
		if d.since != "" {
			query.Set("since", d.since)
		}
		status, raw, err := d.Do(ctx, http.MethodGet, "/_matrix/client/v3/sync?"+query.Encode(), nil)
		if err != nil || status != http.StatusOK {
			continue
		}
		var p struct {
			Next     string `json:"next_batch"`
			ToDevice struct {
				Events []jsontext.Value `json:"events"`
			} `json:"to_device"`
			Lists struct {
				Changed []chat.UserID `json:"changed"`
				Left    []chat.UserID `json:"left"`
			} `json:"device_lists"`
			OTK      map[string]int `json:"device_one_time_keys_count"`
			Fallback []string       `json:"device_unused_fallback_key_types"`
		}
		if err := json.Unmarshal(raw, &p); err != nil {
			return err
		}
		err = d.m.HandleSync(ctx, crypto.ToDevice{
			First: d.since == "", Events: p.ToDevice.Events, Changed: p.Lists.Changed, Left: p.Lists.Left,
			OTKCounts: p.OTK, HasOTKCounts: p.OTK != nil, FallbackTypes: p.Fallback, HasFallback: p.Fallback != nil,
		})
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		d.since = p.Next
	}
	return nil
}

// trust returns what the manager tells.
func (d *device) trust() chat.Trust {
	d.t.Helper()
	t, err := d.i.Trust(d.t.Context())
	if err != nil {
		d.t.Fatalf("Trust: %v", err)
	}
	return t
}

// wait waits until what the manager tells is as wanted.
func (d *device) wait(what string, done func(chat.Trust) bool) chat.Trust {
	d.t.Helper()
	defer func() {
		if d.t.Failed() {
			d.t.Logf("trust of %s: %+v", d.DeviceID, d.trust())
		}
	}()
	matrixtest.Wait(d.t, waitLimit, what, func() bool { return done(d.trust()) })
	return d.trust()
}

func complete(t chat.Trust) bool { return t.Complete() }

// setUp sets everything up and returns the recovery key.
func (d *device) setUp(want chat.SetUp) chat.Secret {
	d.t.Helper()
	key, err := d.i.SetUp(d.t.Context(), want)
	if err != nil {
		d.t.Fatalf("SetUp: %v", err)
	}
	if !strings.HasPrefix(string(key), "E") || strings.Count(string(key), " ") != 11 {
		d.t.Fatal("SetUp returned no recovery key")
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
