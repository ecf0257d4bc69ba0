package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"hubbub/matrix/internal/fault"
	"hubbub/store"
	"hubbub/store/chat"
)

// readDelay lets receipts come together: only the last of a room is sent.
const readDelay = 400 * time.Millisecond

// lightLimit is the time limit of one small request.
const lightLimit = 20 * time.Second

// keyReads is the window value in which unsent receipts are kept.
const keyReads = "outbox.reads"

// light holds the small things whose order does not matter and of which the
// last one counts: receipts, unread marks, typing.
type light struct {
	mu      sync.Mutex // guards all below
	reads   map[chat.RoomID]chat.EventID
	marks   map[chat.RoomID]bool
	typed   map[chat.RoomID]typingState
	presh   map[chat.RoomID]bool
	notYet  time.Time // after a failure, nothing is sent before
	backoff time.Duration
	hurry   bool // the wait is over before its time
	signal  chan struct{}
}

type typingState struct {
	want bool
	sent time.Time // when the homeserver was last told that the person types; zero: it thinks not
	drop bool      // tell it that the person stopped
}

func (l *light) init() {
	l.reads = map[chat.RoomID]chat.EventID{}
	l.marks = map[chat.RoomID]bool{}
	l.typed = map[chat.RoomID]typingState{}
	l.presh = map[chat.RoomID]bool{}
	l.signal = make(chan struct{}, 1)
}

func (l *light) wake() {
	select {
	case l.signal <- struct{}{}:
	default: // awake already
	}
}

func (l *light) read(room chat.RoomID, ev chat.EventID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads[room] = ev
	l.wake()
}

func (l *light) unread(room chat.RoomID, on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.marks[room] = on
	l.wake()
}

func (l *light) online() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notYet, l.backoff, l.hurry = time.Time{}, 0, true
	l.wake()
}

// applyRead moves the own receipt in the store at once, so that the room is
// read also while there is no connection.
func (o *Outbox) applyRead(tx *store.Tx, p *op) error {
	room, ev := p.room, p.event
	r := store.Receipt{User: o.opt.User, Event: ev, Time: o.opt.Now(), Private: o.opt.Receipts != ReceiptsPublic}
	var err error
	if p.moved, err = tx.PutReceipt(room, r); err != nil || !p.moved {
		return err
	}
	messages, mentions, known, err := tx.UnreadSince(room, ev)
	if err != nil {
		return err
	}
	err = tx.UpdateRoom(room, func(r *store.Room) {
		p.unmark = r.Marked
		r.ReadUpTo, r.FullyRead, r.Marked = ev, ev, false
		if known {
			r.Unread, r.Mentions, r.HasUnread = min(r.Unread, messages), mentions, messages > 0
		}
	})
	if err != nil {
		return err
	}
	o.light.mu.Lock()
	reads := maps.Clone(o.light.reads)
	o.light.mu.Unlock()
	reads[room] = ev
	return putReads(tx, reads)
}

func putReads(tx *store.Tx, reads map[chat.RoomID]chat.EventID) error {
	if len(reads) == 0 {
		return tx.PutUIState(keyReads, nil)
	}
	raw, err := json.Marshal(reads)
	if err != nil {
		return fmt.Errorf("keep receipts: %w", err)
	}
	return tx.PutUIState(keyReads, raw)
}

// loadReads takes up the receipts that were not sent before the last stop.
func (o *Outbox) loadReads(ctx context.Context) error {
	raw, err := o.opt.Store.UIState(ctx, keyReads)
	if err != nil || len(raw) == 0 {
		return err
	}
	var reads map[chat.RoomID]chat.EventID
	if err := json.Unmarshal(raw, &reads); err != nil {
		return fmt.Errorf("read kept receipts: %w", err)
	}
	for room, ev := range reads {
		o.light.read(room, ev)
	}
	return nil
}

// runLight sends the small things until ctx ends.
func (o *Outbox) runLight(ctx context.Context, g *errgroup.Group) error {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	defer timer.Stop()
	waiting := false
	for {
		select {
		case <-ctx.Done():
			o.stopTyping(ctx)
			return nil
		case <-timer.C:
			waiting = false
			o.sendReads(ctx)
		case <-o.light.signal:
		}
		o.preshare(ctx, g)
		o.sendTyping(ctx)
		o.light.mu.Lock()
		wait := max(readDelay, time.Until(o.light.notYet))
		busy := len(o.light.reads)+len(o.light.marks) > 0
		hurry := o.light.hurry
		o.light.hurry = false
		o.light.mu.Unlock()
		if busy && (!waiting || hurry) {
			timer.Reset(wait)
			waiting = true
		}
	}
}

