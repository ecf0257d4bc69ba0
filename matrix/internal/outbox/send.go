package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"maunium.net/go/mautrix"

	"hubbub/matrix/internal/convert"
	"hubbub/matrix/internal/fault"
	"hubbub/store"
	"hubbub/store/chat"
)

// Time limits of one try.
const (
	encryptLimit = 2 * time.Minute // a big room's first key goes to thousands of devices
	putLimit     = time.Minute
	settleTime   = time.Second // a homeserver that was cut off is done with the request by then
)

// typeEncrypted is the event type that ciphertext is sent as.
const typeEncrypted = "m.room.encrypted"

// sendRoom sends the rows of a room, first to last, until one has to wait,
// cannot be sent, or there is none left. The error is a *fault.PanicError.
func (o *Outbox) sendRoom(ctx context.Context, room chat.RoomID) error {
	for ctx.Err() == nil {
		o.arrived(ctx, room)
		row, ok, err := o.opt.Store.NextPending(ctx, room)
		if err != nil {
			if ctx.Err() == nil {
				o.log.Error("Outbox cannot be read", slog.String("room", string(room)), slog.Any("err", err))
				o.rooms.at(room, time.Now().Add(maxRetry))
			}
			return nil
		}
		if !ok || row.State == chat.SendError {
			return nil
		}
		if row.Attempts > 0 && o.rooms.hold(room) {
			return nil // it may have arrived before the last stop: the first sync will tell
		}
		if wait := o.unsettled(row); wait > 0 {
			o.rooms.at(room, time.Now().Add(wait))
			return nil
		}
		on, err := o.sendRow(ctx, row)
		if err != nil || !on {
			return err
		}
	}
	return nil
}

// unsettled returns how long to wait with a message whose try was cut off by
// the end of the program: the homeserver may still be at work on it, and some
// (Dendrite) know a transaction id only once they are done with it. A time
// further ahead was written before the clock was set back.
func (o *Outbox) unsettled(row store.Pending) time.Duration {
	if row.State != chat.Sending || row.Attempts == 0 {
		return 0
	}
	if left := row.NextTry.Sub(o.opt.Now()); left <= settleTime {
		return max(0, left)
	}
	return 0
}

// arrived answers those who wait for messages that came by sync while the
// answer to the request was lost.
func (o *Outbox) arrived(ctx context.Context, room chat.RoomID) {
	for _, key := range o.waiter.in(room) {
		if _, pending, err := o.opt.Store.PendingItem(ctx, key); err != nil || pending {
			continue
		}
		if m, err := o.opt.Store.Message(ctx, key); err == nil && m.ID != "" {
			o.waiter.done(key, result{id: m.ID})
		}
	}
}

// sendRow tries one row. It returns false when the room has to wait, and a
// *fault.PanicError when there is a bug in what the row takes: the row is given
// up then, so that the next start does not end in the same way.
func (o *Outbox) sendRow(ctx context.Context, row store.Pending) (on bool, err error) {
	o.rooms.fly(row.Key, true)
	defer o.rooms.fly(row.Key, false)
	err = fault.Guard(func() error {
		id, err := o.try(ctx, &row)
		on = o.judge(ctx, row, id, err)
		return nil
	})
	var broken *fault.PanicError
	if errors.As(err, &broken) {
		o.fail(context.WithoutCancel(ctx), row, &chat.Problem{Kind: chat.ProblemInternal, Err: broken})
	}
	return on, err
}

// try brings a row to the homeserver and returns its event id.
func (o *Outbox) try(ctx context.Context, row *store.Pending) (chat.EventID, error) {
	target, err := o.target(ctx, row)
	if err != nil {
		return "", err
	}
	row.Out.Target = target
	err = o.ready(ctx, row)
	for errors.Is(err, errEncrypted) {
		err = o.ready(ctx, row) // with encryption this time, which is for good
	}
	if err != nil {
		return "", err
	}
	return o.put(ctx, *row)
}

// errEncrypted says that the room became encrypted after a row was made ready in the clear.
var errEncrypted = errors.New("outbox: the room has become encrypted")

// errNotSynced is why nothing is sent to a room of which sync has not told
// whether it is encrypted.
func errNotSynced() error {
	return &chat.Problem{Kind: chat.ProblemCrypto, Detail: "whether this channel is encrypted is not known yet", Retry: true}
}

