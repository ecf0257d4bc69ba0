package matrixtest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"
)

// Client is a session that speaks the client-server API in clear and does what a test tells it. Its methods fail the
// test when the homeserver refuses, so they are called from the test's goroutine; [Client.Do] is for everything else.
type Client struct {
	t        testing.TB
	URL      string
	UserID   string
	DeviceID string
	Token    string
}

// Event is a room event as the homeserver gives it.
type Event struct {
	ID       string          `json:"event_id"`
	Type     string          `json:"type"`
	Sender   string          `json:"sender"`
	StateKey *string         `json:"state_key"`
	TimeMS   int64           `json:"origin_server_ts"`
	Content  json.RawMessage `json:"content"`
	Unsigned json.RawMessage `json:"unsigned"`
}

// Body is the content's body, or "".
func (e Event) Body() string {
	var c struct {
		Body string `json:"body"`
	}
	if json.Unmarshal(e.Content, &c) != nil {
		return ""
	}
	return c.Body
}

// TransactionID is the one the event was sent with; only its sender's session sees it.
func (e Event) TransactionID() string {
	var u struct {
		ID string `json:"transaction_id"`
	}
	if json.Unmarshal(e.Unsigned, &u) != nil {
		return ""
	}
	return u.ID
}

// NewClient registers a user and signs in.
func (h *Homeserver) NewClient(t testing.TB, prefix string) *Client {
	t.Helper()
	return h.Login(t, h.NewAccount(t, prefix))
}

// Login signs in on a new device.
func (h *Homeserver) Login(t testing.TB, a Account) *Client {
	t.Helper()
	c := &Client{t: t, URL: h.URL}
	var session struct {
		UserID      string `json:"user_id"`
		DeviceID    string `json:"device_id"`
		AccessToken string `json:"access_token"`
	}
	c.Call(http.MethodPost, "/_matrix/client/v3/login", map[string]any{
		"type": "m.login.password", "identifier": map[string]any{"type": "m.id.user", "user": a.UserID},
		"password": a.Password, "initial_device_display_name": "plain client",
	}, &session)
	c.UserID, c.DeviceID, c.Token = session.UserID, session.DeviceID, session.AccessToken
	return c
}

// SignedIn returns the client of a session that is signed in already, or that a scripted homeserver takes for one.
func SignedIn(t testing.TB, url, userID, deviceID, token string) *Client {
	return &Client{t: t, URL: url, UserID: userID, DeviceID: deviceID, Token: token}
}

// Do sends one request (path begins with /_matrix) and returns the answer whatever its status. It may be called from
// any goroutine. A body of type []byte is sent as it is.
func (c *Client) Do(ctx context.Context, method, path string, body any) (status int, answer []byte, err error) {
	return roundTrip(ctx, http.DefaultClient, method, c.URL+path, c.Token, body)
}

