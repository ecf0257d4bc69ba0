package store_test

import (
	"testing"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// A transaction sees its own writes of a room, whatever wrote them.
func TestATransactionSeesTheRoomAsItWroteIt(t *testing.T) {
	s := storetest.New(t)
	storetest.Write(t, s, func(tx *store.Tx) error {
		see := func(want chat.Membership, known bool, heroes int) {
			t.Helper()
			r, ok, err := tx.Room(room)
			if err != nil || ok != known || r.Membership != want || len(r.Heroes) != heroes || r.ID != room || !r.CanSend {
				t.Errorf("room is %+v, known %v, %v", r, ok, err)
			}
		}
		see(chat.MemberNone, false, 0)
		if err := tx.PutState(room, store.State{Type: "m.room.topic", ID: "$t", Sender: ada}); err != nil {
			return err
		}
		see(chat.MemberNone, true, 0)
		if err := tx.UpdateRoom(room, func(r *store.Room) {
			r.Membership, r.Heroes = chat.MemberJoined, []chat.UserID{ada}
		}); err != nil {
			return err
		}
		see(chat.MemberJoined, true, 1)
		r, _, err := tx.Room(room)
		if err != nil {
			return err
		}
		r.Heroes[0] = "@somebody:else"
		if r, _, err = tx.Room(room); err != nil || r.Heroes[0] != ada {
			t.Errorf("what a caller does to its copy changes the room: %v %v", r.Heroes, err)
		}
		if err := tx.ForgetRoom(room); err != nil {
			return err
		}
		see(chat.MemberNone, false, 0)
		return tx.UpdateRoom(room, func(r *store.Room) { r.Membership = chat.MemberInvited })
	})
	r, known, err := s.Room(t.Context(), room)
	if err != nil || !known || r.Membership != chat.MemberInvited {
		t.Errorf("afterwards it is %+v, %v, %v", r, known, err)
	}
}

// Rooms of one response take turns, and each goes on where it ended.
func TestAppendsToRoomsInTurn(t *testing.T) {
	s := storetest.New(t)
	other := chat.RoomID("!other:example.org")
	n := 0
	for range 3 {
		storetest.Write(t, s, func(tx *store.Tx) error {
			for range 4 {
				for _, id := range []chat.RoomID{room, room, other} {
					n++
					ev := bigEvent(1, n)
					if _, err := tx.Append(id, ev); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	for id, want := range map[chat.RoomID]int{room: 24, other: 12} {
		p, err := s.Page(t.Context(), chat.PageQuery{Room: id, Limit: 100})
		if err != nil || len(p.Items) != want {
			t.Fatalf("%s has %d items, %v", id, len(p.Items), err)
		}
		for i := 1; i < len(p.Items); i++ {
			if p.Items[i].Seq != p.Items[i-1].Seq+1 || !p.Items[i].Time.After(p.Items[i-1].Time) {
				t.Errorf("%s: item %d does not follow the one before", id, i)
			}
		}
	}
}
