package matrix

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"maunium.net/go/mautrix/id"

	"hubbub/matrix/internal/fault"
	"hubbub/matrix/internal/upkeep"
	"hubbub/store"
	"hubbub/store/chat"
)

const (
	megolm    = "m.megolm.v1.aes-sha2"
	typeSpace = "m.space"
	// MSC3417 (unstable prefix org.matrix.msc3417).
	typeCall = "org.matrix.msc3417.call"
	// spaceLevel is what it takes to send messages into a space, where nobody would read them.
	spaceLevel = 100
)

// createRequest is the body of createRoom.
//
// Spec: client-server-api#post_matrixclientv3createroom
type createRequest struct {
	Name       string         `json:"name,omitempty"`
	Topic      string         `json:"topic,omitempty"`
	Invite     []chat.UserID  `json:"invite,omitempty"`
	IsDirect   bool           `json:"is_direct,omitempty"`
	Preset     string         `json:"preset"`
	Visibility string         `json:"visibility"`
	Creation   map[string]any `json:"creation_content,omitempty"`
	Levels     map[string]any `json:"power_level_content_override,omitempty"`
	State      []stateEvent   `json:"initial_state,omitempty"`
}

type stateEvent struct {
	Type    string         `json:"type"`
	Key     string         `json:"state_key"`
	Content map[string]any `json:"content"`
}

// Create creates a room or direct message, encrypted unless it is public, a
// space, or the request says otherwise. Intent; the notice's Value is the
// room's id. A direct message that exists is opened instead. A room that its
// space does not take is there all the same: then Done is DoneCreatedOutside.
func (c *Client) Create(room chat.NewRoom) (ref string) {
	return c.lanes.add("create", func(ctx context.Context, ref string) {
		done := chat.DoneCreated
		made, err := c.openDirect(ctx, room)
		if made != "" {
			done = "" // nothing happened that is worth a sentence: it opens
		} else if err == nil {
			made, err = c.create(ctx, room)
		}
		if err == nil && room.Parent != "" {
			if refused := c.place(ctx, room.Parent, made); refused != nil {
				c.log.Warn("A new room was not put into its space", slog.String("room", string(made)), slog.Any("err", refused))
				done = chat.DoneCreatedOutside
			}
		}
		c.notice(ref, made, done, string(made), err)
	})
}

// openDirect returns the direct message with a person that is there already, or "".
func (c *Client) openDirect(ctx context.Context, room chat.NewRoom) (chat.RoomID, error) {
	if !room.Direct || len(room.Invite) != 1 {
		return "", nil
	}
	sidebar, err := c.store.Sidebar(ctx)
	if err != nil {
		return "", fmt.Errorf("look for the direct message: %w", err)
	}
	for _, r := range sidebar.Rooms {
		if r.Direct && r.DirectWith == room.Invite[0] && r.Membership == chat.MemberJoined && r.Encrypted == !room.Unencrypted {
			return r.ID, nil
		}
	}
	return "", nil
}

func (c *Client) create(ctx context.Context, room chat.NewRoom) (chat.RoomID, error) {
	req, err := newRequest(room, c.Account().User.Homeserver())
	if err != nil {
		return "", err
	}
	if err := c.signedIn.wait(ctx); err != nil {
		return "", err
	}
	var resp struct {
		RoomID chat.RoomID `json:"room_id"`
	}
	if _, err := c.http.MakeRequest(ctx, http.MethodPost, c.http.BuildClientURL("v3", "createRoom"), req, &resp); err != nil {
		return "", fmt.Errorf("create room: %w", err)
	}
	if !validTarget(string(resp.RoomID)) {
		return "", &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "the new room has no id"}
	}
	if encrypted(room) {
		// It holds whatever the homeserver makes of the request, and before sync brings the first of the room.
		err := c.store.Write(ctx, func(tx *store.Tx) error {
			return tx.UpdateRoom(resp.RoomID, func(r *store.Room) { r.Encrypted = true })
		})
		if err != nil {
			return resp.RoomID, fmt.Errorf("keep %s encrypted: %w", resp.RoomID, err)
		}
	}
	if err := c.arrival(ctx, resp.RoomID); err != nil {
		return resp.RoomID, err
	}
	if room.Direct {
		if err := c.markDirect(ctx, resp.RoomID, room.Invite[0]); err != nil {
			return resp.RoomID, err
		}
	}
	return resp.RoomID, nil
}

