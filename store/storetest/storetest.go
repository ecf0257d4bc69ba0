// Package storetest gives tests temporary stores, builders for what they hold,
// and a consistency check that runs at every cleanup.
package storetest

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"hubbub/store"
	"hubbub/store/chat"
)

// Me is the account of every store that New makes.
const Me chat.UserID = "@me:example.org"

// New returns a store of the account Me in a temporary directory. At the end of
// the test it is checked and closed.
func New(tb testing.TB) *store.Store {
	tb.Helper()
	s := Open(tb, filepath.Join(tb.TempDir(), "cache.db"), store.Options{})
	Write(tb, s, func(tx *store.Tx) error {
		return tx.PutAccount(chat.Account{User: Me, Device: "HUBBUB", Homeserver: "https://example.org"})
	})
	return s
}

// Open opens a store that is checked and closed at the end of the test.
func Open(tb testing.TB, path string, o store.Options) *store.Store {
	tb.Helper()
	s, err := store.Open(tb.Context(), path, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		Check(tb, s)
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// Write runs a transaction that must succeed.
func Write(tb testing.TB, s *store.Store, fn func(*store.Tx) error) {
	tb.Helper()
	if err := s.Write(tb.Context(), fn); err != nil {
		tb.Fatal(err)
	}
}

// Joined makes a room that we are in.
func Joined(tb testing.TB, s *store.Store, room chat.RoomID) {
	tb.Helper()
	Write(tb, s, func(tx *store.Tx) error {
		return tx.UpdateRoom(room, func(r *store.Room) { r.Name, r.Membership = string(room), chat.MemberJoined })
	})
}

// Append puts events at the end of a room's timeline, one transaction for all,
// and returns their keys.
func Append(tb testing.TB, s *store.Store, room chat.RoomID, events ...store.Event) []chat.ItemKey {
	tb.Helper()
	keys := make([]chat.ItemKey, 0, len(events))
	Write(tb, s, func(tx *store.Tx) error {
		for _, ev := range events {
			put, err := tx.Append(room, ev)
			if err != nil {
				return err
			}
			keys = append(keys, put.Key)
		}
		return nil
	})
	return keys
}

// Limited starts a new chunk with a hole before it, and puts events into it, as a limited sync does.
func Limited(tb testing.TB, s *store.Store, room chat.RoomID, token string, events ...store.Event) {
	tb.Helper()
	Write(tb, s, func(tx *store.Tx) error {
		ids := make([]chat.EventID, 0, len(events))
		for _, ev := range events {
			ids = append(ids, ev.ID)
		}
		if _, err := tx.StartChunk(room, token, ids); err != nil {
			return err
		}
		for _, ev := range events {
			if _, err := tx.Append(room, ev); err != nil {
				return err
			}
		}
		return nil
	})
}

// Page returns the newest items of a room.
func Page(tb testing.TB, s *store.Store, room chat.RoomID, limit int) chat.Page {
	tb.Helper()
	p, err := s.Page(tb.Context(), chat.PageQuery{Room: room, Limit: limit})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// Check fails the test for everything that store.Store.Verify finds. A store
// that the test has closed is left alone.
func Check(tb testing.TB, s *store.Store) {
	tb.Helper()
	// A test's own context is cancelled by the time cleanups run.
	wrong, err := s.Verify(context.WithoutCancel(tb.Context()))
	if errors.Is(err, store.ErrClosed) {
		return
	}
	if err != nil {
		tb.Error(err)
	}
	for _, w := range wrong {
		tb.Error(w)
	}
}
