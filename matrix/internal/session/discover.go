package session

import (
	"cmp"
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
	wellKnownLimit = 6 * time.Second // the API may answer where this does not
	wellKnownPath  = "/.well-known/matrix/client"
	flowPassword   = "m.login.password"
)

// Details of chat.ProblemBadInput.
const (
	DetailBadAddress = "bad_address" // of a homeserver
	DetailBadUser    = "bad_user"
)

// hostName is the DNS name of a server name. Numbers and IPv6 are judged by netip.
//
// Spec: appendices#server-name
var hostName = regexp.MustCompile(`^[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*$`)

// Discover finds the homeserver of a server name, a user id or a URL, and what
// it offers at sign-in. Errors are *chat.Problem; the options are then what was
// found before: Name, and the Homeserver that it is about.
//
// Spec: client-server-api#server-discovery
func (r *Registry) Discover(ctx context.Context, address string) (chat.LoginOptions, error) {
	ctx, cancel := context.WithTimeout(ctx, discoveryLimit)
	defer cancel()
	name, tries, err := candidates(address)
	if err != nil {
		return chat.LoginOptions{}, err
	}
	found := chat.LoginOptions{Name: name}
	var why, document *chat.Problem
	for _, try := range tries {
		base, broken, err := r.baseOf(ctx, try)
		if base == nil && err == nil {
			document = cmp.Or(document, broken)
			continue
		}
		var opts chat.LoginOptions
		if err == nil {
			if opts, err = r.offer(ctx, base); err == nil {
				opts.Name = name
				return opts, nil
			}
		}
		// What is not a homeserver says less than one that does not answer.
		if why == nil || why.Kind == chat.ProblemNotMatrix {
			why, found.Homeserver = fault.From(err), ""
			if base != nil {
				found.Homeserver = base.String()
			}
		}
		if try.base == nil {
			break // a document that can be read is the last word
		}
	}
	if document != nil && document.Detail != "" && why.Kind == chat.ProblemNotMatrix {
		why = &chat.Problem{Kind: why.Kind, Detail: "its " + wellKnownPath + " cannot be used, " + document.Detail, Err: document}
	}
	return found, why
}

// baseOf returns the API of a candidate, or nil where no document names one;
// broken says why a document that is there is of no use. What would not be
// private is an error: it is not got around.
func (r *Registry) baseOf(ctx context.Context, c candidate) (base *url.URL, broken *chat.Problem, err error) {
	if c.base != nil {
		return c.base, nil, nil
	}
	base, err = r.wellKnown(ctx, c.origin)
	if err == nil || refused(err) {
		return base, nil, err
	}
	return nil, fault.From(err), nil
}

func refused(err error) bool { return err != nil && fault.From(err).Kind == chat.ProblemInsecure }

// candidate is where a homeserver may be.
type candidate struct {
	base   *url.URL // its API, or nil:
	origin string   // look into the well-known document there
}

// candidates returns the server name and where to look for its homeserver, in order.
func candidates(address string) (string, []candidate, error) {
	address = strings.TrimSpace(address)
	if user := chat.UserID(address); strings.HasPrefix(address, "@") && user.Valid() {
		address = user.Homeserver()
	}
	if strings.Contains(address, "://") {
		u, err := checkURL(address)
		if err != nil {
			return "", nil, err
		}
		u.Path, _, _ = strings.Cut(u.Path, "/_matrix") // the address of a request is one of the API too
		return u.Host, []candidate{{base: u}, {origin: u.Scheme + "://" + u.Host}}, nil
	}
	address = strings.TrimRight(address, "/")
	host, err := serverName(address)
	if err != nil {
		return "", nil, err
	}
	https := &url.URL{Scheme: "https", Host: address}
	if loopback(host) {
		return address, []candidate{{base: &url.URL{Scheme: "http", Host: address}}, {base: https}}, nil
	}
	tries := []candidate{{origin: "https://" + address}, {base: https}}
	if host != address && !strings.HasPrefix(address, "[") {
		// The port of a server name is where homeservers talk to each other.
		tries = append(tries, candidate{origin: "https://" + host})
	}
	return address, tries, nil
}

// serverName checks `host` or `host:port` and returns the host.
func serverName(s string) (string, error) {
	bad := &chat.Problem{Kind: chat.ProblemBadInput, Detail: DetailBadAddress}
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

// wellKnown reads the well-known document. It returns nil when there is none,
// and an error with the URL when that one is refused.
//
// Spec: client-server-api#well-known-uris
func (r *Registry) wellKnown(ctx context.Context, origin string) (*url.URL, error) {
	ctx, cancel := context.WithTimeout(ctx, wellKnownLimit)
	defer cancel()
	var doc struct {
		Homeserver struct {
			BaseURL *string `json:"base_url"`
		} `json:"m.homeserver"`
	}
	err := r.getJSON(ctx, origin+wellKnownPath, &doc)
	var answer mautrix.HTTPError
	switch {
	case errors.As(err, &answer) && answer.Response != nil && answer.Response.StatusCode == http.StatusNotFound:
		return nil, nil
	case err != nil:
		return nil, err
	case doc.Homeserver.BaseURL == nil:
		return nil, &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "it names no homeserver"}
	}
	base, err := checkURL(*doc.Homeserver.BaseURL)
	if refused(err) {
		base, _ = url.Parse(*doc.Homeserver.BaseURL) // checkURL could
		return &url.URL{Scheme: base.Scheme, Host: base.Host}, err
	} else if err != nil {
		return nil, &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "the address that it names is none", Err: err}
	}
	return base, nil
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
