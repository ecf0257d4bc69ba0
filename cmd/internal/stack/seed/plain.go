package seed

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"hubbub/store/chat"
)

// session speaks the client-server API in clear, for what the core does not do (names, roles, topics) and for the
// thousands of messages that need no core.
type session struct {
	homeserver string
	token      string
	next       int // transaction ids
}

// signIn signs in on a new device that has no keys, so nobody encrypts for it.
func signIn(ctx context.Context, homeserver, user string) (*session, error) {
	s := &session{homeserver: homeserver}
	var answer struct {
		Token string `json:"access_token"`
	}
	err := s.call(ctx, http.MethodPost, "/_matrix/client/v3/login", map[string]any{
		"type": "m.login.password", "identifier": map[string]any{"type": "m.id.user", "user": user},
		"password": Password, "initial_device_display_name": "set-up",
	}, &answer)
	s.token = answer.Token
	return s, err
}

// call sends one request and decodes its 200 answer into into, unless that is nil.
func (s *session) call(ctx context.Context, method, path string, body, into any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.homeserver+path, bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	req.Header.Set("Content-Type", "application/json")
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // only read
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %.300s", method, path, resp.Status, answer)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

// at is the path of something in a room.
func at(room chat.RoomID, parts ...string) string {
	path := "/_matrix/client/v3/rooms/" + url.PathEscape(string(room))
	for _, p := range parts {
		path += "/" + url.PathEscape(p)
	}
	return path
}

func (s *session) join(ctx context.Context, room chat.RoomID) error {
	return s.call(ctx, http.MethodPost, at(room, "join"), map[string]any{}, nil)
}

func (s *session) setState(ctx context.Context, room chat.RoomID, kind, key string, content any) error {
	return s.call(ctx, http.MethodPut, at(room, "state", kind)+"/"+url.PathEscape(key), content, nil)
}

func (s *session) sendText(ctx context.Context, room chat.RoomID, text string) error {
	s.next++
	body := map[string]any{"msgtype": "m.text", "body": text}
	return s.call(ctx, http.MethodPut, at(room, "send", "m.room.message", fmt.Sprint("seed", s.next)), body, nil)
}

func (s *session) setName(ctx context.Context, user chat.UserID, name string) error {
	path := "/_matrix/client/v3/profile/" + url.PathEscape(string(user)) + "/displayname"
	return s.call(ctx, http.MethodPut, path, map[string]any{"displayname": name}, nil)
}
