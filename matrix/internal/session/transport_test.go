package session

import (
	"errors"
	"net/http"
	"net/url"
	"testing"

	"hubbub/store/chat"
)

// sentHeaders records what would go out.
type sentHeaders struct{ all []string }

func (s *sentHeaders) RoundTrip(req *http.Request) (*http.Response, error) {
	s.all = append(s.all, req.Header.Get("Authorization"))
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: req}, nil
}

// The token goes to the homeserver and nowhere else, and nothing goes out before there is one.
func TestTokenGoesToTheHomeserverAlone(t *testing.T) {
	wire := &sentHeaders{}
	auth := &authorised{RoundTripper: wire, base: &url.URL{Scheme: "https", Host: "matrix.example.org"}}
	ask := func(address string) error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := auth.RoundTrip(req)
		if req.Header.Get("Authorization") != "" {
			t.Errorf("the request for %s was changed", address)
		}
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}
	var p *chat.Problem
	if err := ask("https://matrix.example.org/_matrix"); !errors.As(err, &p) || p.Kind != chat.ProblemOffline || len(wire.all) != 0 {
		t.Errorf("before there is a token: %v, %d requests", err, len(wire.all))
	}
	token := "syt_secret"
	auth.token.Store(&token)
	for address, want := range map[string]string{
		"https://matrix.example.org/_matrix":      "Bearer syt_secret",
		"http://matrix.example.org/_matrix":       "",
		"https://matrix.example.org:8448/_matrix": "",
		"https://elsewhere.example.org/_matrix":   "",
	} {
		wire.all = nil
		if err := ask(address); err != nil {
			t.Errorf("%s: %v", address, err)
		} else if wire.all[0] != want {
			t.Errorf("%s got %q, want %q", address, wire.all[0], want)
		}
	}
}

// A homeserver elsewhere leads nobody to the services of his own machine.
func TestNothingLeadsToThisMachine(t *testing.T) {
	hop := func(from, to string) error {
		request := func(address string) *http.Request {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
			if err != nil {
				t.Fatal(err)
			}
			return req
		}
		return secureHops(request(to), []*http.Request{request(from)})
	}
	for _, c := range []struct {
		from, to string
		refused  bool
	}{
		{"https://example.org/a", "https://matrix.example.org/a", false},
		{"http://localhost:8008/a", "http://127.0.0.1:8009/a", false},
		{"https://example.org/a", "http://127.0.0.1:8500/v1", true},
		{"https://example.org/a", "https://localhost/v1", true},
		{"https://example.org/a", "https://[::1]:2/v1", true},
		{"https://example.org/a", "http://[::ffff:127.0.0.1]/v1", true},
		{"https://example.org/a", "http://example.org/a", true},
	} {
		if err := hop(c.from, c.to); (err != nil) != c.refused {
			t.Errorf("%s to %s: %v", c.from, c.to, err)
		}
	}
	if from, err := url.Parse("https://example.org"); err != nil || !inward(from, &url.URL{Scheme: "http", Host: "127.0.0.1:1"}) {
		t.Error("a well-known document leads here")
	}
}
