package matrixtest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Action decides what happens to one request. The ones below cover the usual faults; a test may write its own. An
// action that neither replies nor drops leaves the client with an empty 200.
type Action func(x *Exchange)

// Exchange is one request and its answer, owned by the goroutine that runs the action.
type Exchange struct {
	Record             // as it arrived
	RequestBody []byte // what the upstream gets; actions may change it

	proxy *Proxy
	w     http.ResponseWriter
	r     *http.Request
	index int // in proxy.records
	sent  int // status
}

// Answer is what the upstream said.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Context ends when the client goes away.
func (x *Exchange) Context() context.Context { return x.r.Context() }

// Upstream sends the request on and returns the answer. Called twice it sends twice. When the upstream does not answer,
// or the client has gone, the connection to the client is dropped and the action ends.
func (x *Exchange) Upstream() *Answer {
	req, err := http.NewRequestWithContext(x.r.Context(), x.r.Method, x.proxy.upstream+x.r.URL.RequestURI(), bytes.NewReader(x.RequestBody))
	if err != nil {
		x.Drop()
	}
	req.Header = x.r.Header.Clone()
	req.Header.Del("Accept-Encoding") // bodies are rewritten: the transport decompresses
	req.Header.Del("Connection")
	resp, err := x.proxy.client.Do(req)
	if err != nil {
		x.Drop()
	}
	defer func() { _ = resp.Body.Close() }() // only read
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		x.Drop()
	}
	a := &Answer{Status: resp.StatusCode, Header: resp.Header, Body: body}
	if tellsBaseURL(x.Path) {
		a.Body = bytes.ReplaceAll(a.Body, []byte(x.proxy.upstream), []byte(x.proxy.URL()))
	}
	return a
}

// tellsBaseURL says whether an answer sends clients to the homeserver's own address, past the proxy.
func tellsBaseURL(path string) bool {
	return strings.HasSuffix(path, "/login") || path == "/.well-known/matrix/client"
}

// Reply gives the client an answer.
func (x *Exchange) Reply(a *Answer) {
	h := x.w.Header()
	for key, values := range a.Header {
		h[key] = values
	}
	h.Del("Transfer-Encoding")
	h.Set("Content-Length", strconv.Itoa(len(a.Body)))
	x.sent = a.Status
	x.w.WriteHeader(a.Status)
	_, _ = x.w.Write(a.Body) // fails when the client has gone, which is its right
}

// Drop cuts the connection and ends the action.
func (x *Exchange) Drop() { panic(http.ErrAbortHandler) }

// finish notes what the client got.
func (x *Exchange) finish() {
	p := x.proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	p.records[x.index].Status = x.sent
	p.notify()
}

// Pass sends the request on and the answer back.
func Pass() Action {
	return func(x *Exchange) { x.Reply(x.Upstream()) }
}

// Status answers with a JSON body without asking the upstream.
func Status(code int, body string) Action { return Reply(code, "application/json", body) }

// Reply answers with any kind of body without asking the upstream.
func Reply(code int, contentType, body string) Action {
	return func(x *Exchange) {
		x.Reply(&Answer{Status: code, Header: http.Header{"Content-Type": {contentType}}, Body: []byte(body)})
	}
}

// Refuse answers with a Matrix error. Spec: client-server-api#standard-error-response
func Refuse(code int, errcode string, more map[string]any) Action {
	body := map[string]any{"errcode": errcode, "error": "refused by the test"}
	for key, value := range more {
		body[key] = value
	}
	data, err := json.Marshal(body)
	if err != nil {
		panic("matrixtest: Refuse with a value that is no JSON: " + err.Error())
	}
	return Status(code, string(data))
}

// RateLimit answers 429 and asks for a pause in milliseconds. Spec: client-server-api#rate-limiting
func RateLimit(retryAfterMS int) Action {
	return Refuse(http.StatusTooManyRequests, "M_LIMIT_EXCEEDED", map[string]any{"retry_after_ms": retryAfterMS})
}

// UnknownToken answers that the session has ended; soft means that the device and its keys remain.
// Spec: client-server-api#soft-logout
func UnknownToken(soft bool) Action {
	return Refuse(http.StatusUnauthorized, "M_UNKNOWN_TOKEN", map[string]any{"soft_logout": soft})
}

// DropBefore cuts the connection; the upstream never hears of the request.
//
// Go's HTTP client repeats a GET by itself when a connection it had used before is cut: the repetition is a request of
// its own here.
func DropBefore() Action {
	return func(x *Exchange) { x.Drop() }
}

// DropAfter lets the upstream do what was asked, and cuts the connection in place of its answer.
func DropAfter() Action {
	return func(x *Exchange) {
		x.Upstream()
		x.Drop()
	}
}

// Repeat sends the request twice and gives the client the second answer.
func Repeat() Action {
	return func(x *Exchange) {
		x.Upstream()
		x.Reply(x.Upstream())
	}
}

// Replay sends the first request on, and gives its answer to every later one as well.
func Replay() Action {
	var once sync.Once
	var first *Answer
	return func(x *Exchange) {
		once.Do(func() { first = x.Upstream() })
		if first == nil {
			x.Drop()
		}
		x.Reply(first)
	}
}

// Rewrite changes the body of the upstream's answer.
func Rewrite(change func(body []byte) []byte) Action {
	return func(x *Exchange) {
		a := x.Upstream()
		a.Body = change(a.Body)
		x.Reply(a)
	}
}

// RewriteJSON changes the upstream's answer as decoded JSON. An answer that is no JSON object passes unchanged. Numbers
// stay as they were written.
func RewriteJSON(change func(answer map[string]any)) Action {
	return Rewrite(func(body []byte) []byte {
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		var object map[string]any
		if d.Decode(&object) != nil {
			return body
		}
		change(object)
		changed, err := json.Marshal(object)
		if err != nil {
			panic("matrixtest: RewriteJSON put in a value that is no JSON: " + err.Error())
		}
		return changed
	})
}

// Truncate announces the whole answer, gives its first n bytes and cuts the connection.
func Truncate(n int) Action {
	return func(x *Exchange) {
		a := x.Upstream()
		h := x.w.Header()
		h.Set("Content-Type", a.Header.Get("Content-Type"))
		h.Set("Content-Length", strconv.Itoa(len(a.Body)))
		x.w.WriteHeader(a.Status)
		_, _ = x.w.Write(a.Body[:min(n, len(a.Body))]) // the client may have gone
		_ = http.NewResponseController(x.w).Flush()    // the same
		x.Drop()
	}
}

// Gate holds requests until it is opened.
type Gate struct {
	open chan struct{}
	once sync.Once
}

// NewGate returns a closed gate, which opens at the latest when the test ends.
func NewGate(t testing.TB) *Gate {
	g := &Gate{open: make(chan struct{})}
	t.Cleanup(g.Open)
	return g
}

// Open lets everything through, now and later.
func (g *Gate) Open() { g.once.Do(func() { close(g.open) }) }

// pass waits for the gate; a client that goes away ends the action.
func (g *Gate) pass(x *Exchange) {
	select {
	case <-g.open:
	case <-x.Context().Done():
		x.Drop()
	}
}

// HoldRequest keeps the request from the upstream until the gate opens.
func HoldRequest(g *Gate) Action {
	return func(x *Exchange) {
		g.pass(x)
		x.Reply(x.Upstream())
	}
}

// HoldAnswer lets the upstream do what was asked, and keeps its answer from the client until the gate opens.
func HoldAnswer(g *Gate) Action {
	return func(x *Exchange) {
		a := x.Upstream()
		g.pass(x)
		x.Reply(a)
	}
}
