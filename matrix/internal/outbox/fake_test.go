package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/rs/zerolog"
	"maunium.net/go/mautrix"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

const room = chat.RoomID("!room:example.org")

// homeserver accepts messages and counts every transaction id once, as the
// specification wants. It can be told to misbehave in ways a real one cannot
// be made to at a given moment.
type homeserver struct {
	*httptest.Server
	mu     sync.Mutex
	events []sentEvent
	byTxn  map[string]string
	puts   int
	other  []string // other requests: method, path and body
	// answer, when set, may answer a send instead; it returns false to let it
	// pass. It is called with the number of the request, from 1.
	answer func(w http.ResponseWriter, n int, ev sentEvent) bool
	// after is like answer, but the event has been taken in.
	after func(w http.ResponseWriter, n int) bool
}

type sentEvent struct {
	ID, Room, Type, Txn string
	Body                string // body of the content, or the reason of a deletion
	Raw                 string
}

func newHomeserver(t testing.TB) *homeserver {
	t.Helper()
	h := &homeserver{byTxn: map[string]string{}}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

func (h *homeserver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/_matrix/client/v3/rooms/"), "/")
	var raw json.RawMessage
	_ = json.NewDecoder(r.Body).Decode(&raw)
	if len(parts) != 4 || (parts[1] != "send" && parts[1] != "redact") {
		h.mu.Lock()
		h.other = append(h.other, r.Method+" "+r.URL.Path+" "+string(raw))
		h.mu.Unlock()
		_, _ = w.Write([]byte("{}"))
		return
	}
	var content struct {
		Body   string `json:"body"`
		Reason string `json:"reason"`
	}
	_ = json.Unmarshal(raw, &content)
	ev := sentEvent{Room: parts[0], Type: parts[2], Txn: parts[3], Body: content.Body + content.Reason, Raw: string(raw)}
	if parts[1] == "redact" {
		ev.Type = "redact " + parts[2]
	}
	h.mu.Lock()
	h.puts++
	n, answer, after := h.puts, h.answer, h.after
	h.mu.Unlock()
	if answer != nil && answer(w, n, ev) {
		return
	}
	h.mu.Lock()
	id, known := h.byTxn[ev.Txn]
	if !known {
		id = fmt.Sprintf("$sent%d", len(h.events)+1)
		h.byTxn[ev.Txn], ev.ID = id, id
		h.events = append(h.events, ev)
	}
	h.mu.Unlock()
	if after != nil && after(w, n) {
		return
	}
	_, _ = fmt.Fprintf(w, `{"event_id":%q}`, id)
}

func (h *homeserver) set(fn func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	fn()
}

func (h *homeserver) bodies() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for _, e := range h.events {
		out = append(out, e.Body)
	}
	return out
}

func (h *homeserver) tries() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.puts
}

func refuse(w http.ResponseWriter, code int, errcode string) bool {
	w.WriteHeader(code)
	_, _ = fmt.Fprintf(w, `{"errcode":%q,"error":"no"}`, errcode)
	return true
}

func hangUp(w http.ResponseWriter) bool {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
	return true
}

func client(t testing.TB, url string) *mautrix.Client {
	t.Helper()
	c, err := mautrix.NewClient(url, "@me:example.org", "token")
	if err != nil {
		t.Fatal(err)
	}
	c.Log = zerolog.Nop()
	return c
}

// cipher stands for encryption: what it makes is recognisable and counted.
type cipher struct {
	mu    sync.Mutex
	count int
	err   error
	knows bool // that the room is encrypted
	never bool // nothing readable may be sent
	moved bool // what was encrypted before may not be sent any more
}

func (c *cipher) Encrypt(_ context.Context, _ chat.RoomID, _ string, content jsontext.Value) (jsontext.Value, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, c.err
	}
	c.count++
	var m struct {
		Body string `json:"body"`
	}
	_ = json.Unmarshal(content, &m)
	return jsontext.Value(fmt.Sprintf(`{"algorithm":"m.megolm.v1.aes-sha2","body":"sealed %s %d"}`, m.Body, c.count)), nil
}

func (c *cipher) Current(context.Context, chat.RoomID, jsontext.Value) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.moved, c.err
}

func (c *cipher) Preshare(context.Context, chat.RoomID) error { return nil }

func (c *cipher) Secrecy(context.Context, chat.RoomID) (encrypted, neverPlain bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.knows, c.never, nil
}

// start runs an outbox until the returned function is called.
func start(t testing.TB, o *Outbox) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- o.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("Run: %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

func newOutbox(t testing.TB, s *store.Store, url string, crypt Encrypter) *Outbox {
	t.Helper()
	o := New(Options{Store: s, Client: client(t, url), User: storetest.Me, Crypto: crypt})
	o.Online()
	return o
}

// setup returns a store with a joined room, a homeserver and a running outbox.
func setup(t testing.TB) (*store.Store, *homeserver, *Outbox) {
	t.Helper()
	s := storetest.New(t)
	storetest.Joined(t, s, room)
	h := newHomeserver(t)
	o := newOutbox(t, s, h.URL, nil)
	start(t, o)
	return s, h, o
}

func text(s string) chat.Outgoing { return chat.Outgoing{Room: room, Text: s, Plain: true} }

func wait(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("no %s in time", what)
		}
	}
}

// idle waits until everything asked for is written, and nothing is pending.
func idle(t testing.TB, s *store.Store, o *Outbox) {
	t.Helper()
	if err := o.Flush(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	wait(t, "empty outbox", func() bool {
		st, err := s.OutboxState(context.WithoutCancel(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		return st.Pending == 0
	})
}

// item returns the newest message with that text.
func item(t testing.TB, s *store.Store, body string) (m chat.Message, ok bool) {
	t.Helper()
	for _, it := range storetest.Page(t, s, room, 100).Items {
		if it.Body == body {
			m, ok = it, true
		}
	}
	return m, ok
}

func inState(t testing.TB, s *store.Store, body string, state chat.SendState) chat.Message {
	t.Helper()
	var m chat.Message
	wait(t, fmt.Sprintf("%q in state %d", body, state), func() bool {
		var ok bool
		m, ok = item(t, s, body)
		return ok && m.Send == state
	})
	return m
}

func equal(t testing.TB, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Fatalf("homeserver has %q, want %q", got, want)
	}
}

var errTest = errors.New("test")
