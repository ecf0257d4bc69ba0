package store_test

import (
	"errors"
	"testing"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

func echo(t *testing.T, s *store.Store, txn chat.TxnID, body string) (key chat.ItemKey) {
	t.Helper()
	storetest.Write(t, s, func(tx *store.Tx) (err error) {
		key, err = storetest.Echo(tx, room, txn, body)
		return err
	})
	return key
}

// The answer to the request and the event by sync come in either order, and the
// event may lack the transaction id: one row under one key in each case.
func TestEchoBecomesItsEvent(t *testing.T) {
	remote := storetest.Text(5, storetest.Me, "mine")
	withTxn := remote
	withTxn.Txn = "txn1"
	sent := func(tx *store.Tx, key chat.ItemKey) error { return tx.Sent(room, key, storetest.ID(5)) }
	bySync := func(tx *store.Tx, _ chat.ItemKey) error { _, err := tx.Append(room, remote); return err }
	byTxn := func(tx *store.Tx, _ chat.ItemKey) error { _, err := tx.Append(room, withTxn); return err }
	next := func(tx *store.Tx, _ chat.ItemKey) error {
		_, err := tx.Append(room, storetest.Text(6, ada, "after"))
		return err
	}
	for name, steps := range map[string][]func(*store.Tx, chat.ItemKey) error{
		"answer, sync":              {sent, bySync, next},
		"answer, sync with txn":     {sent, byTxn, next},
		"sync with txn, answer":     {byTxn, next, sent},
		"sync, answer":              {bySync, next, sent},
		"everything twice":          {sent, byTxn, next, sent, bySync, byTxn},
		"sync by both ways, answer": {bySync, byTxn, next, sent},
	} {
		t.Run(name, func(t *testing.T) {
			s := storetest.New(t)
			storetest.Append(t, s, room, storetest.Text(1, ada, "before"))
			key := echo(t, s, "txn1", "mine")
			expect(t, s, "before", "mine")
			for _, step := range steps {
				storetest.Write(t, s, func(tx *store.Tx) error { return step(tx, key) })
			}
			expect(t, s, "before", "mine", "after")
			m := storetest.Page(t, s, room, 5).Items[1]
			if m.Key != key || m.ID != storetest.ID(5) || m.Send != chat.Sent || !m.Own || m.Seq >= chat.SeqLocal {
				t.Errorf("the message became %+v", m)
			}
			if _, ok, err := s.NextPending(t.Context(), room); ok || err != nil {
				t.Errorf("still in the outbox: %v", err)
			}
		})
	}
}

func TestForgedTransactionID(t *testing.T) {
	s := storetest.New(t)
	echo(t, s, "txn1", "mine")
	forged := storetest.Text(5, ada, "forged")
	forged.Txn = "txn1"
	storetest.Append(t, s, room, forged)
	expect(t, s, "forged", "mine")
	if _, ok, err := s.NextPending(t.Context(), room); !ok || err != nil {
		t.Errorf("the message left the outbox: %v", err)
	}
}

func TestOutboxOrderStateAndDiscard(t *testing.T) {
	s := storetest.New(t)
	first, second := echo(t, s, "a", "one"), echo(t, s, "b", "two")
	p, ok, err := s.NextPending(t.Context(), room)
	if err != nil || !ok || p.Key != first || p.Out.Text != "one" {
		t.Fatal(p, ok, err)
	}
	p.State, p.Problem, p.Sent, p.SentType, p.Attempts = chat.SendError, &chat.Problem{Kind: chat.ProblemForbidden, Code: "M_FORBIDDEN", Detail: "no"}, []byte(`{"ciphertext":1}`), "m.room.encrypted", 2
	storetest.Write(t, s, func(tx *store.Tx) error { return tx.UpdatePending(p) })
	if q, _, err := s.NextPending(t.Context(), room); err != nil || q.Key != first || string(q.Sent) != `{"ciphertext":1}` || q.Problem.Code != "M_FORBIDDEN" || q.Attempts != 2 {
		t.Errorf("reloaded: %+v, %v", q, err)
	}
	if m := storetest.Page(t, s, room, 5).Items[0]; m.Send != chat.SendError || m.SendProblem == nil || m.SendProblem.Kind != chat.ProblemForbidden {
		t.Errorf("the message shows %+v", m)
	}
	if o, err := s.OutboxState(t.Context()); err != nil || o.Pending != 1 || o.Failed != 1 {
		t.Errorf("counts: %+v %v", o, err)
	}
	storetest.Write(t, s, func(tx *store.Tx) error { _, err := tx.Discard(first); return err })
	expect(t, s, "two")
	if err := s.Write(t.Context(), func(tx *store.Tx) error { return tx.UpdatePending(p) }); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("update of a discarded row: %v", err)
	}
	storetest.Write(t, s, func(tx *store.Tx) error { _, err := tx.Discard(second); return err })
	path := s.Path()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := storetest.Open(t, path, store.Options{})
	if key := echo(t, again, "c", "three"); key <= second {
		t.Errorf("item key %d was given out twice", key)
	}
}

