package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/crypto/cryptotest"
	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

const waitLimit = 30 * time.Second

// session is a signed-in session with its own encryption and a Manager, as the
// program wires them, on a real homeserver.
type session struct {
	*cryptotest.Device
	account matrixtest.Account
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
	s := &session{Device: cryptotest.New(t, hs.Login(t, account)), account: account}
	s.Open()
	s.m = New(Options{
		User: s.User(), Device: s.ID(), Keys: s, Transport: s, Store: s, Now: s.now,
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
	s.Machine.OnToDevice(func(ev *crypto.Received) {
		if strings.HasPrefix(ev.Type, typePrefix) {
			s.m.HandleToDevice(ToDevice{Sender: ev.Sender, Type: ev.Type, Content: ev.Content})
		}
	})
	s.Machine.OnPeople(func(users []chat.UserID) { s.m.PeopleChanged(users...) })
	s.Run(s.Machine.Run, s.m.Run, s.FollowWith(func(ctx context.Context, a matrixtest.SyncAnswer) {
		for room, events := range a.Rooms() {
			for _, e := range events {
				s.roomEvent(ctx, chat.RoomID(room), e)
			}
		}
	}))
	s.Known()
	if err := s.Machine.Reload(t.Context(), s.User()); err != nil {
		t.Fatal(err)
	}
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
	s.T.Helper()
	s.SetUpIdentity(s.account.Password)
	return s
}

// roomEvent hands over what is about a verification.
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
		clear, failed := s.Machine.Decrypt(ctx, room, raw)
		if failed != nil {
			return
		}
		e.Type, e.Content = clear.Type, clear.Content
	}
	var content struct {
		MsgType string `json:"msgtype"`
	}
	if strings.HasPrefix(e.Type, typePrefix) || (json.Unmarshal(e.Content, &content) == nil && content.MsgType == typeRequest) {
		s.m.HandleRoomEvent(RoomEvent{Room: room, ID: e.ID, Sender: e.Sender, At: time.UnixMilli(e.At), Type: e.Type, Content: e.Content})
	}
}

// Own implements Keys.
func (s *session) Own(ctx context.Context) (Own, error) {
	o, err := s.Machine.OwnIdentity(ctx)
	ed, _ := s.Machine.Identity()
	return Own{User: s.User(), Device: s.ID(), Key: ed, Master: o.Master, Trusted: o.Trusted}, err
}

// Of implements Keys.
func (s *session) Of(ctx context.Context, user chat.UserID, device chat.DeviceID) (Person, error) {
	if err := s.Machine.Refresh(ctx, user); err != nil {
		return Person{}, err
	}
	k, err := s.Machine.KeysOf(ctx, user)
	if _, ok := k.Devices[device]; err == nil && device != "" && !ok {
		if err = s.Machine.Reload(ctx, user); err == nil {
			k, err = s.Machine.KeysOf(ctx, user)
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
		return s.Machine.SignPerson(ctx, v.User, v.MasterKey)
	}
	own, err := s.Machine.OwnIdentity(ctx)
	if err != nil {
		return err
	}
	if !own.Trusted {
		return s.Machine.TrustOwnMaster(ctx, v.MasterKey)
	}
	if v.DeviceKey != "" && len(own.Missing) == 0 {
		return s.Machine.SignSession(ctx, v.Device, v.DeviceKey)
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
	return s.Machine.SendToDevice(ctx, typ, content, user, devices, false)
}

// Room implements Transport.
func (s *session) Room(ctx context.Context, txn string, room chat.RoomID, typ string, content jsontext.Value) (chat.EventID, error) {
	sealed, err := s.Machine.EncryptOnce(ctx, room, typ, content)
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
	s.T.Helper()
	matrixtest.Wait(s.T, waitLimit, fmt.Sprintf("verification of %s in phase %d", s.UserID, phase), func() bool {
		for _, v := range s.m.List() {
			if v.Open() && v.Phase == phase {
				found = v
				return true
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.ended) > 0 {
			s.T.Fatalf("it ended before phase %d: %+v, %v", phase, s.ended[0], s.ended[0].Problem)
		}
		return false
	})
	return found
}

// over waits for the end of the verification and forgets it.
func (s *session) over() (last chat.Verification) {
	s.T.Helper()
	matrixtest.Wait(s.T, waitLimit, "the end of the verification", func() bool {
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
	s.T.Helper()
	if v := s.over(); v.Phase != chat.VerifyDone {
		s.T.Fatalf("it ended with %q by us %t: %v", v.Reason, v.ByUs, v.Problem)
	}
}

func (s *session) cancelled(reason string, byUs bool) {
	s.T.Helper()
	if v := s.over(); v.Phase != chat.VerifyCancelled || v.Reason != reason || v.ByUs != byUs {
		s.T.Fatalf("it ended in phase %d with %q by us %t (%v), want %q, %t", v.Phase, v.Reason, v.ByUs, v.Problem, reason, byUs)
	}
}

// verdicts returns what was signed.
func (s *session) verdicts() []Verified {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.signed
}
