package store_test

import (
	"slices"
	"testing"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// TestPeople: found by the beginning of a word of the name or of the id, in
// rooms that one is in, each once; what stands for anything in SQL stands for itself.
func TestPeople(t *testing.T) {
	s := storetest.New(t)
	const other, left = chat.RoomID("!other:example.org"), chat.RoomID("!left:example.org")
	storetest.Joined(t, s, room)
	storetest.Joined(t, s, other)
	storetest.Joined(t, s, left)
	storetest.Write(t, s, func(tx *store.Tx) error {
		for r, names := range map[chat.RoomID]map[chat.UserID]string{
			room:  {storetest.Me: "Bo too", bo: "Bo", ada: "Ada Boss", "@harbour:example.org": "Harbour", "@p:example.org": "100%_", "@gone:example.org": "Bo"},
			other: {ada: "Ada Boss", "@bora:example.org": ""},
			left:  {"@boris:example.org": "Boris"},
		} {
			for u, name := range names {
				m := store.Member{User: u, Membership: chat.MemberJoined, Name: name}
				if u == "@gone:example.org" {
					m.Membership = chat.MemberLeft
				}
				if err := tx.PutMember(r, m); err != nil {
					return err
				}
			}
		}
		return tx.UpdateRoom(left, func(r *store.Room) { r.Membership = chat.MemberLeft })
	})
	for text, want := range map[string][]chat.UserID{
		"bo":    {ada, bo, "@bora:example.org"}, // ada is met twice
		" @BO ": {ada, bo, "@bora:example.org"},
		"boss":  {ada},
		"0%":    nil,
		"100%":  {"@p:example.org"},
		"100%_": {"@p:example.org"},
		"%":     nil,
		`\`:     nil,
		"":      nil,
	} {
		found, err := s.People(t.Context(), text, 10)
		if err != nil {
			t.Fatal(err)
		}
		var got []chat.UserID
		for _, m := range found {
			got = append(got, m.User)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q finds %v, want %v", text, got, want)
		}
	}
	if found, err := s.People(t.Context(), "bo", 1); err != nil || len(found) != 1 || found[0].Name != "Ada Boss" {
		t.Errorf("the first is %+v, %v", found, err)
	}
}
