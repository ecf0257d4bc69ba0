package store_test

import (
	"fmt"
	"testing"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// sealedText is a decrypted message of a session.
func sealedText(n int, sender chat.UserID, session, body string) store.Event {
	ev := storetest.Text(n, sender, body)
	ev.Encrypted, ev.SessionID = true, session
	return ev
}

// TestShieldsAreShownAndRedrawn: what is said about a session stands at all
// messages that came with it, and a viewer learns when it is something else.
func TestShieldsAreShownAndRedrawn(t *testing.T) {
	s := storetest.New(t)
	const room, ann, bob = chat.RoomID("!r:x"), chat.UserID("@ann:x"), chat.UserID("@bob:x")
	storetest.Joined(t, s, room)
	put := func(session string, sender chat.UserID, shield chat.Shield, soft bool) {
		t.Helper()
		storetest.Write(t, s, func(tx *store.Tx) error {
			return tx.PutShield(room, store.Shield{Session: session, Sender: sender, Shield: shield, Soft: soft})
		})
	}
	edit := sealedText(6, ann, "s2", "edited")
	edit.RelType, edit.RelTarget = store.RelReplace, storetest.ID(2)
	plain := storetest.Text(4, bob, "in clear")
	plain.Plain = true
	locked := sealedText(5, bob, "s1", "")
	locked.Kind = chat.KindUndecrypted
	storetest.Write(t, s, func(tx *store.Tx) error {
		for _, ev := range []store.Event{
			sealedText(1, ann, "s1", "one"), sealedText(2, ann, "s1", "two"), edit, sealedText(3, bob, "s1", "not hers"), plain, locked,
		} {
			if _, err := tx.Append(room, ev); err != nil {
				return err
			}
		}
		return nil
	})
	put("s1", ann, chat.ShieldNone, false)
	put("s1", bob, chat.ShieldMismatch, false)
	put("s2", ann, chat.ShieldUnsigned, true)
	shields := func(want ...chat.Shield) {
		t.Helper()
		items := storetest.Page(t, s, room, 100).Items
		if len(items) != len(want) {
			t.Fatalf("%d items", len(items))
		}
		for i, m := range items {
			if m.Shield != want[i] {
				t.Errorf("%s has shield %v, want %v", m.ID, m.Shield, want[i])
			}
		}
	}
	shields(chat.ShieldNone, chat.ShieldUnsigned, chat.ShieldMismatch, chat.ShieldPlain, chat.ShieldNone)

	feed := s.Subscribe()
	defer s.Unsubscribe(feed)
	feed.Watch(room)
	redrawn := func() bool {
		t.Helper()
		set, err := feed.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return set.Timeline[room] != nil && set.Timeline[room].Reload
	}
	put("s2", ann, chat.ShieldUnsigned, true)
	put("s1", ann, chat.ShieldChanged, true) // there was nothing to say about these
	if redrawn() {
		t.Error("redrawn though nothing is different")
	}
	put("s2", ann, chat.ShieldNone, false)
	if !redrawn() {
		t.Error("not redrawn")
	}
	shields(chat.ShieldNone, chat.ShieldNone, chat.ShieldMismatch, chat.ShieldPlain, chat.ShieldNone)
	put("s1", ann, chat.ShieldUnsigned, false)
	shields(chat.ShieldUnsigned, chat.ShieldUnsigned, chat.ShieldMismatch, chat.ShieldPlain, chat.ShieldNone)

	all, err := s.ShieldsOf(t.Context(), ann)
	if err != nil || len(all[room]) != 2 {
		t.Errorf("shields of ann %v %v", all, err)
	}
	put("s3", bob, chat.ShieldUnknownSession, true)
	if all, err := s.ShieldsOf(t.Context()); err != nil || len(all[room]) != 1 || all[room][0].Session != "s3" {
		t.Errorf("of unknown sessions %v %v", all, err)
	}
}

// TestParentsAreTheSpacesThatListARoom, whatever they are called.
func TestParentsAreTheSpacesThatListARoom(t *testing.T) {
	s := storetest.New(t)
	storetest.Write(t, s, func(tx *store.Tx) error {
		for _, p := range []chat.RoomID{"!b:x", "!a:x"} {
			if err := tx.PutEdge(chat.SpaceEdge{Parent: p, Child: "!r:x"}); err != nil {
				return err
			}
		}
		return tx.PutEdge(chat.SpaceEdge{Parent: "!c:x", Child: "!other:x"})
	})
	got, err := s.Parents(t.Context(), "!r:x")
	if err != nil || len(got) != 2 || got[0] != "!a:x" || got[1] != "!b:x" {
		t.Errorf("parents %v %v", got, err)
	}
}

// BenchmarkPageOfShields measures what the shields cost a page of 60: the same
// messages in a room that is not encrypted, and with the sessions of a large account.
func BenchmarkPageOfShields(b *testing.B) {
	s := storetest.New(b)
	storetest.Write(b, s, func(tx *store.Tx) error {
		for n := range 60 {
			if _, err := tx.Append("!plain:x", storetest.Text(n, "@ann:x", "a message of a usual length")); err != nil {
				return err
			}
			if _, err := tx.Append("!sealed:x", sealedText(n, "@ann:x", fmt.Sprintf("session%d", n/10), "a message of a usual length")); err != nil {
				return err
			}
		}
		for n := range 30_000 {
			if err := tx.PutShield("!sealed:x", store.Shield{Session: fmt.Sprintf("session%d", n), Sender: "@ann:x", Shield: chat.Shield(n % 2)}); err != nil {
				return err
			}
		}
		return nil
	})
	for _, room := range []chat.RoomID{"!plain:x", "!sealed:x"} {
		b.Run(string(room), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if p, err := s.Page(b.Context(), chat.PageQuery{Room: room, Limit: 60}); err != nil || len(p.Items) != 60 {
					b.Fatal(len(p.Items), err)
				}
			}
		})
	}
}
