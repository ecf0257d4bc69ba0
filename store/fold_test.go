package store_test

import (
	"bytes"
	"slices"
	"testing"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

func TestEdits(t *testing.T) {
	asState := storetest.Edit(2, ada, "state", 1)
	asState.State = new(string)
	otherType := storetest.Edit(2, ada, "sticker", 1)
	otherType.Type = "m.sticker"
	for name, c := range map[string]struct {
		events []store.Event
		want   string
	}{
		"own edit":               {[]store.Event{storetest.Edit(2, ada, "new", 1)}, "new"},
		"newest wins":            {[]store.Event{storetest.Edit(3, ada, "newest", 1), storetest.Edit(2, ada, "older", 1)}, "newest"},
		"another person's":       {[]store.Event{storetest.Edit(2, bo, "forged", 1)}, "old"},
		"another type":           {[]store.Event{otherType}, "old"},
		"a state event":          {[]store.Event{asState}, "old"},
		"edit that was deleted":  {[]store.Event{storetest.Edit(2, ada, "new", 1), storetest.Redaction(3, ada, 2, "")}, "old"},
		"deleted before it came": {[]store.Event{storetest.Redaction(3, ada, 2, ""), storetest.Edit(2, ada, "new", 1)}, "old"},
		"edit of an edit":        {[]store.Event{storetest.Edit(2, ada, "new", 1), storetest.Edit(3, ada, "nested", 2)}, "new"},
		"deleted message":        {[]store.Event{storetest.Edit(2, ada, "new", 1), storetest.Redaction(3, ada, 1, "")}, "deleted"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, early := range []bool{false, true} { // the edit may come before what it edits
				s := storetest.New(t)
				events := append([]store.Event{storetest.Text(1, ada, "old")}, c.events...)
				if early {
					slices.Reverse(events)
				}
				storetest.Append(t, s, room, events...)
				expect(t, s, c.want)
			}
		})
	}
}

func TestClearEditOfEncryptedMessageIsRefused(t *testing.T) {
	s := storetest.New(t)
	storetest.Append(t, s, room, storetest.Opened(1, ada, "secret"), storetest.Edit(2, ada, "injected", 1))
	expect(t, s, "secret")
}

func TestReactions(t *testing.T) {
	s := storetest.New(t)
	storetest.Append(t, s, room, storetest.Text(1, ada, "hi"), storetest.Reaction(2, ada, "👍", 1), storetest.Reaction(3, ada, "👍", 1),
		storetest.Reaction(4, storetest.Me, "👍", 1), storetest.Reaction(5, bo, "🎉", 1), storetest.Reaction(6, bo, "👎", 1), storetest.Redaction(7, bo, 6, ""))
	got := storetest.Page(t, s, room, 10).Items[0].Reactions
	if len(got) != 2 || got[0].Key != "👍" || got[0].Count != 2 || got[0].Mine != storetest.ID(4) || got[1].Count != 1 || got[1].Mine != "" {
		t.Errorf("reactions: %+v", got)
	}
	expect(t, s, "hi")
}

func TestRedactionInEitherOrder(t *testing.T) {
	for _, early := range []bool{false, true} {
		s := storetest.New(t)
		events := []store.Event{storetest.Text(1, ada, "regret"), storetest.Redaction(2, bo, 1, "spam")}
		if early {
			slices.Reverse(events)
		}
		storetest.Append(t, s, room, events...)
		m := storetest.Page(t, s, room, 5).Items[0]
		if m.Kind != chat.KindRedacted || m.RedactedBy != bo || m.Reason != "spam" {
			t.Errorf("early %v: %+v", early, m)
		}
		raw, _, err := s.Source(t.Context(), m.Key)
		if err != nil || bytes.Contains(raw, []byte("regret")) || !bytes.Contains(raw, []byte(string(storetest.ID(1)))) {
			t.Errorf("early %v: kept %s, %v", early, raw, err)
		}
		if keys, err := s.Search(t.Context(), "", "regret", 5); err != nil || len(keys) != 0 {
			t.Errorf("early %v: deleted text is found: %v", early, err)
		}
		storetest.Append(t, s, room, events...) // a repeated sync brings nothing back
		expect(t, s, "deleted")
	}
}

