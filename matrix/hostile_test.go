package matrix_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// between returns the homeserver behind somebody who changes requests.
func between(t *testing.T, hs *matrixtest.Homeserver, change func(path string, body map[string]any)) *matrixtest.Homeserver {
	t.Helper()
	to, err := url.Parse(hs.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		raw, err := io.ReadAll(r.In.Body)
		if err != nil {
			return
		}
		var body map[string]any
		if json.Unmarshal(raw, &body) == nil && body != nil {
			change(r.In.URL.Path, body)
			if changed, err := json.Marshal(body); err == nil {
				raw = changed
			}
		}
		r.Out.Body, r.Out.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	}}
	srv := httptest.NewServer(http.Handler(proxy))
	t.Cleanup(srv.Close)
	changed := *hs
	changed.URL = srv.URL
	return &changed
}

// A channel that was to be encrypted is, even if its homeserver forgets about it.
func TestCreatedEncryptedWhateverTheHomeserverMakesOfIt(t *testing.T) {
	t.Parallel()
	hs := matrixtest.Stack(t)
	account := hs.NewAccount(t, "ada")
	c := signIn(t, between(t, hs, func(path string, body map[string]any) {
		if strings.HasSuffix(path, "/createRoom") {
			delete(body, "initial_state")
		}
	}), account, t.TempDir())
	room := chat.RoomID(c.made(func() string { return c.Create(chat.NewRoom{Name: "vault"}) }))
	c.say(room, "the plan")
	for _, e := range hs.Login(t, account).Events(string(room)) {
		if e.Type == "m.room.message" || strings.Contains(string(e.Content), "the plan") {
			t.Errorf("went out in clear: %s", e.Content)
		}
	}
}
