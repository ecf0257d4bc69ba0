package ingest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"hubbub/matrix/internal/crypto"
	"hubbub/store/chat"
)

// What is deleted stands outside of the ciphertext of an encrypted event, where
// no homeserver looks at it: it deletes nothing.
func TestEncryptedEventDeletesNothing(t *testing.T) {
	r := newRig(t)
	r.keys.known["s"] = true
	forged := sealed(2, "@bo:x", "s", `{"type":"m.room.redaction","content":{"redacts":"$1"},"room_id":"!r:x"}`)
	forged = strings.TrimSuffix(forged, "}") + `,"redacts":"$1"}`
	late := strings.Replace(strings.Replace(forged, `"$2"`, `"$3"`, 1), `"session_id":"s"`, `"session_id":"late"`, 1)
	r.sync(false, "", timeline(text(1, "@ada:x", "stays"), forged, late))
	r.keys.known["late"] = true
	if err := r.ingest.Retry(t.Context(), room, "late"); err != nil {
		t.Fatal(err)
	}
	if m := r.items()[0]; m.Body != "stays" || m.Kind != chat.KindText {
		t.Errorf("deleted by an encrypted event: %+v", m)
	}
}

// A message is no deletion because it has a member of that name.
func TestOnlyRedactionsDelete(t *testing.T) {
	r := newRig(t)
	r.sync(false, "", timeline(text(1, "@ada:x", "stays"), strings.TrimSuffix(text(2, "@bo:x", "hm"), "}")+`,"redacts":"$1"}`))
	r.wantBodies("stays hm")
}

func TestEncryptionInTheTimelineCountsWhateverTheStateAfterSays(t *testing.T) {
	r := newRig(t)
	r.sync(false, "", join(`{"state_after":`+full()+`,"timeline":{"events":[`+
		state(1, "@ada:x", "m.room.encryption", "", `{"algorithm":"m.megolm.v1.aes-sha2"}`)+`]}}`))
	if !r.room().Encrypted {
		t.Error("the homeserver kept an encrypted room in the clear")
	}
}

func TestEncryptionInHistoryCounts(t *testing.T) {
	r := newRig(t)
	r.sync(false, "", join(`{"state":`+full()+`,"timeline":{"prev_batch":"p","events":[]}}`))
	page := "[" + state(1, "@ada:x", "m.room.encryption", "", `{"algorithm":"m.megolm.v1.aes-sha2"}`) + "]"
	if _, _, err := r.ingest.History(t.Context(), HistoryPage{Room: room, Token: "p", Events: []byte(page)}); err != nil {
		t.Fatal(err)
	}
	if !r.room().Encrypted {
		t.Error("the homeserver kept an encrypted room in the clear")
	}
}

// Encryption of a kind that is not known is encryption: nothing goes out in the clear.
func TestUnknownEncryptionIsEncryption(t *testing.T) {
	r := newRig(t)
	for n, content := range []string{`{"algorithm":"org.example.rot13"}`, `{}`, `{"algorithm":7}`} {
		id := chat.RoomID("!enc" + string(rune('a'+n)) + ":x")
		r.sync(false, "", part{id, chat.MemberJoined, `{"state":{"events":[` + state(1, "@ada:x", "m.room.encryption", "", content) + `]}}`})
		if !r.roomOf(id).Encrypted {
			t.Errorf("%s does not count", content)
		}
	}
}

