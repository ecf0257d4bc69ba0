package ingest

import (
	"fmt"
	"testing"

	"hubbub/store"
	"hubbub/store/chat"
)

// joined gives the rig an ordinary room with one message, read by us.
func (r *rig) joined(more ...string) {
	r.t.Helper()
	r.sync(true, "", join(`{"state":`+full(more...)+`,"timeline":{"events":[`+text(1, "@ada:x", "a")+`]},"ephemeral":`+receiptOf(1)+`}`))
	r.alerts()
}

func receiptOf(n int) string {
	return fmt.Sprintf(`{"events":[{"type":"m.receipt","content":{"$%d":{"m.read":{"%s":{"ts":%d}}}}}]}`, n, me, 1_000_000+n)
}

func unreadPart(n, h int, events string) part {
	return join(fmt.Sprintf(`{"unread_notifications":{"notification_count":%d,"highlight_count":%d},"timeline":{"events":[%s]}}`, n, h, events))
}

func (r *rig) wantUnread(unread, mentions int, has bool) {
	r.t.Helper()
	if got := r.room(); got.Unread != unread || got.Mentions != mentions || got.HasUnread != has {
		r.t.Errorf("unread %d, mentions %d, has %v; want %d, %d, %v", got.Unread, got.Mentions, got.HasUnread, unread, mentions, has)
	}
}

func TestUnreadCountsAreHealed(t *testing.T) {
	r := newRig(t)
	r.joined()
	r.wantUnread(0, 0, false)
	r.sync(false, "", unreadPart(1, 0, text(2, "@ada:x", "b")))
	r.wantUnread(1, 0, true)
	r.sync(false, "", unreadPart(2, 0, text(3, me, "own")))
	r.wantUnread(0, 0, false)
	r.sync(false, "", unreadPart(0, 0, event(4, "@bot:x", "m.room.message", `{"msgtype":"m.notice","body":"tick"}`)))
	r.wantUnread(0, 0, true)
	r.sync(false, "", unreadPart(9, 3, text(5, "@ada:x", "c")))
	r.sync(false, "", join(`{"ephemeral":`+receiptOf(5)+`}`))
	r.wantUnread(0, 0, false)
	if got := r.room().ReadUpTo; got != "$5" {
		t.Errorf("read up to %s", got)
	}
	r.sync(false, "", join(`{"unread_notifications":{"notification_count":7,"highlight_count":1}}`))
	r.wantUnread(0, 0, false)
	r.sync(false, "", unreadPart(1, 0, state(6, "@ada:x", "m.room.topic", "", `{"topic":"new"}`)))
	r.wantUnread(0, 0, false)
}

func TestOldReceiptDoesNotMoveBack(t *testing.T) {
	r := newRig(t)
	r.joined()
	r.sync(false, "", unreadPart(2, 0, text(2, "@ada:x", "b")+","+text(3, "@ada:x", "c")))
	r.sync(false, "", join(`{"ephemeral":`+receiptOf(3)+`}`))
	r.sync(false, "", join(`{"ephemeral":`+receiptOf(2)+`}`))
	r.wantUnread(0, 0, false)
	if got := r.room().ReadUpTo; got != "$3" {
		t.Errorf("read up to %s", got)
	}
}

