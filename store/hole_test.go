package store_test

import (
	"testing"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// sent queues a message of ours which the homeserver accepts as event number n.
func sent(t *testing.T, s *store.Store, txn chat.TxnID, body string, n int) chat.ItemKey {
	t.Helper()
	key := echo(t, s, txn, body)
	storetest.Write(t, s, func(tx *store.Tx) error { return tx.Sent(room, key, storetest.ID(n)) })
	return key
}

func overtaken(t *testing.T, s *store.Store, answers uint64) {
	t.Helper()
	storetest.Write(t, s, func(tx *store.Tx) error { return tx.Overtaken(room, answers) })
}

// TestSentIntoAHole: what we sent while sync was away stands above what came
// after it, and where the homeserver has it once that is told.
func TestSentIntoAHole(t *testing.T) {
	s := storetest.New(t)
	storetest.Append(t, s, room, storetest.Text(1, ada, "before"))
	first := sent(t, s, "t1", "mine", 4)
	sent(t, s, "t2", "mine too", 6)
	echo(t, s, "t3", "on its way")
	expect(t, s, "before", "mine", "mine too", "on its way")
	storetest.Limited(t, s, room, "hole", storetest.Text(8, ada, "after"), storetest.Text(9, ada, "last"))
	overtaken(t, s, s.Answers())
	expect(t, s, "before", "⋯hole", "mine", "mine too", "after", "last", "on its way")
	if rooms := s.Unshown(s.Answers()); rooms != nil {
		t.Errorf("still to be shown in %v", rooms)
	}
	if res := prepend(t, s, "hole", "deeper", []store.Event{storetest.Text(7, ada, "seven"), storetest.Text(6, storetest.Me, "mine too"), storetest.Text(5, ada, "five")}); res.Closed || res.Added != 3 {
		t.Errorf("%+v", res)
	}
	expect(t, s, "before", "⋯deeper", "mine", "five", "mine too", "seven", "after", "last", "on its way")
	if res := prepend(t, s, "deeper", "end", []store.Event{storetest.Text(4, storetest.Me, "mine"), storetest.Text(3, ada, "three"), storetest.Text(1, ada, "before")}); !res.Closed || res.Added != 2 {
		t.Errorf("%+v", res)
	}
	expect(t, s, "before", "three", "mine", "five", "mine too", "seven", "after", "last", "on its way")
	if m := storetest.Page(t, s, room, 20).Items[2]; m.Key != first {
		t.Errorf("the message got another key: %+v", m)
	}
}

// TestSentMessageStaysBelowUntilItIsKnown: not every message that sync has not
// shown is in a hole.
func TestSentMessageStaysBelowUntilItIsKnown(t *testing.T) {
	s := storetest.New(t)
	storetest.Append(t, s, room, storetest.Text(1, ada, "before"))
	sent(t, s, "t1", "no hole", 2)
	overtaken(t, s, s.Answers())
	expect(t, s, "before", "no hole")
	asked := s.Answers()
	sent(t, s, "t2", "while asking", 3)
	storetest.Limited(t, s, room, "hole", storetest.Text(8, ada, "after"))
	if rooms := s.Unshown(asked); rooms != nil {
		t.Errorf("to be shown in %v", rooms)
	}
	overtaken(t, s, asked)
	expect(t, s, "before", "⋯hole", "no hole", "after", "while asking")
	sent(t, s, "t3", "behind the hole", 9)
	storetest.Append(t, s, room, storetest.Text(3, storetest.Me, "while asking"))
	overtaken(t, s, s.Answers())
	expect(t, s, "before", "⋯hole", "no hole", "after", "while asking", "behind the hole")
}

// TestPlaceInAHoleProvesNothing: that a message of ours stands in a hole does
// not close it, nor the next one, and sync may still show it at the end.
func TestPlaceInAHoleProvesNothing(t *testing.T) {
	s := storetest.New(t)
	storetest.Append(t, s, room, storetest.Text(1, ada, "before"))
	sent(t, s, "t1", "mine", 4)
	mine := storetest.Text(4, storetest.Me, "mine")
	storetest.Limited(t, s, room, "one", storetest.Text(8, ada, "eight"))
	overtaken(t, s, s.Answers())
	storetest.Limited(t, s, room, "two", storetest.Text(12, ada, "twelve"))
	expect(t, s, "before", "⋯one", "mine", "eight", "⋯two", "twelve")
	if res := prepend(t, s, "two", "more", []store.Event{storetest.Text(11, ada, "eleven"), mine}); res.Closed || res.Added != 2 {
		t.Errorf("%+v", res)
	}
	expect(t, s, "before", "⋯one", "eight", "⋯more", "mine", "eleven", "twelve")

	sent(t, s, "t2", "again", 14)
	storetest.Limited(t, s, room, "three", storetest.Text(15, ada, "fifteen"))
	overtaken(t, s, s.Answers())
	storetest.Limited(t, s, room, "four", storetest.Text(14, storetest.Me, "again"), storetest.Text(16, ada, "sixteen"))
	expect(t, s, "before", "⋯one", "eight", "⋯more", "mine", "eleven", "twelve", "⋯three", "fifteen", "⋯four", "again", "sixteen")
}

// TestAnswerWithTheIDOfAnotherMessage: a homeserver that answers two of our
// messages with one id loses neither of them here.
func TestAnswerWithTheIDOfAnotherMessage(t *testing.T) {
	s := storetest.New(t)
	sent(t, s, "t1", "one", 1)
	key := echo(t, s, "t2", "two")
	if err := s.Write(t.Context(), func(tx *store.Tx) error { return tx.Sent(room, key, storetest.ID(1)) }); err == nil {
		t.Error("the second message was taken for the first")
	}
	expect(t, s, "one", "two")
}
