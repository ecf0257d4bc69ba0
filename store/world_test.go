package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// world does what a homeserver and a person do to one room.
type world struct {
	t       *testing.T
	s       *store.Store
	rnd     *rand.Rand
	next    int // number of the next event
	tokens  []string
	pending []chat.ItemKey
	sealed  []int
}

func (w *world) old() int { return 1000 + w.rnd.IntN(max(w.next-1000, 1)) }

func (w *world) event(n int) store.Event {
	who := []chat.UserID{ada, bo, storetest.Me}[w.rnd.IntN(3)]
	switch w.rnd.IntN(9) {
	case 0:
		return storetest.Edit(n, who, fmt.Sprint("edit ", n), w.old())
	case 1:
		return storetest.Reaction(n, who, "👍", w.old())
	case 2:
		return storetest.Redaction(n, who, w.old()+w.rnd.IntN(3), "")
	case 3:
		return storetest.Reply(n, who, fmt.Sprint("reply ", n), w.old()+w.rnd.IntN(2))
	case 4:
		return storetest.InThread(n, who, fmt.Sprint("in thread ", n), w.old())
	case 5:
		w.sealed = append(w.sealed, n)
		return storetest.Sealed(n, who, "session")
	}
	return storetest.Text(n, who, fmt.Sprint("text ", n))
}

func (w *world) step() {
	w.t.Helper()
	storetest.Write(w.t, w.s, func(tx *store.Tx) error {
		for range 1 + w.rnd.IntN(3) {
			if err := w.act(tx); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *world) act(tx *store.Tx) error {
	switch w.rnd.IntN(12) {
	case 0:
		w.tokens = append(w.tokens, fmt.Sprint("t", w.next))
		_, err := tx.StartChunk(room, w.tokens[len(w.tokens)-1], nil)
		w.next += 3 // these are missing
		return err
	case 1:
		return w.history(tx)
	case 2:
		key, err := storetest.Echo(tx, room, chat.TxnID(fmt.Sprint("txn", w.next)), fmt.Sprint("echo ", w.next))
		w.next++
		w.pending = append(w.pending, key)
		return err
	case 3:
		return w.settle(tx)
	case 4:
		return w.decrypt(tx)
	case 5:
		return tx.UpdateRoom(chat.RoomID(fmt.Sprintf("!%d:example.org", w.rnd.IntN(3))), func(r *store.Room) {
			r.Membership = []chat.Membership{chat.MemberJoined, chat.MemberLeft, chat.MemberInvited}[w.rnd.IntN(3)]
		})
	case 6:
		return tx.PutMember(room, store.Member{
			User: []chat.UserID{ada, bo}[w.rnd.IntN(2)], Name: []string{"Ada", "Countess"}[w.rnd.IntN(2)],
			Membership: []chat.Membership{chat.MemberJoined, chat.MemberJoined, chat.MemberLeft}[w.rnd.IntN(3)],
		})
	case 7:
		if w.rnd.IntN(10) == 0 {
			return tx.ReplaceMembers(room, []store.Member{{User: storetest.Me, Membership: chat.MemberJoined, Name: "Me"}, {User: ada, Membership: chat.MemberJoined, Name: "Ada"}})
		}
	}
	_, err := tx.Append(room, w.event(w.next))
	w.next++
	if err == nil && w.rnd.IntN(4) == 0 {
		return tx.Overtaken(room, w.s.Answers())
	}
	return err
}

func (w *world) history(tx *store.Tx) error {
	if len(w.tokens) == 0 {
		return nil
	}
	token := w.tokens[len(w.tokens)-1]
	w.tokens = w.tokens[:len(w.tokens)-1]
	var at int
	if _, err := fmt.Sscanf(token, "t%d", &at); err != nil {
		return err
	}
	var events []store.Event
	for n := at + 2; n >= at-1; n-- {
		events = append(events, w.event(n))
	}
	_, err := tx.Prepend(room, token, events, "")
	if errors.Is(err, store.ErrStaleToken) { // one with the hole after it
		return nil
	}
	return err
}

func (w *world) settle(tx *store.Tx) error {
	if len(w.pending) == 0 {
		return nil
	}
	key := w.pending[0]
	p, ok, err := tx.PendingItem(key)
	if err != nil || !ok {
		return err
	}
	switch w.rnd.IntN(4) {
	case 0:
		p.State, p.Problem = chat.Waiting, &chat.Problem{Kind: chat.ProblemOffline}
		return tx.UpdatePending(p)
	case 1:
		_, err = tx.Discard(key)
	case 2:
		err = tx.Sent(room, key, storetest.ID(w.next))
		if err == nil && w.rnd.IntN(2) == 0 {
			_, err = tx.Append(room, storetest.Text(w.next, storetest.Me, "sent"))
		}
	default:
		ev := storetest.Text(w.next, storetest.Me, "sent")
		ev.Txn = p.Txn
		_, err = tx.Append(room, ev)
	}
	w.pending = w.pending[1:]
	w.next++
	return err
}

func (w *world) decrypt(tx *store.Tx) error {
	if len(w.sealed) == 0 {
		return nil
	}
	n := w.sealed[0]
	w.sealed = w.sealed[1:]
	key, ok, err := tx.EventKey(room, storetest.ID(n))
	if err != nil || !ok {
		return err
	}
	ev := storetest.Opened(n, ada, fmt.Sprint("opened ", n))
	if w.rnd.IntN(3) == 0 {
		ev.RelType, ev.RelTarget = store.RelReplace, storetest.ID(w.old())
	}
	return tx.Decrypted(room, key, ev)
}
