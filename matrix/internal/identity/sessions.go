package identity

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// listed is a session as the homeserver lists it.
//
// Spec: client-server-api#get_matrixclientv3devices
type listed struct {
	ID   chat.DeviceID `json:"device_id"`
	Name string        `json:"display_name"`
	IP   string        `json:"last_seen_ip"`
	Seen int64         `json:"last_seen_ts"` // milliseconds
}

func (m *Manager) list(ctx context.Context) ([]listed, error) {
	var resp struct {
		Devices []listed `json:"devices"`
	}
	if err := m.call(ctx, http.MethodGet, nil, &resp, "v3", "devices"); err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return resp.Devices, nil
}

// call does one request of the client-server API.
func (m *Manager) call(ctx context.Context, method string, body, into any, path ...any) error {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	_, err := m.opt.Client.MakeRequest(ctx, method, m.opt.Client.BuildClientURL(path...), body, into)
	return err
}

// Sessions lists the account's sessions, this one first, then by when they
// were last seen. A session that has keys and that the homeserver leaves out of
// its list is in this one.
func (m *Manager) Sessions(ctx context.Context) ([]chat.Session, error) {
	all, err := m.list(ctx)
	if err != nil {
		return nil, crypto.Explain(err)
	}
	if err := m.opt.Machine.Reload(ctx, m.opt.User); err != nil {
		return nil, crypto.Explain(err)
	}
	people, err := m.opt.Machine.People(ctx, m.opt.User)
	if err != nil {
		return nil, crypto.Explain(err)
	}
	known := map[chat.DeviceID]chat.Session{}
	for _, s := range people[0].Sessions {
		known[s.ID] = s
	}
	out := make([]chat.Session, 0, len(all))
	for _, l := range all {
		s, ok := known[l.ID]
		if !ok {
			s = chat.Session{User: m.opt.User, ID: l.ID, Trust: chat.SessionUnsigned, Current: l.ID == m.opt.Device}
		}
		delete(known, l.ID)
		s.Name, s.LastIP = l.Name, l.IP
		if l.Seen > 0 {
			s.LastSeen = time.UnixMilli(l.Seen)
		}
		out = append(out, s)
	}
	for _, s := range known {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b chat.Session) int {
		switch {
		case a.Current != b.Current:
			if a.Current {
				return -1
			}
			return 1
		case !a.LastSeen.Equal(b.LastSeen):
			return b.LastSeen.Compare(a.LastSeen)
		}
		return cmp.Compare(a.ID, b.ID)
	})
	return out, nil
}

// RenameSession gives an own session a name.
//
// Spec: client-server-api#put_matrixclientv3devicesdeviceid
func (m *Manager) RenameSession(ctx context.Context, session chat.DeviceID, name string) error {
	body := map[string]string{"display_name": name}
	if err := m.call(ctx, http.MethodPut, body, nil, "v3", "devices", string(session)); err != nil {
		return crypto.Explain(fmt.Errorf("rename session: %w", err))
	}
	return nil
}

// DismissSession ends the alert about an own session that is not verified,
// until it has other keys.
func (m *Manager) DismissSession(ctx context.Context, session chat.DeviceID) error {
	s, err := m.opt.Machine.SessionTrust(ctx, m.opt.User, session)
	if err != nil {
		return crypto.Explain(err)
	}
	if s.Fingerprint == "" {
		return nil
	}
	if err := m.opt.Machine.SetValue(ctx, dismissedPrefix+string(session), []byte(s.Fingerprint)); err != nil {
		return crypto.Explain(err)
	}
	return crypto.Explain(m.update(ctx))
}

// EndSessions signs own other sessions out. Where accounts are managed on a
// page of their own, the problem's Auth names that page, one session at a time;
// Done goes on with the next.
//
// Spec: client-server-api#post_matrixclientv3delete_devices, MSC4191
func (m *Manager) EndSessions(ctx context.Context, sessions []chat.DeviceID, auth chat.Auth) error {
	if slices.Contains(sessions, m.opt.Device) {
		return &chat.Problem{Kind: chat.ProblemBadInput, Detail: "this session ends by signing out"}
	}
	if len(sessions) == 0 {
		return nil
	}
	return crypto.Explain(m.end(ctx, sessions, auth))
}

