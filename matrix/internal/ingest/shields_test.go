package ingest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"hubbub/matrix/internal/crypto"
	"hubbub/store/chat"
)

// court is a judge that says what a test tells it.
type court struct {
	encrypted map[chat.RoomID]bool
	says      map[string]crypto.Verdict // by session
	err       error
}

func (c *court) Encrypted(room chat.RoomID) bool { return c.encrypted[room] }

func (c *court) Shields(_ context.Context, uses []crypto.SessionUse) ([]crypto.Verdict, error) {
	out := make([]crypto.Verdict, len(uses))
	for i, u := range uses {
		out[i] = c.says[u.Session]
	}
	return out, c.err
}

func newCourt(r *rig) *court {
	c := &court{encrypted: map[chat.RoomID]bool{}, says: map[string]crypto.Verdict{}}
	r.ingest = New(Options{Store: r.store, User: me, Decrypter: r.keys, Judge: c, Now: func() time.Time { return time.UnixMilli(now) }})
	r.keys.court = c
	return c
}

func clearText(body string) string {
	return `{"type":"m.room.message","room_id":"!r:x","content":{"msgtype":"m.text","body":"` + body + `"}}`
}

// TestMessagesAreJudgedWhenTheyComeAndAnew: with the first decryption, late decryption, and when somebody's trust moves.
func TestMessagesAreJudgedWhenTheyComeAndAnew(t *testing.T) {
	r := newRig(t)
	c := newCourt(r)
	r.keys.known["s1"] = true
	c.says["s1"] = crypto.Verdict{Shield: chat.ShieldUnsigned, Soft: true}
	r.sync(false, "", timeline(sealed(1, "@a:x", "s1", clearText("one")), sealed(2, "@a:x", "s2", clearText("two"))))
	want := func(want ...chat.Shield) {
		t.Helper()
		for i, m := range r.items() {
			if m.Shield != want[i] {
				t.Errorf("%s has shield %v, want %v", m.ID, m.Shield, want[i])
			}
		}
	}
	want(chat.ShieldUnsigned, chat.ShieldNone)
	r.keys.known["s2"] = true
	c.says["s2"] = crypto.Verdict{Shield: chat.ShieldUnknownSession, Soft: true}
	if err := r.ingest.Retry(t.Context(), room, "s2"); err != nil {
		t.Fatal(err)
	}
	want(chat.ShieldUnsigned, chat.ShieldUnknownSession)
	c.says["s1"], c.says["s2"] = crypto.Verdict{}, crypto.Verdict{}
	if err := r.ingest.Reshield(t.Context()); err != nil { // of unknown sessions
		t.Fatal(err)
	}
	want(chat.ShieldUnsigned, chat.ShieldNone)
	if err := r.ingest.Reshield(t.Context(), "@other:x"); err != nil {
		t.Fatal(err)
	}
	want(chat.ShieldUnsigned, chat.ShieldNone)
	if err := r.ingest.Reshield(t.Context(), "@a:x"); err != nil {
		t.Fatal(err)
	}
	want(chat.ShieldNone, chat.ShieldNone)
	// What was beyond doubt stays so, but not when the person decides otherwise.
	c.says["s1"], c.says["s2"] = crypto.Verdict{Shield: chat.ShieldChanged, Soft: true}, crypto.Verdict{Shield: chat.ShieldUnsigned}
	if err := r.ingest.Reshield(t.Context(), "@a:x"); err != nil {
		t.Fatal(err)
	}
	want(chat.ShieldNone, chat.ShieldUnsigned)
	c.err = errors.New("no keys")
	if err := r.ingest.Reshield(t.Context(), "@a:x"); !errors.Is(err, c.err) {
		t.Errorf("reshield: %v", err)
	}
}

// TestMessageFromBeforeWeCame says so, as the homeserver tells, and still waits for its key.
func TestMessageFromBeforeWeCame(t *testing.T) {
	r := newRig(t)
	before := func(n int, membership string) string {
		return strings.TrimSuffix(sealed(n, "@a:x", "s1", clearText("old")), "}") + `,"unsigned":{"membership":` + membership + `}}`
	}
	r.sync(false, "", timeline(before(1, `"leave"`), before(2, `"join"`), before(3, `"invite"`), before(4, `7`)))
	for i, want := range []chat.UndecryptedCause{chat.CauseBeforeJoin, chat.CauseUnknownSession, chat.CauseBeforeJoin, chat.CauseUnknownSession} {
		if got := r.items()[i].Cause; got != want {
			t.Errorf("event %d: cause %v, want %v", i+1, got, want)
		}
	}
	r.keys.known["s1"] = true
	if err := r.ingest.Retry(t.Context(), room, "s1"); err != nil {
		t.Fatal(err)
	}
	r.wantBodies("old old old old")
}

// TestRoomThatTheKeysKnowIsEncrypted, though the homeserver does not say so: what comes in clear is marked.
func TestRoomThatTheKeysKnowIsEncrypted(t *testing.T) {
	r := newRig(t)
	newCourt(r).encrypted[room] = true
	r.sync(true, "", timeline(text(1, "@a:x", "in clear")))
	if !r.room().Encrypted {
		t.Error("the room is taken for unencrypted")
	}
	if m := r.items()[0]; !m.Plain || m.Shield != chat.ShieldPlain {
		t.Errorf("%+v", m)
	}
}

// TestAcceptedInvitationIsTold, with who invited, after it is on disk, and once.
func TestAcceptedInvitationIsTold(t *testing.T) {
	r := newRig(t)
	var told []string
	r.ingest = New(Options{Store: r.store, User: me, Decrypter: r.keys, Joined: func(room chat.RoomID, by chat.UserID) {
		if r.room().Membership != chat.MemberJoined {
			t.Error("told before it is on disk")
		}
		told = append(told, string(room)+" "+string(by))
	}})
	r.sync(false, "", part{room, chat.MemberInvited, `{"invite_state":{"events":[` + state(1, "@a:x", "m.room.member", string(me), `{"membership":"invite"}`) + `]}}`})
	r.sync(false, "", timeline(state(2, me, "m.room.member", string(me), `{"membership":"join"}`)))
	r.sync(false, "", timeline(text(3, "@a:x", "welcome")))
	r.sync(false, "", part{"!other:x", chat.MemberJoined, `{}`})
	if len(told) != 1 || told[0] != "!r:x @a:x" {
		t.Errorf("told %q", told)
	}
}

// TestRefusalThatComesLate changes what is said, and a key that comes in spite of it opens the message.
func TestRefusalThatComesLate(t *testing.T) {
	r := newRig(t)
	r.sync(false, "", timeline(sealed(1, "@a:x", "s1", clearText("one"))))
	r.keys.refused = map[string]string{"s1": "m.unverified"}
	if err := r.ingest.Retry(t.Context(), room, "s1"); err != nil {
		t.Fatal(err)
	}
	if m := r.items()[0]; m.Kind != chat.KindUndecrypted || m.Cause != chat.CauseWithheld || m.WithheldCode != "m.unverified" {
		t.Errorf("%+v", m)
	}
	wanted, err := r.store.WantedSessions(t.Context(), time.UnixMilli(now), 10)
	if err != nil || len(wanted) != 1 {
		t.Errorf("the key is given up: %v %v", wanted, err)
	}
	r.keys.refused, r.keys.known["s1"] = nil, true
	if err := r.ingest.Retry(t.Context(), room, "s1"); err != nil {
		t.Fatal(err)
	}
	r.wantBodies("one")
}
