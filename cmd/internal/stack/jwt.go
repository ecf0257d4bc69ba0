package stack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// tokenLife is how long an access token of the SFU may be used to connect.
const tokenLife = time.Hour

// grants are the claims under "video" of a LiveKit token.
type grants struct {
	Room                 string `json:"room,omitempty"`
	RoomJoin             bool   `json:"roomJoin,omitempty"`
	RoomCreate           bool   `json:"roomCreate"`
	CanPublish           bool   `json:"canPublish,omitempty"`
	CanSubscribe         bool   `json:"canSubscribe,omitempty"`
	CanUpdateOwnMetadata bool   `json:"canUpdateOwnMetadata,omitempty"`
}

// signToken makes a LiveKit access token: a JWT signed with HMAC-SHA256.
// Spec: RFC 7519, RFC 7515#section-3.1
func signToken(key, secret, identity string, g grants, now time.Time) (string, error) {
	claims := struct {
		Issuer    string `json:"iss"`
		Subject   string `json:"sub,omitempty"`
		NotBefore int64  `json:"nbf"`
		Expires   int64  `json:"exp"`
		Video     grants `json:"video"`
	}{key, identity, now.Add(-10 * time.Second).Unix(), now.Add(tokenLife).Unix(), g}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) +
		"." + base64.RawURLEncoding.EncodeToString(body)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), nil
}
