package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// arrivalLimit is how long a new room may take to come by sync.
const arrivalLimit = 20 * time.Second

// Join joins by room id, alias, matrix.to link or matrix: URI, or accepts an
// invite. Intent; the notice's Value is the room's id.
func (c *Client) Join(target string) (ref string) {
	t, err := ParseTarget(target, c.Account().User.Homeserver())
	return c.lanes.add(t.Room, func(ctx context.Context, ref string) {
		if err != nil {
			c.notice(ref, "", "", "", err)
			return
		}
		room, err := c.join(ctx, t)
		c.notice(ref, room, chat.DoneJoined, string(room), err)
	})
}

// join asks the homeserver to join, and marks an accepted direct message as one.
//
// Spec: client-server-api#post_matrixclientv3joinroomidoralias
func (c *Client) join(ctx context.Context, t Target) (chat.RoomID, error) {
	if err := c.signedIn.wait(ctx); err != nil {
		return "", err
	}
	before, known, err := c.store.Room(ctx, chat.RoomID(t.Room))
	if err != nil {
		return "", fmt.Errorf("join %s: %w", t.Room, err)
	}
	via := t.Via
	if known {
		via = append(via, before.Inviter.Homeserver())
	}
	edges, err := c.viaOf(ctx, chat.RoomID(t.Room))
	if err != nil {
		return "", err
	}
	resp, err := c.http.JoinRoom(ctx, t.Room, &mautrix.ReqJoinRoom{Via: cleanVia(append(via, edges...))})
	if err != nil {
		return "", fmt.Errorf("join %s: %w", t.Room, err)
	}
	room := chat.RoomID(resp.RoomID)
	if !validTarget(string(room)) {
		return "", &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "the room that was joined has no id", Retry: true}
	}
	if err := c.arrival(ctx, room); err != nil {
		return room, err
	}
	if known && before.Membership == chat.MemberInvited && before.Direct && before.Inviter.Valid() {
		if err := c.markDirect(ctx, room, before.Inviter); err != nil {
			c.log.Warn("Could not mark a direct message", "room", room, "problem", fault.From(err).Kind.String())
		}
	}
	return room, nil
}

// arrival waits until sync has brought a room that was joined or created, so
// that whoever hears of it finds it. A sync that is late does not make the intent fail.
func (c *Client) arrival(ctx context.Context, room chat.RoomID) error {
	return c.arrived(ctx, room, func() (bool, error) {
		r, ok, err := c.store.Room(ctx, room)
		return ok && r.Membership == chat.MemberJoined, err
	})
}

// arrived is arrival with what shall have come.
func (c *Client) arrived(ctx context.Context, room chat.RoomID, there func() (bool, error)) error {
	feed := c.store.Subscribe()
	defer c.store.Unsubscribe(feed)
	limit := time.NewTimer(arrivalLimit)
	defer limit.Stop()
	for {
		done, err := there()
		if err != nil || done {
			return wrap("wait for", room, err)
		}
		select {
		case <-feed.Wait():
		case <-limit.C:
			return nil
		case <-ctx.Done():
			return wrap("wait for", room, ctx.Err())
		}
		if _, err := feed.Next(ctx); err != nil {
			return wrap("wait for", room, err)
		}
	}
}

// viaOf returns the homeservers that spaces name for a room.
func (c *Client) viaOf(ctx context.Context, room chat.RoomID) ([]string, error) {
	if room == "" || room[0] != '!' {
		return nil, nil
	}
	sidebar, err := c.store.Sidebar(ctx)
	if err != nil {
		return nil, fmt.Errorf("load space edges: %w", err)
	}
	var via []string
	for _, e := range sidebar.Edges {
		if e.Child == room {
			via = append(via, e.Via...)
		}
	}
	return via, nil
}

// Leave leaves a room, or declines an invite. Intent.
func (c *Client) Leave(room chat.RoomID) (ref string) {
	return c.lanes.add(string(room), func(ctx context.Context, ref string) {
		err := c.signedIn.wait(ctx)
		if err == nil {
			_, err = c.http.LeaveRoom(ctx, id.RoomID(room))
		}
		c.notice(ref, room, chat.DoneLeft, string(room), err)
	})
}

// Invite invites a person. Intent.
func (c *Client) Invite(room chat.RoomID, user chat.UserID) (ref string) {
	return c.lanes.add(string(room), func(ctx context.Context, ref string) {
		err := c.signedIn.wait(ctx)
		if err == nil && !user.Valid() {
			err = &chat.Problem{Kind: chat.ProblemBadInput, Detail: "not a Matrix user id"}
		}
		if err == nil {
			c.trust.giveHistory(ctx, room, user)
			_, err = c.http.InviteUser(ctx, id.RoomID(room), &mautrix.ReqInviteUser{UserID: id.UserID(user)})
		}
		c.notice(ref, room, chat.DoneInvited, string(user), err)
	})
}

// notice publishes the outcome of an intent. One that was cut off by the end
// of the program is nobody's to read.
func (c *Client) notice(ref string, room chat.RoomID, done, value string, err error) {
	n := chat.Notice{Ref: ref, Room: room}
	if err != nil {
		n.Problem = fault.From(err)
		if n.Problem.Kind == chat.ProblemCancelled {
			return
		}
		c.log.Info("Intent was refused", "room", room, "problem", n.Problem.Kind.String(), "code", n.Problem.Code)
	} else {
		n.Done, n.Value = done, value
	}
	c.store.PublishNotice(n)
}

// markDirect adds a room to m.direct, from the homeserver's present copy.
//
// Spec: client-server-api#mdirect
func (c *Client) markDirect(ctx context.Context, room chat.RoomID, with chat.UserID) error {
	address := c.http.BuildClientURL("v3", "user", c.http.UserID, "account_data", "m.direct")
	all := map[string]json.RawMessage{}
	_, err := c.http.MakeRequest(ctx, http.MethodGet, address, nil, &all)
	if err != nil && !errors.Is(err, mautrix.MNotFound) {
		return fmt.Errorf("load direct messages: %w", err)
	}
	if all == nil {
		all = map[string]json.RawMessage{}
	}
	var rooms []string
	if have, ok := all[string(with)]; ok {
		if err := json.Unmarshal(have, &rooms); err != nil {
			rooms = nil // not a list of rooms: nothing in it to keep
		}
	}
	if slices.Contains(rooms, string(room)) {
		return nil
	}
	list, err := json.Marshal(append(rooms, string(room)))
	if err != nil {
		return fmt.Errorf("mark direct message: %w", err)
	}
	all[string(with)] = list
	if _, err := c.http.MakeRequest(ctx, http.MethodPut, address, all, nil); err != nil {
		return fmt.Errorf("mark direct message: %w", err)
	}
	return nil
}