func TestMentionsRing(t *testing.T) {
	mention := fmt.Sprintf(`"m.mentions":{"user_ids":[%q]}`, me)
	for _, c := range []struct {
		name  string
		event string
		rules string
		want  int
	}{
		{"named", text(2, "@ada:x", "hey", mention), ``, 1},
		{"nobody", text(2, "@ada:x", "hey", `"m.mentions":{}`), ``, 0},
		{"named in words only, but stated otherwise", text(2, "@ada:x", "Meg!", `"m.mentions":{}`), ``, 0},
		{"old client, display name", text(2, "@ada:x", "hi meg!"), ``, 1},
		{"old client, part of a word", text(2, "@ada:x", "nutmeg"), ``, 0},
		{"everybody, by an admin", text(2, "@ada:x", "all", `"m.mentions":{"room":true}`), ``, 1},
		{"everybody, by a member", text(2, "@bo:x", "all", `"m.mentions":{"room":true}`), ``, 0},
		{"a bot's notice in a direct message", event(2, "@bot:x", "m.room.message", `{"msgtype":"m.notice","body":"tick"}`), `{"type":"m.direct","content":{"@bot:x":["!r:x"]}}`, 0},
		{"own message", text(2, me, "me", mention), ``, 0},
		{"muted room", text(2, "@ada:x", "hey", mention), `{"type":"m.push_rules","content":{"global":{"override":[{"enabled":true,"actions":[],"conditions":[{"kind":"event_match","key":"room_id","pattern":"!r:x"}]}]}}}`, 0},
		{"every message", text(2, "@ada:x", "hey", `"m.mentions":{}`), `{"type":"m.push_rules","content":{"global":{"room":[{"rule_id":"!r:x","actions":["notify"]}]}}}`, 1},
		{"direct message", text(2, "@ada:x", "hey", `"m.mentions":{}`), `{"type":"m.direct","content":{"@ada:x":["!r:x"]}}`, 1},
	} {
		r := newRig(t)
		r.joined(state(910, "@ada:x", "m.room.power_levels", "", `{"users":{"@ada:x":100}}`))
		r.sync(false, c.rules, unreadPart(1, 0, c.event))
		if got := r.alerts(); len(got) != c.want {
			t.Errorf("%s: rings %d times: %+v", c.name, len(got), got)
		}
	}
}

func TestLateKeyRedrawsInPlace(t *testing.T) {
	r := newRig(t)
	r.joined(state(910, "@ada:x", "m.room.encryption", "", `{"algorithm":"m.megolm.v1.aes-sha2"}`))
	clear := fmt.Sprintf(`{"type":"m.room.message","room_id":"!r:x","content":{"msgtype":"m.text","body":"secret","m.mentions":{"user_ids":[%q]}}}`, me)
	r.sync(false, "", unreadPart(2, 0, sealed(2, "@ada:x", "late", clear)+","+text(3, "@ada:x", "after")))
	before := r.items()[1]
	if before.Kind != chat.KindUndecrypted || before.SessionID != "late" {
		t.Fatalf("%+v", before)
	}
	if w, err := r.store.WantedSessions(t.Context(), r.ingest.now(), 10); err != nil || len(w) != 1 || w[0].SenderKey != "curve" {
		t.Fatalf("%+v %v", w, err)
	}
	r.wantUnread(2, 0, true)
	if err := r.ingest.Retry(t.Context(), room, "late"); err != nil {
		t.Fatal(err)
	}
	r.keys.known["late"] = true
	if err := r.ingest.Retry(t.Context(), room, "late"); err != nil {
		t.Fatal(err)
	}
	after := r.items()[1]
	if after.Key != before.Key || after.Seq != before.Seq || after.Body != "secret" || !after.Encrypted || !after.Mention {
		t.Errorf("%+v", after)
	}
	r.wantUnread(2, 1, true)
	if w, err := r.store.WantedSessions(t.Context(), r.ingest.now(), 10); err != nil || len(w) != 0 {
		t.Errorf("still wanted: %+v %v", w, err)
	}
}

func TestMentionsInEncryptedRoomsAreCountedHere(t *testing.T) {
	r := newRig(t)
	r.joined(state(910, "@ada:x", "m.room.encryption", "", `{"algorithm":"m.megolm.v1.aes-sha2"}`))
	r.keys.known["k"] = true
	for n := 2; n <= 4; n++ {
		clear := fmt.Sprintf(`{"type":"m.room.message","room_id":"!r:x","content":{"msgtype":"m.text","body":"x","m.mentions":{"user_ids":[%q]}}}`, me)
		r.sync(false, "", unreadPart(n-1, 0, sealed(n, "@ada:x", "k", clear)))
	}
	r.wantUnread(3, 3, true)
	r.sync(false, "", join(`{"ephemeral":`+receiptOf(3)+`}`))
	if got := r.room(); got.Mentions != 1 || !got.HasUnread {
		t.Errorf("after reading two: %+v", got)
	}
	r.sync(false, "", join(`{"ephemeral":`+receiptOf(4)+`}`))
	r.wantUnread(0, 0, false)
}

