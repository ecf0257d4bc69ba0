package session

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"hubbub/store/chat"
)

const maxRedirects = 5

func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   8,
		ForceAttemptHTTP2:     true,
		// A machine that slept finds its connections dead by these pings, not by a time limit.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second},
	}
}

// authorised gives every request of an account its token, and keeps requests
// at home until Unlock has set one: a homeserver would answer that the session
// is over. The token is not given to mautrix, whose own reads of it are not safe
// while another goroutine signs in again; and it goes to the homeserver's own host and scheme alone.
type authorised struct {
	http.RoundTripper
	base  *url.URL // of the homeserver
	token atomic.Pointer[string]
}

// RoundTrip implements http.RoundTripper.
func (t *authorised) RoundTrip(req *http.Request) (*http.Response, error) {
	token := t.token.Load()
	if token == nil {
		p := &chat.Problem{Kind: chat.ProblemOffline, Detail: "the account is not unlocked yet", Retry: true}
		if req.Body != nil {
			return nil, errors.Join(p, req.Body.Close())
		}
		return nil, p
	}
	if req.URL.Host == t.base.Host && req.URL.Scheme == t.base.Scheme {
		req = req.Clone(req.Context()) // a RoundTripper must not change its request
		req.Header.Set("Authorization", "Bearer "+*token)
	}
	return t.RoundTripper.RoundTrip(req)
}

// sameHost lets the API redirect within one host only: a password or token
// never follows to another.
func sameHost(req *http.Request, via []*http.Request) error {
	if err := secureHops(req, via); err != nil {
		return err
	}
	if from := via[0].URL; req.URL.Host != from.Host || req.URL.Scheme != from.Scheme {
		return &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "the homeserver sends its requests to another host"}
	}
	return nil
}

// secureHops follows a few redirects, none to plain http, and none from elsewhere
// to this machine, whose services trust whoever can reach them.
func secureHops(req *http.Request, via []*http.Request) error {
	if len(via) >= maxRedirects {
		return &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "too many redirects"}
	}
	if inward(via[0].URL, req.URL) {
		return &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "a redirect to this machine"}
	}
	_, err := checkURL(req.URL.String())
	return err
}

// inward reports whether a machine elsewhere leads to this one.
func inward(from, to *url.URL) bool { return loopback(to.Hostname()) && !loopback(from.Hostname()) }

// checkURL accepts an https URL, or an http URL of a loopback address, without
// credentials, query or fragment, and returns it without a slash at its end.
func checkURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, &chat.Problem{Kind: chat.ProblemBadInput, Detail: DetailBadAddress}
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return nil, &chat.Problem{Kind: chat.ProblemInsecure, Detail: "http:// to " + cut(u.Host, 255)}
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimRight(u.Path, "/")}, nil
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