// Whatever kept a message from being sent is still known when it is read again.
func TestWhyItWasNotSentIsKept(t *testing.T) {
	s := storetest.New(t)
	echo(t, s, "a", "one")
	p, _, err := s.NextPending(t.Context(), room)
	if err != nil {
		t.Fatal(err)
	}
	for k := chat.ProblemUnknown; k.Valid(); k++ {
		p.State, p.Problem = chat.SendError, &chat.Problem{Kind: k, Detail: "@bo:example.org"}
		storetest.Write(t, s, func(tx *store.Tx) error { return tx.UpdatePending(p) })
		m := storetest.Page(t, s, room, 5).Items[0]
		if m.SendProblem == nil || m.SendProblem.Kind != k || m.SendProblem.Detail != p.Problem.Detail {
			t.Errorf("%s became %+v", k, m.SendProblem)
		}
	}
}

// A reaction of ours shows at once, folded into its target.
func TestEchoOfReactionAndEdit(t *testing.T) {
	s := storetest.New(t)
	storetest.Append(t, s, room, storetest.Text(1, storetest.Me, "tpyo"))
	storetest.Write(t, s, func(tx *store.Tx) error {
		edit := storetest.Edit(2, storetest.Me, "typo", 1)
		edit.Txn, edit.Raw = "e", nil
		reaction := storetest.Reaction(3, storetest.Me, "👍", 1)
		reaction.Txn, reaction.Raw = "r", nil
		for _, ev := range []store.Event{edit, reaction} {
			key, err := tx.AddEcho(room, ev)
			if err != nil {
				return err
			}
			if err := tx.PutPending(store.Pending{Key: key, Room: room, Txn: ev.Txn, Type: ev.Type, State: chat.Sending}); err != nil {
				return err
			}
		}
		return nil
	})
	items := storetest.Page(t, s, room, 5).Items
	if len(items) != 1 || items[0].Body != "typo" || len(items[0].Reactions) != 1 || items[0].Reactions[0].MineKey == 0 {
		t.Errorf("the timeline shows %+v", items)
	}
}

// TestNothingOvertakes: what stands behind a message that was refused or waits
// is shown as waiting, and told so; once the way is free it is not.
func TestNothingOvertakes(t *testing.T) {
	s := storetest.New(t)
	first, second := echo(t, s, "txn1", "first"), echo(t, s, "txn2", "second")
	feed := s.Subscribe()
	feed.Watch(room)
	state := func(want chat.SendState) {
		t.Helper()
		set := next(t, feed)
		change := set.Timeline[room]
		if change == nil {
			t.Fatal("nothing is told")
		}
		told := false
		for _, m := range change.Items {
			if m.Key == second {
				told = true
				if m.Send != want {
					t.Errorf("told %v, want %v", m.Send, want)
				}
			}
		}
		if !told {
			t.Error("what waits behind is not told")
		}
	}
	set := func(to chat.SendState, why *chat.Problem) {
		t.Helper()
		storetest.Write(t, s, func(tx *store.Tx) error {
			p, _, err := tx.PendingItem(first)
			if err != nil {
				return err
			}
			p.State, p.Problem = to, why
			return tx.UpdatePending(p)
		})
	}
	for _, st := range []chat.SendState{chat.SendError, chat.Waiting} {
		set(st, &chat.Problem{Kind: chat.ProblemForbidden})
		state(chat.Waiting)
		set(chat.Sending, nil)
		state(chat.Sending)
	}
	if _, item, err := s.Unsent(t.Context()); item != 0 || err != nil {
		t.Errorf("unsent: %d, %v", item, err)
	}
	set(chat.SendError, &chat.Problem{Kind: chat.ProblemForbidden})
	state(chat.Waiting)
	if at, item, err := s.Unsent(t.Context()); at != room || item != first || err != nil {
		t.Errorf("unsent: %s %d, %v", at, item, err)
	}
	storetest.Write(t, s, func(tx *store.Tx) error { _, err := tx.Discard(first); return err })
	state(chat.Sending)
}
