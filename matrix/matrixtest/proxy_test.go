package matrixtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// counted is a homeserver that says which request of its life it answers.
func counted(t *testing.T) (upstream string, seen *atomic.Int32) {
	t.Helper()
	seen = &atomic.Int32{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"n":%d,"path":%q,"body":%q,"big":12345678901234567890}`, seen.Add(1), r.URL.EscapedPath(), body)
	}))
	t.Cleanup(s.Close)
	return s.URL, seen
}

// put sends a PUT on a connection of its own and returns what came back.
func put(t *testing.T, ctx context.Context, url, body string) (int, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(data), err
}

const sendPath = "/_matrix/client/v3/rooms/%21r:x/send/m.room.message/t1"

func TestProxyFaults(t *testing.T) {
	cases := []struct {
		name     string
		action   Action
		status   int
		has      string // part of the body
		cut      bool
		upstream int32 // requests that the homeserver got
	}{
		{"pass", Pass(), 200, `"n":1`, false, 1},
		{"status", Status(500, `{"oops":1}`), 500, `{"oops":1}`, false, 0},
		{"html", Reply(502, "text/html", "<h1>bad gateway</h1>"), 502, "<h1>", false, 0},
		{"rate limit", RateLimit(1500), 429, `"retry_after_ms":1500`, false, 0},
		{"soft logout", UnknownToken(true), 401, `"soft_logout":true`, false, 0},
		{"drop before", DropBefore(), 0, "", true, 0},
		{"drop after", DropAfter(), 0, "", true, 1},
		{"repeat", Repeat(), 200, `"n":2`, false, 2},
		{"rewrite", Rewrite(func(b []byte) []byte { return append(b, "x"...) }), 200, "}x", false, 1},
		{"rewrite JSON", RewriteJSON(func(a map[string]any) { a["n"] = "gone" }), 200, `"n":"gone"`, false, 1},
		{"rewrite JSON keeps numbers", RewriteJSON(func(map[string]any) {}), 200, `12345678901234567890`, false, 1},
		{"truncate", Truncate(4), 200, `{"n"`, true, 1},
		{"request changed", func(x *Exchange) { x.RequestBody = []byte("other"); x.Reply(x.Upstream()) }, 200, `"body":"other"`, false, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			upstream, seen := counted(t)
			p := NewProxy(t, upstream)
			rule := p.On(Match{Method: "PUT", Path: "**/send/m.room.message/*"}, c.action)
			status, body, err := put(t, t.Context(), p.URL()+sendPath, "hi")
			if (err != nil) != c.cut || status != c.status || !strings.Contains(body, c.has) {
				t.Errorf("got %d %q %v, want %d with %q, cut %t", status, body, err, c.status, c.has, c.cut)
			}
			if seen.Load() != c.upstream || rule.Hits() != 1 {
				t.Errorf("upstream got %d requests, rule hit %d times; want %d and 1", seen.Load(), rule.Hits(), c.upstream)
			}
		})
	}
}

func TestProxyRulesCount(t *testing.T) {
	upstream, _ := counted(t)
	p := NewProxy(t, upstream)
	send := Match{Method: "PUT", Path: "/_matrix/client/*/rooms/!r:x/send/**"}
	p.On(send.Nth(2), Status(500, "{}"))
	p.On(Match{Path: "**/sync"}, Status(599, "{}"))
	var got []int
	for range 4 {
		status, _, err := put(t, t.Context(), p.URL()+sendPath, "hi")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, status)
	}
	off := p.On(Match{Where: func(r Record) bool { return string(r.Body) == "special" }}, Status(404, "{}"))
	for _, body := range []string{"special", "plain"} {
		status, _, err := put(t, t.Context(), p.URL()+sendPath, body)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, status)
	}
	off.Off()
	status, _, err := put(t, t.Context(), p.URL()+sendPath, "special")
	if err != nil {
		t.Fatal(err)
	}
	if want := "[200 500 200 200 404 200 200]"; fmt.Sprint(append(got, status)) != want {
		t.Errorf("got %v, want %s", append(got, status), want)
	}
	if n := len(p.Requests(send)); n != 7 {
		t.Errorf("%d requests recorded, want 7", n)
	}
}

func TestProxyHoldsUntilReleased(t *testing.T) {
	for name, c := range map[string]struct {
		hold     func(*Gate) Action
		upstream int32 // before the gate opens
	}{"request": {HoldRequest, 0}, "answer": {HoldAnswer, 1}} {
		t.Run(name, func(t *testing.T) {
			upstream, seen := counted(t)
			p, gate := NewProxy(t, upstream), NewGate(t)
			rule := p.On(Match{}, c.hold(gate))
			var wg sync.WaitGroup
			defer wg.Wait()
			defer gate.Open()
			for i := range 5 {
				wg.Go(func() {
					if status, _, err := put(t, t.Context(), p.URL()+sendPath, fmt.Sprint(i)); err != nil || status != 200 {
						t.Errorf("held request: %d %v", status, err)
					}
				})
			}
			rule.Wait(t, 5)
			Wait(t, waitLimit, "the upstream's requests", func() bool { return seen.Load() == 5*c.upstream })
			if _, _, err := put(t, canceled(t), p.URL()+sendPath, ""); !errors.Is(err, context.Canceled) {
				t.Errorf("a client that goes away: %v", err)
			}
		})
	}
}

func canceled(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestProxyReplaysAnAnswer(t *testing.T) {
	upstream, seen := counted(t)
	p := NewProxy(t, upstream)
	p.On(Match{}, Replay())
	for range 3 {
		if _, body, err := put(t, t.Context(), p.URL()+sendPath, ""); err != nil || !strings.Contains(body, `"n":1,`) {
			t.Fatalf("got %q %v, want the first answer", body, err)
		}
	}
	if seen.Load() != 1 {
		t.Errorf("the upstream got %d requests, want 1", seen.Load())
	}
}

func TestProxyOffline(t *testing.T) {
	upstream, seen := counted(t)
	p, gate := NewProxy(t, upstream), NewGate(t)
	rule := p.On(Match{Times: 1}, HoldRequest(gate))
	held := make(chan error, 1)
	go func() {
		_, _, err := put(t, t.Context(), p.URL()+sendPath, "")
		held <- err
	}()
	rule.Wait(t, 1)
	p.Offline(true)
	if err := <-held; err == nil {
		t.Error("a request that was under way got an answer")
	}
	if _, _, err := put(t, t.Context(), p.URL()+sendPath, ""); err == nil {
		t.Error("a request got an answer while offline")
	}
	p.Offline(false)
	if status, _, err := put(t, t.Context(), p.URL()+sendPath, ""); err != nil || status != 200 {
		t.Errorf("back online: %d %v", status, err)
	}
	if seen.Load() != 1 {
		t.Errorf("the upstream got %d requests, want 1", seen.Load())
	}
}

func TestPathPatterns(t *testing.T) {
	cases := []struct {
		pattern, path string
		want          bool
	}{
		{"/_matrix/client/*/sync", "/_matrix/client/v3/sync", true},
		{"/_matrix/client/*/sync", "/_matrix/client/v3/x/sync", false},
		{"**/sync", "/_matrix/client/v3/sync", true},
		{"**/send/**", "/a/send", true},
		{"**/send/**", "/a/sent/x", false},
		{"/rooms/!a:b/join", "/rooms/%21a%3Ab/join", true},
		{"/rooms/*/join", "/rooms/a%2Fb/join", true},
		{"**", "/", true},
		{"/a", "/a/", false},
		{"/a/*", "/a", false},
	}
	for _, c := range cases {
		if got := (Match{Path: c.pattern}).selects(Record{Path: c.path}); got != c.want {
			t.Errorf("%s on %s: %t, want %t", c.pattern, c.path, got, c.want)
		}
	}
}

func TestProxyBeforeARealHomeserver(t *testing.T) {
	p, hs := Synapse(t).Before(t)
	c := hs.NewClient(t, "ada")
	room := c.CreateRoom(nil)
	path := "/_matrix/client/v3/rooms/" + room + "/send/m.room.message/once"
	body := map[string]any{"msgtype": "m.text", "body": "only once"}
	p.On(Match{Path: "**/send/*/once"}.Nth(1), DropAfter())
	if _, _, err := c.Do(t.Context(), http.MethodPut, path, body); err == nil {
		t.Fatal("the dropped answer arrived")
	}
	c.Call(http.MethodPut, path, body, nil)
	found := 0
	for _, e := range c.Events(room) {
		if e.Body() == "only once" {
			found++
			if e.TransactionID() != "once" {
				t.Errorf("transaction id %q, want once", e.TransactionID())
			}
		}
	}
	if found != 1 {
		t.Errorf("the message is there %d times, want once", found)
	}
	var known struct {
		Homeserver struct {
			URL string `json:"base_url"`
		} `json:"m.homeserver"`
	}
	c.Call(http.MethodGet, "/.well-known/matrix/client", nil, &known)
	if strings.TrimSuffix(known.Homeserver.URL, "/") != p.URL() {
		t.Errorf("well-known leads to %s, past the proxy at %s", known.Homeserver.URL, p.URL())
	}
}
