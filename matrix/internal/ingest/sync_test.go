package ingest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// full is the state of an ordinary room.
func full(more ...string) string {
	events := append([]string{
		state(900, "@ada:x", "m.room.create", "", `{"room_version":"11"}`),
		state(901, "@ada:x", "m.room.name", "", `{"name":"General"}`),
		state(902, "@ada:x", "m.room.topic", "", `{"topic":"talk"}`),
		state(903, "@ada:x", "m.room.join_rules", "", `{"join_rule":"invite"}`),
		state(904, "@ada:x", "m.room.member", "@ada:x", `{"membership":"join","displayname":"Ada"}`),
		state(905, me, "m.room.member", string(me), `{"membership":"join","displayname":"Meg"}`),
	}, more...)
	return `{"events":[` + strings.Join(events, ",") + `]}`
}

func TestFirstSyncShowsRoom(t *testing.T) {
	r := newRig(t)
	r.sync(true, "", join(`{"state":`+full()+`,"summary":{"m.joined_member_count":2},"timeline":{"limited":true,"prev_batch":"p","events":[`+
		text(1, "@ada:x", "hello")+`]},"unread_notifications":{"notification_count":1,"highlight_count":0},
		"ephemeral":{"events":[{"type":"m.receipt","content":{"$0":{"m.read":{"`+string(me)+`":{"ts":999999}}}}}]},
		"account_data":{"events":[{"type":"m.tag","content":{"tags":{"m.favourite":{}}}},{"type":"m.fully_read","content":{"event_id":"$0"}}]}}`))
	got := r.room()
	if got.Name != "General" || got.Topic != "talk" || got.JoinRule != "invite" || got.Version != "11" || got.Joined != 2 ||
		!got.Favourite || got.FullyRead != "$0" || got.ReadUpTo != "$0" || !got.HasUnread || got.Unread != 1 || !got.CanSend {
		t.Errorf("%+v", got)
	}
	r.wantBodies("~ hello")
	if tok, err := r.store.Sync(t.Context(), store.SyncNextBatch); err != nil || tok != "s1" {
		t.Errorf("token %q, %v", tok, err)
	}
	if a := r.alerts(); a != nil {
		t.Errorf("a first sync rings: %v", a)
	}
}

func TestFirstSyncAgainDoublesNothing(t *testing.T) {
	r := newRig(t)
	part := join(`{"state":` + full() + `,"timeline":{"limited":true,"prev_batch":"p","events":[` + text(1, "@ada:x", "a") + `,` + text(2, "@ada:x", "b") + `]}}`)
	r.sync(true, "", part)
	r.sync(true, "", part)
	r.wantBodies("~ a b")
	// A room that the complete answer does not name any more was left elsewhere.
	r.sync(true, "", part, part2("!other:x"))
	r.sync(true, "", part2("!other:x"))
	if got := r.room().Membership; got != chat.MemberLeft {
		t.Errorf("membership %v", got)
	}
}

func part2(id chat.RoomID) part { return part{id, chat.MemberJoined, `{"state":` + full() + `}`} }

func TestLimitedSyncLeavesGapAndOverlapDoesNot(t *testing.T) {
	r := newRig(t)
	r.sync(true, "", join(`{"state":`+full()+`,"timeline":{"prev_batch":"p0","events":[`+text(1, "@ada:x", "a")+`]}}`))
	r.sync(false, "", join(`{"timeline":{"limited":true,"prev_batch":"p1","events":[`+text(5, "@ada:x", "e")+`]}}`))
	r.wantBodies("~ a ~ e")
	r.sync(false, "", join(`{"timeline":{"limited":true,"prev_batch":"p2","events":[`+text(5, "@ada:x", "e")+`,`+text(6, "@ada:x", "f")+`]}}`))
	r.wantBodies("~ a ~ e f")
	res, _, err := r.ingest.History(t.Context(), HistoryPage{
		Room: room, Token: "p1", Next: "p0b",
		Events: []byte("[" + text(4, "@ada:x", "d") + "," + text(3, "@ada:x", "c") + "," + text(1, "@ada:x", "a") + "]"),
	})
	if err != nil || !res.Closed || res.Added != 2 {
		t.Fatalf("%+v %v", res, err)
	}
	r.wantBodies("~ a c d e f")
}