// sendReads sends the newest receipt of every room, and the unread marks.
func (o *Outbox) sendReads(ctx context.Context) {
	o.light.mu.Lock()
	reads, marks := maps.Clone(o.light.reads), maps.Clone(o.light.marks)
	o.light.mu.Unlock()
	for room, ev := range reads {
		if !o.small(ctx, o.sendRead(ctx, room, ev)) {
			return
		}
		o.light.mu.Lock()
		if o.light.reads[room] == ev {
			delete(o.light.reads, room)
		}
		left := maps.Clone(o.light.reads)
		o.light.mu.Unlock()
		if err := o.opt.Store.Write(ctx, func(tx *store.Tx) error { return putReads(tx, left) }); err != nil && ctx.Err() == nil {
			o.log.Warn("Sent receipt was not noted", slog.Any("err", err))
		}
	}
	for room, on := range marks {
		if !o.small(ctx, o.sendMark(ctx, room, on)) {
			return
		}
		o.light.mu.Lock()
		if o.light.marks[room] == on {
			delete(o.light.marks, room)
		}
		o.light.mu.Unlock()
	}
}

// small judges the outcome of a small request: false when it should be tried
// again later. What the homeserver refuses for good is dropped.
func (o *Outbox) small(ctx context.Context, err error) bool {
	if err == nil {
		return true
	}
	if ctx.Err() != nil {
		return false
	}
	p := fault.From(err)
	if !p.Retry && p.Kind != chat.ProblemSignedOut {
		o.log.Info("Receipt was refused", slog.String("problem", p.Kind.String()))
		return true
	}
	l := &o.light
	l.mu.Lock()
	defer l.mu.Unlock()
	l.backoff = min(max(2*l.backoff, minRetry), maxRetry)
	l.notYet = time.Now().Add(max(l.backoff, p.RetryAfter))
	l.wake()
	return false
}

// sendRead moves the markers of a room.
//
// Spec: client-server-api#post_matrixclientv3roomsroomidread_markers
func (o *Outbox) sendRead(ctx context.Context, room chat.RoomID, ev chat.EventID) error {
	body := map[string]chat.EventID{"m.fully_read": ev}
	switch o.opt.Receipts {
	case ReceiptsPublic:
		body["m.read"] = ev
	case ReceiptsPrivate:
		body["m.read.private"] = ev
	case ReceiptsOff: // the marker alone
	}
	return o.request(ctx, http.MethodPost, o.opt.Client.BuildClientURL("v3", "rooms", string(room), "read_markers"), body)
}

// sendMark sets m.marked_unread.
//
// Spec: client-server-api#unread-markers
func (o *Outbox) sendMark(ctx context.Context, room chat.RoomID, on bool) error {
	url := o.opt.Client.BuildClientURL("v3", "user", string(o.opt.User), "rooms", string(room), "account_data", "m.marked_unread")
	return o.request(ctx, http.MethodPut, url, map[string]bool{"unread": on})
}

func (o *Outbox) request(ctx context.Context, method, url string, body any) error {
	ctx, cancel := context.WithTimeout(ctx, lightLimit)
	defer cancel()
	_, err := o.opt.Client.MakeRequest(ctx, method, url, body, nil)
	return err
}

// preshare gives the keys of rooms where the person began to type.
func (o *Outbox) preshare(ctx context.Context, g *errgroup.Group) {
	if o.opt.Crypto == nil {
		return
	}
	o.light.mu.Lock()
	rooms := make([]chat.RoomID, 0, len(o.light.presh))
	for r := range o.light.presh {
		rooms = append(rooms, r)
	}
	clear(o.light.presh)
	o.light.mu.Unlock()
	for _, r := range rooms {
		guarded(g, func() error {
			ctx, cancel := context.WithTimeout(ctx, encryptLimit)
			defer cancel()
			if err := o.opt.Crypto.Preshare(ctx, r); err != nil && ctx.Err() == nil {
				o.log.Info("Keys were not given ahead of time", slog.String("room", string(r)), slog.String("problem", fault.From(err).Kind.String()))
			}
			return nil
		})
	}
}
