package outbox

import (
	"net/http"
	"testing"
	"time"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

func TestMessagesOfTheLastRunWaitForTheFirstSyncAndGoOn(t *testing.T) {
	s := storetest.New(t)
	storetest.Joined(t, s, room)
	h := newHomeserver(t)
	o := newOutbox(t, s, h.URL, nil)
	h.set(func() { h.after = func(w http.ResponseWriter, n int) bool { return n == 1 && hangUp(w) } })
	stop := start(t, o)
	o.Send(text("first"))
	o.Send(text("second"))
	inState(t, s, "first", chat.Waiting)
	stop()

	o = New(Options{Store: s, Client: client(t, h.URL), User: storetest.Me})
	start(t, o)
	o.SaveUI("x", []byte("y"))
	wait(t, "run", func() bool { v, err := s.UIState(t.Context(), "x"); return err == nil && v != nil })
	tries := h.tries()
	o.Online()
	idle(t, s, o)
	equal(t, h.bodies(), "first", "second")
	if tries != 1 {
		t.Errorf("%d tries before the first sync", tries-1)
	}
}

// A homeserver that knows a transaction only once it is done with it is not
// asked again while it may be at work on it.
func TestMessageOfTheLastRunIsNotRepeatedWhileItIsUnderWay(t *testing.T) {
	s := storetest.New(t)
	storetest.Joined(t, s, room)
	h := newHomeserver(t)
	var at []time.Time
	under := make(chan struct{}, 8)
	h.set(func() {
		h.answer = func(w http.ResponseWriter, n int, _ sentEvent) bool {
			h.set(func() { at = append(at, time.Now()) })
			under <- struct{}{}
			return n == 1 && hangUp(w) // it goes on in secret
		}
	})
	o := newOutbox(t, s, h.URL, nil)
	stop := start(t, o)
	o.Send(text("once"))
	<-under
	stop()
	p, ok, err := s.NextPending(t.Context(), room)
	if err != nil || !ok || p.Attempts != 1 {
		t.Fatalf("%+v, %t, %v", p, ok, err)
	}
	// As a kill leaves it: the answer was never seen.
	p.State, p.Problem, p.NextTry = chat.Sending, nil, at[0].Add(settleTime)
	storetest.Write(t, s, func(tx *store.Tx) error { return tx.UpdatePending(p) })
	o = newOutbox(t, s, h.URL, nil)
	start(t, o)
	idle(t, s, o)
	equal(t, h.bodies(), "once")
	if len(at) != 2 || at[1].Sub(at[0]) < settleTime-5*time.Millisecond {
		t.Errorf("asked at %v", at)
	}
}

func TestHowLongAMessageOfTheLastRunWaits(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000)
	o := New(Options{Now: func() time.Time { return now }})
	for _, c := range []struct {
		what string
		row  store.Pending
		want time.Duration
	}{
		{"never tried", store.Pending{State: chat.Sending}, 0},
		{"just tried", store.Pending{State: chat.Sending, Attempts: 1, NextTry: now.Add(settleTime / 2)}, settleTime / 2},
		{"tried long ago", store.Pending{State: chat.Sending, Attempts: 1, NextTry: now.Add(-time.Hour)}, 0},
		{"the clock was set back since", store.Pending{State: chat.Sending, Attempts: 1, NextTry: now.Add(time.Hour)}, 0},
		{"its failure is known", store.Pending{State: chat.Waiting, Attempts: 1, NextTry: now.Add(settleTime / 2)}, 0},
	} {
		if got := o.unsettled(c.row); got != c.want {
			t.Errorf("%s: waits %s, want %s", c.what, got, c.want)
		}
	}
}
