package store_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// full makes a cache with a draft, an unsent message and an encrypted room, and closes it.
func full(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "cache.db")
	s := storetest.Open(t, path, store.Options{})
	for n := range 40 {
		storetest.Append(t, s, room, texts(n*50, n*50+49)...)
	}
	storetest.Write(t, s, func(tx *store.Tx) error {
		if err := tx.PutAccount(chat.Account{User: storetest.Me}); err != nil {
			return err
		}
		if err := tx.UpdateRoom(room, func(r *store.Room) { r.Membership, r.Encrypted = chat.MemberJoined, true }); err != nil {
			return err
		}
		if err := tx.PutUIState("folded", []byte("x")); err != nil {
			return err
		}
		if _, err := storetest.Echo(tx, room, "txn1", "unsent"); err != nil {
			return err
		}
		return tx.PutDraft(chat.Draft{Room: room, Text: "half a thought"})
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func rebuild(t *testing.T, path string) (*store.Store, store.Salvaged) {
	t.Helper()
	s, res, err := store.Rebuild(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	storetest.Check(t, s)
	return s, res
}

func TestRebuildKeepsWhatOnlyTheCacheHad(t *testing.T) {
	s, res := rebuild(t, full(t))
	if res.Drafts != 1 || res.Unsent != 1 || res.Lost {
		t.Errorf("salvaged %+v", res)
	}
	expect(t, s, "unsent")
	p, ok, err := s.NextPending(t.Context(), room)
	if err != nil || !ok || p.Txn != "txn1" || p.Out.Text != "unsent" {
		t.Errorf("the outbox has %+v, %v", p, err)
	}
	if r, _, err := s.Room(t.Context(), room); err != nil || !r.Encrypted {
		t.Errorf("the room forgot that it is encrypted: %v", err)
	}
	if d, err := s.Drafts(t.Context()); err != nil || len(d) != 1 || d[0].Text != "half a thought" {
		t.Errorf("drafts: %v %v", d, err)
	}
	if v, err := s.UIState(t.Context(), "folded"); err != nil || string(v) != "x" {
		t.Errorf("ui state: %q %v", v, err)
	}
	if _, err := os.Stat(res.Moved); err != nil {
		t.Errorf("the damaged file: %v", err)
	}
}

// Wherever the damage is: the store says so or works, and Rebuild always gives a sound store.
func TestDamageAnywhere(t *testing.T) {
	whole, err := os.ReadFile(full(t))
	if err != nil {
		t.Fatal(err)
	}
	rebuilt := 0
	for at := 0; at < len(whole); at += max(len(whole)/40, 4096) {
		damaged := bytes.Clone(whole)
		for i := at; i < min(at+5000, len(damaged)); i++ {
			damaged[i] ^= 0x5a
		}
		path := filepath.Join(t.TempDir(), "cache.db")
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := use(t.Context(), path); err != nil {
			if !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("damage at %d is told as %v", at, err)
			}
			rebuilt++
			s, _ := rebuild(t, path)
			storetest.Append(t, s, room, texts(1, 3)...)
		}
	}
	if rebuilt < 3 {
		t.Errorf("only %d of the damages were noticed", rebuilt)
	}
	for name, content := range map[string][]byte{"text": []byte(strings.Repeat("no database ", 1000)), "cut off": whole[:len(whole)/2]} {
		path := filepath.Join(t.TempDir(), "cache.db")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := use(t.Context(), path); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
		rebuild(t, path)
	}
}

// use reads and writes as a session does; it returns the first error.
func use(ctx context.Context, path string) error {
	s, err := store.Open(ctx, path, store.Options{})
	if err != nil {
		return err
	}
	_, err = s.Sidebar(ctx)
	if err == nil {
		_, err = s.Page(ctx, chat.PageQuery{Room: room, Limit: 500})
	}
	if err == nil {
		err = s.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.Append(room, storetest.Text(99999, ada, "more"))
			return err
		})
	}
	if closeErr := s.Close(); err == nil {
		err = closeErr
	}
	return err
}
