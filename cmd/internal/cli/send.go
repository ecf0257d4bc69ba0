package cli

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"hubbub/matrix"
	"hubbub/store/chat"
	"hubbub/ui/words"
)

// maxText is the largest message read from standard input, in bytes. The
// homeserver's limit for an event is 65,536.
const maxText = 64 << 10

func (r *root) send() *cobra.Command {
	var asJSON, plain bool
	cmd := &cobra.Command{
		Use: "send ROOM", Short: words.CLISendShort, Long: words.CLISendLong, Args: usage(cobra.ExactArgs(1)),
		RunE: r.with(func(cmd *cobra.Command, args []string) error {
			text, err := r.text(cmd.Context())
			if err != nil {
				return err
			}
			c, err := r.open(cmd.Context())
			if err != nil {
				return err
			}
			return r.env.Headless(cmd.Context(), c, func(ctx context.Context) error {
				return r.sendText(ctx, c, args[0], chat.Outgoing{Text: text, Plain: plain}, asJSON)
			})
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, words.CLIFlagJSON)
	cmd.Flags().BoolVar(&plain, "plain", false, words.CLIFlagPlain)
	return cmd
}

// text reads the message.
func (r *root) text(ctx context.Context) (string, error) {
	if isTerminal(r.streams.In) {
		r.complain(words.CLITypeMessage)
	}
	b, err := wait(ctx, func() ([]byte, error) { return io.ReadAll(io.LimitReader(r.streams.In, maxText+1)) })
	switch {
	case errors.Is(err, context.Canceled):
		return "", err
	case err != nil:
		return "", inputError(err)
	case len(b) > maxText:
		return "", &chat.Problem{Kind: chat.ProblemTooLarge}
	}
	text := strings.TrimRight(string(b), "\r\n")
	if strings.TrimSpace(text) == "" {
		return "", &usageError{words.CLINoText}
	}
	return text, nil
}

type sentLine struct {
	Room  chat.RoomID  `json:"room_id"`
	Event chat.EventID `json:"event_id"`
}

func (r *root) sendText(ctx context.Context, c *matrix.Client, name string, out chat.Outgoing, asJSON bool) error {
	room, err := r.findAfterSync(ctx, c, name)
	if err != nil {
		return err
	}
	out.Room = room.ID
	var watching sync.WaitGroup
	defer watching.Wait()
	waiting, told := context.WithCancelCause(ctx)
	defer told(nil)
	watching.Go(func() { r.tellWaiting(waiting, c) })
	watching.Go(func() { giveUp(waiting, told, c) })
	id, err := c.SendWait(waiting, out)
	var ended *chat.Problem
	switch {
	case err != nil && errors.As(context.Cause(waiting), &ended):
		return ended
	case err != nil && ctx.Err() != nil:
		r.complain(words.CLIKeptForLater)
		return context.Canceled
	case err != nil:
		return err
	case asJSON:
		return r.json(sentLine{room.ID, id})
	}
	return nil
}

// tellWaiting says once that the network is not there.
func (r *root) tellWaiting(ctx context.Context, c *matrix.Client) {
	_, err := c.WaitConnection(ctx, func(c chat.Connection) bool { return c.State == chat.ConnOffline })
	if err == nil {
		r.complain(words.CLIWaiting)
	}
}

// giveUp ends the wait when the connection will not come back by itself.
func giveUp(ctx context.Context, end context.CancelCauseFunc, c *matrix.Client) {
	conn, err := c.WaitConnection(ctx, func(c chat.Connection) bool {
		return c.State == chat.ConnSignedOut || c.State == chat.ConnFailed
	})
	if err == nil && conn.Problem != nil {
		end(conn.Problem)
	}
}

// findAfterSync looks in the cache first, and once more when the connection is there.
func (r *root) findAfterSync(ctx context.Context, c *matrix.Client, name string) (chat.Room, error) {
	if err := taken(ctx, c); err != nil {
		return chat.Room{}, err
	}
	room, err := find(ctx, c, name)
	var wrong *usageError
	if !errors.As(err, &wrong) {
		return room, err
	}
	if err := online(ctx, c); err != nil {
		return chat.Room{}, err
	}
	return find(ctx, c, name)
}
