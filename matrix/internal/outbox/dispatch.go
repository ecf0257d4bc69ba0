package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// maxSenders is how many rooms are sent to at once.
const maxSenders = 8

// Waits after a transient failure.
const (
	minRetry = time.Second
	maxRetry = 2 * time.Minute
)

// dispatcher decides which rooms are sent to, and when.
type dispatcher struct {
	mu      sync.Mutex // guards all below
	due     map[chat.RoomID]time.Time
	order   []chat.RoomID        // keys of due, first come first served
	running map[chat.RoomID]bool // value: asked for again meanwhile
	held    map[chat.RoomID]bool // waiting for the first Online
	inUse   map[chat.ItemKey]bool
	pause   time.Time // the homeserver asked for silence until then
	up      bool      // Online was called
	signal  chan struct{}
}

func (d *dispatcher) init() {
	d.due = map[chat.RoomID]time.Time{}
	d.running = map[chat.RoomID]bool{}
	d.held = map[chat.RoomID]bool{}
	d.inUse = map[chat.ItemKey]bool{}
	d.signal = make(chan struct{}, 1)
}

func (d *dispatcher) wake() {
	select {
	case d.signal <- struct{}{}:
	default: // awake already
	}
}

// kick has a room looked at now, or when its wait is over.
func (d *dispatcher) kick(room chat.RoomID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.running[room]; ok {
		d.running[room] = true
		return
	}
	if _, ok := d.due[room]; !ok {
		d.plan(room, time.Time{})
	}
}

// at has a room looked at at a time; the zero time is now.
func (d *dispatcher) at(room chat.RoomID, t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.plan(room, t)
}

// insist has a room looked at now, whatever the homeserver asked for.
func (d *dispatcher) insist(room chat.RoomID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pause = time.Time{}
	d.plan(room, time.Time{})
}

// plan sets when a room is due. The caller holds mu.
func (d *dispatcher) plan(room chat.RoomID, t time.Time) {
	if room == "" {
		return
	}
	if _, ok := d.due[room]; !ok {
		d.order = append(d.order, room)
	}
	d.due[room] = t
	d.wake()
}

// online makes every waiting room due.
func (d *dispatcher) online() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.up = true
	for room := range d.due {
		d.due[room] = time.Time{}
	}
	for room := range d.held {
		d.plan(room, time.Time{})
	}
	clear(d.held)
	d.wake()
}

// hold keeps a room until Online, unless that was called already.
func (d *dispatcher) hold(room chat.RoomID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.up {
		return false
	}
	d.held[room] = true
	return true
}

// next takes the next room to send to, or says when to look again.
func (d *dispatcher) next(now time.Time) (room chat.RoomID, again time.Time, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.running) >= maxSenders {
		return "", time.Time{}, false
	}
	for i, r := range d.order {
		t := d.due[r]
		if t.Before(d.pause) {
			t = d.pause
		}
		if _, busy := d.running[r]; busy {
			continue
		}
		if t.After(now) {
			if again.IsZero() || t.Before(again) {
				again = t
			}
			continue
		}
		d.order = append(d.order[:i], d.order[i+1:]...)
		delete(d.due, r)
		d.running[r] = false
		return r, time.Time{}, true
	}
	return "", again, false
}

// finished ends a room's turn.
func (d *dispatcher) finished(room chat.RoomID) {
	d.mu.Lock()
	again := d.running[room]
	delete(d.running, room)
	d.mu.Unlock()
	if again {
		d.kick(room)
	}
	d.wake()
}

// silence keeps all rooms quiet until t.
func (d *dispatcher) silence(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t.After(d.pause) {
		d.pause = t
	}
}

func (d *dispatcher) flying(key chat.ItemKey) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.inUse[key]
}

func (d *dispatcher) fly(key chat.ItemKey, on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if on {
		d.inUse[key] = true
	} else {
		delete(d.inUse, key)
	}
}

// Run writes, sends and tries again until ctx ends. It returns nil then, and
// an error when the store cannot be read at the start, or a *fault.PanicError.
func (o *Outbox) Run(ctx context.Context) error {
	rooms, err := o.opt.Store.PendingRooms(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("load outbox: %w", err)
	}
	if err := o.loadReads(ctx); err != nil {
		o.log.Warn("Unsent receipts cannot be read", slog.Any("err", err))
	}
	for _, r := range rooms {
		o.rooms.kick(r)
	}
	g, ctx := errgroup.WithContext(ctx)
	guarded(g, func() error { return o.intake(ctx) })
	guarded(g, func() error { return o.dispatch(ctx, g) })
	guarded(g, func() error { return o.runLight(ctx, g) })
	return g.Wait()
}

// guarded starts a goroutine of Run, which waits for it. A panic ends all of them.
func guarded(g *errgroup.Group, fn func() error) {
	g.Go(func() error { return fault.Guard(fn) })
}

// dispatch starts a sender for every room that is due.
func (o *Outbox) dispatch(ctx context.Context, g *errgroup.Group) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		for {
			room, again, ok := o.rooms.next(time.Now())
			if !ok {
				timer.Stop()
				if !again.IsZero() {
					timer.Reset(time.Until(again))
				}
				break
			}
			guarded(g, func() error {
				defer o.rooms.finished(room)
				return o.sendRoom(ctx, room)
			})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-o.rooms.signal:
		case <-timer.C:
		}
	}
}
