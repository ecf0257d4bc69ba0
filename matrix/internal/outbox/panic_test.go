package outbox

import (
	"context"
	"errors"
	"testing"

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
