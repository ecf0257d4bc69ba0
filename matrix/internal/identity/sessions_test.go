package identity

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// Own sessions are listed with what is known of them, renamed, and signed out.
func TestSessions(t *testing.T) {
	hs := matrixtest.Synapse(t)
	d, a, key := full(t, hs, "sessions", chat.SetUp{})
	e := signIn(t, hs, a)
	if err := e.i.Recover(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	f, plain := signIn(t, hs, a), hs.Login(t, a)
	if err := d.i.RenameSession(t.Context(), chat.DeviceID(f.DeviceID), "kitchen <b>"); err != nil {
		t.Fatal(err)
	}
	list, err := d.i.Sessions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	byID := map[chat.DeviceID]chat.Session{}
	for n, s := range list {
		byID[s.ID] = s
		if s.Current != (n == 0) || (n == 0) != (s.ID == chat.DeviceID(d.DeviceID)) {
			t.Errorf("session %d is %+v", n, s)
		}
		if n > 1 && s.LastSeen.After(list[n-1].LastSeen) {
			t.Error("not ordered by when they were last seen")
		}
	}
	finger, _ := e.Machine.Identity()
	if s := byID[chat.DeviceID(e.DeviceID)]; s.Trust != chat.SessionVerified || s.Fingerprint != finger || s.LastSeen.IsZero() {
		t.Errorf("verified session: %+v", s)
	}
	if s := byID[chat.DeviceID(f.DeviceID)]; s.Trust != chat.SessionUnsigned || s.Name != "kitchen <b>" || s.Fingerprint == "" {
		t.Errorf("unverified session: %+v", s)
	}
	if s := byID[chat.DeviceID(plain.DeviceID)]; s.Trust != chat.SessionUnsigned || s.Fingerprint != "" {
		t.Errorf("session without keys: %+v", s)
	}

	end := []chat.DeviceID{chat.DeviceID(f.DeviceID), chat.DeviceID(plain.DeviceID)}
	wantKind(t, "end of this session", d.i.EndSessions(t.Context(), append(end, chat.DeviceID(d.DeviceID)), chat.Auth{}), chat.ProblemBadInput)
	need := wantKind(t, "no password", d.i.EndSessions(t.Context(), end, chat.Auth{}), chat.ProblemAuth).Auth
	if !need.Password || need.Wrong || need.Session == "" || need.URL != "" {
		t.Fatalf("asked for %+v", need)
	}
	need = wantKind(t, "wrong password", d.i.EndSessions(t.Context(), end, chat.Auth{Password: "wrong", Session: need.Session}), chat.ProblemAuth).Auth
	if !need.Password || !need.Wrong {
		t.Fatalf("asked for %+v", need)
	}
	f.Close()
	// A session of the authentication that is over is begun anew.
	if err := d.i.EndSessions(t.Context(), end, chat.Auth{Password: chat.Secret(a.Password), Session: "over"}); err != nil {
		t.Fatalf("EndSessions: %v", err)
	}
	if ids := d.DeviceIDs(); slices.Contains(ids, f.DeviceID) || slices.Contains(ids, plain.DeviceID) || !slices.Contains(ids, e.DeviceID) {
		t.Errorf("left: %q", ids)
	}
	d.wait("the others gone", func(t chat.Trust) bool { return len(t.Fresh) == 0 && t.CanVerify == 1 })
}

// Where accounts are managed on a page, identities are replaced and sessions
// ended after the person confirmed there. No such homeserver can be run here:
// these answers are written after the specification and MSC4191, MSC4312.
func TestAuthenticationOnAPage(t *testing.T) {
	hs := matrixtest.Synapse(t)
	proxy, before := hs.Before(t)
	for _, stage := range []string{stageOAuth, stageReset} {
		d := signIn(t, before, hs.NewAccount(t, "page"))
		var confirmed atomic.Bool
		rule := proxy.On(matrixtest.Match{Path: "**/keys/device_signing/upload"}, func(x *matrixtest.Exchange) {
			var body struct {
				Auth *struct{ Session, Type string } `json:"auth"`
			}
			if json.Unmarshal(x.RequestBody, &body) == nil && body.Auth != nil && body.Auth.Session == "S" && body.Auth.Type == "" && confirmed.Load() {
				matrixtest.Pass()(x)
				return
			}
			matrixtest.Status(401, `{"session":"S","flows":[{"stages":["`+stage+`"]}],"params":{"`+stage+`":{"url":"https://account.example.org/?action=reset"}}}`)(x)
		})
		_, err := d.i.SetUp(t.Context(), chat.SetUp{})
		need := wantKind(t, "set-up", err, chat.ProblemAuth).Auth
		if need.URL != "https://account.example.org/?action=reset" || need.Session != "S" || need.Password || need.Flows != nil {
			t.Fatalf("asked for %+v", need)
		}
		_, err = d.i.SetUp(t.Context(), chat.SetUp{Auth: chat.Auth{Done: true, Session: "S"}})
		if need = wantKind(t, "not confirmed", err, chat.ProblemAuth).Auth; need.URL == "" {
			t.Fatalf("asked for %+v", need)
		}
		confirmed.Store(true)
		d.setUp(chat.SetUp{Auth: chat.Auth{Done: true, Session: "S"}})
		d.wait("everything", complete)
		rule.Off()
		d.Close()
	}
}

// Flows that cannot be gone to the end here are named, and pages that are none
// are not shown.
func TestAuthenticationOfOtherKinds(t *testing.T) {
	hs := matrixtest.Synapse(t)
	proxy, before := hs.Before(t)
	d := signIn(t, before, hs.NewAccount(t, "flows"))
	for answer, want := range map[string]chat.AuthNeeded{
		`{"session":"S","flows":[{"stages":["m.login.email.identity","m.login.password"]},{"stages":["org.new"]}]}`: {Session: "S", Flows: []string{"m.login.email.identity m.login.password", "org.new"}},
		`{"session":"S","flows":[{"stages":["org.new"]},{"stages":["m.login.password"]}]}`:                          {Session: "S", Password: true},
		`{"session":"S","completed":["org.new"],"flows":[{"stages":["org.new","m.login.password"]}]}`:               {Session: "S", Password: true},
		`{"session":"S","flows":[{"stages":["m.login.dummy"]}]}`:                                                    {Session: "S", Flows: []string{"m.login.dummy"}},
		`{"session":"S","flows":[{"stages":["m.login.sso"]}]}`:                                                      {Session: "S", URL: before.URL + "/_matrix/client/v3/auth/m.login.sso/fallback/web?session=S"},
	} {
		rule := proxy.On(matrixtest.Match{Path: "**/delete_devices"}, matrixtest.Status(401, answer))
		got := wantKind(t, answer, d.i.EndSessions(t.Context(), []chat.DeviceID{"D"}, chat.Auth{}), chat.ProblemAuth).Auth
		if got.Session != want.Session || got.Password != want.Password || got.URL != want.URL || !slices.Equal(got.Flows, want.Flows) {
			t.Errorf("%s gave %+v", answer, got)
		}
		rule.Off()
	}
	for _, page := range []string{"javascript:alert(1)", "http://account.example.org/", "https://user:pass@example.org/", "", "https://", strings.Repeat("https://x", 1000)} {
		answer, err := json.Marshal(map[string]any{
			"session": "S", "flows": []any{map[string]any{"stages": []string{stageOAuth}}}, "params": map[string]any{stageOAuth: map[string]any{"url": page}},
		})
		if err != nil {
			t.Fatal(err)
		}
		rule := proxy.On(matrixtest.Match{Path: "**/delete_devices"}, matrixtest.Status(401, string(answer)))
		wantKind(t, page, d.i.EndSessions(t.Context(), []chat.DeviceID{"D"}, chat.Auth{}), chat.ProblemInsecure)
		rule.Off()
	}
}

// Sessions of an account with a page of its own are ended there, one by one.
func TestSessionsEndOnThePage(t *testing.T) {
	hs := matrixtest.Synapse(t)
	proxy, before := hs.Before(t)
	a := hs.NewAccount(t, "mas")
	d := signIn(t, before, a)
	one, two := hs.Login(t, a), hs.Login(t, a)
	proxy.On(matrixtest.Match{Path: "**/delete_devices"}, matrixtest.Refuse(404, "M_UNRECOGNIZED", nil))
	end := []chat.DeviceID{chat.DeviceID(one.DeviceID), chat.DeviceID(two.DeviceID)}
	wantKind(t, "without a page", d.i.EndSessions(t.Context(), end, chat.Auth{}), chat.ProblemNotFound)

	proxy.On(matrixtest.Match{Method: http.MethodGet, Path: "**/v1/auth_metadata"}, matrixtest.Status(200, `{"issuer":"https://account.example.org/",
		"account_management_uri":"https://account.example.org/me?lang=de","account_management_actions_supported":["org.matrix.profile","org.matrix.session_end"]}`))
	page := func(id string) string {
		return "https://account.example.org/me?action=org.matrix.session_end&device_id=" + id + "&lang=de"
	}
	need := wantKind(t, "the first", d.i.EndSessions(t.Context(), end, chat.Auth{}), chat.ProblemAuth).Auth
	if need.URL != page(one.DeviceID) {
		t.Fatalf("asked for %+v", need)
	}
	need = wantKind(t, "not done", d.i.EndSessions(t.Context(), end, chat.Auth{Done: true}), chat.ProblemAuth).Auth
	if need.URL == "" {
		t.Fatalf("asked for %+v", need)
	}
	one.Logout()
	need = wantKind(t, "the second", d.i.EndSessions(t.Context(), end, chat.Auth{Done: true}), chat.ProblemAuth).Auth
	if need.URL != page(two.DeviceID) {
		t.Fatalf("asked for %+v", need)
	}
	two.Logout()
	if err := d.i.EndSessions(t.Context(), end, chat.Auth{Done: true}); err != nil {
		t.Fatalf("EndSessions: %v", err)
	}
}