func TestRepliesAndThreads(t *testing.T) {
	s := storetest.New(t)
	storetest.Write(t, s, func(tx *store.Tx) error {
		for _, m := range []store.Member{{User: ada, Membership: chat.MemberJoined, Name: "Ada"}, {User: bo, Membership: chat.MemberJoined, Name: "Ada"}} {
			if err := tx.PutMember(room, m); err != nil {
				return err
			}
		}
		return nil
	})
	storetest.Append(t, s, room, storetest.Text(1, ada, "root"), storetest.Reply(2, bo, "answer", 1), storetest.InThread(3, bo, "a", 1),
		storetest.InThread(4, ada, "b", 1), storetest.Edit(5, ada, "root, edited", 1), storetest.Reply(6, bo, "to nobody", 99))
	items := storetest.Page(t, s, room, 10).Items
	if r := items[1].Reply; r == nil || r.Sender != ada || r.Body != "root, edited" || r.SenderName != "Ada" {
		t.Errorf("the answer shows %+v", r)
	}
	if th := items[0].Thread; th == nil || th.Count != 2 || th.LastSender != ada || th.LastName != "Ada" {
		t.Errorf("the thread shows %+v", th)
	}
	if items[2].ThreadRoot != storetest.ID(1) {
		t.Error("a message of the thread does not know its root")
	}
	if !items[0].SenderAmbiguous {
		t.Error("two people of one name are not told apart")
	}
	if r := items[4].Reply; r == nil || r.ID != storetest.ID(99) || r.Sender != "" {
		t.Errorf("an answer to what is not known shows %+v", r)
	}
}

func TestLateKey(t *testing.T) {
	s := storetest.New(t)
	storetest.Append(t, s, room, storetest.Text(1, ada, "clear"), storetest.Sealed(2, ada, "s1"), storetest.Sealed(3, ada, "s1"), storetest.Sealed(4, ada, "s2"))
	rows, err := s.UndecryptedOf(t.Context(), room, "s1")
	if err != nil || len(rows) != 2 {
		t.Fatal(rows, err)
	}
	storetest.Write(t, s, func(tx *store.Tx) error {
		if err := tx.Decrypted(room, rows[0].Key, storetest.Opened(2, ada, "found")); err != nil {
			return err
		}
		reaction := storetest.Reaction(3, ada, "👍", 1)
		reaction.Encrypted = true
		return tx.Decrypted(room, rows[1].Key, reaction)
	})
	items := storetest.Page(t, s, room, 10).Items
	if len(items) != 3 || items[1].Body != "found" || items[1].Key != rows[0].Key || len(items[0].Reactions) != 1 || items[2].Kind != chat.KindUndecrypted {
		t.Errorf("after the key: %+v", items)
	}
	raw, clear, err := s.Source(t.Context(), rows[0].Key)
	if err != nil || !bytes.Contains(raw, []byte("m.room.encrypted")) || !bytes.Contains(clear, []byte("found")) {
		t.Errorf("source: %s %s %v", raw, clear, err)
	}
	if keys, err := s.Search(t.Context(), room, "fou", 5); err != nil || len(keys) != 1 {
		t.Errorf("search: %v %v", keys, err)
	}
}

func TestWhoDeletedIsNamed(t *testing.T) {
	s := storetest.New(t)
	storetest.Write(t, s, func(tx *store.Tx) error {
		return tx.PutMember(room, store.Member{User: bo, Name: "Bo the Moderator", Membership: chat.MemberJoined})
	})
	storetest.Append(t, s, room, storetest.Text(1, ada, "regret"), storetest.Redaction(2, bo, 1, ""), storetest.Text(3, ada, "hi"))
	items := storetest.Page(t, s, room, 5).Items
	if items[0].RedactedByName != "Bo the Moderator" || items[1].RedactedByName != "" {
		t.Errorf("deleted by %q and %q", items[0].RedactedByName, items[1].RedactedByName)
	}
}

// The homeserver's count of a thread is from when its root came: what came and
// what was deleted since is added and taken away.
func TestThreadCountFollows(t *testing.T) {
	s := storetest.New(t)
	root := storetest.Text(1, ada, "root")
	root.Extra.ThreadCount, root.Extra.ThreadSender, root.Extra.ThreadTime = 5, bo, storetest.At(9).UnixMilli()
	storetest.Append(t, s, room, root, storetest.InThread(9, bo, "the fifth", 1))
	count := func(want int, last chat.UserID) {
		t.Helper()
		m := storetest.Page(t, s, room, 20).Items[0]
		if m.Thread == nil || m.Thread.Count != want || m.Thread.LastSender != last {
			t.Errorf("thread is %+v, want %d answers", m.Thread, want)
		}
	}
	count(5, bo)
	storetest.Append(t, s, room, storetest.InThread(10, ada, "the sixth", 1), storetest.InThread(11, ada, "the seventh", 1))
	count(7, ada)
	storetest.Append(t, s, room, storetest.Redaction(12, ada, 10, ""))
	count(6, ada)
	storetest.Append(t, s, room, storetest.Redaction(13, bo, 9, ""), storetest.Redaction(14, bo, 9, ""))
	count(5, ada)
}
