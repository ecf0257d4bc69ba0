package outbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"hubbub/matrix/internal/fault"
	"hubbub/store"
	"hubbub/store/chat"
)

// draftDelay is how long drafts and window values wait for newer ones.
const draftDelay = 300 * time.Millisecond

// Waits after a failed write.
const (
	minRewrite = 500 * time.Millisecond
	maxRewrite = 10 * time.Second
)

// batch is what one transaction writes. Drafts and window values are the last
// of their kind; everything else stands in ops, in order.
type batch struct {
	ops    []op
	drafts map[chat.RoomID]chat.Draft
	ui     map[string][]byte
}

// op is one step of a batch. It is prepared once and may be written several times.
type op struct {
	intent
	echo    store.Event
	row     store.Pending
	problem *chat.Problem // the intent cannot be done
	key     chat.ItemKey  // filled when written
	moved   bool          // filled when written: the receipt is a newer one
	unmark  bool          // filled when written: the room was marked unread
}

// intake writes down what comes, until ctx ends; then it writes the rest.
func (o *Outbox) intake(ctx context.Context) error {
	wait := minRewrite
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			return o.write(last)
		case <-o.mail.signal:
		}
		if o.mail.lazy() {
			if !o.gather(ctx) {
				continue
			}
		}
		for {
			err := o.write(ctx)
			if err == nil || ctx.Err() != nil {
				break
			}
			if errors.Is(err, store.ErrClosed) {
				return err
			}
			if !sleep(ctx, wait) {
				break
			}
			wait = min(wait*2, maxRewrite)
		}
		wait = minRewrite
	}
}

// gather lets drafts come together, until something urgent comes. It returns
// false when ctx ended.
func (o *Outbox) gather(ctx context.Context) bool {
	t := time.NewTimer(draftDelay)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-t.C:
			return true
		case <-o.mail.signal:
			if !o.mail.lazy() {
				return true
			}
		}
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// write empties the mailbox into the store. What cannot be written stays and
// is written first the next time.
func (o *Outbox) write(ctx context.Context) error {
	o.writing.Lock()
	defer o.writing.Unlock()
	kept := o.batch != nil
	if err := o.writeBatch(ctx); err != nil || !kept {
		return err
	}
	return o.writeBatch(ctx)
}

func (o *Outbox) writeBatch(ctx context.Context) error {
	if o.batch == nil {
		b := batch{drafts: map[chat.RoomID]chat.Draft{}, ui: map[string][]byte{}}
		for _, i := range o.mail.take() {
			o.prepare(ctx, &b, i)
		}
		if len(b.ops)+len(b.drafts)+len(b.ui) == 0 {
			return nil
		}
		o.batch = &b
	}
	err := o.opt.Store.Write(ctx, func(tx *store.Tx) error { return o.apply(tx, o.batch) })
	if err != nil && !environment(ctx, err) {
		err = o.applySingly(ctx, o.batch)
	}
	if err != nil {
		if !o.told && ctx.Err() == nil {
			o.told = true
			o.log.Error("Outbox cannot be written", slog.Any("err", err))
			o.opt.Store.PublishNotice(chat.Notice{Problem: fault.From(err)})
		}
		return err
	}
	done := o.batch
	o.batch, o.told = nil, false
	o.written(done)
	return nil
}

// environment reports whether a write failed because of the disk, and not
// because of what was to be written.
func environment(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return true
	}
	for _, e := range []error{store.ErrDiskFull, store.ErrReadOnly, store.ErrBusy, store.ErrClosed, store.ErrCorrupt} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// applySingly writes the steps of a batch one by one, so that one that cannot
// be written does not hold up all others. That one is reported.
func (o *Outbox) applySingly(ctx context.Context, b *batch) error {
	for len(b.ops) > 0 {
		one := batch{ops: b.ops[:1]}
		err := o.opt.Store.Write(ctx, func(tx *store.Tx) error { return o.apply(tx, &one) })
		if err != nil {
			if environment(ctx, err) {
				return err
			}
			o.log.Error("Intent cannot be written", slog.Any("err", err))
			one.ops[0].problem = fault.From(err)
		}
		o.written(&one)
		b.ops = b.ops[1:]
	}
	return o.opt.Store.Write(ctx, func(tx *store.Tx) error { return o.apply(tx, b) })
}

