package matrix_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// odd is an event of a shape that no homeserver should send.
type odd struct {
	name string
	json string // %ID and %TS stand for an unused event id and time
	bad  bool   // it is a row that says it cannot be read
}

func message(content string) string {
	return `{"event_id":"%ID","type":"m.room.message","sender":"@eve:example.org","origin_server_ts":%TS,"content":` + content + `}`
}

func text(body string) string { return message(`{"msgtype":"m.text","body":"` + body + `"}`) }

func typed(eventType, content string) string {
	return `{"event_id":"%ID","type":"` + eventType + `","sender":"@eve:example.org","origin_server_ts":%TS,"content":` + content + `}`
}

func stateful(eventType, key, content string) string {
	return `{"event_id":"%ID","type":"` + eventType + `","state_key":` + key + `,"sender":"@eve:example.org","origin_server_ts":%TS,"content":` + content + `}`
}

func nested(n int) string { return strings.Repeat(`{"a":[`, n) + "1" + strings.Repeat("]}", n) }

// envelopes are events whose envelope is broken.
func envelopes() []odd {
	return []odd{
		{"null", `null`, true},
		{"number", `7`, true},
		{"string", `"text"`, true},
		{"array", `[[[]]]`, true},
		{"boolean", `true`, true},
		{"empty object", `{}`, true},
		{"no type", `{"event_id":"%ID","sender":"@eve:x","content":{}}`, true},
		{"type is a number", `{"event_id":"%ID","type":7,"sender":"@eve:x","content":{}}`, true},
		{"type of 65 KB", `{"event_id":"%ID","type":"` + strings.Repeat("x", 65_000) + `","sender":"@eve:x","content":{}}`, true},
		{"no sender", `{"event_id":"%ID","type":"m.room.message","content":{"msgtype":"m.text","body":"x"}}`, true},
		{"sender is an object", `{"event_id":"%ID","type":"m.room.message","sender":{},"content":{"msgtype":"m.text","body":"x"}}`, true},
		{"sender of 65 KB", `{"event_id":"%ID","type":"m.room.message","sender":"@` + strings.Repeat("x", 65_000) + `:x","content":{"msgtype":"m.text","body":"x"}}`, true},
		{"no content", `{"event_id":"%ID","type":"m.room.message","sender":"@eve:x"}`, true},
		{"content is null", message(`null`), true},
		{"content is a list", message(`[1]`), true},
		{"content is text", message(`"x"`), true},
		{"no id", `{"type":"m.room.message","sender":"@eve:x","content":{"msgtype":"m.text","body":"x"}}`, true},
		{"id is a number", `{"event_id":1,"type":"m.room.message","sender":"@eve:x","content":{"msgtype":"m.text","body":"x"}}`, true},
		{"id of 65 KB", `{"event_id":"$` + strings.Repeat("x", 65_000) + `","type":"m.room.message","sender":"@eve:x","content":{"msgtype":"m.text","body":"x"}}`, true},
		{"deep nesting", message(nested(50_000)), true},
		{"not a number", `{"event_id":"%ID","type":"m.room.message","sender":"@eve:x","origin_server_ts":NaN,"content":{"msgtype":"m.text","body":"x"}}`, true},
		{"bad escape", text(`\q`), true},
		{"state key of 65 KB", stateful("m.room.topic", `"`+strings.Repeat("x", 65_000)+`"`, `{"topic":"x"}`), true},
		{"every member twice", `{"event_id":"%ID","event_id":"%ID","type":"m.room.message","type":"m.sticker","sender":"@eve:x","sender":"@b:x","content":{"body":"a"},"content":{"msgtype":"m.text","body":"b"}}`, false},
		{"state key is a number", stateful("m.room.topic", `7`, `{"topic":"x"}`), false},
	}
}

// times are events with absurd times.
func times() []odd {
	all := []odd{{"no time", `{"event_id":"%ID","type":"m.room.message","sender":"@eve:x","content":{"msgtype":"m.text","body":"no time"}}`, false}}
	for _, ts := range []string{"-1", "0", "-9223372036854775808", "9223372036854775807", "1e400", "1e18", "1.5", `"soon"`, "null", "[]", "{}", "253402300800000"} {
		all = append(all, odd{"time " + ts, strings.Replace(text("at "+strings.ReplaceAll(ts, `"`, "")), "%TS", ts, 1), false})
	}
	return all
}

