package store_test

import (
	"testing"
	"time"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

func TestEncryptionIsLatched(t *testing.T) {
	s := storetest.New(t)
	set := func(on bool) {
		storetest.Write(t, s, func(tx *store.Tx) error {
			return tx.UpdateRoom(room, func(r *store.Room) { r.Membership, r.Encrypted = chat.MemberJoined, on })
		})
	}
	encrypted := func() bool {
		r, _, err := s.Room(t.Context(), room)
		if err != nil {
			t.Fatal(err)
		}
		return r.Encrypted
	}
	set(false)
	if encrypted() {
		t.Fatal("encrypted from the start")
	}
	set(true)
	set(false)
	if !encrypted() {
		t.Error("went back to plaintext")
	}
	storetest.Write(t, s, func(tx *store.Tx) error { return tx.ForgetRoom(room) })
	set(false)
	if !encrypted() {
		t.Error("went back to plaintext after it was forgotten")
	}
	outside(t, s.Path(), `UPDATE room SET encrypted = 0`)
	if !encrypted() {
		t.Error("the file itself lets a room go back to plaintext")
	}
}

func TestSidebarListsWhatOneIsInOrInvitedTo(t *testing.T) {
	s := storetest.New(t)
	feed := s.Subscribe()
	want := chat.Room{
		ID: room, Name: "general", Topic: "ships", Alias: "#g:x", Avatar: "mxc://a/b", Type: chat.RoomVoice, Membership: chat.MemberInvited, Inviter: ada,
		Reason: "come", Direct: true, DirectWith: ada, Encrypted: true, Version: "12", JoinRule: "invite", History: "shared", Successor: "!n:x", Joined: 3,
		Invited: 2, Unread: 4, Mentions: 1, HasUnread: true, Marked: true, Notify: chat.NotifyMuted, Favourite: true, LowPrio: true,
		LastActive: storetest.At(0), FullyRead: "$f", ReadUpTo: "$r", CanSend: true,
	}
	storetest.Write(t, s, func(tx *store.Tx) error {
		for _, m := range []chat.Membership{chat.MemberLeft, chat.MemberBanned, chat.MemberNone} {
			if err := tx.UpdateRoom(chat.RoomID("!"+m.String()), func(r *store.Room) { r.Membership = m }); err != nil {
				return err
			}
		}
		return tx.UpdateRoom(room, func(r *store.Room) { r.Room = want })
	})
	bar, err := s.Sidebar(t.Context())
	if err != nil || len(bar.Rooms) != 1 || bar.Rooms[0] != want {
		t.Errorf("sidebar %+v, %v, want %+v", bar.Rooms, err, want)
	}
	if set := next(t, feed); len(set.Rooms) != 1 || set.Rooms[0] != want {
		t.Errorf("the feed tells %+v", set.Rooms)
	}
	storetest.Write(t, s, func(tx *store.Tx) error { return tx.UpdateRoom(room, func(*store.Room) {}) })
	if set := next(t, feed); set.Rooms != nil {
		t.Error("a change of nothing is told")
	}
	storetest.Write(t, s, func(tx *store.Tx) error {
		return tx.UpdateRoom(room, func(r *store.Room) { r.Membership = chat.MemberLeft })
	})
	if set := next(t, feed); len(set.Gone) != 1 {
		t.Error("leaving is not told")
	}
}

func TestMembersByPowerAndName(t *testing.T) {
	for name, c := range map[string]struct {
		levels, create string
		want           []int
	}{
		"levels":           {`{"users":{"@ada:example.org":100,"@bo:example.org":"50"},"users_default":1}`, `{"room_version":"11"}`, []int{100, 50, 1}},
		"no levels":        {``, `{"room_version":"11"}`, []int{100, 0, 0}},
		"version 12":       {`{"users":{"@bo:example.org":50}}`, `{"room_version":"12"}`, []int{chat.PowerCreator, 50, 0}},
		"nonsense":         {`{"users":[1,2],"users_default":{"a":1}}`, `{"room_version":12}`, []int{0, 0, 0}},
		"absurd":           {`{"users":{"@ada:example.org":1e300}}`, `[]`, []int{1 << 53, 0, 0}},
		"without a create": {`{"users_default":5}`, ``, []int{5, 5, 5}},
	} {
		t.Run(name, func(t *testing.T) {
			s := storetest.New(t)
			storetest.Write(t, s, func(tx *store.Tx) error {
				for _, m := range []store.Member{
					{User: "@zoe:example.org", Membership: chat.MemberJoined, Name: "Zoe"},
					{User: bo, Membership: chat.MemberJoined, Name: "Bo"},
					{User: ada, Membership: chat.MemberJoined, Name: "Ada"},
					{User: "@gone:example.org", Membership: chat.MemberLeft},
				} {
					if err := tx.PutMember(room, m); err != nil {
						return err
					}
				}
				for eventType, content := range map[string]string{"m.room.power_levels": c.levels, "m.room.create": c.create} {
					if content == "" {
						continue
					}
					if err := tx.PutState(room, store.State{Type: eventType, Sender: ada, Content: []byte(content)}); err != nil {
						return err
					}
				}
				return nil
			})
			all, err := s.Members(t.Context(), room)
			if err != nil || len(all) != 3 {
				t.Fatal(all, err)
			}
			for i, user := range []chat.UserID{ada, bo, "@zoe:example.org"} {
				if all[i].User != user || all[i].Power != c.want[i] {
					t.Errorf("place %d: %+v, want %s with %d", i, all[i], user, c.want[i])
				}
			}
		})
	}
}

func TestReplaceMembers(t *testing.T) {
	s := storetest.New(t)
	storetest.Write(t, s, func(tx *store.Tx) error {
		if err := tx.PutMember(room, store.Member{User: bo, Membership: chat.MemberJoined}); err != nil {
			return err
		}
		return tx.ReplaceMembers(room, []store.Member{{User: ada, Membership: chat.MemberJoined, Name: "Ada"}})
	})
	all, err := s.MembersIn(t.Context(), room)
	if err != nil || len(all) != 1 || all[0].Name != "Ada" {
		t.Errorf("members %+v, %v", all, err)
	}
	if r, _, err := s.Room(t.Context(), room); err != nil || !r.MembersComplete {
		t.Errorf("the list is not complete: %v", err)
	}
}

func TestReceiptsGoForwardOnly(t *testing.T) {
	s := storetest.New(t)
	storetest.Append(t, s, room, texts(1, 5)...)
	put := func(event int, after time.Duration) (moved bool) {
		storetest.Write(t, s, func(tx *store.Tx) (err error) {
			moved, err = tx.PutReceipt(room, store.Receipt{User: bo, Event: storetest.ID(event), Time: storetest.At(0).Add(after)})
			return err
		})
		return moved
	}
	if !put(3, time.Minute) || put(2, time.Hour) || !put(4, 0) || put(4, 0) {
		t.Error("a receipt went backwards, or stood still")
	}
	seen, err := s.Receipts(t.Context(), room)
	if err != nil || len(seen) != 1 || seen[0].Event != storetest.ID(4) {
		t.Errorf("receipts %+v, %v", seen, err)
	}
	storetest.Write(t, s, func(tx *store.Tx) error {
		n, _, known, err := tx.UnreadSince(room, storetest.ID(4))
		if n != 1 || !known {
			t.Errorf("%d unread, known %v", n, known)
		}
		return err
	})
}

func TestSmallThings(t *testing.T) {
	s, ctx := storetest.New(t), t.Context()
	storetest.Write(t, s, func(tx *store.Tx) error {
		for _, err := range []error{
			tx.PutAccountData("", "m.direct", []byte(`{}`)), tx.PutUIState("k", []byte("v")), tx.PutUIState("k", nil),
			tx.PutMedia(store.MediaFile{URI: "mxc://a/1", File: "1", Size: 60, LastUsed: storetest.At(0)}),
			tx.PutMedia(store.MediaFile{URI: "mxc://a/2", File: "2", Size: 60, LastUsed: storetest.At(0)}),
			tx.TouchMedia("mxc://a/1"),
			tx.WantSession(store.Wanted{Room: room, Session: "s", Attempts: 1, NextTry: storetest.At(0)}),
			tx.WantSession(store.Wanted{Room: room, Session: "s"}),
			tx.PutDraft(chat.Draft{Room: room, Text: "x"}), tx.PutDraft(chat.Draft{Room: room}),
			tx.UpdateRoom(room, func(r *store.Room) { r.Membership, r.Encrypted = chat.MemberJoined, true }),
			tx.PutMember(room, store.Member{User: ada, Membership: chat.MemberJoined}),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	if data, ok, err := s.AccountData(ctx, "", "m.direct"); err != nil || !ok || string(data) != `{}` {
		t.Errorf("account data: %s %v", data, err)
	}
	if v, err := s.UIState(ctx, "k"); err != nil || v != nil {
		t.Errorf("ui state: %q %v", v, err)
	}
	if old, err := s.OldMedia(ctx, 100); err != nil || len(old) != 1 || old[0].URI != "mxc://a/2" {
		t.Errorf("old media: %+v %v", old, err)
	}
	if w, err := s.WantedSessions(ctx, storetest.At(0), 5); err != nil || len(w) != 1 || w[0].Attempts != 1 {
		t.Errorf("wanted: %+v %v", w, err)
	}
	if d, err := s.Drafts(ctx); err != nil || len(d) != 0 {
		t.Errorf("an empty draft stays: %+v %v", d, err)
	}
	if a, ok, err := s.Account(ctx); err != nil || !ok || a.User != storetest.Me {
		t.Errorf("account: %+v %v", a, err)
	}
}
