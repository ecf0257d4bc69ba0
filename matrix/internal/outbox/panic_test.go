package outbox

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hubbub/matrix/internal/fault"
	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// broken is an Encrypter with a bug in one of its methods.
type broken struct{ preshare bool }

func (b broken) Encrypt(context.Context, chat.RoomID, string, jsontext.Value) (jsontext.Value, error) {
	panic("encrypt")
}

func (b broken) Preshare(context.Context, chat.RoomID) error {
	if b.preshare {
		panic("preshare")
	}
	return nil
}

func (broken) Current(context.Context, chat.RoomID, jsontext.Value) (bool, error) { return true, nil }

func (broken) Secrecy(context.Context, chat.RoomID) (encrypted, neverPlain bool, err error) {
	return false, false, nil
}

// A bug in a goroutine of the outbox ends Run with an error, so that the
// terminal can be restored; what was asked for is still written down.
func TestPanicEndsRunAndLosesNothing(t *testing.T) {
	for want, b := range map[string]broken{"encrypt": {}, "preshare": {preshare: true}} {
		s := storetest.New(t)
		storetest.Joined(t, s, room)
		storetest.Write(t, s, func(tx *store.Tx) error {
			return tx.UpdateRoom(room, func(r *store.Room) { r.Encrypted = true })
		})
		o := newOutbox(t, s, newHomeserver(t).URL, b)
		if b.preshare {
			o.Typing(room, true)
		} else {
			o.Send(text("first"))
		}
		var p *fault.PanicError
		if err := o.Run(t.Context()); !errors.As(err, &p) || p.Value != want || len(p.Stack) == 0 {
			t.Fatalf("%s: Run ended with %v", want, err)
		}
		o.Send(text("second"))
		if err := o.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, ok := item(t, s, "second"); !ok {
			t.Errorf("%s: the message that came after the panic is not on disk", want)
		}
	}
}

// A message that a bug keeps from being sent ends the program once and not at
// every start: it is shown as not sent with the reason, what was written behind
// it waits, and it can be tried again or thrown away.
func TestBugInOneMessageDoesNotEndEveryStart(t *testing.T) {
	s := storetest.New(t)
	storetest.Joined(t, s, room)
	storetest.Write(t, s, func(tx *store.Tx) error {
		return tx.UpdateRoom(room, func(r *store.Room) { r.Encrypted = true })
	})
	h := newHomeserver(t)
	crash := func(o *Outbox) {
		t.Helper()
		var p *fault.PanicError
		if err := o.Run(t.Context()); !errors.As(err, &p) {
			t.Fatalf("Run ended with %v", err)
		}
		if m := inState(t, s, "poison", chat.SendError); m.SendProblem == nil || m.SendProblem.Kind != chat.ProblemInternal {
			t.Errorf("the reason is %+v", m.SendProblem)
		}
	}
	o := newOutbox(t, s, h.URL, broken{})
	o.Send(text("poison"))
	o.Send(text("behind"))
	crash(o)

	o = newOutbox(t, s, h.URL, broken{})
	stop := start(t, o)
	o.Send(chat.Outgoing{Room: "!other:example.org", Kind: chat.OutReaction, Target: "$x", Key: "x"}) // the program is up
	idleRoom(t, s, "!other:example.org")
	inState(t, s, "poison", chat.SendError)
	inState(t, s, "behind", chat.Waiting)
	stop()

	o = newOutbox(t, s, h.URL, broken{})
	o.Retry(storetest.Page(t, s, room, 10).Items[0].Key)
	crash(o)
	equal(t, h.bodies(), "")

	o = newOutbox(t, s, h.URL, &cipher{}) // a version without the bug
	start(t, o)
	o.Retry(storetest.Page(t, s, room, 10).Items[0].Key)
	idle(t, s, o)
	equal(t, h.bodies(), "", "sealed poison 1", "sealed behind 2")
}

// idleRoom waits until a room has nothing to send.
func idleRoom(t *testing.T, s *store.Store, room chat.RoomID) {
	t.Helper()
	wait(t, "empty queue", func() bool {
		_, pending, err := s.NextPending(t.Context(), room)
		_, known, _ := s.Room(t.Context(), room)
		return err == nil && known && !pending
	})
}

// A bug in making a message of what was typed gives the text back.
func TestBugInMakingAMessageGivesTheTextBack(t *testing.T) {
	s := storetest.New(t)
	storetest.Joined(t, s, room)
	h := newHomeserver(t)
	bug := true
	o := New(Options{Store: s, Client: client(t, h.URL), User: storetest.Me, Now: func() time.Time {
		if bug {
			panic("clock")
		}
		return time.Now()
	}})
	o.Online()
	o.Send(text("typed"))
	if err := o.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d, err := s.Drafts(t.Context()); err != nil || len(d) != 1 || d[0].Text != "typed" {
		t.Errorf("drafts %+v, %v", d, err)
	}
	bug = false
	o.Send(text("next"))
	start(t, o)
	idle(t, s, o)
	equal(t, h.bodies(), "next")
}
