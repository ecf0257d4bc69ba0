package store_test

import (
	"testing"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// TestUnreadPlace: reading stopped behind the receipt, at the oldest message of
// somebody else; what is no message does not count.
func TestUnreadPlace(t *testing.T) {
	s := storetest.New(t)
	place := func(readUpTo chat.EventID) chat.Unread {
		t.Helper()
		storetest.Write(t, s, func(tx *store.Tx) error {
			return tx.UpdateRoom(room, func(r *store.Room) { r.Membership, r.ReadUpTo = chat.MemberJoined, readUpTo })
		})
		u, err := s.Unread(t.Context(), room)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	if got := place(""); got != (chat.Unread{}) {
		t.Errorf("an empty room: %+v", got)
	}
	storetest.Write(t, s, func(tx *store.Tx) error {
		loud := storetest.Text(1006, bo, "Me: look")
		loud.Mention = true
		for _, ev := range []store.Event{
			storetest.Text(1000, ada, "old"),
			storetest.Reaction(1001, bo, "👍", 1000), // a receipt may name what is no row of its own
			storetest.Text(1002, storetest.Me, "mine"),
			storetest.Edit(1003, ada, "older", 1000),
			storetest.Text(1004, ada, "new"),
			storetest.Text(1005, bo, "newer"),
			loud,
		} {
			if _, err := tx.Append(room, ev); err != nil {
				return err
			}
		}
		_, err := storetest.Echo(tx, room, "txn", "on its way")
		return err
	})
	want := chat.Unread{First: storetest.ID(1004), Since: storetest.At(1004), Count: 3, Mention: storetest.ID(1006)}
	for _, at := range []int{1000, 1001, 1003} {
		if got := place(storetest.ID(at)); got != want {
			t.Errorf("read up to %d: %+v, want %+v", at, got, want)
		}
	}
	if got := place(storetest.ID(1006)); got != (chat.Unread{}) {
		t.Errorf("all read: %+v", got)
	}
	for after, want := range map[int]chat.EventID{1000: storetest.ID(1006), 1006: "", 9999: ""} {
		if got, err := s.NextMention(t.Context(), room, storetest.ID(after)); err != nil || got != want {
			t.Errorf("the mention after %d: %q, %v", after, got, err)
		}
	}
	if got := place("$elsewhere"); got != (chat.Unread{}) {
		t.Errorf("a place that is not here: %+v", got)
	}
}
