package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/fault"
	"hubbub/store"
	"hubbub/store/chat"
)

// judge writes down what became of a try. It returns false when the room has to wait.
func (o *Outbox) judge(ctx context.Context, row store.Pending, id chat.EventID, err error) bool {
	switch {
	case err == nil:
		return o.sent(ctx, row, id)
	case errors.Is(err, errGone):
		return true
	case ctx.Err() != nil:
		return false // the row is as it was: the next start goes on
	}
	p := crypto.KeyProblem(err)
	if p == nil {
		p = fault.From(err)
	}
	if p.Retry || p.Kind == chat.ProblemSignedOut {
		o.postpone(ctx, row, p)
		return false
	}
	return o.fail(ctx, row, p)
}

// sent writes down that the homeserver has the message.
func (o *Outbox) sent(ctx context.Context, row store.Pending, id chat.EventID) bool {
	err := o.opt.Store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		err := tx.Sent(row.Room, row.Key, id)
		if errors.Is(err, store.ErrNotFound) {
			return nil // discarded while it was under way: it comes back by sync
		}
		return err
	})
	if errors.Is(err, store.ErrForeignEvent) { // asking again would get the same answer
		return o.fail(ctx, row, &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "the answer names another message", Err: err})
	}
	if err != nil {
		// The next try has the same transaction id and yields the same event.
		o.postpone(ctx, row, fault.From(err))
		return false
	}
	o.waiter.done(row.Key, result{id: id})
	return true
}

// postpone plans the next try.
func (o *Outbox) postpone(ctx context.Context, row store.Pending, p *chat.Problem) {
	wait := min(minRetry<<min(max(row.Attempts-1, 0), 8), maxRetry)
	if p.RetryAfter > 0 {
		wait = p.RetryAfter
	}
	if p.Kind == chat.ProblemSignedOut {
		wait = maxRetry
	}
	row.State, row.Problem, row.NextTry = chat.Waiting, p, o.opt.Now().Add(wait)
	if err := o.update(ctx, row); err != nil && !errors.Is(err, errGone) && ctx.Err() == nil {
		o.log.Error("Outbox row cannot be saved", slog.String("room", string(row.Room)), slog.Any("err", err))
	}
	if p.Kind == chat.ProblemRateLimit {
		o.rooms.silence(time.Now().Add(wait))
	}
	o.log.Info("Message waits", slog.String("room", string(row.Room)), slog.String("problem", p.Kind.String()), slog.Duration("wait", wait))
	o.rooms.at(row.Room, time.Now().Add(wait))
}

// fail gives a row up until the person decides. Rows that the screen does not
// show are taken back instead, so that they do not hold up the room for ever.
// It returns true when the room can go on.
func (o *Outbox) fail(ctx context.Context, row store.Pending, p *chat.Problem) bool {
	o.log.Warn("Message was refused", slog.String("room", string(row.Room)), slog.String("problem", p.Kind.String()), slog.String("code", p.Code))
	defer o.waiter.done(row.Key, result{err: p})
	back, err := o.takeBack(ctx, row)
	if err != nil {
		o.postpone(ctx, row, fault.From(err))
		return false
	}
	if back {
		o.opt.Store.PublishNotice(chat.Notice{Room: row.Room, Problem: p})
		return true
	}
	row.State, row.Problem = chat.SendError, p
	if err := o.update(ctx, row); err != nil && !errors.Is(err, errGone) {
		o.log.Error("Outbox row cannot be saved", slog.String("room", string(row.Room)), slog.Any("err", err))
		o.rooms.at(row.Room, time.Now().Add(maxRetry))
	}
	return false
}

// takeBack removes a refused row that is no message of its own. The text of
// an edit becomes the draft, unless something else is being written there: then
// the edit stays, and the message that it changes shows that it was not sent.
func (o *Outbox) takeBack(ctx context.Context, row store.Pending) (bool, error) {
	hidden := !sealed(row.Type)
	if !hidden && row.Out.Edit == "" {
		return false, nil
	}
	if !hidden {
		if err := o.write(ctx); err != nil { // what is being written may still be on its way to the store
			return false, fmt.Errorf("save drafts: %w", err)
		}
		drafts, err := o.opt.Store.Drafts(ctx)
		if err != nil {
			return false, fmt.Errorf("load drafts: %w", err)
		}
		for _, d := range drafts {
			if d.Room == row.Room {
				return false, nil
			}
		}
	}
	err := o.opt.Store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Discard(row.Key); err != nil || hidden {
			return err
		}
		return tx.PutDraft(chat.Draft{Room: row.Room, Text: row.Out.Text, Cursor: len(row.Out.Text), Edit: row.Out.Edit})
	})
	return err == nil, err
}
