package identity

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"maunium.net/go/mautrix"

	"hubbub/store/chat"
)

// Stages of user-interactive authentication that are known here.
const (
	stagePassword = "m.login.password"
	stageDummy    = "m.login.dummy"
	stageSSO      = "m.login.sso"
	stageOAuth    = "m.oauth"
	stageReset    = "org.matrix.cross_signing_reset" // MSC4312 (unstable name of m.oauth)
)

// maxRounds bounds how often one request is sent again with more authentication.
const maxRounds = 6

// challenge is a homeserver's wish to know who asks.
//
// Spec: client-server-api#user-interactive-authentication-api
type challenge struct {
	Session string `json:"session"`
	Flows   []struct {
		Stages []string `json:"stages"`
	} `json:"flows"`
	Completed []string                   `json:"completed"`
	Params    map[string]json.RawMessage `json:"params"`
	ErrCode   string                     `json:"errcode"`
}

// authed sends a request that the homeserver may want authentication for, and
// uses what the person gave. Where more is needed the error is a *chat.Problem
// of kind ProblemAuth. The password goes into no other place than the request.
//
// Spec: client-server-api#user-interactive-authentication-api
func (m *Manager) authed(ctx context.Context, method, address string, body map[string]any, auth chat.Auth) error {
	r := authRound{m: m, auth: auth, method: method, address: address, body: body}
	if auth.Session != "" {
		r.resume()
	}
	for range maxRounds {
		c, err := r.send(ctx)
		if err != nil || c == nil {
			return err
		}
		if err := r.next(c); err != nil {
			return err
		}
	}
	return &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "authentication does not come to an end"}
}

// authRound is the state of one authentication.
type authRound struct {
	m               *Manager
	auth            chat.Auth
	method, address string
	body            map[string]any
	dict            map[string]any // "auth" of the next request, or nil
	resumed         bool           // dict names a session of an earlier call
	tried           string         // stage that the last request completed, as far as we know
}

// resume begins with the session that an earlier call was told of.
func (r *authRound) resume() {
	r.resumed = true
	if r.auth.Password != "" {
		r.password(r.auth.Session)
		return
	}
	r.dict = map[string]any{"session": r.auth.Session}
	if r.auth.Done {
		r.tried = stageOAuth
	}
}

func (r *authRound) password(session string) {
	r.tried = stagePassword
	r.dict = map[string]any{
		"type": stagePassword, "session": session, "password": string(r.auth.Password),
		"identifier": map[string]any{"type": "m.id.user", "user": string(r.m.opt.User)},
	}
}

// send does one request. It returns the homeserver's challenge, or nil when it
// is done.
func (r *authRound) send(ctx context.Context) (*challenge, error) {
	body := maps.Clone(r.body)
	if r.dict != nil {
		body["auth"] = r.dict
	}
	raw, err := r.m.opt.Client.MakeFullRequest(ctx, mautrix.FullRequest{
		Method: r.method, URL: r.address, RequestJSON: body, SensitiveContent: true,
	})
	if err == nil {
		return nil, nil //nolint:nilnil // done is not an error
	}
	var he mautrix.HTTPError
	if !errors.As(err, &he) || he.Response == nil {
		return nil, err
	}
	var c challenge
	if he.Response.StatusCode == http.StatusUnauthorized && json.Unmarshal(raw, &c) == nil && len(c.Flows) > 0 {
		r.resumed = false
		return &c, nil
	}
	if r.resumed && he.Response.StatusCode < 500 && he.Response.StatusCode != http.StatusTooManyRequests {
		// The session of the earlier call is over: begin anew, with what was given.
		r.resumed, r.dict, r.tried = false, nil, ""
		return r.send(ctx)
	}
	if r.tried == stagePassword && he.RespError != nil && he.RespError.ErrCode == "M_FORBIDDEN" {
		// Some homeservers refuse a wrong password outright, without asking again.
		return nil, &chat.Problem{
			Kind: chat.ProblemAuth, Auth: &chat.AuthNeeded{Password: true, Wrong: true}, Code: he.RespError.ErrCode, Retry: true,
		}
	}
	return nil, err
}

// String hides the password.
func (*authRound) String() string { return "[authentication]" }

// GoString hides the password.
func (*authRound) GoString() string { return "[authentication]" }

// next decides what the next request brings, or whom to ask.
func (r *authRound) next(c *challenge) error {
	stage := c.stage()
	need := &chat.AuthNeeded{Session: c.Session}
	switch stage {
	case stageDummy:
		if r.tried == stageDummy {
			break
		}
		r.tried, r.dict = stageDummy, map[string]any{"type": stageDummy, "session": c.Session}
		return nil
	case stagePassword:
		if r.auth.Password != "" && r.tried != stagePassword {
			r.password(c.Session)
			return nil
		}
		need.Password, need.Wrong = true, r.tried == stagePassword && c.ErrCode != ""
	case stageOAuth, stageReset, stageSSO:
		page, err := r.page(stage, c)
		if err != nil {
			return err
		}
		need.URL = page
	}
	if !need.Password && need.URL == "" {
		need.Flows = c.names()
	}
	return &chat.Problem{Kind: chat.ProblemAuth, Auth: need, Code: cut(c.ErrCode), Retry: true}
}

// page returns where in a browser a stage is completed.
//
// Spec: client-server-api#fallback, MSC4312
func (r *authRound) page(stage string, c *challenge) (string, error) {
	if stage == stageSSO {
		u := r.m.opt.Client.BuildURLWithFullQuery(mautrix.ClientURLPath{"v3", "auth", stageSSO, "fallback", "web"}, func(q url.Values) {
			q.Set("session", c.Session)
		})
		return u, nil
	}
	var params struct {
		URL string `json:"url"`
	}
	if json.Unmarshal(c.Params[stage], &params) != nil {
		return "", &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "authentication without a page"}
	}
	return checkPage(params.URL)
}

// checkPage refuses addresses that no account page has.
func checkPage(s string) (string, error) {
	u, err := url.Parse(s)
	ok := err == nil && len(s) <= 2000 && u.Hostname() != "" && u.User == nil
	if ok && u.Scheme == "http" {
		ip, err := netip.ParseAddr(u.Hostname())
		ok = u.Hostname() == "localhost" || (err == nil && ip.IsLoopback())
	} else if ok {
		ok = u.Scheme == "https"
	}
	if !ok {
		return "", &chat.Problem{Kind: chat.ProblemInsecure, Detail: "address of the account page"}
	}
	return u.String(), nil
}

// stage returns what comes next in the flow that is the least trouble of those
// that can be gone to the end here, or "" when there is none.
func (c *challenge) stage() string {
	order := []string{stageDummy, stagePassword, stageOAuth, stageReset, stageSSO}
	best := ""
	for _, f := range c.Flows {
		rest := slices.DeleteFunc(slices.Clone(f.Stages), func(s string) bool { return slices.Contains(c.Completed, s) })
		if len(rest) == 0 || slices.ContainsFunc(rest, func(s string) bool { return !slices.Contains(order, s) }) {
			continue
		}
		if best == "" || slices.Index(order, rest[0]) < slices.Index(order, best) {
			best = rest[0]
		}
	}
	return best
}

// names lists the flows, each as its stages.
func (c *challenge) names() []string {
	var out []string
	for _, f := range c.Flows[:min(len(c.Flows), 10)] {
		out = append(out, cut(strings.Join(f.Stages, " ")))
	}
	return out
}

// cut bounds what a homeserver can make us show.
func cut(s string) string {
	const limit = 200
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