// contents are messages whose content is broken or too much.
func contents() []odd {
	return []odd{
		{"empty", message(`{}`), true},
		{"body is an object", message(`{"msgtype":"m.text","body":{}}`), true},
		{"msgtype is a list", message(`{"msgtype":["m.text"],"body":"x"}`), true},
		{"no body", message(`{"msgtype":"m.text"}`), true},
		{"10 MB body", text(strings.Repeat("0123456789", 1<<20)), false},
		{"control characters", text(`\u0000\u001b[2J\u0007\u202e\u2066\ud800 \u009b31m`), false},
		{"bytes that are no text", text("\xff\xfe\xc0\x80"), false},
		{"formatted body of tables", message(`{"msgtype":"m.text","body":"t","format":"org.matrix.custom.html","formatted_body":"` + strings.Repeat("<table><tr></tr></table><table></table>", 200) + `"}`), false},
		{"formatted body, deep", message(`{"msgtype":"m.text","body":"d","format":"org.matrix.custom.html","formatted_body":"` + strings.Repeat("<blockquote><ul><li>", 3000) + `"}`), false},
		{"formatted body of 1 MB", message(`{"msgtype":"m.text","body":"f","format":"org.matrix.custom.html","formatted_body":"` + strings.Repeat("<b>x</b>", 1<<17) + `"}`), false},
		{"picture without anything", message(`{"msgtype":"m.image","body":"p"}`), false},
		{"file of garbage", message(`{"msgtype":"m.file","body":"../../../etc/passwd","url":7,"file":[],"info":{"size":-5,"w":1e99,"h":"x","duration":[]}}`), false},
		{"file with garbage keys", message(`{"msgtype":"m.file","body":"f","file":{"url":"mxc://a/b","key":{"k":7},"iv":null,"hashes":"x"}}`), false},
		{"relation is a number", message(`{"msgtype":"m.text","body":"r","m.relates_to":7}`), false},
		{"relation to nothing", message(`{"msgtype":"m.text","body":"r","m.relates_to":{"rel_type":[],"event_id":{},"m.in_reply_to":{"event_id":7}}}`), false},
		{"edit without text", message(`{"msgtype":"m.text","body":"e","m.new_content":7,"m.relates_to":{"rel_type":"m.replace","event_id":"$none"}}`), false},
		{"answer to itself", message(`{"msgtype":"m.text","body":"self","m.relates_to":{"m.in_reply_to":{"event_id":"%ID"}}}`), false},
		{"edit of itself", message(`{"msgtype":"m.text","body":"self","m.new_content":{"msgtype":"m.text","body":"x"},"m.relates_to":{"rel_type":"m.replace","event_id":"%ID"}}`), false},
		{"reaction without a key", typed("m.reaction", `{"m.relates_to":{"rel_type":"m.annotation","event_id":"$none"}}`), true},
		{"reaction of 65 KB", typed("m.reaction", `{"m.relates_to":{"rel_type":"m.annotation","event_id":"$none","key":"`+strings.Repeat("x", 65_000)+`"}}`), false},
		{"deletion of itself", `{"event_id":"%ID","type":"m.room.redaction","sender":"@eve:x","origin_server_ts":%TS,"redacts":"%ID","content":{}}`, false},
		{"deletion of a number", `{"event_id":"%ID","type":"m.room.redaction","sender":"@eve:x","origin_server_ts":%TS,"redacts":7,"content":{"redacts":[]}}`, false},
		{"mentions of garbage", message(`{"msgtype":"m.text","body":"m","m.mentions":{"user_ids":[7,null,{}],"room":"yes"}}`), false},
		{"poll of garbage", typed("m.poll.start", `{"m.poll":{"question":7,"answers":{"x":1},"max_selections":"many"}}`), true},
		{"sticker without a picture", typed("m.sticker", `{"body":"s"}`), false},
		{"unknown type", typed("org.example.telemetry", nested(20)), false},
		{"unsigned of garbage", strings.TrimSuffix(text("u"), "}") + `,"unsigned":{"age":"x","transaction_id":7,"prev_content":[],"redacted_because":7,"m.relations":{"m.replace":[],"m.thread":{"count":"x","latest_event":7}}}}`, false},
	}
}

