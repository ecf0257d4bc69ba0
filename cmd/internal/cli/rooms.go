package cli

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"hubbub/matrix"
	"hubbub/store"
	"hubbub/store/chat"
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
				return r.listRooms(ctx, c.Store(), asJSON)
			})
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, words.CLIFlagJSON)
	return cmd
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
	parts := []string{string(room.ID), room.Name}
	if room.Alias != "" {
		parts = append(parts, room.Alias)
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
	return pick(sidebar.Rooms, name, c.Account().User.Homeserver())
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
	for _, room := range rooms {
		switch {
		case room.Membership != chat.MemberJoined || room.Type == chat.RoomSpace:
		case string(room.ID) == id:
			return room, nil
		case room.Alias != "" && room.Alias == id:
			named = append(named, room)
		case !full && strings.EqualFold(room.Name, plain):
			named = append(named, room)
		}
	}
	switch len(named) {
	case 0:
		return chat.Room{}, &usageError{words.CLINoRoom(name)}
	case 1:
		return named[0], nil
	}
	return chat.Room{}, &usageError{words.CLISeveralRooms(name)}
}
