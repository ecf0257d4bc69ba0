package outbox

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"hubbub/matrix/internal/convert"
	"hubbub/matrix/internal/fault"
	"hubbub/store"
	"hubbub/store/chat"
)

// typeRedaction is the event type of a deletion.
const typeRedaction = "m.room.redaction"

// sealed reports whether events of a type are encrypted in an encrypted room.
func sealed(eventType string) bool { return eventType != typeRedaction && eventType != "m.reaction" }

// newTxn returns a transaction id that no other of this device is like.
func newTxn() chat.TxnID {
	var b [15]byte
	_, _ = rand.Read(b[:]) // never fails
	return chat.TxnID("hb" + base64.RawURLEncoding.EncodeToString(b[:]))
}

// composeSafely is compose, with a bug in it as the reason why the message was
// not sent: its text goes back to where it was written, and what was asked for
// behind it is still written down.
func (o *Outbox) composeSafely(ctx context.Context, i intent) (p op) {
	err := fault.Guard(func() error {
		p = o.compose(ctx, i)
		return nil
	})
	var broken *fault.PanicError
	if errors.As(err, &broken) {
		o.log.Error("Message cannot be made because of a bug", slog.String("room", string(i.out.Room)), slog.String("stack", string(broken.Stack)))
		p = op{intent: i, problem: &chat.Problem{Kind: chat.ProblemInternal, Err: broken}}
	}
	return p
}

// compose turns an Outgoing into the row and the echo that are written. The
// echo is read from the event in the way in which the event itself will be.
func (o *Outbox) compose(ctx context.Context, i intent) op {
	now := o.opt.Now()
	if i.out.Kind == chat.OutFile { // it may be sent by a later run, started in another folder
		if path, err := filepath.Abs(i.out.Path); err == nil {
			i.out.Path = path
		}
	}
	p := op{intent: i}
	p.row = store.Pending{Room: i.out.Room, Txn: newTxn(), Out: i.out, State: chat.Sending, Created: now}
	var err error
	if i.out.Kind == chat.OutFile {
		p.row.Type, p.echo, err = o.fileEcho(i.out)
	} else {
		var content []byte
		p.row.Type, content, err = convert.Content(i.out, o.replyInfo(ctx, i.out))
		p.row.Content = content
		if err == nil {
			p.echo, err = o.echoOf(p.row.Type, content)
		}
	}
	if err != nil {
		p.problem = fault.From(err)
		return p
	}
	p.echo.Time = now
	if room, ok, err := o.opt.Store.Room(ctx, i.out.Room); err == nil && ok {
		p.echo.Encrypted = room.Encrypted && sealed(p.row.Type)
	}
	p.echo.Txn = p.row.Txn
	return p
}

// echoOf reads an event of ours as ingest reads one that arrives.
func (o *Outbox) echoOf(eventType string, content []byte) (store.Event, error) {
	raw, err := json.Marshal(struct {
		ID      string          `json:"event_id"`
		Type    string          `json:"type"`
		Sender  chat.UserID     `json:"sender"`
		Content json.RawMessage `json:"content"`
	}{"$echo", eventType, o.opt.User, content})
	if err != nil {
		return store.Event{}, fmt.Errorf("make echo: %w", err)
	}
	ev := convert.Parse(raw)
	it := ev.Item(nil)
	if it.Kind == chat.KindUnreadable {
		return store.Event{}, &chat.Problem{Kind: chat.ProblemBadInput, Detail: it.Problem}
	}
	return store.Event{
		Sender: o.opt.User, Type: eventType, Kind: it.Kind, Body: it.Body, HTML: it.HTML,
		RelType: it.RelType, RelTarget: it.RelTarget, RelKey: it.RelKey, ReplyTo: it.ReplyTo,
		Redacts: ev.Redacts, Extra: store.Extra{Media: it.Media},
	}, nil
}

// fileEcho is the echo of a file that is not uploaded yet.
func (o *Outbox) fileEcho(out chat.Outgoing) (eventType string, echo store.Event, err error) {
	info, err := os.Stat(out.Path)
	if err != nil {
		return "", echo, fmt.Errorf("read file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return "", echo, &chat.Problem{Kind: chat.ProblemBadInput, Detail: "not a regular file"}
	}
	up := convert.Upload{Name: filepath.Base(out.Path), Mime: convert.MimeOf(out.Path), Size: info.Size()}
	eventType, content, err := convert.FileContent(out, up, nil)
	if err != nil {
		return "", echo, err
	}
	echo, err = o.echoOf(eventType, content)
	return eventType, echo, err
}

// replyInfo collects what the content needs to know about other messages.
// What is not in the store is left out: the message is right without it.
func (o *Outbox) replyInfo(ctx context.Context, out chat.Outgoing) *convert.ReplyInfo {
	var info convert.ReplyInfo
	if out.ReplyTo != "" {
		if m, ok := o.lookup(ctx, out.Room, out.ReplyTo); ok {
			info.Sender = m.Sender
		}
	}
	if out.Edit != "" {
		info.Mentioned = o.mentioned(ctx, out.Room, out.Edit)
	}
	return &info
}

func (o *Outbox) lookup(ctx context.Context, room chat.RoomID, id chat.EventID) (chat.Message, bool) {
	key, ok, err := o.opt.Store.EventKey(ctx, room, id)
	if err != nil || !ok {
		return chat.Message{}, false
	}
	m, err := o.opt.Store.Message(ctx, key)
	return m, err == nil
}

// mentioned returns whom a message mentions.
func (o *Outbox) mentioned(ctx context.Context, room chat.RoomID, id chat.EventID) (users []chat.UserID) {
	key, ok, err := o.opt.Store.EventKey(ctx, room, id)
	if err != nil || !ok {
		return nil
	}
	raw, clear, err := o.opt.Store.Source(ctx, key)
	if err != nil {
		return nil
	}
	if clear != nil {
		raw = clear
	}
	list := convert.Get(raw, "content", "m.mentions", "user_ids")
	convert.Elements(list, func(value []byte) bool {
		if u, ok := convert.String(value); ok {
			users = append(users, chat.UserID(u))
		}
		return true
	})
	return users
}

// errGone says that a row was sent or discarded meanwhile.
var errGone = errors.New("outbox: row is gone")