func TestBadEventsBecomeRows(t *testing.T) {
	r := newRig(t)
	deep := strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000)
	bad := []string{
		`{}`, `7`, `"x"`, `null`, `[]`, `{"type":5,"sender":[],"event_id":{}}`,
		`{"event_id":"$b1","type":"m.room.message","sender":"@ada:x","content":"x"}`,
		`{"event_id":"$b2","type":"m.room.message","sender":"@ada:x","content":{"msgtype":"m.text","body":{}}}`,
		`{"event_id":"$b3","type":"m.room.message","sender":7,"content":{}}`,
		`{"event_id":"$b4","type":"m.room.message","sender":"@ada:x","content":` + deep + `}`,
		`{"event_id":"$b5","type":"m.room.message","sender":"@ada:x","origin_server_ts":1e300,"content":{"msgtype":"m.text","body":"late"}}`,
		`{"event_id":"$b6","type":"m.room.name","state_key":"","sender":"@ada:x","origin_server_ts":-5,"content":{"name":["x"]}}`,
		`{"event_id":"$b7","type":"m.reaction","sender":"@ada:x","content":{"m.relates_to":5}}`,
		`{"event_id":"$b8","type":"m.room.message","sender":"@ada:x","content":{"msgtype":"m.text","body":"` + strings.Repeat("long", 1<<20) + `"}}`,
		`{"event_id":"$b9","type":"m.room.member","state_key":"@cy:x","sender":"@cy:x","content":{"membership":"join","displayname":"` + strings.Repeat(`\u0007name`, 8000) + `"}}`,
	}
	r.sync(false, `{"type":"m.direct","content":{"x":5}},{"type":"m.push_rules","content":{"global":{"room":{},"override":[5,{}]}}},7`,
		join(`{"summary":{"m.heroes":5,"m.joined_member_count":"x"},"state":{"events":[{},5,`+strings.Join(bad, ",")+`]},"ephemeral":{"events":[5,{"type":"m.receipt","content":[]}]},
		"account_data":{"events":[{"type":"m.tag","content":{"tags":5}}]},"timeline":{"limited":"x","events":[`+strings.Join(bad, ",")+`,`+text(1, "@ada:x", "good")+`]}}`))
	unreadable := 0
	for _, m := range r.items() {
		if m.Kind == chat.KindUnreadable {
			unreadable++
			if m.Problem == "" {
				t.Errorf("row %s does not say why", m.ID)
			}
		}
		if len(m.Body) > 1<<17 {
			t.Errorf("body of %d bytes", len(m.Body))
		}
		if y := m.Time.UTC().Year(); y < 1970 || y > 9999 {
			t.Errorf("time %v", m.Time)
		}
	}
	if unreadable != 11 {
		t.Errorf("%d unreadable rows: %.900s", unreadable, r.bodies())
	}
	if got := r.room(); got.Name == "" || len(got.Name) > 1000 || got.LastActive.After(time.UnixMilli(now)) {
		t.Errorf("%+v", got)
	}
}

func TestSameEventTwiceAndInTwoRooms(t *testing.T) {
	r := newRig(t)
	ev := text(1, "@ada:x", "once")
	r.sync(false, "", timeline(ev, ev), part{"!other:x", chat.MemberJoined, `{"timeline":{"events":[` + ev + `]}}`})
	r.sync(false, "", timeline(ev, text(2, "@ada:x", "next")))
	r.wantBodies("once next")
	if p := storetest.Page(t, r.store, "!other:x", 10); len(p.Items) != 1 {
		t.Errorf("other room has %d items", len(p.Items))
	}
}

