package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"maunium.net/go/mautrix"

	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

const (
	maxDiscovery   = 64 << 10 // bytes of a discovery answer
	discoveryLimit = 15 * time.Second
	flowPassword   = "m.login.password"
)

// hostName is the DNS name of a server name. Numbers and IPv6 are judged by netip.
//
// Spec: appendices#server-name
var hostName = regexp.MustCompile(`^[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*$`)

// Discover finds the homeserver of a server name, a user id or a URL, and what
// it offers at sign-in. Errors are *chat.Problem.
//
// Spec: client-server-api#server-discovery
func (r *Registry) Discover(ctx context.Context, address string) (chat.LoginOptions, error) {
	ctx, cancel := context.WithTimeout(ctx, discoveryLimit)
	defer cancel()
	name, bases, err := r.candidates(ctx, address)
	if err != nil {
		return chat.LoginOptions{}, err
	}
	var first *chat.Problem
	for _, base := range bases {
		opts, err := r.offer(ctx, base)
		if err == nil {
			opts.Name = name
			return opts, nil
		}
		if first == nil {
			first = fault.From(err)
		}
	}
	return chat.LoginOptions{}, first
}

// candidates returns the server name and the base URLs to try for it, in order.
func (r *Registry) candidates(ctx context.Context, address string) (string, []*url.URL, error) {
	address = strings.TrimSpace(address)
	if user := chat.UserID(address); strings.HasPrefix(address, "@") && user.Valid() {
		address = user.Homeserver()
	}
	if strings.Contains(address, "://") {
		u, err := checkURL(address)
		if err != nil {
			return "", nil, err
		}
		bases := []*url.URL{u}
		if known, err := r.wellKnown(ctx, u.Scheme+"://"+u.Host); err == nil && known != nil {
			bases = append(bases, known)
		}
		return u.Host, bases, nil
	}
	host, err := serverName(address)
	if err != nil {
		return "", nil, err
	}
	https := &url.URL{Scheme: "https", Host: address}
	if loopback(host) {
		return address, []*url.URL{{Scheme: "http", Host: address}, https}, nil
	}
	known, err := r.wellKnown(ctx, "https://"+address)
	if err != nil && fault.From(err).Kind == chat.ProblemInsecure {
		return "", nil, err
	}
	if known != nil {
		return address, []*url.URL{known}, nil
	}
	return address, []*url.URL{https}, nil
}

// serverName checks `host` or `host:port` and returns the host.
func serverName(s string) (string, error) {
	bad := &chat.Problem{Kind: chat.ProblemBadInput, Detail: "not the name of a homeserver"}
	if s == "" || len(s) > 255 {
		return "", bad
	}
	host := s
	if h, port, err := net.SplitHostPort(s); err == nil {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return "", bad
		}
		host = h
	} else {
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	if _, err := netip.ParseAddr(host); err != nil && !hostName.MatchString(host) {
		return "", bad
	}
	return host, nil
}

// wellKnown reads the well-known document. It returns nil when there is none.
//
// Spec: client-server-api#well-known-uris
func (r *Registry) wellKnown(ctx context.Context, origin string) (*url.URL, error) {
	var doc struct {
		Homeserver struct {
			BaseURL string `json:"base_url"`
		} `json:"m.homeserver"`
	}
	err := r.getJSON(ctx, origin+"/.well-known/matrix/client", &doc)
	if err != nil || doc.Homeserver.BaseURL == "" {
		return nil, err
	}
	return checkURL(doc.Homeserver.BaseURL)
}

// offer asks a base URL whether it is a homeserver, and for its sign-in flows.
//
// Spec: client-server-api#get_matrixclientversions
// Spec: client-server-api#get_matrixclientv3login
func (r *Registry) offer(ctx context.Context, base *url.URL) (chat.LoginOptions, error) {
	var versions struct {
		Versions []string `json:"versions"`
	}
	root := base.String() + "/_matrix/client"
	if err := r.getJSON(ctx, root+"/versions", &versions); err != nil {
		return chat.LoginOptions{}, err
	}
	if len(versions.Versions) == 0 {
		return chat.LoginOptions{}, &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "no versions"}
	}
	var login struct {
		Flows []struct {
			Type string `json:"type"`
		} `json:"flows"`
	}
	if err := r.getJSON(ctx, root+"/v3/login", &login); err != nil {
		return chat.LoginOptions{}, err
	}
	out := chat.LoginOptions{Homeserver: base.String()}
	for _, f := range login.Flows {
		if f.Type != "" && len(f.Type) <= 255 && len(out.Flows) < 32 && !slices.Contains(out.Flows, f.Type) {
			out.Flows = append(out.Flows, f.Type)
		}
		out.Password = out.Password || f.Type == flowPassword
	}
	return out, nil
}

// getJSON reads a small JSON answer. A refusal is a mautrix.HTTPError, so that
// fault.From knows it.
func (r *Registry) getJSON(ctx context.Context, address string, into any) (err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("ask homeserver: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", UserAgent)
	res, err := r.look.Do(req)
	if err != nil {
		return fmt.Errorf("ask homeserver: %w", err)
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	if res.StatusCode != http.StatusOK {
		_, err := mautrix.ParseErrorResponse(req, res)
		return fmt.Errorf("ask homeserver: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, maxDiscovery+1))
	switch {
	case err != nil:
		return fmt.Errorf("read answer: %w", err)
	case len(b) > maxDiscovery:
		return &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "the answer is too long"}
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	return nil
}
