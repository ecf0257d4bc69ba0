package cli

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hubbub/matrix"
	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// roomLine is a channel as `rooms --json` prints it.
type roomLine struct {
	ID         chat.RoomID `json:"room_id"`
	Name       string      `json:"name"`
	Alias      string      `json:"alias,omitempty"`
	Membership string      `json:"membership"`
	Space      bool        `json:"space,omitempty"`
	Direct     bool        `json:"direct,omitempty"`
	Encrypted  bool        `json:"encrypted"`
	Unread     int         `json:"unread"`
	Mentions   int         `json:"mentions"`
}

func (r *root) rooms() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "rooms", Short: words.CLIRoomsShort, Args: usage(cobra.NoArgs),
		RunE: r.with(func(cmd *cobra.Command, _ []string) error {
			c, err := r.open(cmd.Context())
			if err != nil {
				return err
			}
			return r.env.Headless(cmd.Context(), c, func(ctx context.Context) error {
				if err := taken(ctx, c); err != nil {
					return err
				}
				r.catchUp(ctx, c)
				return r.listRooms(ctx, c.Store(), asJSON)
			})
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, words.CLIFlagJSON)
	return cmd
}

// catchLimit is how long a command that can go on without waits for what is new.
const catchLimit = 5 * time.Second

// catchUp waits for what is new, and says when it cannot be had: what is known stands then.
func (r *root) catchUp(ctx context.Context, c *matrix.Client) {
	limited, cancel := context.WithTimeout(ctx, catchLimit)
	defer cancel()
	err := online(limited, c)
	var p *chat.Problem
	switch {
	case err == nil || ctx.Err() != nil:
	case errors.As(err, &p):
		r.complain(words.CLIAsKnown(p))
	default:
		r.complain(words.CLIAsKnown(&chat.Problem{Kind: chat.ProblemTimeout}))
	}
}

func (r *root) listRooms(ctx context.Context, s *store.Store, asJSON bool) error {
	sidebar, err := s.Sidebar(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(sidebar.Rooms, func(a, b chat.Room) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	for _, room := range sidebar.Rooms {
		var err error
		if asJSON {
			err = r.json(roomLine{
				room.ID, room.Name, room.Alias, room.Membership.String(), room.Type == chat.RoomSpace, room.Direct,
				room.Encrypted, room.Unread, room.Mentions,
			})
		} else {
			err = r.say(roomText(room))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func roomText(room chat.Room) string {
	// No part holds the two spaces between them, so none can pass for several.
	parts := []string{safe.Line(string(room.ID)).String(), safe.Line(room.Name).String()}
	if room.Alias != "" {
		parts = append(parts, safe.Line(room.Alias).String())
	}
	switch {
	case room.Membership == chat.MemberInvited:
		parts = append(parts, words.CLIInvite)
	case room.Type == chat.RoomSpace:
		parts = append(parts, words.CLISpace)
	}
	return strings.Join(parts, "  ")
}

// taken waits until the account has been taken in once. With a cache that is at once.
func taken(ctx context.Context, c *matrix.Client) error {
	token, err := c.Store().Sync(ctx, store.SyncNextBatch)
	if err != nil || token != "" {
		return err
	}
	return online(ctx, c)
}

// online waits for the connection. What will not pass by itself is an error.
func online(ctx context.Context, c *matrix.Client) error {
	conn, err := c.WaitConnection(ctx, func(c chat.Connection) bool { return c.State == chat.ConnOnline || c.Problem != nil })
	if err == nil && conn.State != chat.ConnOnline {
		return conn.Problem
	}
	return err
}

// find returns the joined channel that a person means by name.
func find(ctx context.Context, c *matrix.Client, name string) (chat.Room, error) {
	sidebar, err := c.Store().Sidebar(ctx)
	if err != nil {
		return chat.Room{}, err
	}
	own := c.Account().User.Homeserver()
	room, err := pick(sidebar.Rooms, name, own)
	t, wrong := matrix.ParseTarget(name, own)
	address := strings.Contains(name, ":")
	switch {
	case wrong != nil, !strings.HasPrefix(t.Room, "#"): // an id or a name
	case !address && (err != nil || strings.EqualFold(room.Name, strings.TrimPrefix(name, "#"))): // a name
	default:
		return hold(ctx, c, sidebar.Rooms, name, t.Room)
	}
	return room, err
}

// hold returns the one of rooms that has an address as the homeserver knows it:
// any channel can say that it has the address of another, and what is written
// to that one must not go there.
func hold(ctx context.Context, c *matrix.Client, rooms []chat.Room, name, address string) (chat.Room, error) {
	id, err := c.ResolveAlias(ctx, address)
	var problem *chat.Problem
	if errors.As(err, &problem) && problem.Kind == chat.ProblemNotFound {
		return chat.Room{}, &usageError{words.CLINoRoom(name)}
	} else if err != nil {
		return chat.Room{}, err
	}
	return pick(rooms, string(id), "")
}

// pick returns the one of rooms that a person means by name. Names and
// addresses are what the people of a channel say they are: of two that fit none
// is taken, and an address is not looked for among the names.
func pick(rooms []chat.Room, name, homeserver string) (chat.Room, error) {
	var id string
	if t, err := matrix.ParseTarget(name, homeserver); err == nil {
		id = t.Room
	}
	full := strings.HasPrefix(name, "!") || id != "" && strings.Contains(name, ":")
	plain := strings.TrimPrefix(name, "#")
	var named []chat.Room
	invited := false
	for _, room := range rooms {
		switch {
		case room.Membership == chat.MemberInvited:
			invited = invited || string(room.ID) == id || !full && strings.EqualFold(room.Name, plain)
		case room.Membership != chat.MemberJoined || room.Type == chat.RoomSpace:
		case string(room.ID) == id:
			return room, nil
		case room.Alias != "" && room.Alias == id:
			named = append(named, room)
		case !full && strings.EqualFold(room.Name, plain):
			named = append(named, room)
		}
	}
	switch {
	case len(named) == 0 && invited:
		return chat.Room{}, &usageError{words.CLIOnlyInvited(name)}
	case len(named) == 0:
		return chat.Room{}, &usageError{words.CLINoRoom(name)}
	case len(named) == 1:
		return named[0], nil
	}
	return chat.Room{}, &usageError{words.CLISeveralRooms(name)}
}