func TestStateAfterIsTheState(t *testing.T) {
	for _, key := range []string{"state_after", "org.matrix.msc4222.state_after"} {
		r := newRig(t)
		r.sync(false, "", join(`{"`+key+`":`+full()+`,"timeline":{"events":[`+state(1, "@ada:x", "m.room.name", "", `{"name":"Rejected"}`)+`]}}`))
		if got := r.room().Name; got != "General" {
			t.Errorf("%s: name %q", key, got)
		}
	}
	r := newRig(t)
	r.sync(false, "", join(`{"state":`+full()+`,"timeline":{"events":[`+state(1, "@ada:x", "m.room.name", "", `{"name":"New"}`)+`]}}`))
	if got := r.room().Name; got != "New" {
		t.Errorf("state and timeline: name %q", got)
	}
}

func TestEditsReactionsRedactions(t *testing.T) {
	r := newRig(t)
	r.sync(false, "", timeline(
		text(1, "@ada:x", "frist"),
		text(2, "@ada:x", "* first", `"m.new_content":{"msgtype":"m.text","body":"first"}`, `"m.relates_to":{"rel_type":"m.replace","event_id":"$1"}`),
		text(3, "@bo:x", "* hijacked", `"m.new_content":{"msgtype":"m.text","body":"hijacked"}`, `"m.relates_to":{"rel_type":"m.replace","event_id":"$1"}`),
		event(4, "@bo:x", "m.reaction", `{"m.relates_to":{"rel_type":"m.annotation","event_id":"$1","key":"👍"}}`),
		text(5, "@bo:x", "gone soon"),
		event(6, "@ada:x", "m.room.redaction", `{"redacts":"$5","reason":"spam"}`),
		text(8, "@bo:x", "> <@ada:x> first\n\nanswer", `"m.relates_to":{"m.in_reply_to":{"event_id":"$1"}}`),
	))
	items := r.items()
	if len(items) != 3 || items[0].Body != "first" || !items[0].Edited || len(items[0].Reactions) != 1 {
		t.Fatalf("%s: %+v", r.bodies(), items[0])
	}
	if items[1].Kind != chat.KindRedacted || items[1].RedactedBy != "@ada:x" || items[1].Reason != "spam" {
		t.Errorf("%+v", items[1])
	}
	if items[2].Body != "answer" || items[2].Reply == nil || items[2].Reply.Body != "first" {
		t.Errorf("%+v", items[2])
	}
	if got := r.room(); got.LastKey != items[2].Key {
		t.Errorf("newest activity is %d, not %d", got.LastKey, items[2].Key)
	}
}

func TestBundledEditAndThreadOfHistory(t *testing.T) {
	r := newRig(t)
	edit := text(9, "@ada:x", "* new", `"m.new_content":{"msgtype":"m.text","body":"new"}`, `"m.relates_to":{"rel_type":"m.replace","event_id":"$1"}`)
	old := strings.TrimSuffix(text(1, "@ada:x", "old"), "}") + `,"unsigned":{"m.relations":{"m.replace":` + edit +
		`,"m.thread":{"count":3,"latest_event":` + text(8, "@bo:x", "x") + `}}}}`
	r.sync(false, "", join(`{"state":`+full()+`,"timeline":{"prev_batch":"p","events":[]}}`))
	if _, _, err := r.ingest.History(t.Context(), HistoryPage{Room: room, Token: "p", Events: []byte("[" + old + "]")}); err != nil {
		t.Fatal(err)
	}
	m := r.items()[0]
	if m.Body != "new" || !m.Edited || m.Thread == nil || m.Thread.Count != 3 {
		t.Errorf("%+v thread %+v", m, m.Thread)
	}
}