// Keys are shared by the member list: one from before a time of which nothing is known does not count.
func TestMemberListOfBeforeDoesNotCount(t *testing.T) {
	list := "[" + state(905, me, "m.room.member", string(me), `{"membership":"join"}`) + "," +
		state(906, "@bo:x", "m.room.member", "@bo:x", `{"membership":"join"}`) + "]"
	members := func(r *rig) {
		t.Helper()
		if err := r.ingest.Members(t.Context(), room, []byte(list)); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("away and back", func(t *testing.T) {
		r := newRig(t)
		r.joined()
		members(r)
		r.sync(false, "", part{room, chat.MemberLeft, `{"timeline":{"events":[` + state(5, me, "m.room.member", string(me), `{"membership":"leave"}`) + `]}}`})
		r.sync(false, "", timeline(state(7, me, "m.room.member", string(me), `{"membership":"join"}`)))
		if r.room().MembersComplete {
			t.Error("the list of the first stay counts")
		}
	})
	t.Run("sync from the start", func(t *testing.T) {
		r := newRig(t)
		r.joined()
		members(r)
		r.sync(true, "", timeline(text(7, "@cy:x", "hi")))
		if r.room().MembersComplete {
			t.Error("the list of before counts")
		}
	})
	t.Run("hole while it was fetched", func(t *testing.T) {
		r := newRig(t)
		r.joined()
		r.ingest.BeginMembers(room)
		r.sync(false, "", join(`{"timeline":{"limited":true,"prev_batch":"p","events":[`+text(9, "@cy:x", "x")+`]}}`))
		members(r)
		r.ingest.EndMembers(room)
		if r.room().MembersComplete {
			t.Error("a list that may be older than the hole counts")
		}
	})
}

// minefield is a decrypter with a bug.
type minefield struct{}

func (minefield) Decrypt(context.Context, chat.RoomID, jsontext.Value) (crypto.Clear, *crypto.Undecryptable) {
	panic("mine")
}

// An event that a bug of ours keeps from being read is a row, and stops nothing:
// it would come again at every start.
func TestBugInReadingAnEventStopsNothing(t *testing.T) {
	r := newRig(t)
	r.ingest.decrypt = minefield{}
	for range 2 {
		r.sync(false, "", timeline(text(1, "@ada:x", "before"), sealed(2, "@bo:x", "s", "{}"), text(3, "@ada:x", "after")))
	}
	items := r.items()
	if len(items) != 3 || items[0].Body != "before" || items[2].Body != "after" {
		t.Fatalf("%s", r.bodies())
	}
	if m := items[1]; m.Kind != chat.KindUnreadable || m.ID != "$2" || m.Sender != "@bo:x" || m.Problem == "" {
		t.Errorf("%+v", m)
	}
}

// What is deleted may be the present state of the room: it is gone where the
// room, its name, its topic or a person's name is shown, and sync goes on.
func TestDeletedState(t *testing.T) {
	r := newRig(t)
	gone := func(n, of int) string {
		return event(n, "@ada:x", "m.room.redaction", fmt.Sprintf(`{"redacts":"$%d"}`, of))
	}
	r.sync(false, "", join(`{"state":`+full()+`,"timeline":{"events":[`+
		state(1, "@ada:x", "m.room.topic", "", `{"topic":"rude"}`)+`,`+state(2, "@ada:x", "m.room.name", "", `{"name":"Ruder"}`)+`,`+
		state(3, "@ada:x", "m.room.member", "@ada:x", `{"membership":"join","displayname":"Rudest"}`)+`,`+text(4, "@ada:x", "hi")+`]}}`))
	r.sync(false, "", timeline(gone(5, 1), gone(6, 2), gone(7, 3)))
	got := r.room()
	if got.Topic != "" || got.Name != "Rudest" && got.Name != "ada" {
		t.Errorf("topic %q, name %q", got.Topic, got.Name)
	}
	items := r.items()
	if last := items[len(items)-1]; last.Body != "hi" || last.SenderName != "" {
		t.Errorf("%+v", last)
	}
	r.sync(false, "", timeline(text(8, "@ada:x", "on")))
	if got := r.room(); got.Name != "ada" {
		t.Errorf("name %q", got.Name)
	}
}

// A room is followed by another room, and by nothing else that a tombstone may name.
func TestSuccessorsThatAreNone(t *testing.T) {
	for next, want := range map[string]chat.RoomID{
		`"!new:x"`: "!new:x", `"!r:x"`: "", `"#new:x"`: "", `""`: "", `5`: "", `{}`: "", `"!` + strings.Repeat("x", 600) + `"`: "",
	} {
		r := newRig(t)
		r.sync(false, "", join(`{"state":`+full(state(910, "@ada:x", "m.room.tombstone", "", `{"replacement_room":`+next+`}`))+`}`))
		if got := r.room().Successor; got != want {
			t.Errorf("%s: followed by %q", next, got)
		}
	}
}
