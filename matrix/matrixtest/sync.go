package matrixtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/rs/zerolog"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// SyncKeys is what a sync response says about keys and devices. It has the fields of the type with which the encryption
// takes that in, so that one converts to the other.
type SyncKeys struct {
	First         bool // the request had no since token
	Events        []jsontext.Value
	Changed       []chat.UserID
	Left          []chat.UserID
	OTKCounts     map[string]int
	HasOTKCounts  bool
	FallbackTypes []string
	HasFallback   bool
}

// SyncAnswer is a sync response as far as tests of encryption look at it.
type SyncAnswer struct {
	Next  string // next_batch
	Keys  SyncKeys
	rooms map[string][]jsontext.Value
}

// Rooms returns the timelines of the rooms in which something happened.
func (a SyncAnswer) Rooms() map[string][]jsontext.Value { return a.rooms }

// Encrypted returns the encrypted events of a room.
func (a SyncAnswer) Encrypted(room string) []jsontext.Value {
	var out []jsontext.Value
	for _, raw := range a.rooms[room] {
		var e Event
		if json.Unmarshal(raw, &e) == nil && e.Type == "m.room.encrypted" {
			out = append(out, raw)
		}
	}
	return out
}

func syncPath(since string, timeout time.Duration) string {
	query := url.Values{"timeout": {strconv.FormatInt(timeout.Milliseconds(), 10)}}
	if since != "" {
		query.Set("since", since)
	}
	return "/_matrix/client/v3/sync?" + query.Encode()
}

// Ask asks once for what is new since a token ("" for everything). It may be called from any goroutine.
func (c *Client) Ask(ctx context.Context, since string, timeout time.Duration) (SyncAnswer, error) {
	status, raw, err := c.Do(ctx, http.MethodGet, syncPath(since, timeout), nil)
	if err == nil && status != http.StatusOK {
		err = &Refusal{Status: status, Body: raw}
	}
	var wire struct {
		Next     string `json:"next_batch"`
		ToDevice struct {
			Events []jsontext.Value `json:"events"`
		} `json:"to_device"`
		Lists struct {
			Changed []chat.UserID `json:"changed"`
			Left    []chat.UserID `json:"left"`
		} `json:"device_lists"`
		OTK      map[string]int `json:"device_one_time_keys_count"`
		Fallback []string       `json:"device_unused_fallback_key_types"`
		Rooms    struct {
			Join map[string]struct {
				Timeline struct {
					Events []jsontext.Value `json:"events"`
				} `json:"timeline"`
			} `json:"join"`
		} `json:"rooms"`
	}
	if err == nil {
		err = json.Unmarshal(raw, &wire)
	}
	if err != nil {
		return SyncAnswer{}, fmt.Errorf("sync: %w", err)
	}
	a := SyncAnswer{Next: wire.Next, rooms: map[string][]jsontext.Value{}, Keys: SyncKeys{
		First: since == "", Events: wire.ToDevice.Events, Changed: wire.Lists.Changed, Left: wire.Lists.Left,
		OTKCounts: wire.OTK, HasOTKCounts: wire.OTK != nil, FallbackTypes: wire.Fallback, HasFallback: wire.Fallback != nil,
	}}
	for room, j := range wire.Rooms.Join {
		a.rooms[room] = j.Timeline.Events
	}
	return a, nil
}

// MustAsk is Ask without waiting, for the test's goroutine.
func (c *Client) MustAsk(since string) SyncAnswer {
	c.t.Helper()
	a, err := c.Ask(c.t.Context(), since, 0)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

// Library returns a client of the library for the session, which says nothing.
func (c *Client) Library() *mautrix.Client {
	c.t.Helper()
	cl, err := mautrix.NewClient(c.URL, id.UserID(c.UserID), c.Token)
	if err != nil {
		c.t.Fatal(err)
	}
	cl.DeviceID, cl.Log = id.DeviceID(c.DeviceID), zerolog.Nop()
	return cl
}

// MegolmSession returns the session that an encrypted event, or its content, was sent with.
func MegolmSession(raw []byte) string {
	var e struct {
		Session string `json:"session_id"`
		Content struct {
			Session string `json:"session_id"`
		} `json:"content"`
	}
	if json.Unmarshal(raw, &e) != nil {
		return ""
	}
	return e.Session + e.Content.Session
}

// Text is the content of a message.
func Text(body string) jsontext.Value {
	raw, err := json.Marshal(map[string]string{"msgtype": "m.text", "body": body})
	if err != nil {
		panic("matrixtest: a text cannot be encoded: " + err.Error())
	}
	return raw
}