// ready uploads, encrypts and saves what goes over the wire.
func (o *Outbox) ready(ctx context.Context, row *store.Pending) error {
	info, _, err := o.opt.Store.Room(ctx, row.Room)
	if err != nil {
		return fmt.Errorf("load room: %w", err)
	}
	if sealed(row.Type) && !info.Encrypted {
		if info.Encrypted, err = o.secrecy(ctx, row.Room); err != nil {
			return err
		}
	}
	if sealed(row.Type) && !info.Encrypted && !seen(info.Membership) {
		return errNotSynced()
	}
	if row.Out.Kind == chat.OutFile {
		if err := o.upload(ctx, row, info.Encrypted); err != nil {
			return err
		}
	}
	if err := o.seal(ctx, row, info.Encrypted); err != nil {
		return err
	}
	next := *row
	next.State, next.Problem = chat.Sending, nil
	next.Attempts++
	next.NextTry = o.opt.Now().Add(settleTime)
	err = o.opt.Store.Write(ctx, func(tx *store.Tx) error {
		if sealed(row.Type) && row.SentType != typeEncrypted {
			now, _, err := tx.Room(row.Room)
			switch {
			case err != nil:
				return err
			case now.Encrypted:
				return errEncrypted
			}
		}
		return tx.UpdatePending(next)
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return errGone
	case err != nil:
		return err
	}
	*row = next
	return nil
}

// seen says whether sync has brought the state of a room: of an invite it has
// brought a part that proves nothing.
func seen(m chat.Membership) bool {
	return m == chat.MemberJoined || m == chat.MemberLeft || m == chat.MemberBanned
}

// update saves a row; errGone when it was discarded or has arrived by sync.
func (o *Outbox) update(ctx context.Context, row store.Pending) error {
	err := o.opt.Store.Write(ctx, func(tx *store.Tx) error { return tx.UpdatePending(row) })
	if errors.Is(err, store.ErrNotFound) {
		return errGone
	}
	return err
}

// target returns what a deletion deletes. Its target may have been a local
// echo; by the order of the room it has been sent by now.
func (o *Outbox) target(ctx context.Context, row *store.Pending) (chat.EventID, error) {
	if row.Type != typeRedaction || row.Out.Target != "" {
		return row.Out.Target, nil
	}
	m, err := o.opt.Store.Message(ctx, row.Out.TargetKey)
	if err == nil && m.ID != "" {
		return m.ID, nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", fmt.Errorf("load target: %w", err)
	}
	return "", &chat.Problem{Kind: chat.ProblemNotFound, Detail: "the message to delete is gone"}
}

// uploaded is what is kept about a file between tries.
type uploaded struct {
	Encrypted bool           `json:"encrypted"`
	Upload    convert.Upload `json:"upload"`
}

// upload puts the file of a row on the homeserver, encrypted if the room is.
// A file that was uploaded in the clear before the room became encrypted is
// uploaded again.
func (o *Outbox) upload(ctx context.Context, row *store.Pending, encrypted bool) error {
	var have uploaded
	if len(row.Upload) > 0 && json.Unmarshal(row.Upload, &have) == nil && (have.Encrypted || !encrypted) && row.Content != nil {
		return nil
	}
	if o.opt.Uploader == nil {
		return &chat.Problem{Kind: chat.ProblemUnknown, Detail: "files cannot be sent"}
	}
	up, err := o.opt.Uploader.Upload(ctx, row.Out.Path, encrypted)
	if err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	row.Type, row.Content, err = convert.FileContent(row.Out, up, o.replyInfo(ctx, row.Out))
	if err != nil {
		return err
	}
	if row.Upload, err = json.Marshal(uploaded{encrypted, up}); err != nil {
		return fmt.Errorf("save upload: %w", err)
	}
	row.SentType, row.Sent = "", nil
	return o.update(ctx, *row)
}

// seal fills what goes over the wire. The room's latched encryption decides;
// what was encrypted for an earlier try is sent again as it is, unless somebody
// has its key who is kept from the room's keys since.
func (o *Outbox) seal(ctx context.Context, row *store.Pending, encrypted bool) error {
	if row.SentType == typeEncrypted && row.Sent != nil {
		if current, err := o.current(ctx, row); err != nil || current {
			return err
		}
	}
	if !encrypted || !sealed(row.Type) {
		row.SentType, row.Sent = row.Type, row.Content
		return nil
	}
	if o.opt.Crypto == nil {
		return &chat.Problem{Kind: chat.ProblemInsecure, Detail: "no encryption for an encrypted room"}
	}
	ctx, cancel := context.WithTimeout(ctx, encryptLimit)
	defer cancel()
	sent, err := o.opt.Crypto.Encrypt(ctx, row.Room, row.Type, jsontext.Value(row.Content))
	if err != nil {
		return fmt.Errorf("encrypt: %w", err)
	}
	row.SentType, row.Sent = typeEncrypted, json.RawMessage(sent)
	return nil
}

// current says whether what was encrypted for an earlier try may be sent.
func (o *Outbox) current(ctx context.Context, row *store.Pending) (bool, error) {
	if o.opt.Crypto == nil {
		return true, nil // there is nobody to ask, nor to encrypt it anew
	}
	ctx, cancel := context.WithTimeout(ctx, encryptLimit)
	defer cancel()
	current, err := o.opt.Crypto.Current(ctx, row.Room, jsontext.Value(row.Sent))
	if err != nil {
		return false, fmt.Errorf("look at the key: %w", err)
	}
	return current, nil
}

// put sends the request.
//
// Spec: client-server-api#put_matrixclientv3roomsroomidsendeventtypetxnid
func (o *Outbox) put(ctx context.Context, row store.Pending) (chat.EventID, error) {
	ctx, cancel := context.WithTimeout(ctx, putLimit)
	defer cancel()
	c := o.opt.Client
	url := c.BuildClientURL("v3", "rooms", string(row.Room), "send", row.SentType, string(row.Txn))
	body := row.Sent
	if row.Type == typeRedaction {
		url = c.BuildClientURL("v3", "rooms", string(row.Room), "redact", string(row.Out.Target), string(row.Txn))
		var err error
		if body, err = json.Marshal(struct {
			Reason string `json:"reason,omitempty"`
		}{row.Out.Text}); err != nil {
			return "", fmt.Errorf("make request: %w", err)
		}
	}
	var resp struct {
		ID chat.EventID `json:"event_id"`
	}
	_, err := c.MakeFullRequest(ctx, mautrix.FullRequest{
		Method: http.MethodPut, URL: url, RequestJSON: body, ResponseJSON: &resp, SensitiveContent: true, MaxAttempts: 1,
	})
	if err != nil {
		return "", fmt.Errorf("send: %w", err)
	}
	if resp.ID == "" {
		return "", &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "no event id in the answer", Retry: true}
	}
	return resp.ID, nil
}
