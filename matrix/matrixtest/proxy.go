package matrixtest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// Proxy stands before a real homeserver and passes everything on, except where a [Rule] says otherwise. It records every
// request. All methods may be called from any goroutine while requests run.
type Proxy struct {
	server   *httptest.Server
	upstream string
	client   *http.Client

	mu      sync.Mutex // guards what follows
	rules   []*Rule
	records []Record
	offline bool
	changed chan struct{} // closed and replaced at every new record or held request
}

// Record is one request that reached the proxy. Access tokens are not kept.
type Record struct {
	Method string
	Path   string // escaped, without the query
	Query  url.Values
	Body   []byte
	Status int       // what the client got; 0 while it waits, or when the connection was cut
	At     time.Time // arrival
}

// Match selects requests. Empty fields match everything.
type Match struct {
	Method string
	// Path is compared segment by segment after unescaping; "*" is any one segment, "**" any number of them:
	// "/_matrix/client/*/sync", "**/send/m.room.message/*".
	Path string
	// Where is asked last, with the request's record.
	Where func(Record) bool
	// Skip lets that many selected requests pass first.
	Skip int
	// Times is how many selected requests the rule then acts on; 0 is all.
	Times int
}

// Nth selects only the nth matching request, counted from 1.
func (m Match) Nth(n int) Match {
	m.Skip, m.Times = n-1, 1
	return m
}

// Rule is a match and what happens to the requests it selects.
type Rule struct {
	proxy  *Proxy
	match  Match
	action Action
	seen   int // guarded by proxy.mu, as are the following
	acted  int
	off    bool
}

// NewProxy starts a proxy before the homeserver with the base URL upstream. It stops when the test ends.
func NewProxy(t testing.TB, upstream string) *Proxy {
	t.Helper()
	p := &Proxy{
		upstream: strings.TrimSuffix(upstream, "/"), changed: make(chan struct{}),
		client: &http.Client{
			Transport:     &http.Transport{MaxIdleConnsPerHost: 32},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	p.server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(func() {
		p.server.CloseClientConnections()
		p.server.Close()
		p.client.CloseIdleConnections()
	})
	return p
}

// Before starts a proxy before this homeserver, and returns it with a Homeserver whose URL is the proxy's.
func (h *Homeserver) Before(t testing.TB) (*Proxy, *Homeserver) {
	t.Helper()
	p := NewProxy(t, h.URL)
	return p, &Homeserver{URL: p.URL(), Name: h.Name, secret: h.secret}
}

// URL is the base URL that clients are given.
func (p *Proxy) URL() string { return p.server.URL }

// On adds a rule. Where several rules select a request, the one added last acts; the others do not count it.
func (p *Proxy) On(m Match, action Action) *Rule {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := &Rule{proxy: p, match: m, action: action}
	p.rules = append(p.rules, r)
	return r
}

// Off ends a rule; requests it holds go on.
func (r *Rule) Off() {
	r.proxy.mu.Lock()
	defer r.proxy.mu.Unlock()
	r.off = true
}

// Hits is the number of requests the rule has acted on.
func (r *Rule) Hits() int {
	r.proxy.mu.Lock()
	defer r.proxy.mu.Unlock()
	return r.acted
}

// Wait waits until the rule has begun to act on n requests.
func (r *Rule) Wait(t testing.TB, n int) {
	t.Helper()
	r.proxy.wait(t, fmt.Sprintf("%d requests to %s %s", n, r.match.Method, r.match.Path), func() bool { return r.acted >= n })
}

// Offline cuts every connection and all that come until it is called with false: the homeserver is out of reach.
func (p *Proxy) Offline(offline bool) {
	p.mu.Lock()
	p.offline = offline
	p.mu.Unlock()
	if offline {
		p.server.CloseClientConnections()
	}
}

// Cut ends every connection once; what is on its way is lost, the upstream may have had it.
func (p *Proxy) Cut() { p.server.CloseClientConnections() }

// Requests returns the records that match, oldest first; Skip and Times are not looked at.
func (p *Proxy) Requests(m Match) []Record {
	p.mu.Lock()
	defer p.mu.Unlock()
	var found []Record
	for _, r := range p.records {
		if m.selects(r) {
			found = append(found, r)
		}
	}
	return found
}

// WaitRequests waits until n requests that match have arrived, and returns them.
func (p *Proxy) WaitRequests(t testing.TB, m Match, n int) []Record {
	t.Helper()
	var found []Record
	p.wait(t, fmt.Sprintf("%d requests to %s %s", n, m.Method, m.Path), func() bool {
		found = found[:0]
		for _, r := range p.records {
			if m.selects(r) {
				found = append(found, r)
			}
		}
		return len(found) >= n
	})
	return found
}

// waitLimit bounds every wait of a test for a request.
const waitLimit = 30 * time.Second

// wait waits until done, which is called with the lock held, is true.
func (p *Proxy) wait(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.After(waitLimit)
	for {
		p.mu.Lock()
		ok, changed := done(), p.changed
		p.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("waited %s for %s", waitLimit, what)
		}
	}
}

// notify wakes everybody in wait. The lock is held.
func (p *Proxy) notify() {
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has gone
	}
	x := &Exchange{
		proxy: p, w: w, r: r, RequestBody: body,
		Record: Record{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.Query(), Body: bytes.Clone(body), At: time.Now()},
	}
	x.Query.Del("access_token")
	action := p.arrive(x)
	if action == nil {
		x.Drop()
	}
	action(x)
	x.finish()
}

// arrive records a request and returns what happens to it; nil while the proxy is offline.
func (p *Proxy) arrive(x *Exchange) Action {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.offline {
		return nil
	}
	x.index = len(p.records)
	p.records = append(p.records, x.Record)
	defer p.notify()
	for i := len(p.rules) - 1; i >= 0; i-- {
		r := p.rules[i]
		if r.off || !r.match.selects(x.Record) || (r.match.Times > 0 && r.seen >= r.match.Skip+r.match.Times) {
			continue
		}
		r.seen++
		if r.seen <= r.match.Skip {
			continue
		}
		r.acted++
		return r.action
	}
	return Pass()
}

func (m Match) selects(r Record) bool {
	if m.Method != "" && m.Method != r.Method {
		return false
	}
	if m.Path != "" && !pathMatches(strings.Split(m.Path, "/"), strings.Split(r.Path, "/")) {
		return false
	}
	return m.Where == nil || m.Where(r)
}

// pathMatches compares pattern segments with escaped path segments.
func pathMatches(pattern, path []string) bool {
	for i, want := range pattern {
		if want == "**" {
			for skip := range len(path) - i + 1 {
				if pathMatches(pattern[i+1:], path[i+skip:]) {
					return true
				}
			}
			return false
		}
		if i >= len(path) {
			return false
		}
		got, err := url.PathUnescape(path[i])
		if err != nil || (want != "*" && want != got) {
			return false
		}
	}
	return len(pattern) == len(path)
}