func TestThreadReadElsewhere(t *testing.T) {
	r := newRig(t)
	r.joined()
	inThread := text(2, "@ada:x", "aside", `"m.relates_to":{"rel_type":"m.thread","event_id":"$1"}`)
	r.sync(false, "", join(`{"unread_notifications":{"notification_count":0},"unread_thread_notifications":{"$1":{"notification_count":1,"highlight_count":1}},
		"timeline":{"events":[`+inThread+`]}}`))
	r.wantUnread(1, 1, true)
	r.sync(false, "", join(`{"unread_notifications":{"notification_count":0},"ephemeral":{"events":[{"type":"m.receipt","content":
		{"$2":{"m.read":{"`+string(me)+`":{"ts":1000003,"thread_id":"$1"}}}}}]}}`))
	r.wantUnread(0, 0, false)
}

func TestOwnEchoBecomesTheEvent(t *testing.T) {
	r := newRig(t)
	r.joined()
	var key chat.ItemKey
	if err := r.store.Write(t.Context(), func(tx *store.Tx) (err error) {
		key, err = tx.AddEcho(room, store.Event{Txn: "t1", Sender: me, Type: "m.room.message", Body: "mine"})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	ev := text(2, me, "mine")
	r.sync(false, "", timeline(ev[:len(ev)-1]+`,"unsigned":{"transaction_id":"t1"}}`))
	items := r.items()
	if len(items) != 2 || items[1].Key != key || items[1].ID != "$2" {
		t.Errorf("%+v", items)
	}
}

func TestInvitesKnocksLeaves(t *testing.T) {
	r := newRig(t)
	stripped := func(key string) string {
		return `{"` + key + `":{"events":[{"type":"m.room.name","state_key":"","sender":"@ada:x","content":{"name":"Secret garden"}},
		{"type":"m.room.encryption","state_key":"","sender":"@ada:x","content":{"algorithm":"x"}},
		{"type":"m.room.member","state_key":"@ada:x","sender":"@ada:x","content":{"membership":"join","displayname":"Ada"}},
		{"type":"m.room.member","state_key":"` + string(me) + `","sender":"@ada:x","content":{"membership":"invite","is_direct":true,"reason":"come"}}]}}`
	}
	r.sync(false, "", part{room, chat.MemberInvited, stripped("invite_state")})
	got := r.room()
	if got.Membership != chat.MemberInvited || got.Name != "Secret garden" || got.Inviter != "@ada:x" || got.Reason != "come" || !got.Direct || got.Encrypted {
		t.Errorf("%+v", got)
	}
	if a := r.alerts(); len(a) != 1 || !a[0].Invite {
		t.Errorf("alerts %+v", a)
	}
	r.sync(false, "", join(`{"state":`+full()+`,"timeline":{"prev_batch":"p","events":[`+text(1, "@ada:x", "welcome")+`]}}`))
	r.wantBodies("~ welcome")
	if got = r.room(); got.Membership != chat.MemberJoined || got.Inviter != "" || got.Name != "General" {
		t.Errorf("%+v", got)
	}
	r.sync(false, "", part{room, chat.MemberLeft, `{"timeline":{"events":[` + state(2, "@ada:x", "m.room.member", string(me), `{"membership":"ban","reason":"spam"}`) + `]}}`})
	if got = r.room(); got.Membership != chat.MemberBanned || got.Reason != "spam" || got.CanSend {
		t.Errorf("%+v", got)
	}
	r.wantBodies("~ welcome <m.room.member>")
	r.sync(false, "", part{"!k:x", chat.MemberKnocked, stripped("knock_state")})
	if got = r.roomOf("!k:x"); got.Membership != chat.MemberKnocked || got.Inviter != "" {
		t.Errorf("%+v", got)
	}
	r.sync(false, "", part{"!never:x", chat.MemberLeft, `{}`})
	if _, known, err := r.store.Room(t.Context(), "!never:x"); known || err != nil {
		t.Errorf("a room that was left before it was known is kept: %v", err)
	}
}

func TestTypingAndReceiptsOfOthers(t *testing.T) {
	r := newRig(t)
	r.joined()
	r.sync(false, "", join(`{"ephemeral":{"events":[{"type":"m.typing","content":{"user_ids":["@ada:x","`+string(me)+`","@bo:x"]}},
		{"type":"m.receipt","content":{"$1":{"m.read":{"@ada:x":{"ts":5,"thread_id":"main"},"@bo:x":{"ts":6}}}}}]}}`))
	set, err := r.feed.Next(t.Context())
	if err != nil || len(set.Typing) != 1 || fmt.Sprint(set.Typing[0].Names) != "[Ada bo]" {
		t.Fatalf("%+v %v", set.Typing, err)
	}
	seen, err := r.store.Receipts(t.Context(), room)
	if err != nil || len(seen) != 2 {
		t.Errorf("%+v %v", seen, err)
	}
}

func TestMemberListDoesNotUndoSync(t *testing.T) {
	r := newRig(t)
	r.joined()
	r.ingest.BeginMembers(room)
	r.sync(false, "", timeline(
		state(5, "@ada:x", "m.room.member", "@ada:x", `{"membership":"leave"}`),
		state(6, "@cy:x", "m.room.member", "@cy:x", `{"membership":"join","displayname":"Cy"}`)))
	list := "[" + state(904, "@ada:x", "m.room.member", "@ada:x", `{"membership":"join","displayname":"Ada"}`) + "," +
		state(905, me, "m.room.member", string(me), `{"membership":"join"}`) + "," + state(906, "@bo:x", "m.room.member", "@bo:x", `{"membership":"join"}`) + "]"
	if err := r.ingest.Members(t.Context(), room, []byte(list)); err != nil {
		t.Fatal(err)
	}
	r.ingest.EndMembers(room)
	all, err := r.store.MembersIn(t.Context(), room)
	if err != nil {
		t.Fatal(err)
	}
	is := map[chat.UserID]chat.Membership{}
	for _, m := range all {
		is[m.User] = m.Membership
	}
	if len(is) != 4 || is["@ada:x"] != chat.MemberLeft || is["@cy:x"] != chat.MemberJoined || !r.room().MembersComplete {
		t.Errorf("%v", is)
	}
	r.sync(false, "", join(`{"timeline":{"limited":true,"prev_batch":"p","events":[`+text(9, "@bo:x", "x")+`]}}`))
	if r.room().MembersComplete {
		t.Error("the member list counts as complete after a hole")
	}
}

// BenchmarkLiveMessage takes in one message a response, as a quiet account gets them.
func BenchmarkLiveMessage(b *testing.B) {
	r := newRig(b)
	r.joined()
	n := 10
	b.ReportAllocs()
	for b.Loop() {
		n++
		r.sync(false, "", unreadPart(1, 0, text(n, "@ada:x", "the build broke again after that merge", `"m.mentions":{}`)))
	}
}

func FuzzSync(f *testing.F) {
	f.Add(`{"timeline":{"events":[{"event_id":"$1","type":"m.room.message","sender":"@a:b","content":{"msgtype":"m.text","body":"x"}}]}}`, `{"type":"m.direct","content":{}}`)
	f.Add(`{"state":{"events":[{}]},"summary":{},"ephemeral":{"events":[]},"invite_state":{"events":[]}}`, ``)
	r := newRig(f)
	f.Fuzz(func(t *testing.T, raw, account string) {
		r.t = t
		for _, is := range []chat.Membership{chat.MemberInvited, chat.MemberJoined, chat.MemberLeft} {
			if err := r.take(false, account, part{room, is, raw}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
