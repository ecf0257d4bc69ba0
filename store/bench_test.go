package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"hubbub/store"
	"hubbub/store/chat"
)

func bigEvent(room, i int) store.Event {
	id := fmt.Sprintf("$%043d", room*100000+i)
	raw := fmt.Sprintf(`{"type":"m.room.message","event_id":"%s","sender":"@user%d:example.org","origin_server_ts":%d,"content":{"msgtype":"m.text","body":"message %d says that the harbour is open and the ships are in"},"unsigned":{"age":1234}}`, id, i%40, 1700000000000+i*1000, i)
	return store.Event{
		ID: chat.EventID(id), Sender: chat.UserID(fmt.Sprintf("@user%d:example.org", i%40)), Time: time.UnixMilli(1700000000000 + int64(i)*1000),
		Type: "m.room.message", Body: fmt.Sprintf("message %d says that the harbour is open and the ships are in", i), Raw: []byte(raw),
	}
}

// fillAccount writes rooms as a first sync does, 100 to a transaction.
func fillAccount(tb testing.TB, s *store.Store, rooms, events, state int) {
	tb.Helper()
	for from := 0; from < rooms; from += 100 {
		err := s.Write(tb.Context(), func(tx *store.Tx) error {
			for r := from; r < min(from+100, rooms); r++ {
				id := chat.RoomID(fmt.Sprintf("!room%d:example.org", r))
				if _, err := tx.StartChunk(id, "t1", nil); err != nil {
					return err
				}
				var last chat.ItemKey
				for i := range events {
					put, err := tx.Append(id, bigEvent(r, i))
					if err != nil {
						return err
					}
					last = put.Key
				}
				for i := range state / 2 {
					if err := tx.PutState(id, store.State{Type: fmt.Sprintf("m.room.type%d", i), ID: "$someeventidentifier", Sender: "@user1:example.org", Content: []byte(`{"name":"some content of room state, say eighty bytes of it, or so"}`)}); err != nil {
						return err
					}
					if err := tx.PutMember(id, store.Member{User: chat.UserID(fmt.Sprintf("@user%d:example.org", i)), Membership: chat.MemberJoined, Name: fmt.Sprintf("User %d", i), ID: "$someeventidentifier"}); err != nil {
						return err
					}
				}
				if err := tx.UpdateRoom(id, func(room *store.Room) {
					room.Name, room.Topic, room.Membership, room.LastKey = fmt.Sprintf("Room %d", r), "What this room is about, in a sentence", chat.MemberJoined, last
					room.Joined, room.JoinRule, room.History, room.Version = 40, "public", "shared", "11"
					room.LastActive = time.UnixMilli(1700000000000)
				}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
}

func openBench(b *testing.B) *store.Store {
	b.Helper()
	s, err := store.Open(b.Context(), filepath.Join(b.TempDir(), "cache.db"), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

// BenchmarkFirstSync takes in 3,000 rooms with 60,000 timeline and 69,000 state events.
func BenchmarkFirstSync(b *testing.B) {
	for b.Loop() {
		s := openBench(b)
		fillAccount(b, s, 3000, 20, 23)
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*129000/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkLarge(b *testing.B) {
	path := filepath.Join(b.TempDir(), "cache.db")
	s, err := store.Open(b.Context(), path, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	fillAccount(b, s, 3000, 100, 20)
	ctx := context.WithoutCancel(b.Context())
	b.Run("Sidebar3000", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Sidebar(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Page60", func(b *testing.B) {
		i := 0
		for b.Loop() {
			i++
			p, err := s.Page(ctx, chat.PageQuery{Room: chat.RoomID(fmt.Sprintf("!room%d:example.org", i%3000)), Limit: 60})
			if err != nil || len(p.Items) != 60 {
				b.Fatal(len(p.Items), err)
			}
		}
	})
	b.Run("AppendOne", func(b *testing.B) {
		i := 1000
		for b.Loop() {
			i++
			if err := s.Write(ctx, func(tx *store.Tx) error {
				_, err := tx.Append("!room5:example.org", bigEvent(5, i))
				return err
			}); err != nil {
				b.Fatal(err)
			}
		}
	})
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	b.Run("Open", func(b *testing.B) {
		for b.Loop() {
			s, err := store.Open(ctx, path, store.Options{})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := s.Page(ctx, chat.PageQuery{Room: "!room7:example.org", Limit: 60}); err != nil {
				b.Fatal(err)
			}
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
