package ingest

import (
	"fmt"
	"strings"
	"testing"
)

// A mention that is deleted before we have read it is none.
func TestDeletedBeforeItWasRead(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		r := newRig(t)
		mention := fmt.Sprintf(`"m.mentions":{"user_ids":[%q]}`, me)
		if encrypted {
			r.joined(state(910, "@ada:x", "m.room.encryption", "", `{"algorithm":"m.megolm.v1.aes-sha2"}`))
		} else {
			r.joined()
		}
		r.sync(false, "", unreadPart(1, 1, text(2, "@ada:x", "a", mention)))
		r.sync(false, "", unreadPart(2, 2, text(3, "@ada:x", "b", mention)))
		r.wantUnread(2, 2, true)
		r.sync(false, "", unreadPart(1, 1, event(4, "@ada:x", "m.room.redaction", `{"redacts":"$2"}`)))
		r.wantUnread(1, 1, true)
		r.sync(false, "", unreadPart(1, 1, event(5, "@ada:x", "m.room.redaction", `{"redacts":"$3"}`))) // the homeserver still counts it
		r.wantUnread(0, 0, false)
	}
}

// Answers that come again, and a token that goes back, make nothing unread that was read.
func TestAnswersOfThePastMakeNothingUnread(t *testing.T) {
	r := newRig(t)
	r.joined()
	first := unreadPart(1, 0, text(2, me, "own")+","+text(3, "@ada:x", "b"))
	second := unreadPart(2, 1, text(4, "@ada:x", "c")+","+text(5, "@ada:x", "d"))
	r.sync(false, "", first)
	r.sync(false, "", second)
	r.sync(false, "", join(`{"ephemeral":`+receiptOf(5)+`}`))
	again := join(`{"ephemeral":` + receiptOf(3) + `,` + strings.TrimPrefix(first.json, "{"))
	for _, p := range []part{first, second, again, second} {
		r.sync(false, "", p)
		r.wantUnread(0, 0, false)
		if got := r.room().ReadUpTo; got != "$5" {
			t.Errorf("read up to %s", got)
		}
	}
	r.sync(false, "", unreadPart(1, 0, text(6, "@ada:x", "e")))
	r.sync(false, "", first)
	if got := r.room(); !got.HasUnread || got.ReadUpTo != "$5" {
		t.Errorf("%+v", got.Room)
	}
	r.wantBodies("a own b c d e")
}

// Of the many receipts of a big room, our own is never left out.
func TestOwnReceiptAmongManyCounts(t *testing.T) {
	r := newRig(t)
	r.joined()
	r.sync(false, "", unreadPart(1, 0, text(2, "@ada:x", "b")))
	r.wantUnread(1, 0, true)
	var others strings.Builder
	for n := range maxReceipts + 500 {
		fmt.Fprintf(&others, `"@u%d:x":{"ts":%d},`, n, n)
	}
	r.sync(false, "", join(`{"ephemeral":{"events":[{"type":"m.receipt","content":{"$1":{"m.read":{`+others.String()+`"@z:x":{"ts":5}}},
		"$2":{"m.read":{"@y:x":{"ts":5},"`+string(me)+`":{"ts":5000000}}}}}]}}`))
	r.wantUnread(0, 0, false)
	if seen, err := r.store.Receipts(t.Context(), room); err != nil || len(seen) != maxReceipts {
		t.Errorf("%d receipts, %v", len(seen), err)
	}
}

// What is deleted says nothing about what lies in a hole.
func TestDeletedBehindAHole(t *testing.T) {
	r := newRig(t)
	r.joined()
	r.sync(false, "", join(`{"unread_notifications":{"notification_count":60,"highlight_count":0},"timeline":{"limited":true,"prev_batch":"p","events":[`+text(90, "@ada:x", "z")+`]}}`))
	r.sync(false, "", unreadPart(59, 0, event(91, "@ada:x", "m.room.redaction", `{"redacts":"$90"}`)))
	r.wantUnread(59, 0, true)
}

// Counts that contradict each other leave no mention without something unread.
func TestCountsThatContradict(t *testing.T) {
	r := newRig(t)
	r.sync(true, "", join(`{"state":`+full()+`,"unread_notifications":{"notification_count":0,"highlight_count":3},"timeline":{"limited":true,"prev_batch":"p","events":[`+text(1, "@ada:x", "a")+`]}}`))
	r.wantUnread(3, 3, true)
	r.sync(false, "", join(`{"ephemeral":`+receiptOf(1)+`}`))
	r.wantUnread(0, 0, false)
	r.sync(false, "", join(`{"unread_notifications":{"notification_count":-1,"highlight_count":1e300}}`))
	r.wantUnread(0, 0, false)
}

// Who is not in the room neither types there nor has read anything.
func TestStrangersTypeAndReadNothing(t *testing.T) {
	r := newRig(t)
	r.joined(state(911, "@cy:x", "m.room.member", "@cy:x", `{"membership":"leave","displayname":"Cy"}`))
	said := func() string {
		t.Helper()
		r.sync(false, "", join(`{"ephemeral":{"events":[{"type":"m.typing","content":{"user_ids":["@ada:x","@cy:x","@who:x"]}},
			{"type":"m.receipt","content":{"$1":{"m.read":{"@ada:x":{"ts":5},"@cy:x":{"ts":6},"@who:x":{"ts":7}}}}}]}}`))
		set, err := r.feed.Next(t.Context())
		if err != nil || len(set.Typing) != 1 {
			t.Fatalf("%+v %v", set.Typing, err)
		}
		seen, err := r.store.Receipts(t.Context(), room)
		if err != nil {
			t.Fatal(err)
		}
		out := fmt.Sprint(set.Typing[0].Names)
		for _, s := range seen {
			out += " " + string(s.User)
		}
		return out
	}
	if got := said(); got != "[Ada who] @who:x @ada:x" { // whom sync has not told of yet may be there
		t.Error(got)
	}
	if err := r.ingest.Members(t.Context(), room, []byte("["+state(904, "@ada:x", "m.room.member", "@ada:x", `{"membership":"join","displayname":"Ada"}`)+","+
		state(905, me, "m.room.member", string(me), `{"membership":"join"}`)+"]")); err != nil {
		t.Fatal(err)
	}
	if got := said(); got != "[Ada] @ada:x" {
		t.Error(got)
	}
}
