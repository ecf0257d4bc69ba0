package crypto

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

func TestTwoPeopleReadEachOtherAlsoAfterRestarts(t *testing.T) {
	a, b, room := couple(t, megolm)
	first := a.say(room, "hello")
	b.hear(room, "hello")
	if came := b.came(false); len(came) != 1 || came[0] != first {
		t.Errorf("OnKey told of %q, want %q", came, first)
	}
	b.say(room, "hello yourself")
	a.hear(room, "hello", "hello yourself")

	a.restart()
	b.restart()
	if s := a.say(room, "again"); s != first {
		t.Errorf("session after restart is %s, want %s", s, first)
	}
	b.hear(room, "hello yourself", "again")
	b.say(room, "still here")
	a.hear(room, "again", "still here")
}

func TestSameEventCanBeReadAgainButNotUnderAnotherName(t *testing.T) {
	a, b, room := couple(t, megolm)
	a.say(room, "once")
	var ev jsontext.Value
	matrixtest.Wait(t, waitLimit, "event", func() bool {
		if evs := b.sync().Encrypted(room); len(evs) > 0 {
			ev = evs[0]
		}
		return ev != nil
	})
	for range 2 {
		if got := b.read(room, ev); got != "once" {
			t.Fatalf("read %q", got)
		}
	}
	change := func(key string, value any) jsontext.Value {
		var m map[string]any
		if err := json.Unmarshal(ev, &m); err != nil {
			t.Fatal(err)
		}
		m[key] = value
		raw, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	if got := b.read(room, change("event_id", "$replayed")); got != "!corrupt" {
		t.Errorf("replayed event reads %q", got)
	}
	b.restart() // the memory of used indices is on disk by now
	if got := b.read(room, change("event_id", "$replayed")); got != "!corrupt" {
		t.Errorf("replayed event reads %q after a restart", got)
	}
	if got := b.read(room, change("sender", "@mallory:example.org")); got != "!corrupt" {
		t.Errorf("event under another sender reads %q", got)
	}
	b.book.set("!other:x", megolm, a.UserID, b.UserID)
	if got := b.read("!other:x", ev); got != "!unknown session" {
		t.Errorf("event moved to another room reads %q", got)
	}
}

func TestFallbackKeyServesWhenOneTimeKeysAreUsedUp(t *testing.T) {
	a, b, room := couple(t, megolm)
	if err := b.m.SetValue(t.Context(), fallbackNote, []byte("2020-02-20T20:20:20Z")); err != nil { // a new one stays for a while
		t.Fatal(err)
	}
	b.close() // offline: nobody renews the keys
	claim := map[string]any{"one_time_keys": map[string]any{b.UserID: map[string]any{b.DeviceID: "signed_curve25519"}}}
	for n := 0; ; n++ {
		var resp json.RawMessage
		a.Call(http.MethodPost, "/_matrix/client/v3/keys/claim", claim, &resp)
		if strings.Contains(string(resp), `"fallback":true`) {
			if n == 0 {
				t.Fatal("there were no one-time keys")
			}
			break
		}
		if n > 2*otkTarget {
			t.Fatalf("no fallback key after %d claims", n)
		}
	}
	a.say(room, "you were away")
	b.open()
	b.hear(room, "you were away")

	matrixtest.Wait(t, waitLimit, "stock of keys renewed", func() bool {
		keys := b.sync().Keys
		return keys.OTKCounts["signed_curve25519"] >= otkTarget-1 && len(keys.FallbackTypes) == 1 // one is claimed to look at it
	})
}

func TestKeyRotatesAfterAsManyMessagesAsTheRoomSays(t *testing.T) {
	a, b, room := couple(t, `{"algorithm":"m.megolm.v1.aes-sha2","rotation_period_msgs":2}`)
	s := []string{a.say(room, "1"), a.say(room, "2"), a.say(room, "3")}
	b.hear(room, "1", "2", "3")
	if s[0] != s[1] || s[1] == s[2] {
		t.Errorf("sessions %q, want a new one for the third message only", s)
	}
}

func TestWhoLeavesCannotReadOn(t *testing.T) {
	a, b, room := couple(t, megolm)
	hs := matrixtest.Synapse(t)
	c := newDevice(t, hs.NewClient(t, "carol"))
	a.Invite(room, c.UserID)
	c.Join(room)
	a.book.set(room, megolm, a.UserID, b.UserID, c.UserID)
	a.sync()
	first := a.say(room, "the three of us")
	c.hear(room, "the three of us")

	a.Kick(room, c.UserID, "")
	a.book.set(room, megolm, a.UserID, b.UserID)
	second := a.say(room, "the two of us")
	if first == second {
		t.Error("the session that the kicked one has was used on")
	}
	b.hear(room, "the three of us", "the two of us")
	c.sync()
	if c.has(room, second) {
		t.Error("the kicked one has the new key")
	}
}

func TestNewDeviceReadsFromThenOn(t *testing.T) {
	hs := matrixtest.Synapse(t)
	account := hs.NewAccount(t, "bob")
	a, b, room := couple(t, megolm)
	_ = b
	d1 := newDevice(t, hs.Login(t, account))
	a.Invite(room, d1.UserID)
	d1.Join(room)
	a.book.set(room, megolm, a.UserID, b.UserID, d1.UserID)
	a.sync()
	first := a.say(room, "before")
	d1.hear(room, "before")

	d2 := newDevice(t, hs.Login(t, account))
	matrixtest.Wait(t, waitLimit, "device list change", func() bool {
		a.sync()
		return len(a.m.tracked.due(nil, time.Now())) > 0 || a.knows(d2)
	})
	if second := a.say(room, "after"); second != first {
		t.Error("a new device made the session change")
	}
	d1.hear(room, "after")
	d2.since = ""
	d2.hear(room, "!unknown index", "after")
}

func TestEncryptRefusesRatherThanLeak(t *testing.T) {
	a, b, room := couple(t, megolm)
	ctx := t.Context()
	content := jsontext.Value(`{"msgtype":"m.text","body":"secret"}`)

	if _, err := a.m.Encrypt(ctx, "!plain:x", "m.room.message", content); !errors.Is(err, ErrNotEncrypted) {
		t.Errorf("unencrypted room: %v", err)
	}
	a.book.set("!odd:x", `{"algorithm":"org.example.rot13"}`, a.UserID)
	if _, err := a.m.Encrypt(ctx, "!odd:x", "m.room.message", content); !errors.Is(err, ErrAlgorithm) {
		t.Errorf("unknown algorithm: %v", err)
	}

	// Only those seen in the timeline are known: the whole list is fetched first.
	a.book.members[chat.RoomID(room)] = Members{Joined: []chat.UserID{chat.UserID(a.UserID)}}
	if _, err := a.m.Encrypt(ctx, chat.RoomID(room), "m.room.message", content); !errors.Is(err, ErrMembers) {
		t.Errorf("incomplete members: %v", err)
	}
	a.book.fetch = func(chat.RoomID) Members {
		return Members{Joined: []chat.UserID{chat.UserID(a.UserID), chat.UserID(b.UserID)}, Complete: true}
	}
	a.say(room, "all of you")
	b.hear(room, "all of you")
}

func TestInvitedPeopleGetKeysWhenTheRoomLetsThemRead(t *testing.T) {
	a, b, room := couple(t, megolm)
	hs := matrixtest.Synapse(t)
	c := newDevice(t, hs.NewClient(t, "carol"))
	a.Invite(room, c.UserID)
	invited := []chat.UserID{chat.UserID(c.UserID)}
	joined := []chat.UserID{chat.UserID(a.UserID), chat.UserID(b.UserID)}
	a.book.members[chat.RoomID(room)] = Members{Joined: joined, Invited: invited, Complete: true}

	a.book.visibility[chat.RoomID(room)] = "joined"
	s1 := a.say(room, "members only")
	a.book.visibility[chat.RoomID(room)] = "shared"
	s2 := a.say(room, "guests too")
	c.sync()
	for session, want := range map[string]bool{s1: s1 == s2, s2: true} {
		if ok := c.has(room, session); ok != want {
			t.Errorf("invited has key: %v, want %v", ok, want)
		}
	}
}

func TestOtherToDeviceEventsReachTheHook(t *testing.T) {
	a, b, room := couple(t, megolm)
	a.say(room, "so that there is an Olm session")
	b.hear(room, "so that there is an Olm session")
	eng, err := a.m.engine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dev, err := eng.store.GetDevice(t.Context(), idUser(b.UserID), idDevice(b.DeviceID))
	if err != nil || dev == nil {
		t.Fatalf("device: %v %v", dev, err)
	}
	ok, err := a.m.sendSealed(t.Context(), target{dev, toDeviceType("org.example.call_key"), rawContent(`{"n":1}`)})
	if !ok || err != nil {
		t.Fatalf("send: %v %v", ok, err)
	}
	matrixtest.Wait(t, waitLimit, "event", func() bool { b.sync(); return len(b.got) > 0 })
	ev := b.got[0]
	if ev.Type != "org.example.call_key" || !ev.Encrypted || string(ev.Sender) != a.UserID || ev.Device == nil || string(ev.Content) != `{"n":1}` {
		t.Errorf("received %+v", ev)
	}
}

func TestNothingOfAFailedSyncIsKeptAndTheRepeatIsWhole(t *testing.T) {
	a, b, room := couple(t, megolm)
	session := a.say(room, "precious")
	answer := b.MustAsk(b.since)
	td := ToDevice(answer.Keys)
	ctx := t.Context()
	b.m.db.RawDB.SetMaxOpenConns(1)
	if _, err := b.m.db.Exec(ctx, `CREATE TRIGGER full BEFORE INSERT ON crypto_megolm_inbound_session BEGIN SELECT RAISE(ABORT, 'disk full'); END`); err != nil {
		t.Fatal(err)
	}
	if err := b.m.HandleSync(ctx, td); err == nil {
		t.Fatal("HandleSync hid that the key was not saved")
	}
	if _, err := b.m.db.Exec(ctx, `DROP TRIGGER full`); err != nil {
		t.Fatal(err)
	}
	if err := b.m.HandleSync(ctx, td); err != nil {
		t.Fatalf("repeat: %v", err)
	}
	if !b.has(room, session) {
		t.Error("the repeat did not bring the key")
	}
	if err := b.m.HandleSync(ctx, td); err != nil { // and a repeat of what is known does no harm
		t.Fatalf("second repeat: %v", err)
	}
	b.since = answer.Next
	b.say(room, "thanks")
	a.hear(room, "precious", "thanks")
}

func TestBrokenOlmSessionIsReplaced(t *testing.T) {
	a, b, room := couple(t, megolm)
	a.say(room, "one")
	b.hear(room, "one")
	b.say(room, "two")
	a.hear(room, "one", "two")
	forget := func(d *device) { // a new Megolm session for the next message
		eng, err := d.m.engine(t.Context())
		if err == nil {
			err = eng.store.RemoveOutboundGroupSession(t.Context(), idRoom(room))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.m.db.Exec(t.Context(), `DELETE FROM crypto_olm_session`); err != nil {
		t.Fatal(err)
	}
	b.restart()
	forget(a)
	a.say(room, "lost")
	b.hear(room, "two", "!unknown session")

	var before Counts
	matrixtest.Wait(t, waitLimit, "new session", func() bool {
		c, err := b.m.Counts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return c.Olm == 1
	})
	matrixtest.Wait(t, waitLimit, "word of the new session", func() bool {
		a.sync()
		c, err := a.m.Counts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if before.Olm == 0 {
			before = c
		}
		return c.Olm > 1
	})
	forget(a)
	a.say(room, "found")
	b.hear(room, "found")
}

func TestMissingKeyIsAskedForOnOwnDevicesOnce(t *testing.T) {
	hs := matrixtest.Synapse(t)
	account := hs.NewAccount(t, "bob")
	other := newDevice(t, hs.Login(t, account))
	since := other.since
	d := newDevice(t, hs.Login(t, account))
	d.m.delay = 0
	session := strings.Repeat("B", 43)
	ev := jsontext.Value(`{"event_id":"$e","sender":"@x:y","origin_server_ts":1,"content":{"algorithm":"m.megolm.v1.aes-sha2","session_id":"` +
		session + `","ciphertext":"` + strings.Repeat("A", 200) + `"}}`)
	d.read("!room:x", ev)
	d.read("!room:x", ev)
	var asked []jsontext.Value
	matrixtest.Wait(t, waitLimit, "key request", func() bool {
		answer := other.MustAsk(since)
		since = answer.Next
		asked = append(asked, answer.Keys.Events...)
		return len(asked) > 0
	})
	if !strings.Contains(string(asked[0]), session) || !strings.Contains(string(asked[0]), `"action":"request"`) {
		t.Errorf("request %s", asked[0])
	}
	d.m.arrived(WantedSession{"!room:x", session})
	d.m.wake.Ring()
	matrixtest.Wait(t, waitLimit, "request taken back", func() bool {
		answer := other.MustAsk(since)
		since = answer.Next
		asked = append(asked, answer.Keys.Events...)
		return strings.Contains(string(asked[len(asked)-1]), "request_cancellation")
	})
	if len(asked) != 2 {
		t.Errorf("%d requests: %s", len(asked), asked)
	}
}