func TestDirectMessagesAndNames(t *testing.T) {
	r := newRig(t)
	nameless := `{"state":{"events":[` + state(900, "@ada:x", "m.room.create", "", `{}`) + `,` +
		state(904, "@ada:x", "m.room.member", "@ada:x", `{"membership":"join","displayname":"Ada"}`) + `]},
		"summary":{"m.heroes":["@ada:x","@bo:x"],"m.joined_member_count":5}}`
	r.sync(true, `{"type":"m.direct","content":{"@ada:x":["!r:x"]}}`, join(nameless))
	got := r.room()
	if !got.Direct || got.DirectWith != "@ada:x" || got.Name != "Ada, bo +2" {
		t.Errorf("%+v", got)
	}
	r.sync(false, `{"type":"m.direct","content":{}}`)
	if got := r.room(); got.Direct || got.DirectWith != "" {
		t.Errorf("still direct: %+v", got)
	}
	r.sync(false, "", join(`{"timeline":{"events":[`+state(2, "@ada:x", "m.room.member", "@ada:x", `{"membership":"join","displayname":"Ada L."}`)+`]}}`))
	if got := r.room(); got.Name != "Ada L., bo +2" {
		t.Errorf("name %q after a hero changed hers", got.Name)
	}
	r.sync(false, "", join(`{"state":{"events":[`+state(3, "@ada:x", "m.room.canonical_alias", "", `{"alias":"#a:x"}`)+`]}}`))
	if got := r.room(); got.Name != "#a:x" {
		t.Errorf("name %q", got.Name)
	}
}

func TestEncryptionIsLatchedAndPlaintextMarked(t *testing.T) {
	r := newRig(t)
	r.sync(false, "", join(`{"state":`+full()+`,"timeline":{"events":[`+text(1, "@ada:x", "before")+`,`+
		state(2, "@ada:x", "m.room.encryption", "", `{"algorithm":"m.megolm.v1.aes-sha2"}`)+`,`+text(3, "@ada:x", "after")+`]}}`))
	r.sync(false, "", join(`{"timeline":{"events":[`+state(4, "@ada:x", "m.room.encryption", "", `{}`)+`]}}`))
	items := r.items()
	if items[0].Plain || !items[2].Plain || !r.room().Encrypted {
		t.Errorf("%+v", items)
	}
}

func TestPower(t *testing.T) {
	for _, c := range []struct {
		name, levels string
		want         bool
	}{
		{"default", `{}`, true},
		{"announcements", `{"events_default":50}`, false},
		{"as a string", `{"events_default":"50","users":{"` + string(me) + `":"50"}}`, true},
		{"by type", `{"events":{"m.room.message":10},"users_default":5}`, false},
		{"fractions", `{"events_default":50.0,"users_default":49.9}`, false},
		{"nonsense", `{"events_default":{},"users":5}`, true},
	} {
		r := newRig(t)
		r.sync(false, "", join(`{"state":`+full(state(910, "@ada:x", "m.room.power_levels", "", c.levels))+`}`))
		if got := r.room().CanSend; got != c.want {
			t.Errorf("%s: can send: %v", c.name, got)
		}
	}
	r := newRig(t)
	r.sync(false, "", join(`{"state":{"events":[`+state(1, me, "m.room.create", "", `{"room_version":"12"}`)+`,`+
		state(2, me, "m.room.power_levels", "", `{"events_default":100}`)+`]}}`))
	if !r.room().CanSend {
		t.Error("the creator of a version 12 room cannot send")
	}
}