// ciphertexts are encrypted events that nobody encrypted.
func ciphertexts() []odd {
	enc := func(content string) string { return typed("m.room.encrypted", content) }
	return []odd{
		{"nothing", enc(`{}`), false},
		{"algorithm is a number", enc(`{"algorithm":7}`), false},
		{"no session", enc(`{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"AwgA"}`), false},
		{"wrong kinds", enc(`{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":{},"session_id":[],"sender_key":7,"device_id":null}`), false},
		{"garbage", enc(`{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"!!!","session_id":"` + strings.Repeat("x", 43) + `","sender_key":"y","device_id":"z"}`), false},
		{"session of 65 KB", enc(`{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"AwgA","session_id":"` + strings.Repeat("x", 65_000) + `"}`), false},
		{"olm in a room", enc(`{"algorithm":"m.olm.v1.curve25519-aes-sha2","ciphertext":{"k":{"type":0,"body":"x"}},"sender_key":"k"}`), false},
	}
}

// states are state events with broken content.
func states() []odd {
	long := strings.Repeat(`\u001b[31m\u202eevil\u0000 `, 3000)
	return []odd{
		{"member of a number", stateful("m.room.member", `"@eve:example.org"`, `{"membership":7}`), false},
		{"member with a 65 KB name", stateful("m.room.member", `"@long:example.org"`, `{"membership":"join","displayname":"`+long+`","avatar_url":7}`), false},
		{"member who is nobody", stateful("m.room.member", `""`, `{"membership":"join"}`), false},
		{"65 KB name", stateful("m.room.name", `""`, `{"name":"`+long+`"}`), false},
		{"topic is a list", stateful("m.room.topic", `""`, `{"topic":["x"]}`), false},
		{"alias of garbage", stateful("m.room.canonical_alias", `""`, `{"alias":{},"alt_aliases":7}`), false},
		{"avatar of garbage", stateful("m.room.avatar", `""`, `{"url":[]}`), false},
		{"levels as text", stateful("m.room.power_levels", `""`, `{"users":{"@eve:example.org":"100","@b:x":[]},"events":7,"users_default":"x","notifications":[],"redact":1e300}`), false},
		{"second create", stateful("m.room.create", `""`, `{"creator":7,"type":[],"room_version":{}}`), false},
		{"rule of garbage", stateful("m.room.join_rules", `""`, `{"join_rule":[],"allow":{}}`), false},
		{"visibility of garbage", stateful("m.room.history_visibility", `""`, `{"history_visibility":7}`), false},
		{"child of nobody", stateful("m.space.child", `"!nowhere:example.org"`, `{"via":7,"order":"`+strings.Repeat("x", 100)+`"}`), false},
		{"parent of nobody", stateful("m.space.parent", `"not a room"`, `{"via":[7],"canonical":"yes"}`), false},
		{"pins of garbage", stateful("m.room.pinned_events", `""`, `{"pinned":{"x":7}}`), false},
		{"tombstone of garbage", stateful("m.room.tombstone", `""`, `{"replacement_room":7,"body":[]}`), false},
		{"unknown state", stateful("org.example.x", `"`+strings.Repeat("k", 255)+`"`, nested(50)), false},
		{"call of garbage", stateful("org.matrix.msc3401.call.member", `"_@eve:example.org_D_m.call"`, `{"application":7,"foci_preferred":{}}`), false},
	}
}

