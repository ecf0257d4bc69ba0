package crypto

import (
	"strings"
	"testing"
	"time"

	"hubbub/store/chat"
)

// TestHistoryIsWhatLaterMembersMayHave: what was said while only members might read stays theirs.
func TestHistoryIsWhatLaterMembersMayHave(t *testing.T) {
	alice, _ := person(t, "alice")
	bob, bobAccount := person(t, "bob")
	room := roomOf(t, alice, bob)
	open := alice.say(room, "open")
	alice.book.visibility[chat.RoomID(room)] = "joined"
	hidden := alice.say(room, "hidden")
	alice.book.visibility[chat.RoomID(room)] = "world_readable"
	world := bob.say(room, "bob's")
	alice.hear(room, "open", "hidden", "bob's")
	shared, kept, err := alice.m.History(t.Context(), chat.RoomID(room))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, k := range shared {
		names[k.Session] = k.Key != ""
	}
	if len(shared) != 2 || !names[open] || !names[world] {
		t.Errorf("shared %v", shared)
	}
	if len(kept) != 1 || kept[0].Session != hidden || kept[0].Key != "" {
		t.Errorf("kept %v", kept)
	}

	// Only sessions that their owner has confirmed may have it, and none of somebody with another identity than before.
	second := bob.newSession(t, bobAccount)
	alice.refresh(bob.UserID)
	to, err := alice.m.MayGetHistory(t.Context(), chat.RoomID(room), chat.UserID(bob.UserID))
	if err != nil || len(to) != 1 || string(to[0]) != bob.DeviceID {
		t.Errorf("history may go to %v %v, and not to %s", to, err, second.DeviceID)
	}
	bob.identify(bobAccount)
	alice.refresh(bob.UserID)
	if to, err := alice.m.MayGetHistory(t.Context(), chat.RoomID(room), chat.UserID(bob.UserID)); err == nil {
		t.Errorf("a new identity gets history: %v", to)
	}
}

// TestOffersOfHistoryAreKeptAndBounded: until their sender's invitation is
// accepted, also over a restart, and without filling the disk.
func TestOffersOfHistoryAreKeptAndBounded(t *testing.T) {
	o := options(t, t.TempDir()+"/crypto.db", "http://127.0.0.1:1")
	m := mustOpen(t, o)
	put := func(room chat.RoomID, content string) {
		t.Helper()
		if err := m.PutBundle(t.Context(), Bundle{Room: room, From: "@a:x", Key: "key", Content: chat.Secret(content)}); err != nil {
			t.Fatal(err)
		}
	}
	list := func() []Bundle {
		t.Helper()
		all, err := m.Bundles(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	put("!r:x", "first")
	put("!r:x", "second")
	mustClose(t, m)
	m = mustOpen(t, o)
	defer func() { mustClose(t, m) }()
	all := list()
	if len(all) != 1 || all[0].Content != "second" || all[0].From != "@a:x" || all[0].Key != "key" || time.Since(all[0].At) > time.Minute {
		t.Fatalf("kept %+v", all)
	}
	if err := m.EndBundle(t.Context(), all[0], true); err != nil {
		t.Fatal(err)
	}
	put("!r:x", "again")
	if all := list(); len(all) != 0 {
		t.Errorf("taken twice: %+v", all)
	}
	if err := m.ForgetBundles(t.Context(), "!r:x"); err != nil {
		t.Fatal(err)
	}
	put("!r:x", "after a new invitation")
	for i := range 2 * maxBundles {
		put(chat.RoomID("!"+strings.Repeat("x", i+1)+":x"), "flood")
	}
	if all := list(); len(all) != maxBundles || all[0].Content != "after a new invitation" {
		t.Errorf("%d kept", len(all))
	}
	if _, err := m.db.Exec(t.Context(), `UPDATE hubbub_bundle SET at_ms=1`); err != nil {
		t.Fatal(err)
	}
	put("!late:x", "next week")
	if all := list(); len(all) != 1 || all[0].Room != "!late:x" {
		t.Errorf("old ones are kept: %d", len(all))
	}
	var secrets int
	if err := m.db.QueryRow(t.Context(), `SELECT count(*) FROM crypto_secrets`).Scan(&secrets); err != nil || secrets != 1 {
		t.Errorf("%d secrets %v", secrets, err)
	}
}

// TestWhatIsNotSharedIsExplained: the inviter said so; the sender's own refusal counts more.
func TestWhatIsNotSharedIsExplained(t *testing.T) {
	o := options(t, t.TempDir()+"/crypto.db", "http://127.0.0.1:1")
	m := mustOpen(t, o)
	defer mustClose(t, m)
	if err := m.NotShared(t.Context(), "!r:x", []string{"session", strings.Repeat("x", 1000)}); err != nil {
		t.Fatal(err)
	}
	for room, want := range map[chat.RoomID]string{"!r:x": CodeHistoryNotShared, "!other:x": ""} {
		if code, err := m.refusedBy(t.Context(), room, "session", "@a:x"); err != nil || code != want {
			t.Errorf("in %s: %q %v", room, code, err)
		}
	}
}
