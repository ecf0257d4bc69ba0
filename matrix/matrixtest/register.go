package matrixtest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// Register makes an account by the homeserver's shared secret, as Synapse and Dendrite both offer it, without a session,
// and returns the user id. The secret itself is never sent.
// Spec: Synapse Admin API, "Shared-Secret Registration"
func Register(ctx context.Context, homeserverURL, secret, user, password string, admin bool) (userID string, err error) {
	const path = "/_synapse/admin/v1/register"
	var challenge struct {
		Nonce string `json:"nonce"`
	}
	if err := exchangeJSON(ctx, http.MethodGet, homeserverURL+path, nil, &challenge); err != nil {
		return "", err
	}
	role := "notadmin"
	if admin {
		role = "admin"
	}
	mac := hmac.New(sha1.New, []byte(secret))
	for i, part := range []string{challenge.Nonce, user, password, role} {
		if i > 0 {
			mac.Write([]byte{0})
		}
		mac.Write([]byte(part))
	}
	request := map[string]any{
		"nonce": challenge.Nonce, "username": user, "password": password, "admin": admin,
		"mac": hex.EncodeToString(mac.Sum(nil)), "inhibit_login": true,
	}
	var account struct {
		UserID      string `json:"user_id"`
		AccessToken string `json:"access_token"`
	}
	if err := exchangeJSON(ctx, http.MethodPost, homeserverURL+path, request, &account); err != nil {
		return "", err
	}
	if account.AccessToken == "" {
		return account.UserID, nil
	}
	// Dendrite signs in whatever it is asked.
	logout := homeserverURL + "/_matrix/client/v3/logout"
	status, answer, err := roundTrip(ctx, http.DefaultClient, http.MethodPost, logout, account.AccessToken, map[string]any{})
	if err == nil && status != http.StatusOK {
		err = &Refusal{Status: status, Body: answer}
	}
	return account.UserID, err
}

// exchangeJSON sends one request without authorisation and reads its 200 answer.
func exchangeJSON(ctx context.Context, method, url string, body, into any) error {
	status, answer, err := roundTrip(ctx, http.DefaultClient, method, url, "", body)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return &Refusal{Status: status, Body: answer}
	}
	return json.Unmarshal(answer, into)
}

// Refusal is an answer other than 200.
type Refusal struct {
	Status int
	Body   json.RawMessage
}

// Error gives the status and the body.
func (r *Refusal) Error() string { return fmt.Sprintf("%d: %.300s", r.Status, r.Body) }

// roundTrip sends one request with an optional access token and JSON body, and reads the answer whatever its status.
func roundTrip(ctx context.Context, c *http.Client, method, url, token string, body any) (int, []byte, error) {
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case []byte:
		reader = bytes.NewReader(b)
	default:
		data, err := json.Marshal(b)
		if err != nil {
			return 0, nil, err
		}
		reader = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, reader)
	if err != nil {
		return 0, nil, err
	}
	if reader != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }() // only read
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}
