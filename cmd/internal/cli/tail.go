package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"hubbub/matrix"
	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

func (r *root) tail() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "tail [ROOM]", Short: words.CLITailShort, Long: words.CLITailLong, Args: usage(cobra.MaximumNArgs(1)),
		RunE: r.with(func(cmd *cobra.Command, args []string) error {
			c, err := r.open(cmd.Context())
			if err != nil {
				return err
			}
			ctx, stop, err := whileRead(cmd.Context(), r.streams.Out)
			if err != nil {
				return errors.Join(err, c.Close(cmd.Context()))
			}
			defer stop()
			err = r.env.Headless(ctx, c, func(ctx context.Context) error {
				t := &tailer{root: r, c: c, s: c.Store(), asJSON: asJSON, seen: map[chat.RoomID]map[chat.ItemKey]uint64{}, seed: maphash.MakeSeed()}
				return t.run(ctx, args)
			})
			if errors.Is(err, context.Canceled) || errors.Is(context.Cause(ctx), syscall.EPIPE) {
				return nil // how one ends it
			}
			return err
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, words.CLIFlagJSON)
	return cmd
}

// tailer prints what is new in some rooms.
type tailer struct {
	*root
	c      *matrix.Client
	s      *store.Store
	feed   *store.Feed
	asJSON bool
	only   chat.RoomID // "" for all
	names  map[chat.RoomID]string
	// last is the newest item of a room that was there at the start; seen is
	// what has been printed since (hashes of it), to tell a change from a repetition.
	last map[chat.RoomID]chat.ItemKey
	seen map[chat.RoomID]map[chat.ItemKey]uint64
	seed maphash.Seed
}

// eventLine is an event as `tail --json` prints it. Content is decrypted.
type eventLine struct {
	Room      chat.RoomID     `json:"room_id"`
	Event     chat.EventID    `json:"event_id"`
	Sender    chat.UserID     `json:"sender"`
	Time      int64           `json:"origin_server_ts"`
	Type      string          `json:"type"`
	Content   json.RawMessage `json:"content,omitempty"`
	StateKey  *string         `json:"state_key,omitempty"`
	Encrypted bool            `json:"encrypted"`
	// Undecrypted says that the key has not come; the event is printed again when it does.
	Undecrypted bool `json:"undecrypted,omitempty"`
	Edited      bool `json:"edited,omitempty"` // Content is that of the edit
	Redacted    bool `json:"redacted,omitempty"`
}

func (t *tailer) run(ctx context.Context, args []string) error {
	t.feed = t.s.Subscribe()
	defer t.s.Unsubscribe(t.feed)
	if err := taken(ctx, t.c); err != nil {
		return err
	}
	if len(args) > 0 {
		room, err := t.findAfterSync(ctx, t.c, args[0])
		if err != nil {
			return err
		}
		t.only = room.ID
	}
	if err := t.mark(ctx); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return context.Canceled
		case <-t.feed.Wait():
		}
		set, err := t.feed.Next(ctx)
		if err != nil {
			return err
		}
		if err := t.changes(ctx, set); err != nil {
			return err
		}
	}
}

// mark notes where each room stands, and asks for the timelines of all.
func (t *tailer) mark(ctx context.Context) error {
	sidebar, err := t.s.Sidebar(ctx)
	if err != nil {
		return err
	}
	t.names, t.last = map[chat.RoomID]string{}, map[chat.RoomID]chat.ItemKey{}
	for _, room := range sidebar.Rooms {
		page, err := t.s.Page(ctx, chat.PageQuery{Room: room.ID, Limit: 1})
		if err != nil {
			return err
		}
		for _, m := range page.Items {
			t.last[room.ID] = max(t.last[room.ID], m.Key)
		}
	}
	t.rooms(sidebar.Rooms)
	return nil
}

func (t *tailer) rooms(rooms []chat.Room) {
	for _, room := range rooms {
		t.names[room.ID] = room.Name
	}
	if t.only != "" {
		t.feed.Watch(t.only)
		return
	}
	all := make([]chat.RoomID, 0, len(t.names))
	for id := range t.names {
		all = append(all, id)
	}
	t.feed.Watch(all...)
}

