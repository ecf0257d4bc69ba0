package outbox

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"hubbub/store/chat"
)

// Typing notices: how long one lasts and how often it is renewed.
const (
	typingLasts = 30 * time.Second
	typingAgain = 20 * time.Second
)

// typing notes that the person types or stopped. It wakes the sender only when
// the homeserver has to be told something.
func (l *light) typing(room chat.RoomID, on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.typed[room]
	if !on && t.sent.IsZero() && !t.want {
		return
	}
	t.want, t.drop = on, !on && !t.sent.IsZero()
	if on {
		l.presh[room] = true
	}
	l.typed[room] = t
	if t.drop || (on && time.Since(t.sent) >= typingAgain) {
		l.wake()
	}
}

// sendTyping tells the homeserver what changed about typing. A notice that
// fails is not repeated: it would be late.
func (o *Outbox) sendTyping(ctx context.Context) {
	now := time.Now()
	o.light.mu.Lock()
	var say []typingSay
	for room, t := range o.light.typed {
		switch {
		case t.want && now.Sub(t.sent) >= typingAgain:
			say = append(say, typingSay{room, true})
			t.sent = now
			o.light.typed[room] = t
		case t.drop:
			say = append(say, typingSay{room, false})
			delete(o.light.typed, room)
		case !t.want:
			delete(o.light.typed, room)
		}
	}
	o.light.mu.Unlock()
	for _, s := range say {
		o.sayTyping(ctx, s)
	}
}

type typingSay struct {
	room chat.RoomID
	on   bool
}

// sayTyping sends one typing notice.
//
// Spec: client-server-api#put_matrixclientv3roomsroomidtypinguserid
func (o *Outbox) sayTyping(ctx context.Context, s typingSay) {
	if o.opt.NoTyping {
		return
	}
	body := map[string]any{"typing": s.on}
	if s.on {
		body["timeout"] = typingLasts.Milliseconds()
	}
	url := o.opt.Client.BuildClientURL("v3", "rooms", string(s.room), "typing", string(o.opt.User))
	if err := o.request(ctx, http.MethodPut, url, body); err != nil && ctx.Err() == nil {
		o.log.Debug("Typing notice was not sent", slog.String("room", string(s.room)))
	}
}

// stopTyping takes back the notices that stand when the program ends.
func (o *Outbox) stopTyping(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	o.light.mu.Lock()
	var say []typingSay
	for room, t := range o.light.typed {
		if time.Since(t.sent) < typingLasts {
			say = append(say, typingSay{room, false})
		}
	}
	clear(o.light.typed)
	o.light.mu.Unlock()
	for _, s := range say {
		o.sayTyping(ctx, s)
	}
}
