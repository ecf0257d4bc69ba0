package store_test

import (
	"errors"
	"testing"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// A homeserver that shows an event again under another sender, or in the clear,
// does not put words into the mouth of whoever wrote the first one.
func TestAnotherEventOfTheSameIDOpensNothing(t *testing.T) {
	forged := storetest.Opened(1, bo, "forged")
	clearText := storetest.Text(1, ada, "in the clear")
	for name, ev := range map[string]store.Event{"another sender": forged, "in the clear": clearText} {
		s := storetest.New(t)
		storetest.Append(t, s, room, storetest.Sealed(1, ada, "s"), ev)
		if m := storetest.Page(t, s, room, 5).Items[0]; m.Kind != chat.KindUndecrypted || m.Sender != ada || m.Body != "" {
			t.Errorf("%s: %+v", name, m)
		}
		storetest.Append(t, s, room, storetest.Opened(1, ada, "hello"))
		expect(t, s, "hello")
	}
}

func TestAnotherEventOfTheSameIDDoesNotReplaceAnEcho(t *testing.T) {
	s := storetest.New(t)
	storetest.Joined(t, s, room)
	storetest.Write(t, s, func(tx *store.Tx) error {
		key, err := storetest.Echo(tx, room, "txn", "what I wrote")
		if err != nil {
			return err
		}
		return tx.Sent(room, key, storetest.ID(1))
	})
	storetest.Append(t, s, room, storetest.Opened(1, bo, "forged"))
	expect(t, s, "what I wrote")
}

func TestClearCopyDoesNotReplaceAnEncryptedEcho(t *testing.T) {
	s := storetest.New(t)
	storetest.Joined(t, s, room)
	storetest.Write(t, s, func(tx *store.Tx) error {
		key, err := tx.AddEcho(room, store.Event{
			Txn: "txn", Sender: storetest.Me, Time: storetest.At(0), Type: "m.room.message", Body: "what I wrote", Encrypted: true,
		})
		if err != nil {
			return err
		}
		return tx.PutPending(store.Pending{Key: key, Room: room, Txn: "txn", Type: "m.room.message", SentType: "m.room.encrypted", State: chat.Sending})
	})
	forged := storetest.Text(1, storetest.Me, "forged")
	forged.Txn = "txn"
	storetest.Append(t, s, room, forged)
	expect(t, s, "what I wrote")
	if m := storetest.Page(t, s, room, 5).Items[0]; m.ID != storetest.ID(1) || !m.Encrypted {
		t.Errorf("%+v", m)
	}
}

// A homeserver that answers a send with the id of somebody else's message does
// not have ours take its place.
func TestAnswerWithSomebodyElsesEventReplacesNothing(t *testing.T) {
	s := storetest.New(t)
	storetest.Joined(t, s, room)
	storetest.Append(t, s, room, storetest.Text(1, ada, "of ada"))
	storetest.Write(t, s, func(tx *store.Tx) error {
		key, err := storetest.Echo(tx, room, "txn", "mine")
		if err != nil {
			return err
		}
		if err := tx.Sent(room, key, storetest.ID(1)); !errors.Is(err, store.ErrForeignEvent) {
			t.Errorf("sent: %v", err)
		}
		return nil
	})
	expect(t, s, "of ada", "mine")
}