// Events of every shape, live and in history: the broken ones are rows that
// say so, and nothing stops.
func TestEventsOfEveryShape(t *testing.T) {
	f := newFeeder(t, matrixtest.Stack(t))
	f.marker()
	broken, n := 0, 0
	for _, group := range []func() []odd{envelopes, times, contents, ciphertexts, states} {
		var all []string
		for _, o := range group() {
			n++
			ev := strings.ReplaceAll(strings.ReplaceAll(o.json, "%ID", fmt.Sprintf("$odd%d", n)), "%TS", "1700000000000")
			all = append(all, ev)
			if o.bad {
				broken++
			}
		}
		f.events(all...)
		f.marker()
	}
	check := func(when string) {
		t.Helper()
		unreadable := 0
		for _, m := range f.ada.timeline(f.room) {
			if m.Kind == chat.KindUnreadable {
				unreadable++
				if m.Problem == "" {
					t.Errorf("%s: row %s does not say why", when, m.ID)
				}
			}
			if len(m.Body) > 64<<10 || !utf8.ValidString(m.Body) || len(m.SenderName) > 1000 {
				t.Errorf("%s: %s: body of %d bytes, name of %d", when, m.ID, len(m.Body), len(m.SenderName))
			}
			if y := m.Time.UTC().Year(); y < 1970 || y > 9999 {
				t.Errorf("%s: %s is from the year %d", when, m.ID, y)
			}
		}
		if unreadable != broken {
			t.Errorf("%s: %d unreadable rows, want %d:\n%s", when, unreadable, broken, unreadables(f.ada.timeline(f.room)))
		}
	}
	check("live")
	f.steady()
	f.ada.say(f.room, "still here")
	storetest.Check(t, f.ada.Store())
	f.ada.stop()
	f.ada = start(t, f.account.UserID, f.dir)
	check("after a restart")
	f.marker()
}

func unreadables(all []chat.Message) string {
	var b strings.Builder
	for _, m := range all {
		if m.Kind == chat.KindUnreadable {
			fmt.Fprintf(&b, "%.60s: %s\n", m.ID, m.Problem)
		}
	}
	return b.String()
}

// The same shapes in an answer of history.
func TestHistoryOfEveryShape(t *testing.T) {
	hs := matrixtest.Stack(t)
	f := newFeeder(t, hs)
	for range 30 { // more than the first sync brings
		f.bo.SendText(string(f.room), "old")
	}
	f.ada.stop()
	f.proxy.On(matrixtest.Match{Path: "**/messages"}, matrixtest.Rewrite(func(body []byte) []byte {
		var all []string
		for _, group := range []func() []odd{envelopes, times, contents, ciphertexts, states} {
			for n, o := range group() {
				all = append(all, strings.ReplaceAll(strings.ReplaceAll(o.json, "%ID", fmt.Sprintf("$%s%d", o.name, n)), "%TS", "1700000000000"))
			}
		}
		return edited(t, body, func(answer map[string]any) {
			list, _ := answer["chunk"].([]any)
			answer["chunk"] = append([]any{"@INJECT@"}, list...)
			answer["state"] = []any{7, nil, map[string]any{}, "x"}
		}, `"@INJECT@"`, strings.Join(all, ","))
	}))
	away := *hs
	away.URL = f.proxy.URL()
	ada := signIn(t, &away, f.account, t.TempDir()) // sees the room for the first time
	ada.room(f.room, chat.MemberJoined)
	ada.wait("a gap", func(context.Context) (bool, error) { return len(ada.gaps(f.room)) > 0, nil })
	ada.fillGaps(f.room)
	if all := ada.timeline(f.room); unreadables(all) == "" || all[0].Type != "m.room.create" {
		t.Errorf("the room begins with %+v; unreadable:\n%s", all[0], unreadables(all))
	}
	storetest.Check(t, ada.Store())
}

// One id for several events: the first that came stays, in its room.
func TestEventIDsThatComeAgain(t *testing.T) {
	f := newFeeder(t, matrixtest.Stack(t))
	f.marker()
	first := f.bo.SendText(string(f.room), "the original")
	f.ada.message(f.room, "the original")
	again := strings.NewReplacer("%ID", first, "%TS", "1700000000000", "@eve:example.org", f.bo.UserID)
	f.events(again.Replace(text("forged")), again.Replace(text("forged again")), again.Replace(stateful("m.room.topic", `""`, `{"topic":"x"}`)))
	f.marker()
	if m := f.ada.byID(f.room)[chat.EventID(first)]; m.Body != "the original" {
		t.Errorf("replaced by %+v", m)
	}
	stands := 0
	for _, m := range f.ada.timeline(f.room) {
		if m.ID == chat.EventID(first) {
			stands++
		}
	}
	if stands != 1 {
		t.Errorf("it stands there %d times", stands)
	}
	f.steady()
	storetest.Check(t, f.ada.Store())
}
