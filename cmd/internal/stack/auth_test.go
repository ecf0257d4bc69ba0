package stack

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"hubbub/matrix/matrixtest"
)

func post(t *testing.T, url, body string) (int, map[string]string) {
	t.Helper()
	resp, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]string
	if err := json.Unmarshal(data, &answer); err != nil {
		t.Fatalf("%s: %v in %q", url, err, data)
	}
	return resp.StatusCode, answer
}

func TestAuthorisationServiceRefuses(t *testing.T) {
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if sub := r.URL.Query().Get("access_token"); strings.HasPrefix(sub, "@") {
			_, _ = io.WriteString(w, `{"sub":"`+sub+`"}`)
			return
		}
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer fake.Close()
	a := &authService{homeservers: map[string]string{"here:1": fake.URL}, client: fake.Client(), now: time.Now, sfuHTTP: "http://127.0.0.1:1"}
	service := httptest.NewServer(a.handler())
	defer service.Close()

	legacy := func(token, server string) string {
		return `{"room":"!r","device_id":"D","openid_token":{"access_token":"` + token + `","token_type":"Bearer","matrix_server_name":"` + server + `","expires_in":60}}`
	}
	member := func(claimed string) string {
		return `{"room_id":"!r","slot_id":"m.call#ROOM","openid_token":{"access_token":"@a:here:1","matrix_server_name":"here:1"},
			"member":{"id":"m","claimed_user_id":"` + claimed + `","claimed_device_id":"D"}}`
	}
	cases := []struct {
		name, path, body string
		status           int
		code             string
	}{
		{"no JSON", "/sfu/get", "hello", 400, "M_NOT_JSON"},
		{"unknown field", "/sfu/get", `{"rooms":1}`, 400, "M_NOT_JSON"},
		{"nothing in it", "/sfu/get", `{}`, 400, "M_BAD_JSON"},
		{"no member", "/get_token", `{"room_id":"!r","slot_id":"s"}`, 400, "M_BAD_JSON"},
		{"strange homeserver", "/sfu/get", legacy("@a:there", "there"), 401, "M_UNAUTHORIZED"},
		{"token unknown", "/sfu/get", legacy("wrong", "here:1"), 401, "M_UNAUTHORIZED"},
		{"user of another homeserver", "/sfu/get", legacy("@a:there", "here:1"), 401, "M_UNAUTHORIZED"},
		{"somebody else's membership", "/get_token", member("@b:here:1"), 401, "M_UNAUTHORIZED"},
		{"SFU gone", "/get_token", member("@a:here:1"), 500, "M_UNKNOWN"},
		{"too long", "/sfu/get", `"` + strings.Repeat("x", maxRequest) + `"`, 400, "M_NOT_JSON"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if status, answer := post(t, service.URL+c.path, c.body); status != c.status || answer["errcode"] != c.code {
				t.Errorf("%d %v, want %d %s", status, answer, c.status, c.code)
			}
		})
	}
	resp, err := http.Get(service.URL + "/sfu/get")
	if err != nil || resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET: %v %v", resp, err)
	}
	_ = resp.Body.Close()
}

func TestHashedIdentity(t *testing.T) {
	sum := sha256.Sum256([]byte(`["@a<&>:x","D","m"]`))
	want := strings.TrimRight(base64.StdEncoding.EncodeToString(sum[:]), "=")
	if got, err := hashed("@a<&>:x", "D", "m"); err != nil || got != want {
		t.Errorf("%q %v, want %q", got, err, want)
	}
}

func TestTokenIsSignedOverHeaderAndClaims(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	token, err := signToken("key", "secret", "me", grants{Room: "r", RoomJoin: true}, now)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(token, ".")
	mac := hmac.New(sha256.New, []byte("secret"))
	mac.Write([]byte(parts[0] + "." + parts[1]))
	if parts[2] != base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) {
		t.Error("the signature does not fit")
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if want := `{"iss":"key","sub":"me","nbf":1699999990,"exp":1700003600,"video":{"room":"r","roomJoin":true,"roomCreate":false}}`; err != nil || string(claims) != want {
		t.Errorf("claims %s, want %s", claims, want)
	}
}

// TestSFUAcceptsTheServicesTokens needs the running stack with an SFU.
func TestSFUAcceptsTheServicesTokens(t *testing.T) {
	hs := matrixtest.Stack(t)
	service, sfu := os.Getenv("HUBBUB_STACK_JWT"), os.Getenv("HUBBUB_STACK_SFU")
	if service == "" || sfu == "" {
		t.Fatal("HUBBUB_STACK_JWT and HUBBUB_STACK_SFU are not set: run through make test")
	}
	ada := hs.NewClient(t, "ada")
	openID := func() string {
		var token json.RawMessage
		path := "/_matrix/client/v3/user/" + url.PathEscape(ada.UserID) + "/openid/request_token"
		ada.Call(http.MethodPost, path, map[string]any{}, &token)
		return string(bytes.TrimSpace(token))
	}
	identity, err := hashed(ada.UserID, ada.DeviceID, "m1")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, body, identity string }{
		{"/sfu/get", `{"room":"!r:x","device_id":"` + ada.DeviceID + `","openid_token":` + openID() + `}`, ada.UserID + ":" + ada.DeviceID},
		{"/get_token", `{"room_id":"!r:x","slot_id":"m.call#ROOM","openid_token":` + openID() + `,"member":{"id":"m1","claimed_user_id":"` +
			ada.UserID + `","claimed_device_id":"` + ada.DeviceID + `"}}`, identity},
	} {
		status, answer := post(t, service+c.path, c.body)
		if status != http.StatusOK || answer["url"] != sfu {
			t.Fatalf("%s: %d %v", c.path, status, answer)
		}
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(answer["jwt"], ".")[1])
		if err != nil || !strings.Contains(string(payload), `"sub":"`+c.identity+`"`) {
			t.Errorf("%s: claims %s (%v), want the identity %s", c.path, payload, err, c.identity)
		}
		check := strings.Replace(sfu, "ws://", "http://", 1) + "/rtc/validate?access_token=" + answer["jwt"]
		resp, err := http.Get(check)
		if err != nil {
			t.Fatal(err)
		}
		said, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("%s: the SFU says %s %s (%v)", c.path, resp.Status, said, err)
		}
	}
	var found struct {
		Foci []struct {
			URL string `json:"livekit_service_url"`
		} `json:"org.matrix.msc4143.rtc_foci"`
	}
	ada.Call(http.MethodGet, "/.well-known/matrix/client", nil, &found)
	if len(found.Foci) != 1 || found.Foci[0].URL != service {
		t.Errorf("well-known names %v, want %s", found.Foci, service)
	}
	var transports struct {
		List []struct {
			URL string `json:"livekit_service_url"`
		} `json:"rtc_transports"`
	}
	ada.Call(http.MethodGet, "/_matrix/client/unstable/org.matrix.msc4143/rtc/transports", nil, &transports)
	if len(transports.List) != 1 || transports.List[0].URL != service {
		t.Errorf("transports %v, want %s", transports.List, service)
	}
}