func (t *tailer) changes(ctx context.Context, set chat.ChangeSet) error {
	if set.Conn != nil && (set.Conn.State == chat.ConnFailed || set.Conn.State == chat.ConnSignedOut) && set.Conn.Problem != nil {
		return set.Conn.Problem
	}
	fresh := map[chat.RoomID]bool{}
	for _, room := range set.Rooms {
		if _, known := t.names[room.ID]; !known {
			fresh[room.ID] = true
		}
	}
	if len(fresh) > 0 {
		t.rooms(set.Rooms)
	}
	for id := range fresh { // its first messages came before it was watched
		if err := t.page(ctx, id); err != nil {
			return err
		}
	}
	for id, change := range set.Timeline {
		if change.Reload || set.Reload {
			if err := t.page(ctx, id); err != nil {
				return err
			}
			continue
		}
		if err := t.items(ctx, change.Items); err != nil {
			return err
		}
	}
	return nil
}

func (t *tailer) page(ctx context.Context, room chat.RoomID) error {
	page, err := t.s.Page(ctx, chat.PageQuery{Room: room, Limit: 500})
	if err != nil {
		return err
	}
	return t.items(ctx, page.Items)
}

func (t *tailer) items(ctx context.Context, items []chat.Message) error {
	for _, m := range items {
		if m.ID == "" || m.Kind == chat.KindGap || m.Key <= t.last[m.Room] || t.only != "" && m.Room != t.only {
			continue
		}
		if t.seen[m.Room] == nil {
			t.seen[m.Room] = map[chat.ItemKey]uint64{}
		}
		is := maphash.String(t.seed, fmt.Sprint(m.Kind, m.Edited, m.Body))
		if was, known := t.seen[m.Room][m.Key]; known && was == is {
			continue
		}
		t.seen[m.Room][m.Key] = is
		if err := t.print(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func (t *tailer) print(ctx context.Context, m chat.Message) error {
	if !t.asJSON {
		return t.say(t.text(m))
	}
	line := eventLine{
		Room: m.Room, Event: m.ID, Sender: m.Sender, Time: m.Time.UnixMilli(), Type: m.Type, Encrypted: m.Encrypted,
		Undecrypted: m.Kind == chat.KindUndecrypted, Edited: m.Edited, Redacted: m.Kind == chat.KindRedacted,
	}
	raw, clear, err := t.s.Source(ctx, m.Key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	var ev struct {
		Content  json.RawMessage `json:"content"`
		StateKey *string         `json:"state_key"`
	}
	if len(clear) > 0 {
		raw = clear
	}
	if json.Unmarshal(raw, &ev) == nil { // an unreadable event is printed without content
		line.Content, line.StateKey = ev.Content, ev.StateKey
	}
	if m.Edited && line.Content != nil {
		if line.Content, err = edited(line.Content, m); err != nil {
			return err
		}
	}
	return t.json(line)
}

// edited returns the content of a message as its newest edit leaves it.
func edited(content json.RawMessage, m chat.Message) (json.RawMessage, error) {
	var c map[string]any
	if err := json.Unmarshal(content, &c); err != nil || c == nil || m.Body == "" {
		return content, nil // there is no text to replace
	}
	c["body"] = m.Body
	delete(c, "formatted_body")
	delete(c, "format")
	if m.HTML != "" {
		c["format"], c["formatted_body"] = "org.matrix.custom.html", m.HTML
	}
	b, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	return b, nil
}

func (t *tailer) text(m chat.Message) string {
	name := m.SenderName
	if name == "" || m.SenderAmbiguous || safe.Doubtful(name) || strings.ContainsAny(name, "@:") {
		// It could pass for somebody else's.
		name = string(m.Sender)
	}
	body := m.Body
	switch {
	case m.Kind == chat.KindUndecrypted:
		body = words.CLIUndecrypted
	case m.Kind == chat.KindRedacted:
		body = words.CLIDeleted
	case m.Media != nil:
		body = m.Media.Name
	case m.Kind == chat.KindEmote:
		body = "* " + body
	case body == "":
		body = m.Type
	}
	lines := strings.Split(strings.TrimSpace(body), "\n")
	for i, line := range lines {
		// Blanks up to the edge of the terminal would begin a line that looks like one of ours.
		lines[i] = strings.Join(strings.Fields(safe.Own(line).String()), " ")
	}
	body = strings.Join(lines, " ⏎ ")
	// No name holds the two spaces behind it: what stands there was not forged.
	return fmt.Sprintf("%s %s  %s: %s", m.Time.Local().Format(time.TimeOnly), safe.Line(t.names[m.Room]), name, body)
}