// prepare turns an intent into a step of the batch. Reading and converting
// happen here, before the transaction.
func (o *Outbox) prepare(ctx context.Context, b *batch, i intent) {
	switch i.kind {
	case doDraft:
		b.drafts[i.draft.Room] = i.draft
	case doUI:
		b.ui[i.name] = i.value
	case doSend:
		p := o.composeSafely(ctx, i)
		if takesDraft(i.out.Kind) {
			d := chat.Draft{Room: i.out.Room}
			if p.problem != nil { // the text goes back to where it came from
				d = chat.Draft{Room: i.out.Room, Text: i.out.Text, Cursor: len(i.out.Text), ReplyTo: i.out.ReplyTo, Edit: i.out.Edit}
			}
			b.drafts[i.out.Room] = d
		}
		b.ops = append(b.ops, p)
	default:
		b.ops = append(b.ops, op{intent: i})
	}
}

func takesDraft(k chat.OutgoingKind) bool {
	return k == chat.OutText || k == chat.OutEmote || k == chat.OutNotice || k == chat.OutFile
}

// apply writes a batch inside a transaction.
func (o *Outbox) apply(tx *store.Tx, b *batch) error {
	for n := range b.ops {
		if err := o.applyOp(tx, &b.ops[n]); err != nil {
			return err
		}
	}
	for _, d := range b.drafts {
		if err := tx.PutDraft(d); err != nil {
			return err
		}
	}
	for k, v := range b.ui {
		if err := tx.PutUIState(k, v); err != nil {
			return err
		}
	}
	return nil
}

func (o *Outbox) applyOp(tx *store.Tx, p *op) error {
	if p.problem != nil {
		return nil
	}
	switch p.kind {
	case doSend:
		return o.applySend(tx, p)
	case doRetry:
		row, ok, err := tx.PendingOf(p.intent.key)
		if err != nil || !ok || o.rooms.flying(row.Key) {
			return err
		}
		row.State, row.Problem, row.NextTry = chat.Waiting, nil, time.Time{}
		p.room, p.intent.key = row.Room, row.Key
		return tx.UpdatePending(row)
	case doDiscard:
		row, ok, err := tx.PendingOf(p.intent.key)
		if err != nil || !ok || o.rooms.flying(row.Key) {
			return err
		}
		p.room, p.intent.key = row.Room, row.Key
		_, err = tx.Discard(row.Key)
		return err
	case doRead:
		return o.applyRead(tx, p)
	case doUnread:
		return tx.UpdateRoom(p.room, func(r *store.Room) { r.Marked = p.unread })
	}
	return nil
}

func (o *Outbox) applySend(tx *store.Tx, p *op) error {
	if p.out.Kind == chat.OutRedact && p.out.Target == "" {
		// Deleting a message that is still here is discarding it.
		row, ok, err := tx.PendingItem(p.out.TargetKey)
		if err != nil {
			return err
		}
		if ok && !o.rooms.flying(row.Key) {
			_, err := tx.Discard(row.Key)
			p.room = row.Room
			return err
		}
	}
	key, err := tx.AddEcho(p.out.Room, p.echo)
	if err != nil {
		return err
	}
	p.key, p.room = key, p.out.Room
	p.row.Key = key
	return tx.PutPending(p.row)
}

// written starts what a batch asked for, after it is on disk.
func (o *Outbox) written(b *batch) {
	for n := range b.ops {
		p := &b.ops[n]
		switch {
		case p.problem != nil:
			o.opt.Store.PublishNotice(chat.Notice{Room: p.out.Room, Problem: p.problem})
			answer(p.done, result{err: p.problem})
		case p.kind == doSend && p.key != 0:
			o.waiter.add(p.room, p.key, p.done)
			o.rooms.kick(p.room)
		case p.kind == doSend:
			answer(p.done, result{})
		case p.kind == doDiscard:
			o.waiter.done(p.intent.key, result{err: &chat.Problem{Kind: chat.ProblemCancelled}})
			o.rooms.kick(p.room)
		case p.kind == doRetry:
			o.rooms.insist(p.room)
		case p.kind == doRead && p.moved:
			o.light.read(p.room, p.event)
			if p.unmark {
				o.light.unread(p.room, false)
			}
		case p.kind == doUnread:
			o.light.unread(p.room, p.unread)
		}
	}
}
