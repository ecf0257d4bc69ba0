package fault_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mattn/go-sqlite3"
	"maunium.net/go/mautrix"

	"hubbub/matrix/internal/fault"
	"hubbub/store"
	"hubbub/store/chat"
)

// ask sends one request through mautrix to a homeserver that answers with h.
func ask(t *testing.T, h http.HandlerFunc) *chat.Problem {
	t.Helper()
	srv := httptest.NewServer(h)
	defer srv.Close()
	return askURL(t, t.Context(), srv.URL)
}

func askURL(t *testing.T, ctx context.Context, base string) *chat.Problem {
	t.Helper()
	cli, err := mautrix.NewClient(base, "@a:b", "syt_secret_token")
	if err != nil {
		t.Fatal(err)
	}
	_, err = cli.Whoami(ctx)
	if err == nil {
		t.Fatal("the request worked")
	}
	return fault.From(fmt.Errorf("ask: %w", err))
}

func answer(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // the client may be gone
	}
}

func TestAnswers(t *testing.T) {
	const html = "<html><title>Welcome to nginx</title></html>"
	for name, c := range map[string]struct {
		h      http.HandlerFunc
		kind   chat.ProblemKind
		detail string
		wait   time.Duration
		retry  bool
	}{
		"html page":        {answer(200, html), chat.ProblemNotMatrix, "not JSON", 0, true},
		"html 404":         {answer(404, html), chat.ProblemNotMatrix, "HTTP 404", 0, true},
		"html 403":         {answer(403, html), chat.ProblemNotMatrix, "HTTP 403", 0, true},
		"proxy 502":        {answer(502, html), chat.ProblemHomeserver, "HTTP 502", 0, true},
		"proxy 504":        {answer(504, html), chat.ProblemTimeout, "HTTP 504", 0, true},
		"proxy 413":        {answer(413, html), chat.ProblemTooLarge, "HTTP 413", 0, false},
		"array":            {answer(200, "[]"), chat.ProblemNotMatrix, "unexpected JSON", 0, true},
		"cut off":          {answer(200, `{"user_id": "@a`), chat.ProblemOffline, "the answer was cut off", 0, true},
		"token":            {answer(401, `{"errcode":"M_UNKNOWN_TOKEN","error":"Unknown"}`), chat.ProblemSignedOut, "Unknown", 0, false},
		"soft logout":      {answer(401, `{"errcode":"M_UNKNOWN_TOKEN","soft_logout":true}`), chat.ProblemSignedOut, fault.SoftLogout, 0, true},
		"forbidden":        {answer(403, `{"errcode":"M_FORBIDDEN","error":"no"}`), chat.ProblemForbidden, "no", 0, false},
		"too large":        {answer(413, `{"errcode":"M_TOO_LARGE","error":"no"}`), chat.ProblemTooLarge, "no", 0, false},
		"limit body":       {answer(429, `{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":1500}`), chat.ProblemRateLimit, "", 1500 * time.Millisecond, true},
		"limit header":     {answer(429, `{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":1500}`, "Retry-After", "7"), chat.ProblemRateLimit, "", 7 * time.Second, true},
		"limit absurd":     {answer(429, `{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":1e300}`), chat.ProblemRateLimit, "", 24 * time.Hour, true},
		"limit negative":   {answer(429, `{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":-5}`), chat.ProblemRateLimit, "", 0, true},
		"limit of a proxy": {answer(429, html, "Retry-After", "3"), chat.ProblemRateLimit, "HTTP 429", 3 * time.Second, true},
		"unknown code":     {answer(400, `{"errcode":"ORG_EXAMPLE","error":"odd"}`), chat.ProblemBadInput, "HTTP 400", 0, false},
		"unknown 500":      {answer(500, `{"errcode":"M_UNKNOWN","error":"boom"}`), chat.ProblemHomeserver, "HTTP 500", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := ask(t, c.h)
			if p.Kind != c.kind || p.Detail != c.detail || p.RetryAfter != c.wait || p.Retry != c.retry {
				t.Errorf("got %s %q wait %s retry %t", p.Kind, p.Detail, p.RetryAfter, p.Retry)
			}
			if s := p.Error(); strings.Contains(s, "secret") || strings.Contains(s, "http://") {
				t.Errorf("leaks: %s", s)
			}
		})
	}
}

func TestLongAnswersAreCut(t *testing.T) {
	long := strings.Repeat("é", 100_000)
	p := ask(t, answer(403, `{"errcode":"M_FORBIDDEN","error":"`+long+`"}`))
	if p.Kind != chat.ProblemForbidden || len(p.Detail) > 510 || !strings.HasSuffix(p.Detail, "é…") {
		t.Errorf("%s, a detail of %d bytes", p.Kind, len(p.Detail))
	}
	if p = ask(t, answer(400, `{"errcode":"M_`+long+`"}`)); len(p.Code) > 110 {
		t.Errorf("a code of %d bytes", len(p.Code))
	}
}

