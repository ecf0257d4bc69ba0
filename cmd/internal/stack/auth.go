package stack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// callSlot is the slot that the older endpoint implies.
const callSlot = "m.call#ROOM"

// maxRequest bounds a request body in bytes.
const maxRequest = 64 << 10

// authService gives members of the known homeservers tokens for the SFU. It keeps no state.
// MSC4195
type authService struct {
	homeservers map[string]string // server name → base URL
	key, secret string            // of the SFU's API
	sfuHTTP     string
	sfuWS       string
	client      *http.Client
	now         func() time.Time
}

// openIDToken proves who sent a request. Spec: client-server-api#openid
type openIDToken struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ServerName  string `json:"matrix_server_name"`
	ExpiresIn   int64  `json:"expires_in"`
}

// refusal is an error that a client is told.
type refusal struct {
	status int
	code   string
	reason string
}

// Error describes the refusal.
func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.status, r.code, r.reason) }

func (a *authService) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("/sfu/get", a.endpoint(a.legacyToken))
	mux.HandleFunc("/get_token", a.endpoint(a.memberToken))
	return mux
}

// endpoint adds what both endpoints share: CORS, the method, and the form of answers.
func (a *authService) endpoint(token func(ctx context.Context, body []byte) (identity, room string, err error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Allow-Methods", "POST")
		h.Set("Access-Control-Allow-Headers", "Accept, Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token")
		switch r.Method {
		case http.MethodOptions:
			w.WriteHeader(http.StatusOK)
			return
		case http.MethodPost:
		default:
			answer(w, http.StatusMethodNotAllowed, map[string]string{"errcode": "M_UNRECOGNIZED", "error": "POST only"})
			return
		}
		reply, err := a.handle(w, r, token)
		var no *refusal
		switch {
		case err == nil:
			answer(w, http.StatusOK, reply)
		case errors.As(err, &no):
			answer(w, no.status, map[string]string{"errcode": no.code, "error": no.reason})
		default:
			slog.Error("Authorisation request not served", "path", r.URL.Path, "error", err)
			answer(w, http.StatusInternalServerError, map[string]string{"errcode": "M_UNKNOWN", "error": "internal error"})
		}
	}
}

func (a *authService) handle(w http.ResponseWriter, r *http.Request,
	token func(ctx context.Context, body []byte) (identity, room string, err error),
) (map[string]string, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		return nil, &refusal{http.StatusBadRequest, "M_NOT_JSON", "body not readable"}
	}
	identity, room, err := token(r.Context(), body)
	if err != nil {
		return nil, err
	}
	if err := a.createRoom(r.Context(), room); err != nil {
		return nil, fmt.Errorf("create room on the SFU: %w", err)
	}
	jwt, err := signToken(a.key, a.secret, identity, grants{
		Room: room, RoomJoin: true, CanPublish: true, CanSubscribe: true, CanUpdateOwnMetadata: true,
	}, a.now())
	if err != nil {
		return nil, err
	}
	return map[string]string{"url": a.sfuWS, "jwt": jwt}, nil
}

// legacyToken answers /sfu/get: the identity is user and device, readable for all.
func (a *authService) legacyToken(ctx context.Context, body []byte) (identity, room string, err error) {
	var q struct {
		Room     string      `json:"room"`
		DeviceID string      `json:"device_id"`
		OpenID   openIDToken `json:"openid_token"`
	}
	if err := decode(body, &q); err != nil {
		return "", "", err
	}
	if q.Room == "" || q.DeviceID == "" {
		return "", "", &refusal{http.StatusBadRequest, "M_BAD_JSON", "room and device_id are required"}
	}
	user, err := a.whoIs(ctx, q.OpenID)
	if err != nil {
		return "", "", err
	}
	room, err = hashed(q.Room, callSlot)
	return user + ":" + q.DeviceID, room, err
}

// memberToken answers /get_token: the identity is a hash that only members can compute.
func (a *authService) memberToken(ctx context.Context, body []byte) (identity, room string, err error) {
	var q struct {
		RoomID string      `json:"room_id"`
		SlotID string      `json:"slot_id"`
		OpenID openIDToken `json:"openid_token"`
		Member struct {
			ID       string `json:"id"`
			UserID   string `json:"claimed_user_id"`
			DeviceID string `json:"claimed_device_id"`
		} `json:"member"`
	}
	if err := decode(body, &q); err != nil {
		return "", "", err
	}
	if q.RoomID == "" || q.SlotID == "" || q.Member.ID == "" || q.Member.UserID == "" || q.Member.DeviceID == "" {
		return "", "", &refusal{http.StatusBadRequest, "M_BAD_JSON", "room_id, slot_id and member are required"}
	}
	user, err := a.whoIs(ctx, q.OpenID)
	if err != nil {
		return "", "", err
	}
	if user != q.Member.UserID {
		return "", "", &refusal{http.StatusUnauthorized, "M_UNAUTHORIZED", "the token belongs to another user"}
	}
	if identity, err = hashed(user, q.Member.DeviceID, q.Member.ID); err != nil {
		return "", "", err
	}
	room, err = hashed(q.RoomID, q.SlotID)
	return identity, room, err
}

func decode(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return &refusal{http.StatusBadRequest, "M_NOT_JSON", err.Error()}
	}
	return nil
}

// whoIs asks the user's homeserver whose token it is. Spec: server-server-api#openid
func (a *authService) whoIs(ctx context.Context, token openIDToken) (string, error) {
	denied := &refusal{http.StatusUnauthorized, "M_UNAUTHORIZED", "the homeserver does not know this token"}
	base, ok := a.homeservers[token.ServerName]
	if !ok || token.AccessToken == "" {
		return "", denied
	}
	address := base + "/_matrix/federation/v1/openid/userinfo?access_token=" + url.QueryEscape(token.AccessToken)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", fmt.Errorf("ask the homeserver: %w", errNoURL(err))
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return "", fmt.Errorf("ask the homeserver: %w", errNoURL(err))
	}
	defer func() { _ = resp.Body.Close() }() // only read
	var info struct {
		Subject string `json:"sub"`
	}
	if resp.StatusCode != http.StatusOK {
		return "", denied
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxRequest)).Decode(&info); err != nil {
		return "", denied
	}
	if !strings.HasPrefix(info.Subject, "@") || !strings.HasSuffix(info.Subject, ":"+token.ServerName) {
		return "", denied
	}
	return info.Subject, nil
}

// errNoURL takes the address, which holds the token, out of an HTTP client's error.
func errNoURL(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		return ue.Err
	}
	return err
}

// createRoom makes the room on the SFU, which makes none by itself; an existing room is left as it is.
func (a *authService) createRoom(ctx context.Context, room string) error {
	token, err := signToken(a.key, a.secret, "", grants{RoomCreate: true}, a.now())
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"name": room, "empty_timeout": 300, "departure_timeout": 20})
	if err != nil {
		return err
	}
	address := a.sfuHTTP + "/twirp/livekit.RoomService/CreateRoom"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := a.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // only the status matters
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s", resp.Status)
	}
	return nil
}

// hashed is the unpadded base64 of the SHA-256 of the parts as a compact JSON array without HTML escapes.
func hashed(parts ...string) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(parts); err != nil {
		return "", fmt.Errorf("hash: %w", err)
	}
	sum := sha256.Sum256(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	return base64.RawStdEncoding.EncodeToString(sum[:]), nil
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		slog.Debug("Answer not written", "error", err)
	}
}