// Call sends one request and decodes its 200 answer into into, unless that is nil.
func (c *Client) Call(method, path string, body, into any) {
	c.t.Helper()
	status, answer, err := c.Do(c.t.Context(), method, path, body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	if status != http.StatusOK {
		c.t.Fatalf("%s %s: %v", method, path, &Refusal{Status: status, Body: answer})
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(answer, into); err != nil {
		c.t.Fatalf("%s %s: %v in %.300s", method, path, err, answer)
	}
}

func room(id string, more ...string) string {
	path := "/_matrix/client/v3/rooms/" + url.PathEscape(id)
	for _, part := range more {
		path += "/" + url.PathEscape(part)
	}
	return path
}

// CreateRoom creates a room with the request body of the specification; nil gives a private room.
// Spec: client-server-api#post_matrixclientv3createroom
func (c *Client) CreateRoom(request map[string]any) (roomID string) {
	c.t.Helper()
	if request == nil {
		request = map[string]any{"preset": "private_chat"}
	}
	var created struct {
		RoomID string `json:"room_id"`
	}
	c.Call(http.MethodPost, "/_matrix/client/v3/createRoom", request, &created)
	return created.RoomID
}

// CreateEncryptedRoom creates a private room that is encrypted from the beginning; settings are the content of
// m.room.encryption, "" gives the usual ones.
func (c *Client) CreateEncryptedRoom(settings string, invite ...string) (roomID string) {
	c.t.Helper()
	if settings == "" {
		settings = `{"algorithm":"m.megolm.v1.aes-sha2"}`
	}
	return c.CreateRoom(map[string]any{
		"preset": "private_chat", "invite": append([]string{}, invite...),
		"initial_state": []any{map[string]any{"type": "m.room.encryption", "state_key": "", "content": json.RawMessage(settings)}},
	})
}

// Send sends an event with a fresh transaction id.
func (c *Client) Send(roomID, eventType string, content any) (eventID string) {
	c.t.Helper()
	return c.put(room(roomID, "send", eventType, unique()), content)
}

// SendText sends a plain m.room.message.
func (c *Client) SendText(roomID, text string) (eventID string) {
	c.t.Helper()
	return c.Send(roomID, "m.room.message", map[string]any{"msgtype": "m.text", "body": text})
}

// SendState sets a state event.
func (c *Client) SendState(roomID, eventType, stateKey string, content any) (eventID string) {
	c.t.Helper()
	return c.put(room(roomID, "state", eventType)+"/"+url.PathEscape(stateKey), content)
}

// Redact removes an event's content.
func (c *Client) Redact(roomID, eventID, reason string) (redactionID string) {
	c.t.Helper()
	return c.put(room(roomID, "redact", eventID, unique()), map[string]any{"reason": reason})
}

func (c *Client) put(path string, content any) string {
	c.t.Helper()
	var sent struct {
		ID string `json:"event_id"`
	}
	c.Call(http.MethodPut, path, content, &sent)
	return sent.ID
}

// Invite invites a user.
func (c *Client) Invite(roomID, userID string) {
	c.t.Helper()
	c.Call(http.MethodPost, room(roomID, "invite"), map[string]any{"user_id": userID}, nil)
}

// Join joins by room id or address.
func (c *Client) Join(roomIDOrAlias string) (roomID string) {
	c.t.Helper()
	var joined struct {
		RoomID string `json:"room_id"`
	}
	c.Call(http.MethodPost, "/_matrix/client/v3/join/"+url.PathEscape(roomIDOrAlias), map[string]any{}, &joined)
	return joined.RoomID
}

// Leave leaves a room or declines an invite.
func (c *Client) Leave(roomID string) {
	c.t.Helper()
	c.Call(http.MethodPost, room(roomID, "leave"), map[string]any{}, nil)
}

// Kick removes a member from a room.
func (c *Client) Kick(roomID, userID, reason string) {
	c.t.Helper()
	c.Call(http.MethodPost, room(roomID, "kick"), map[string]any{"user_id": userID, "reason": reason}, nil)
}

// Ban bans a user from a room.
func (c *Client) Ban(roomID, userID, reason string) {
	c.t.Helper()
	c.Call(http.MethodPost, room(roomID, "ban"), map[string]any{"user_id": userID, "reason": reason}, nil)
}

// Typing says that the user types in a room for a time; zero says that they stopped.
func (c *Client) Typing(roomID string, d time.Duration) {
	c.t.Helper()
	body := map[string]any{"typing": d > 0, "timeout": d.Milliseconds()}
	c.Call(http.MethodPut, room(roomID, "typing", c.UserID), body, nil)
}

// Receipt marks an event as read with a receipt of the type given ("m.read", "m.read.private").
func (c *Client) Receipt(roomID, receiptType, eventID string) {
	c.t.Helper()
	c.Call(http.MethodPost, room(roomID, "receipt", receiptType, eventID), map[string]any{}, nil)
}

// Events returns all events of a room that the user may see, oldest first.
func (c *Client) Events(roomID string) []Event {
	c.t.Helper()
	var all []Event
	for from := ""; ; {
		query := url.Values{"dir": {"b"}, "limit": {strconv.Itoa(500)}}
		if from != "" {
			query.Set("from", from)
		}
		var page struct {
			Chunk []Event `json:"chunk"`
			End   string  `json:"end"`
		}
		c.Call(http.MethodGet, room(roomID, "messages")+"?"+query.Encode(), nil, &page)
		all = append(all, page.Chunk...)
		if page.End == "" || page.End == from || len(page.Chunk) == 0 {
			slices.Reverse(all)
			return all
		}
		from = page.End
	}
}

// Sync asks once for what is new since a token ("" for everything) and returns the raw answer with its next_batch.
func (c *Client) Sync(since string, timeout time.Duration) (answer json.RawMessage, next string) {
	c.t.Helper()
	c.Call(http.MethodGet, syncPath(since, timeout), nil, &answer)
	var head struct {
		Next string `json:"next_batch"`
	}
	if err := json.Unmarshal(answer, &head); err != nil {
		c.t.Fatalf("sync: %v", err)
	}
	return answer, head.Next
}

// SetDisplayName sets the user's own name.
func (c *Client) SetDisplayName(name string) {
	c.t.Helper()
	path := "/_matrix/client/v3/profile/" + url.PathEscape(c.UserID) + "/displayname"
	c.Call(http.MethodPut, path, map[string]any{"displayname": name}, nil)
}

// SetAccountData sets global account data.
func (c *Client) SetAccountData(dataType string, content any) {
	c.t.Helper()
	path := "/_matrix/client/v3/user/" + url.PathEscape(c.UserID) + "/account_data/" + url.PathEscape(dataType)
	c.Call(http.MethodPut, path, content, nil)
}

// Upload stores a file on the homeserver.
func (c *Client) Upload(data []byte) (mxc string) {
	c.t.Helper()
	var stored struct {
		URI string `json:"content_uri"`
	}
	c.Call(http.MethodPost, "/_matrix/media/v3/upload", data, &stored)
	return stored.URI
}

// DeviceIDs lists the sessions of the account.
func (c *Client) DeviceIDs() []string {
	c.t.Helper()
	var list struct {
		Devices []struct {
			ID string `json:"device_id"`
		} `json:"devices"`
	}
	c.Call(http.MethodGet, "/_matrix/client/v3/devices", nil, &list)
	ids := make([]string, 0, len(list.Devices))
	for _, d := range list.Devices {
		ids = append(ids, d.ID)
	}
	return ids
}

// Logout ends the session.
func (c *Client) Logout() {
	c.t.Helper()
	c.Call(http.MethodPost, "/_matrix/client/v3/logout", map[string]any{}, nil)
}

// Wait calls done every 20 ms until it is true and fails the test when that takes longer than limit.
func Wait(t testing.TB, limit time.Duration, what string, done func() bool) {
	t.Helper()
	deadline := time.After(limit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited %s for %s", limit, what)
		}
	}
}