func TestNetwork(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if p := askURL(t, t.Context(), closed); p.Kind != chat.ProblemOffline {
		t.Errorf("refused: %v", p)
	}
	secure := httptest.NewTLSServer(answer(200, "{}"))
	secure.Config.ErrorLog = nil
	defer secure.Close()
	if p := askURL(t, t.Context(), secure.URL); p.Kind != chat.ProblemTLS {
		t.Errorf("unknown authority: %v", p)
	}
	plain := httptest.NewServer(answer(200, "{}"))
	defer plain.Close()
	if p := askURL(t, t.Context(), "https"+strings.TrimPrefix(plain.URL, "http")); p.Kind != chat.ProblemTLS {
		t.Errorf("https to an http port: %v", p)
	}
	drop := func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			err = c.Close()
		}
		if err != nil {
			t.Error(err)
		}
	}
	if p := ask(t, drop); p.Kind != chat.ProblemOffline || !p.Retry {
		t.Errorf("dropped: %v", p)
	}
	hang, stop := context.WithCancel(t.Context())
	defer stop()
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-hang.Done():
		}
	}))
	defer slow.Close()
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if p := askURL(t, short, slow.URL); p.Kind != chat.ProblemTimeout {
		t.Errorf("time limit: %v", p)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if p := askURL(t, gone, slow.URL); p.Kind != chat.ProblemCancelled {
		t.Errorf("cancelled: %v", p)
	}
	stop()
}

func TestErrors(t *testing.T) {
	known := &chat.Problem{Kind: chat.ProblemLocked}
	wrapDNS := func(e net.DNSError) error {
		return &url.Error{Op: "Get", URL: "https://x/?access_token=secret", Err: &net.OpError{Op: "dial", Err: &e}}
	}
	for name, c := range map[string]struct {
		err  error
		kind chat.ProblemKind
	}{
		"problem":     {fmt.Errorf("open: %w", known), chat.ProblemLocked},
		"no host":     {wrapDNS(net.DNSError{Name: "x", IsNotFound: true}), chat.ProblemNoHost},
		"no resolver": {wrapDNS(net.DNSError{Err: "server misbehaving", IsTemporary: true}), chat.ProblemOffline},
		"alert":       {&url.Error{Err: tls.AlertError(40)}, chat.ProblemTLS},
		"odd tls":     {&url.Error{Err: errors.New("tls: oversized record")}, chat.ProblemTLS},
		"odd network": {&url.Error{URL: "https://secret", Err: errors.New("http2: stream broke")}, chat.ProblemOffline},
		"full":        {&os.PathError{Op: "write", Path: "/x", Err: syscall.ENOSPC}, chat.ProblemDiskFull},
		"read-only":   {&os.PathError{Op: "open", Path: "/x", Err: syscall.EROFS}, chat.ProblemReadOnly},
		"sqlite full": {sqlite3.Error{Code: sqlite3.ErrFull}, chat.ProblemDiskFull},
		"sqlite ro":   {sqlite3.Error{Code: sqlite3.ErrReadonly}, chat.ProblemReadOnly},
		"sqlite bad":  {sqlite3.Error{Code: sqlite3.ErrNotADB}, chat.ProblemCorrupt},
		"sqlite io":   {sqlite3.Error{Code: sqlite3.ErrIoErr, SystemErrno: syscall.EFBIG}, chat.ProblemDiskFull},
		"cache full":  {fmt.Errorf("write: %w", store.ErrDiskFull), chat.ProblemDiskFull},
		"cache ro":    {store.ErrReadOnly, chat.ProblemReadOnly},
		"cache bad":   {store.ErrCorrupt, chat.ProblemCorrupt},
		"cache newer": {store.ErrNewer, chat.ProblemNewer},
		"cache shut":  {store.ErrClosed, chat.ProblemCancelled},
		"json":        {&json.SyntaxError{}, chat.ProblemNotMatrix},
		"anything":    {errors.New("odd"), chat.ProblemUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			p := fault.From(c.err)
			if p.Kind != c.kind {
				t.Errorf("got %v", p)
			}
			if strings.Contains(p.Error(), "secret") {
				t.Errorf("leaks: %v", p)
			}
			if p != known && !errors.Is(p, c.err) {
				t.Error("the underlying error is lost")
			}
		})
	}
	if fault.From(nil) != nil {
		t.Error("a problem of nothing")
	}
	_, err := os.Open(filepath.Join(t.TempDir(), "none"))
	if p := fault.From(err); p.Kind != chat.ProblemNotFound {
		t.Errorf("missing file: %v", p)
	}
}
