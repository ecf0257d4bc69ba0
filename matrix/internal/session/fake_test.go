package session_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/zalando/go-keyring"

	"hubbub/matrix/internal/session"
	"hubbub/store/chat"
)

// homeserver answers as a homeserver does at sign-in, or as a test wants.
type homeserver struct {
	*httptest.Server
	mu        sync.Mutex
	answers   map[string]http.HandlerFunc // by path, instead of the usual answer
	devices   []string                    // device ids that sign-ins asked for
	password  string
	user      string // who is signed in, whatever was asked
	loggedOut []string
}

func newHomeserver(t *testing.T) *homeserver {
	h := &homeserver{answers: map[string]http.HandlerFunc{}, password: "right", user: "@ada:example.org"}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

// ServeHTTP implements http.Handler.
func (h *homeserver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if f := h.answers[r.Method+" "+r.URL.Path]; f != nil {
		f(w, r)
		return
	}
	switch r.Method + " " + r.URL.Path {
	case "GET /_matrix/client/versions":
		reply(w, 200, `{"versions":["v1.11"]}`)
	case "GET /_matrix/client/v3/login":
		reply(w, 200, `{"flows":[{"type":"m.login.password"},{"type":"m.login.sso"}]}`)
	case "POST /_matrix/client/v3/login":
		h.login(w, r)
	case "POST /_matrix/client/v3/logout":
		h.loggedOut = append(h.loggedOut, r.Header.Get("Authorization"))
		reply(w, 200, `{}`)
	default:
		reply(w, 404, `{"errcode":"M_UNRECOGNIZED","error":"Unrecognized"}`)
	}
}

func (h *homeserver) login(w http.ResponseWriter, r *http.Request) {
	var req struct {
		Password string `json:"password"`
		DeviceID string `json:"device_id"`
	}
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		reply(w, 400, `{"errcode":"M_NOT_JSON"}`)
		return
	}
	if req.Password != h.password {
		reply(w, 403, `{"errcode":"M_FORBIDDEN","error":"Invalid username or password"}`)
		return
	}
	h.devices = append(h.devices, req.DeviceID)
	if req.DeviceID == "" {
		req.DeviceID = "MADE"
	}
	reply(w, 200, `{"user_id":"`+h.user+`","device_id":"`+req.DeviceID+`","access_token":"syt_`+req.DeviceID+`"}`)
}

func (h *homeserver) on(pattern string, f http.HandlerFunc) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answers[pattern] = f
}

func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // the client may be gone
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { reply(w, status, body) }
}

// ring is a keyring in memory.
type ring struct {
	mu     sync.Mutex
	m      map[string]string
	broken error
	hang   chan struct{} // closed when calls may return
}

// Get implements session.Keyring.
func (k *ring) Get(service, user string) (string, error) {
	if err := k.wait(); err != nil {
		return "", err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	s, ok := k.m[service+"/"+user]
	if !ok {
		return "", keyring.ErrNotFound
	}
	return s, nil
}

// Set implements session.Keyring.
func (k *ring) Set(service, user, secret string) error {
	if err := k.wait(); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.m == nil {
		k.m = map[string]string{}
	}
	k.m[service+"/"+user] = secret
	return nil
}

// Delete implements session.Keyring.
func (k *ring) Delete(service, user string) error {
	if err := k.wait(); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.m, service+"/"+user)
	return nil
}

func (k *ring) wait() error {
	if k.hang != nil {
		<-k.hang
	}
	return k.broken
}

func (k *ring) size() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.m)
}

func registry(t *testing.T, dir string, ring session.Keyring) *session.Registry {
	t.Helper()
	return session.New(session.Options{Data: dir + "/data/hubbub", Cache: dir + "/cache/hubbub", Keyring: ring})
}

func kindOf(err error) chat.ProblemKind {
	var p *chat.Problem
	if errors.As(err, &p) {
		return p.Kind
	}
	return chat.ProblemUnknown
}

func login(t *testing.T, r *session.Registry, h *homeserver) *session.Session {
	t.Helper()
	s, err := r.Login(t.Context(), chat.LoginRequest{Homeserver: h.URL, User: "ada", Password: "right"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
