package matrix

import (
	"context"
	"fmt"

	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// Send queues a message, reaction, deletion or file. Intent.
func (c *Client) Send(out chat.Outgoing) { c.outbox.Send(out) }

// SendWait queues like Send and waits until the homeserver has the message.
// It is for callers without a window; Run must be under way. Errors are *chat.Problem.
func (c *Client) SendWait(ctx context.Context, out chat.Outgoing) (chat.EventID, error) {
	id, err := c.outbox.SendWait(ctx, out)
	if err != nil {
		return "", fault.From(err)
	}
	return id, nil
}

// Retry tries a message that was not sent again. Intent.
func (c *Client) Retry(item chat.ItemKey) { c.outbox.Retry(item) }

// Discard drops a message that has not been sent. Intent.
func (c *Client) Discard(item chat.ItemKey) { c.outbox.Discard(item) }

// SaveDraft keeps the text of a room's composer. Intent.
func (c *Client) SaveDraft(d chat.Draft) { c.outbox.SaveDraft(d) }

// SaveUI keeps a small value of the window. Intent.
func (c *Client) SaveUI(key string, value []byte) { c.outbox.SaveUI(key, value) }

// MarkRead moves the read receipt and the fully-read marker. Intent.
func (c *Client) MarkRead(room chat.RoomID, event chat.EventID) { c.outbox.MarkRead(room, event) }

// MarkUnread sets or clears m.marked_unread. Intent.
func (c *Client) MarkUnread(room chat.RoomID, unread bool) { c.outbox.MarkUnread(room, unread) }

// Typing tells the room that the person types, or stopped. Intent.
func (c *Client) Typing(room chat.RoomID, typing bool) { c.outbox.Typing(room, typing) }

// FillGap fetches what a gap row stands for. Intent.
func (c *Client) FillGap(room chat.RoomID, token string) (ref string) {
	ref = fmt.Sprintf("gap-%d", c.lanes.last.Add(1))
	c.history.Fill(room, token, ref)
	return ref
}

// FetchMembers asks for the whole member list of a room once. Intent.
func (c *Client) FetchMembers(room chat.RoomID) (ref string) {
	ref = fmt.Sprintf("members-%d", c.lanes.last.Add(1))
	c.history.FetchMembers(room, ref)
	return ref
}

// FetchEvent fetches one event of a room, such as a message that another
// answers, unless it is known. Intent without a notice.
func (c *Client) FetchEvent(room chat.RoomID, event chat.EventID) {
	c.lanes.add("event "+string(room), func(ctx context.Context, _ string) {
		err := c.signedIn.wait(ctx)
		if err == nil {
			err = c.history.Event(ctx, room, event)
		}
		if p := fault.From(err); err != nil && p.Kind != chat.ProblemCancelled {
			c.log.Info("Answered message was not fetched", "room", room, "event", event, "problem", p.Kind.String())
		}
	})
}

// Reconnect ends a wait for the next try, and tries again what stopped the account. Intent.
func (c *Client) Reconnect() {
	poke(c.retry)
	c.sync.Reconnect()
}

// Save downloads the file of an item into dir, or the default folder when it is empty. Intent.
func (c *Client) Save(item chat.ItemKey, dir string) (ref string) { return c.media.Save(item, dir) }
