package crypto

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"maunium.net/go/mautrix/id"
)

// A homeserver says how many keys it holds. It cannot make us make more than it may hold.
func TestAbsurdStockOfKeysIsNotFilledUp(t *testing.T) {
	most := 0
	hs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Keys map[string]json.RawMessage `json:"one_time_keys"`
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		answer := `{"device_keys":{}}`
		if strings.HasSuffix(r.URL.Path, "/keys/upload") {
			most = max(most, len(body.Keys))
			answer = `{"one_time_key_counts":{"signed_curve25519":-3000}}`
		}
		_, _ = io.WriteString(w, answer) // the client may be gone
	}))
	defer hs.Close()
	m := mustOpen(t, options(t, filepath.Join(t.TempDir(), "crypto.db"), hs.URL))
	defer mustClose(t, m)
	if err := m.upload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if most != otkTarget {
		t.Errorf("%d keys were made", most)
	}
}

// A stranger can send as many broken messages as he likes, each under an identity key that nobody has.
func TestBrokenMessagesOfStrangersCostLittle(t *testing.T) {
	queries := 0
	hs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/keys/query") {
			queries++
		}
		_, _ = io.WriteString(w, `{"device_keys":{"@mallory:x":{}}}`) // the client may be gone
	}))
	defer hs.Close()
	m := mustOpen(t, options(t, filepath.Join(t.TempDir(), "crypto.db"), hs.URL))
	defer mustClose(t, m)
	eng, err := m.engine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		for n := range 150 {
			key := id.SenderKey(rand.Text())
			m.noteSender("@mallory:x", key)
			m.noteWedged(key)
			if n%50 == 0 {
				if err := m.unwedge(t.Context(), eng); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := m.unwedge(t.Context(), eng); err != nil {
		t.Fatal(err)
	}
	if queries > 1 {
		t.Errorf("%d requests for device lists", queries)
	}
	if n := len(m.todo.wedged) + len(m.todo.dummy); n > 0 {
		t.Errorf("%d broken sessions are remembered", n)
	}
}
