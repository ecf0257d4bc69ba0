package session

import (
	"bytes"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"hubbub/store/chat"
)

// web is the internet: pages by host and path. A host that is not there refuses.
type web map[string]func(w http.ResponseWriter)

// RoundTrip implements http.RoundTripper.
func (w web) RoundTrip(req *http.Request) (*http.Response, error) {
	answer := w[req.URL.Host+req.URL.Path]
	if answer == nil {
		answer = w[req.URL.Host]
	}
	rec := httptest.NewRecorder()
	switch {
	case answer == nil || req.URL.Scheme != "https":
		return nil, errors.New("nobody is there")
	case req.URL.Host == "expired.test":
		return nil, x509.CertificateInvalidError{Reason: x509.Expired}
	}
	answer(rec)
	res := rec.Result()
	res.Request = req
	return res, nil
}

func page(status int, body string, header ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		if len(header) > 0 {
			w.Header().Set(header[0], header[1])
		}
		w.WriteHeader(status)
		_, _ = bytes.NewBufferString(body).WriteTo(w) // into memory
	}
}

// Every way in which a well-known document can be there and not be of use.
func TestWellKnown(t *testing.T) {
	const html = "<html>Welcome to nginx</html>"
	names := func(base string) func(http.ResponseWriter) {
		return page(200, `{"m.homeserver":{"base_url":"`+base+`"}}`)
	}
	for name, c := range map[string]struct {
		document func(http.ResponseWriter)
		api      bool   // the homeserver is at the name itself
		leads    string // where the sign-in goes; "" for an error
		kind     chat.ProblemKind
		about    string // the homeserver that the error is about
		detail   string
	}{
		"found":                {document: names("https://m.test"), leads: "https://m.test"},
		"slash":                {document: names("https://m.test/"), leads: "https://m.test"},
		"path":                 {document: names("https://m.test/chat/"), leads: "https://m.test/chat"},
		"redirect":             {document: page(302, "", "Location", "https://m.test/wk"), leads: "https://m.test"},
		"none":                 {document: page(404, html), api: true, leads: "https://x.test"},
		"page":                 {document: page(200, html), api: true, leads: "https://x.test"},
		"trouble":              {document: page(500, html), api: true, leads: "https://x.test"},
		"loop":                 {document: page(302, "", "Location", "/.well-known/matrix/client"), api: true, leads: "https://x.test"},
		"none and no API":      {document: page(404, html), kind: chat.ProblemNotMatrix, about: "https://x.test", detail: "HTTP 404"},
		"page and no API":      {document: page(200, html), kind: chat.ProblemNotMatrix, about: "https://x.test", detail: "not JSON"},
		"empty":                {document: page(200, ""), kind: chat.ProblemNotMatrix, about: "https://x.test", detail: "cut off"},
		"number":               {document: page(200, `{"m.homeserver":{"base_url":42}}`), kind: chat.ProblemNotMatrix, about: "https://x.test", detail: "unexpected JSON"},
		"text":                 {document: page(200, `{"m.homeserver":"https://m.test"}`), kind: chat.ProblemNotMatrix, about: "https://x.test", detail: "unexpected JSON"},
		"names nobody":         {document: page(200, `{"m.homeserver":{}}`), kind: chat.ProblemNotMatrix, about: "https://x.test", detail: "it names no homeserver"},
		"not a URL":            {document: names("m.test"), kind: chat.ProblemNotMatrix, about: "https://x.test", detail: "the address that it names is none"},
		"too long":             {document: page(200, `{"a":"`+strings.Repeat("x", 100_000)+`"}`), kind: chat.ProblemNotMatrix, about: "https://x.test", detail: "too long"},
		"plain http":           {document: names("http://m.test"), api: true, kind: chat.ProblemInsecure, about: "http://m.test", detail: "m.test"},
		"redirect to http":     {document: page(302, "", "Location", "http://m.test/wk"), api: true, kind: chat.ProblemInsecure, detail: "m.test"},
		"nobody is there":      {document: names("https://gone.test"), kind: chat.ProblemOffline, about: "https://gone.test"},
		"expired certificate":  {document: names("https://expired.test"), kind: chat.ProblemTLS, about: "https://expired.test", detail: "expired"},
		"leads to a web page":  {document: names("https://page.test"), kind: chat.ProblemNotMatrix, about: "https://page.test"},
		"escapes in the name":  {document: names(`https://m.test\u001b[2J`), kind: chat.ProblemNotMatrix, about: "https://x.test"},
		"user and password in": {document: names("https://ada:pw@m.test"), kind: chat.ProblemNotMatrix, about: "https://x.test"},
	} {
		t.Run(name, func(t *testing.T) {
			w := web{
				"x.test": page(404, html), "x.test/.well-known/matrix/client": c.document,
				"m.test/wk": names("https://m.test"), "page.test": page(200, html), "expired.test": page(200, ""),
			}
			for _, base := range []string{"m.test", "m.test/chat", "x.test"} {
				if base != "x.test" || c.api {
					w[base+"/_matrix/client/versions"] = page(200, `{"versions":["v1.11"]}`)
					w[base+"/_matrix/client/v3/login"] = page(200, `{"flows":[{"type":"m.login.password"}]}`)
				}
			}
			r := New(Options{})
			r.look.Transport = w
			opts, err := r.Discover(t.Context(), "@ada:x.test")
			if c.leads != "" {
				if err != nil || opts.Homeserver != c.leads || !opts.Password || opts.Name != "x.test" {
					t.Errorf("got %+v, %v", opts, err)
				}
				return
			}
			var p *chat.Problem
			if !errors.As(err, &p) || p.Kind != c.kind || opts.Homeserver != c.about || opts.Name != "x.test" || !strings.Contains(p.Detail, c.detail) {
				t.Errorf("got %+v, %v", opts, err)
			}
		})
	}
}

// The port of a server name is the federation's: its document stands at the name alone.
func TestServerNameWithPort(t *testing.T) {
	r := New(Options{})
	r.look.Transport = web{
		"x.test/.well-known/matrix/client": page(200, `{"m.homeserver":{"base_url":"https://m.test"}}`),
		"m.test/_matrix/client/versions":   page(200, `{"versions":["v1.11"]}`),
		"m.test/_matrix/client/v3/login":   page(200, `{"flows":[{"type":"m.login.password"}]}`),
	}
	if opts, err := r.Discover(t.Context(), "@ada:x.test:8448"); err != nil || opts.Homeserver != "https://m.test" {
		t.Errorf("got %+v, %v", opts, err)
	}
	if opts, err := r.Discover(t.Context(), "https://m.test/_matrix/client/versions"); err != nil || opts.Homeserver != "https://m.test" {
		t.Errorf("the address of a request: %+v, %v", opts, err)
	}
}

// A homeserver that has moved keeps its accounts' keys, if the account's own server name says so; nobody else's word counts.
func TestHomeserverThatMoved(t *testing.T) {
	r := New(Options{})
	r.look.Transport = web{
		"x.test/.well-known/matrix/client": page(200, `{"m.homeserver":{"base_url":"https://new.test"}}`),
		"new.test/_matrix/client/versions": page(200, `{"versions":["v1.11"]}`),
		"new.test/_matrix/client/v3/login": page(200, `{"flows":[{"type":"m.login.password"}]}`),
	}
	for base, want := range map[string]bool{"https://new.test": true, "https://evil.test": false, "https://old.test": true} {
		u, err := url.Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.isHome(t.Context(), "@ada:x.test", "https://old.test", u); got != want {
			t.Errorf("%s: %t", base, got)
		}
	}
}
