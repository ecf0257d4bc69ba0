package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/rs/zerolog"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

const waitLimit = 30 * time.Second

// session is a signed-in session with its own encryption and a Manager, as the
// program wires them, on a real homeserver.
type session struct {
	*matrixtest.Client
	t       *testing.T
	account matrixtest.Account
	crypto  *crypto.Machine
	m       *Manager

	mu     sync.Mutex
	late   time.Duration // by which our clock is ahead
	ended  []chat.Verification
	signed []Verified
	note   []byte
	change func(string, jsontext.Value) jsontext.Value // what is sent between devices, as a homeserver may change it
}

// signIn opens a new session of an account and follows its sync until the test ends.
func signIn(t *testing.T, hs *matrixtest.Homeserver, account matrixtest.Account) *session {
	t.Helper()
	s := &session{Client: hs.Login(t, account), t: t, account: account}
	cl, err := mautrix.NewClient(s.URL, id.UserID(s.UserID), s.Token)
	if err != nil {
		t.Fatal(err)
	}
	cl.DeviceID, cl.Log = id.DeviceID(s.DeviceID), zerolog.Nop()
	s.crypto, err = crypto.Open(t.Context(), crypto.Options{
		Path: filepath.Join(t.TempDir(), "crypto.db"), PickleKey: []byte("a key for tests, 32 bytes long.."), Client: cl,
		User: chat.UserID(s.UserID), Device: chat.DeviceID(s.DeviceID), Rooms: rooms{s},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.m = New(Options{
		User: chat.UserID(s.UserID), Device: chat.DeviceID(s.DeviceID), Keys: s, Transport: s, Store: s, Now: s.now,
		OnChange: func(all []chat.Verification) {
			s.mu.Lock()
			defer s.mu.Unlock()
			for _, v := range all {
				if !v.Open() {
					s.ended = append(s.ended, v)
				}
			}
		},
	})
	s.crypto.OnToDevice(func(ev *crypto.Received) {
		if Concerns(ev.Type, ev.Content) {
			s.m.HandleToDevice(ToDevice{Sender: ev.Sender, Type: ev.Type, Content: ev.Content})
		}
	})
	s.crypto.OnPeople(func(users []chat.UserID) { s.m.PeopleChanged(users...) })
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for _, run := range []func(context.Context) error{s.crypto.Run, s.m.Run, s.follow} {
		running.Go(func() {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				t.Errorf("session %s: %v", s.DeviceID, err)
			}
		})
	}
	t.Cleanup(func() {
		stop()
		running.Wait()
		if err := s.crypto.Close(context.WithoutCancel(ctx)); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	matrixtest.Wait(t, waitLimit, "own keys on the homeserver", func() bool {
		if err := s.crypto.Reload(t.Context(), chat.UserID(s.UserID)); err != nil {
			return false
		}
		k, err := s.crypto.KeysOf(t.Context(), chat.UserID(s.UserID))
		return err == nil && k.Devices[chat.DeviceID(s.DeviceID)].Ed25519 != ""
	})
	return s
}

func (s *session) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.late)
}

// skip lets time pass for us.
func (s *session) skip(d time.Duration) {
	s.mu.Lock()
	s.late += d
	s.mu.Unlock()
	s.m.PeopleChanged() // it looks at its clock
}

// setUp makes the account's identity with this session.
func (s *session) setUp() *session {
	s.t.Helper()
	ctx := s.t.Context()
	draft, err := s.crypto.Draft(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	body := map[string]any{"auth": map[string]any{
		"type": "m.login.password", "identifier": map[string]any{"type": "m.id.user", "user": s.UserID}, "password": s.account.Password,
	}}
	for name, part := range draft.Body {
		body[name] = part
	}
	s.Call(http.MethodPost, "/_matrix/client/v3/keys/device_signing/upload", body, nil)
	if err := errors.Join(s.crypto.Adopt(ctx, draft), s.crypto.Reload(ctx, chat.UserID(s.UserID))); err != nil {
		s.t.Fatal(err)
	}
	ed, _ := s.crypto.Identity()
	if err := s.crypto.SignSession(ctx, chat.DeviceID(s.DeviceID), ed); err != nil {
		s.t.Fatal(err)
	}
	return s
}

// follow is the sync loop.
func (s *session) follow(ctx context.Context) error {
	since := ""
	for {
		query := url.Values{"timeout": {"2000"}}
		if since != "" {
			query.Set("since", since)
		}
		status, answer, err := s.Do(ctx, http.MethodGet, "/_matrix/client/v3/sync?"+query.Encode(), nil)
		if err != nil || status != http.StatusOK {
			return fmt.Errorf("sync: %d %s %w", status, answer, err)
		}
		var r struct {
			Next     string `json:"next_batch"`
			ToDevice struct {
				Events []jsontext.Value `json:"events"`
			} `json:"to_device"`
			Lists struct {
				Changed []chat.UserID `json:"changed"`
				Left    []chat.UserID `json:"left"`
			} `json:"device_lists"`
			OTK   map[string]int `json:"device_one_time_keys_count"`
			Rooms struct {
				Join map[chat.RoomID]struct {
					Timeline struct {
						Events []jsontext.Value `json:"events"`
					} `json:"timeline"`
				} `json:"join"`
			} `json:"rooms"`
		}
		if err := json.Unmarshal(answer, &r); err != nil {
			return err
		}
		err = s.crypto.HandleSync(ctx, crypto.ToDevice{
			First: since == "", Events: r.ToDevice.Events, Changed: r.Lists.Changed, Left: r.Lists.Left, OTKCounts: r.OTK, HasOTKCounts: r.OTK != nil,
		})
		if err != nil {
			return err
		}
		since = r.Next
		for room, j := range r.Rooms.Join {
			for _, e := range j.Timeline.Events {
				s.roomEvent(ctx, room, e)
			}
		}
	}
}

func (s *session) roomEvent(ctx context.Context, room chat.RoomID, raw jsontext.Value) {
	var e struct {
		ID      chat.EventID   `json:"event_id"`
		Sender  chat.UserID    `json:"sender"`
		At      int64          `json:"origin_server_ts"`
		Type    string         `json:"type"`
		Content jsontext.Value `json:"content"`
	}
	if json.Unmarshal(raw, &e) != nil {
		return
	}
	if e.Type == "m.room.encrypted" {
		clear, failed := s.crypto.Decrypt(ctx, room, raw)
		if failed != nil {
			return
		}
		e.Type, e.Content = clear.Type, clear.Content
	}
	if Concerns(e.Type, e.Content) {
		s.m.HandleRoomEvent(RoomEvent{Room: room, ID: e.ID, Sender: e.Sender, At: time.UnixMilli(e.At), Type: e.Type, Content: e.Content})
	}
}

// Own implements Keys.
func (s *session) Own(ctx context.Context) (Own, error) {
	o, err := s.crypto.OwnIdentity(ctx)
	ed, _ := s.crypto.Identity()
	return Own{User: chat.UserID(s.UserID), Device: chat.DeviceID(s.DeviceID), Key: ed, Master: o.Master, Trusted: o.Trusted}, err
}

// Of implements Keys.
func (s *session) Of(ctx context.Context, user chat.UserID, device chat.DeviceID) (Person, error) {
	if err := s.crypto.Refresh(ctx, user); err != nil {
		return Person{}, err
	}
	k, err := s.crypto.KeysOf(ctx, user)
	if _, ok := k.Devices[device]; err == nil && device != "" && !ok {
		if err = s.crypto.Reload(ctx, user); err == nil {
			k, err = s.crypto.KeysOf(ctx, user)
		}
	}
	p := Person{Master: k.Master, Devices: map[chat.DeviceID]string{}}
	for d, keys := range k.Devices {
		p.Devices[d] = keys.Ed25519
	}
	return p, err
}

// Confirm implements Keys.
func (s *session) Confirm(ctx context.Context, v Verified) error {
	s.mu.Lock()
	s.signed = append(s.signed, v)
	s.mu.Unlock()
	if !v.Own {
		return s.crypto.SignPerson(ctx, v.User, v.MasterKey)
	}
	own, err := s.crypto.OwnIdentity(ctx)
	if err != nil {
		return err
	}
	if !own.Trusted {
		return s.crypto.TrustOwnMaster(ctx, v.MasterKey)
	}
	if v.DeviceKey != "" && len(own.Missing) == 0 {
		return s.crypto.SignSession(ctx, v.Device, v.DeviceKey)
	}
	return nil
}

// ToDevice implements Transport.
func (s *session) ToDevice(ctx context.Context, _ string, user chat.UserID, devices []chat.DeviceID, typ string, content jsontext.Value) error {
	s.mu.Lock()
	if s.change != nil {
		content = s.change(typ, content)
	}
	s.mu.Unlock()
	return s.crypto.SendToDevice(ctx, typ, content, user, devices, false)
}

// Room implements Transport.
func (s *session) Room(ctx context.Context, txn string, room chat.RoomID, typ string, content jsontext.Value) (chat.EventID, error) {
	sealed, err := s.crypto.EncryptOnce(ctx, room, typ, content)
	if err == nil {
		typ, content = "m.room.encrypted", sealed
	} else if !errors.Is(err, crypto.ErrNotEncrypted) {
		return "", err
	}
	path := "/_matrix/client/v3/rooms/" + url.PathEscape(string(room)) + "/send/" + url.PathEscape(typ) + "/" + url.PathEscape(txn)
	status, answer, err := s.Do(ctx, http.MethodPut, path, []byte(content))
	if err != nil || status != http.StatusOK {
		return "", fmt.Errorf("send: %d %s %w", status, answer, err)
	}
	var sent struct {
		ID chat.EventID `json:"event_id"`
	}
	return sent.ID, json.Unmarshal(answer, &sent)
}

// Load and Save implement Store.
func (s *session) Load(context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.note, nil
}

func (s *session) Save(_ context.Context, note []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note = note
	return nil
}

// wait waits until there is an open verification in a phase.
func (s *session) wait(phase chat.VerificationPhase) (found chat.Verification) {
	s.t.Helper()
	matrixtest.Wait(s.t, waitLimit, fmt.Sprintf("verification of %s in phase %d", s.UserID, phase), func() bool {
		for _, v := range s.m.List() {
			if v.Open() && v.Phase == phase {
				found = v
				return true
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.ended) > 0 {
			s.t.Fatalf("it ended before phase %d: %+v, %v", phase, s.ended[0], s.ended[0].Problem)
		}
		return false
	})
	return found
}

// over waits for the end of the verification and forgets it.
func (s *session) over() (last chat.Verification) {
	s.t.Helper()
	matrixtest.Wait(s.t, waitLimit, "the end of the verification", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.ended) == 0 {
			return false
		}
		last, s.ended = s.ended[0], s.ended[1:]
		return true
	})
	return last
}

func (s *session) done() {
	s.t.Helper()
	if v := s.over(); v.Phase != chat.VerifyDone {
		s.t.Fatalf("it ended with %q by us %t: %v", v.Reason, v.ByUs, v.Problem)
	}
}

func (s *session) cancelled(reason string, byUs bool) {
	s.t.Helper()
	if v := s.over(); v.Phase != chat.VerifyCancelled || v.Reason != reason || v.ByUs != byUs {
		s.t.Fatalf("it ended in phase %d with %q by us %t (%v), want %q, %t", v.Phase, v.Reason, v.ByUs, v.Problem, reason, byUs)
	}
}

// verdicts returns what was signed.
func (s *session) verdicts() []Verified {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.signed
}

// rooms tells the encryption what the homeserver says about rooms now.
type rooms struct{ s *session }

func (r rooms) get(ctx context.Context, room chat.RoomID, path string, into any) bool {
	status, answer, err := r.s.Do(ctx, http.MethodGet, "/_matrix/client/v3/rooms/"+url.PathEscape(string(room))+path, nil)
	return err == nil && status == http.StatusOK && json.Unmarshal(answer, into) == nil
}

func (r rooms) Encryption(ctx context.Context, room chat.RoomID) ([]byte, bool, error) {
	var content json.RawMessage
	on := r.get(ctx, room, "/state/m.room.encryption", &content)
	return content, on, nil
}

func (r rooms) Members(ctx context.Context, room chat.RoomID) (crypto.Members, error) {
	var list struct {
		Joined map[chat.UserID]any `json:"joined"`
	}
	m := crypto.Members{Complete: r.get(ctx, room, "/joined_members", &list)}
	for u := range list.Joined {
		m.Joined = append(m.Joined, u)
	}
	return m, nil
}

func (rooms) FetchMembers(context.Context, chat.RoomID) error { return nil }

func (rooms) HistoryVisibility(context.Context, chat.RoomID) (string, error) { return "", nil }

func (rooms) Parents(context.Context, chat.RoomID) ([]chat.RoomID, error) { return nil, nil }