func TestSpacesAndEdges(t *testing.T) {
	r := newRig(t)
	child := func(n int, id, content string) string { return state(n, "@ada:x", "m.space.child", id, content) }
	r.sync(false, "", join(`{"state":{"events":[`+state(1, "@ada:x", "m.room.create", "", `{"type":"m.space"}`)+`,`+
		child(2, "!a:x", `{"via":["x"],"order":"b","suggested":true}`)+`,`+child(3, "!b:x", `{"via":["x",5],"order":5}`)+`,`+child(4, "!c:x", `{}`)+`]}}`))
	side, err := r.store.Sidebar(t.Context())
	if err != nil || len(side.Edges) != 2 || side.Rooms[0].Type != chat.RoomSpace {
		t.Fatalf("%+v %v", side, err)
	}
	r.sync(false, "", timeline(child(5, "!a:x", `{}`)))
	if side, err = r.store.Sidebar(t.Context()); err != nil || len(side.Edges) != 1 || side.Edges[0].Child != "!b:x" {
		t.Errorf("%+v %v", side.Edges, err)
	}
}

func TestFinishReadsTheRestOneByOne(t *testing.T) {
	r := newRig(t)
	in, err := r.ingest.Begin(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	err = in.Finish(t.Context(), "s9", func(yield func(Section, error) bool) {
		for n := range 3 {
			if !yield(Section{Room: chat.RoomID(fmt.Sprintf("!%d:x", n)), Membership: chat.MemberJoined, Raw: []byte(`{"state":` + full() + `}`)}, nil) {
				return
			}
		}
	})
	if err != nil || r.roomOf("!2:x").Name != "General" {
		t.Errorf("%v", err)
	}
	err = in.Finish(t.Context(), "s10", func(yield func(Section, error) bool) {
		yield(Section{}, fmt.Errorf("broken"))
	})
	if tok, _ := r.store.Sync(t.Context(), store.SyncNextBatch); err == nil || tok != "s9" {
		t.Errorf("token %q, error %v", tok, err)
	}
}

func TestCrashInTheMiddleOfFirstSync(t *testing.T) {
	r := newRig(t)
	give := func(in *Intake, rooms int) {
		t.Helper()
		for n := range rooms {
			id := chat.RoomID(fmt.Sprintf("!%d:x", n))
			raw := `{"state":` + full() + `,"timeline":{"limited":true,"prev_batch":"p","events":[` + text(1, "@ada:x", "a") + `]}}`
			if _, err := in.Add(t.Context(), in.Prepare(t.Context(), Section{Room: id, Membership: chat.MemberJoined, Raw: []byte(raw)})); err != nil {
				t.Fatal(err)
			}
		}
	}
	begin := func() *Intake {
		in, err := r.ingest.Begin(t.Context(), true)
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
	give(begin(), batchRooms+20) // and nothing more: the process is gone
	if tok, err := r.store.Sync(t.Context(), store.SyncNextBatch); err != nil || tok != "" {
		t.Fatalf("token %q after a part, %v", tok, err)
	}
	in := begin()
	give(in, batchRooms+50)
	if err := in.Finish(t.Context(), "s1", nil); err != nil {
		t.Fatal(err)
	}
	side, err := r.store.Sidebar(t.Context())
	if err != nil || len(side.Rooms) != batchRooms+50 {
		t.Errorf("%d rooms, %v", len(side.Rooms), err)
	}
	for _, id := range []chat.RoomID{"!0:x", "!140:x"} {
		if p := storetest.Page(t, r.store, id, 10); len(p.Items) != 2 {
			t.Errorf("%s shows %d items", id, len(p.Items))
		}
	}
}

func TestClocks(t *testing.T) {
	r := newRig(t)
	ahead := strings.Replace(text(1, "@ada:x", "a"), "1000001", "9000000000000", 1)
	r.sync(false, "", timeline(ahead))
	if got := r.room().LastActive.UnixMilli(); got != now {
		t.Errorf("a message from the future makes the room active at %d", got)
	}
	r.ingest.now = func() time.Time { return time.UnixMilli(5) } // our clock has lost its battery
	r.sync(false, "", timeline(text(2, "@ada:x", "b")))
	if got := r.room().LastActive.UnixMilli(); got != 1_000_002 {
		t.Errorf("a wrong clock of ours makes the room active at %d", got)
	}
}