func (m *Manager) end(ctx context.Context, sessions []chat.DeviceID, auth chat.Auth) error {
	if !auth.Done || auth.Session != "" {
		path := m.opt.Client.BuildClientURL("v3", "delete_devices")
		err := m.authed(ctx, http.MethodPost, path, map[string]any{"devices": sessions}, auth)
		if p := fault.From(err); err != nil && !(p.Kind == chat.ProblemNotFound || (p.Auth != nil && p.Auth.Flows != nil)) {
			return err
		}
		if err != nil {
			return m.endByHand(ctx, sessions[0], err)
		}
	}
	left, err := m.remaining(ctx, sessions)
	switch {
	case err != nil:
		return err
	case len(left) == 0:
		return m.opt.Machine.Reload(ctx, m.opt.User)
	case auth.Done && auth.Session == "":
		return m.endByHand(ctx, left[0], errStillThere())
	}
	return errStillThere()
}

func errStillThere() error {
	return &chat.Problem{Kind: chat.ProblemHomeserver, Detail: "the session is still there", Retry: true}
}

// remaining returns which of the sessions the homeserver still lists.
func (m *Manager) remaining(ctx context.Context, sessions []chat.DeviceID) ([]chat.DeviceID, error) {
	all, err := m.list(ctx)
	if err != nil {
		return nil, err
	}
	var left []chat.DeviceID
	for _, l := range all {
		if slices.Contains(sessions, l.ID) {
			left = append(left, l.ID)
		}
	}
	return left, nil
}

// endByHand names the page where the account's owner ends a session, or
// returns why it is needed when there is none.
func (m *Manager) endByHand(ctx context.Context, session chat.DeviceID, why error) error {
	page, err := m.accountPage(ctx, session)
	if err != nil {
		return errors.Join(why, err)
	}
	if page == "" {
		return why
	}
	return &chat.Problem{Kind: chat.ProblemAuth, Auth: &chat.AuthNeeded{URL: page}, Retry: true}
}

// accountPage returns the address where a session of the account is ended, or "".
//
// MSC4191 (unstable prefix org.matrix.msc4191)
func (m *Manager) accountPage(ctx context.Context, session chat.DeviceID) (string, error) {
	var meta struct {
		URI             string   `json:"account_management_uri"`
		Actions         []string `json:"account_management_actions_supported"`
		UnstableURI     string   `json:"org.matrix.msc4191.account_management_uri"`
		UnstableActions []string `json:"org.matrix.msc4191.account_management_actions_supported"`
	}
	err := m.call(ctx, http.MethodGet, nil, &meta, "v1", "auth_metadata")
	if err != nil && fault.From(err).Kind == chat.ProblemNotFound {
		err = m.call(ctx, http.MethodGet, nil, &meta, "unstable", "org.matrix.msc2965", "auth_metadata")
	}
	if err != nil && fault.From(err).Kind == chat.ProblemNotFound {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for the account page: %w", err)
	}
	if meta.URI == "" {
		meta.URI, meta.Actions = meta.UnstableURI, meta.UnstableActions
	}
	if meta.URI == "" {
		return "", nil
	}
	page, err := checkPage(meta.URI)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(page)
	if err != nil {
		return "", err
	}
	for _, action := range []string{"org.matrix.device_delete", "org.matrix.session_end"} {
		if slices.Contains(meta.Actions, action) || (len(meta.Actions) == 0 && action == "org.matrix.session_end") {
			q := u.Query()
			q.Set("action", action)
			q.Set("device_id", string(session))
			u.RawQuery = q.Encode()
			break
		}
	}
	return u.String(), nil
}