// newRequest turns a wish into the request, or says what is wrong with it.
func newRequest(room chat.NewRoom, ownHomeserver string) (createRequest, error) {
	req := createRequest{
		Name: strings.TrimSpace(room.Name), Topic: strings.TrimSpace(room.Topic), Invite: room.Invite,
		Preset: "private_chat", Visibility: "private", Creation: map[string]any{},
	}
	for _, u := range room.Invite {
		if !u.Valid() {
			return req, &chat.Problem{Kind: chat.ProblemBadInput, Detail: strconv.Quote(string(u)) + " is not a Matrix user id"}
		}
	}
	switch {
	case room.Direct && len(room.Invite) != 1:
		return req, &chat.Problem{Kind: chat.ProblemBadInput, Detail: "a direct message is with one person"}
	case room.Direct:
		req.IsDirect, req.Preset = true, "trusted_private_chat"
	case req.Name == "":
		return req, &chat.Problem{Kind: chat.ProblemBadInput, Detail: "a name is needed"}
	case room.Public:
		req.Preset = "public_chat"
	}
	switch {
	case room.Space:
		req.Creation["type"] = typeSpace
		req.Levels = map[string]any{"events_default": spaceLevel}
	case room.Voice:
		req.Creation["type"] = typeCall
		// Everybody may join the call: its membership is a state event.
		req.Levels = map[string]any{"events": map[string]any{"org.matrix.msc3401.call.member": 0, "m.call.member": 0}}
	}
	if encrypted(room) {
		req.State = append(req.State, stateEvent{Type: "m.room.encryption", Content: map[string]any{"algorithm": megolm}})
	}
	if room.Parent != "" && !room.Public && !room.Direct {
		req.State = append(req.State, stateEvent{Type: "m.room.join_rules", Content: map[string]any{
			"join_rule": "restricted",
			"allow":     []any{map[string]any{"type": "m.room_membership", "room_id": room.Parent}},
		}})
	}
	if room.Parent != "" {
		req.State = append(req.State, stateEvent{Type: "m.space.parent", Key: string(room.Parent), Content: map[string]any{
			"canonical": true, "via": []string{ownHomeserver},
		}})
	}
	return req, nil
}

func encrypted(room chat.NewRoom) bool {
	if room.Space {
		return false
	}
	return room.Encrypted || !room.Public && !room.Unencrypted
}

// placeTries is how often a room is put into its space, where the homeserver
// cannot be reached or has trouble, and placeWait how long is waited in between.
const (
	placeTries = 3
	placeWait  = 2 * time.Second
)

// place puts a room into a space, and waits until sync has brought that.
func (c *Client) place(ctx context.Context, parent, child chat.RoomID) error {
	err := c.putChild(ctx, parent, child)
	for range placeTries - 1 {
		if p := fault.From(err); err == nil || !p.Retry || !upkeep.Sleep(ctx, max(placeWait, p.RetryAfter)) {
			break
		}
		err = c.putChild(ctx, parent, child)
	}
	if err != nil {
		return err
	}
	return c.arrived(ctx, child, func() (bool, error) {
		in, err := c.store.Parents(ctx, child)
		return slices.Contains(in, parent), err
	})
}

// putChild asks the homeserver to put a room into a space.
//
// Spec: client-server-api#mspacechild
func (c *Client) putChild(ctx context.Context, parent, child chat.RoomID) error {
	content := map[string]any{"via": []string{c.Account().User.Homeserver()}}
	address := c.http.BuildClientURL("v3", "rooms", id.RoomID(parent), "state", "m.space.child", string(child))
	if _, err := c.http.MakeRequest(ctx, http.MethodPut, address, content, nil); err != nil {
		return fmt.Errorf("put %s into %s: %w", child, parent, err)
	}
	return nil
}
