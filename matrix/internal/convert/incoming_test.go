package convert

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hubbub/store/chat"
)

// item reads a message event with this content.
func item(content string) Item {
	return Parse([]byte(`{"type":"m.room.message","event_id":"$1","sender":"@a:x","origin_server_ts":1,"content":` + content + `}`)).Item(nil)
}

func TestMessages(t *testing.T) {
	reply := `"m.relates_to":{"m.in_reply_to":{"event_id":"$0"}}`
	for _, c := range []struct {
		name, content string
		kind          chat.MessageKind
		body, html    string
	}{
		{"text", `{"msgtype":"m.text","body":"a"}`, chat.KindText, "a", ""},
		{"html", `{"msgtype":"m.text","body":"a","format":"org.matrix.custom.html","formatted_body":"<b>a</b>"}`, chat.KindText, "a", "<b>a</b>"},
		{"unknown format", `{"msgtype":"m.text","body":"a","format":"x","formatted_body":"<b>a</b>"}`, chat.KindText, "a", ""},
		{"emote", `{"msgtype":"m.emote","body":"waves"}`, chat.KindEmote, "waves", ""},
		{"unknown type", `{"msgtype":"org.example","body":"a"}`, chat.KindText, "a", ""},
		{"no type", `{"body":"a"}`, chat.KindUnreadable, "a", ""},
		{"no body", `{"msgtype":"m.text"}`, chat.KindUnreadable, "", ""},
		{"escapes", `{"msgtype":"m.text","body":"\u0041\ud83d\ude00\ud800\n"}`, chat.KindText, "A😀\uFFFD\n", ""},
		{"key twice", `{"msgtype":"m.text","body":"a","body":"b"}`, chat.KindText, "b", ""},
		{"reply fallback", `{"msgtype":"m.text","body":"> <@b:x> q\n> r\n\nanswer","format":"org.matrix.custom.html","formatted_body":"<mx-reply>q</mx-reply>answer",` + reply + `}`, chat.KindText, "answer", "answer"},
		{"quote that is no fallback", `{"msgtype":"m.text","body":"> q\nanswer",` + reply + `}`, chat.KindText, "> q\nanswer", ""},
		{"quote without reply", `{"msgtype":"m.text","body":"> <@b:x> q\n\nanswer"}`, chat.KindText, "> <@b:x> q\n\nanswer", ""},
		{"fallback alone", `{"msgtype":"m.text","body":"> <@b:x> q",` + reply + `}`, chat.KindText, "> <@b:x> q", ""},
		{"edit", `{"msgtype":"m.text","body":"* b","m.new_content":{"msgtype":"m.emote","body":"b"},"m.relates_to":{"rel_type":"m.replace","event_id":"$0"}}`, chat.KindEmote, "b", ""},
		{"location", `{"msgtype":"m.location","body":"here","geo_uri":"geo:1,2"}`, chat.KindLocation, "here geo:1,2", ""},
	} {
		if it := item(c.content); it.Kind != c.kind || it.Body != c.body || it.HTML != c.html {
			t.Errorf("%s: %+v", c.name, it)
		}
	}
}

func TestRelations(t *testing.T) {
	it := item(`{"msgtype":"m.text","body":"a","m.relates_to":{"rel_type":"m.thread","event_id":"$t","is_falling_back":true,"m.in_reply_to":{"event_id":"$l"}}}`)
	if it.Thread != "$t" || it.ReplyTo != "" || it.Hidden {
		t.Errorf("thread: %+v", it)
	}
	it = item(`{"msgtype":"m.text","body":"a","m.relates_to":{"rel_type":"m.replace","event_id":"$t"}}`)
	if it.RelType != "" || it.Hidden || it.Body != "a" {
		t.Errorf("edit without new content: %+v", it)
	}
	for _, rel := range []string{`5`, `{"rel_type":"m.annotation"}`, `{"event_id":"$x"}`, `{"rel_type":5,"event_id":"$x"}`, `{"rel_type":"m.thread","event_id":"` + strings.Repeat("x", 9999) + `"}`} {
		if it = item(`{"msgtype":"m.text","body":"a","m.relates_to":` + rel + `}`); it.RelType != "" || it.RelTarget != "" || it.Thread != "" {
			t.Errorf("%.60s: %+v", rel, it)
		}
	}
	open := Parse([]byte(`{"type":"m.room.encrypted","event_id":"$1","sender":"@a:x","content":{"m.relates_to":{"rel_type":"m.thread","event_id":"$outer"}}}`))
	clear := open.Clear([]byte(`{"type":"m.room.message","content":{"msgtype":"m.text","body":"a","m.relates_to":{"rel_type":"m.thread","event_id":"$inner"}}}`))
	if it = clear.Item(open.Content); it.Thread != "$outer" || it.Body != "a" {
		t.Errorf("encrypted: %+v", it)
	}
	if it = open.Clear([]byte(`[]`)).Item(open.Content); it.Kind != chat.KindUnreadable {
		t.Errorf("decrypted to nonsense: %+v", it)
	}
}

func TestMedia(t *testing.T) {
	it := item(`{"msgtype":"m.image","body":"look","filename":"a.png","file":{"url":"mxc://x/y","v":"v2"},"url":"mxc://x/clear",
		"info":{"mimetype":"image/png","size":1e99,"w":-5,"h":480.0,"duration":1500}}`)
	m := it.Media
	if it.Kind != chat.KindImage || it.Body != "look" || m.Name != "a.png" || m.URL != "mxc://x/y" || string(m.Keys) != `{"url":"mxc://x/y","v":"v2"}` ||
		m.Mime != "image/png" || m.Size <= 0 || m.Width != 0 || m.Height != 480 || m.Length != 1500*time.Millisecond {
		t.Errorf("%+v %+v", it, m)
	}
	if it = item(`{"msgtype":"m.file","body":"b.bin","url":"mxc://x/y"}`); it.Body != it.Media.Name || it.Media.Keys != nil {
		t.Errorf("%+v %+v", it, it.Media)
	}
	if it = item(`{"msgtype":"m.audio","body":"c","info":[]}`); it.Problem == "" {
		t.Errorf("a file without address has no problem: %+v", it)
	}
}

func TestPolls(t *testing.T) {
	for _, typ := range []string{"m.poll.start", "org.matrix.msc3381.poll.start"} {
		for _, poll := range []string{
			`{"org.matrix.msc3381.poll.start":{"question":{"org.matrix.msc1767.text":"Tea?"},"answers":[{"org.matrix.msc1767.text":"yes"},{},{"body":"no"}]}}`,
			`{"m.poll":{"question":{"m.text":[{"body":"Tea?"}]},"answers":[{"m.text":[{"body":"yes"}]},{"m.text":"no"}]}}`,
		} {
			ev := Parse([]byte(`{"type":"` + typ + `","event_id":"$1","sender":"@a:x","content":` + poll + `}`))
			if it := ev.Item(nil); it.Kind != chat.KindPoll || it.Body != "Tea?\n1. yes\n2. no" {
				t.Errorf("%+v", it)
			}
		}
	}
}

func TestStateChanges(t *testing.T) {
	ev := Parse([]byte(`{"type":"m.room.member","state_key":"@b:x","event_id":"$1","sender":"@a:x","content":{"membership":"ban","reason":"spam"},
		"unsigned":{"prev_content":{"membership":"join","displayname":"Bo"}}}`))
	c := ev.Item(nil).State
	if c == nil || c.Target != "@b:x" || c.TargetName != "Bo" || c.Membership != chat.MemberBanned || c.PrevMembership != chat.MemberJoined || c.Reason != "spam" || c.NameChanged {
		t.Errorf("%+v", c)
	}
	ev = Parse([]byte(`{"type":"m.room.topic","state_key":"","event_id":"$1","sender":"@a:x","content":{"topic":"new"},"unsigned":{"prev_content":{"topic":5}}}`))
	if c = ev.Item(nil).State; c.Value != "new" || c.PrevValue != "" {
		t.Errorf("%+v", c)
	}
}

func TestTimes(t *testing.T) {
	for in, want := range map[string]int64{`5`: 5, `-1`: 0, `1e300`: maxTS, `"5"`: 0, `5.9`: 5, `-1e300`: 0, `{}`: 0, `99999999999999999999999`: maxTS, `NaN`: 0} {
		if got := Parse([]byte(`{"origin_server_ts":` + in + `}`)).TS; got != want {
			t.Errorf("%s is %d", in, got)
		}
	}
}

func TestUnreadableEventsAreTheSameWhenRepeated(t *testing.T) {
	a, b, other := Parse([]byte(`{"x":1}`)), Parse([]byte(`{"x":1}`)), Parse([]byte(`{"x":2}`))
	if a.ID == "" || a.ID != b.ID || a.ID == other.ID || a.Problem == "" {
		t.Errorf("%q %q %q", a.ID, b.ID, other.ID)
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		body, name string
		want       bool
	}{
		{"hi Ada!", "ada", true},
		{"adamant", "ada", false},
		{"my_ada", "ada", false},
		{"ada", "", false},
		{"nada ada", "ada", true},
		{"Ärger mit Zoë", "zoë", true},
		{"x", "longer", false},
		{"(ada)", "Ada", true},
	} {
		if got := Names(c.body, c.name); got != c.want {
			t.Errorf("%q in %q: %v", c.name, c.body, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{"type":"m.room.message","event_id":"$1","sender":"@a:x","content":{"msgtype":"m.image","body":"a","info":{},"file":{}}}`,
		`{"type":"m.room.member","state_key":"@a:x","event_id":"$1","sender":"@a:x","content":{},"unsigned":{"prev_content":{},"redacted_because":{"sender":"@b:x","content":{}}}}`,
		`{"type":"m.poll.start","event_id":"$1","sender":"@a:x","content":{"m.poll":{"question":{"m.text":[{"body":"q"}]},"answers":[]}}}`,
		`{"type":"m.reaction","event_id":"$1","sender":"@a:x","content":{"m.relates_to":{"rel_type":"m.annotation","event_id":"$2","key":"+"}}}`,
		`{"type":"m.room.encrypted","content":{"m.relates_to":{}},"unsigned":{"m.relations":{"m.thread":{"count":1,"latest_event":{}}}}}`,
		`{"\u0074ype":"\ud800"`, `{"a":[{"b":"\\\""}]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		ev := Parse(raw)
		for _, it := range []Item{ev.Item(nil), ev.Clear(raw).Item(raw)} {
			if ev.ID == "" || len(it.Body) > MaxBody || len(it.HTML) > MaxHTML {
				t.Fatalf("%q: id %q, body of %d bytes", raw, ev.ID, len(it.Body))
			}
			if it.Kind == chat.KindUnreadable && it.Problem == "" {
				t.Fatalf("%q is unreadable without a reason", raw)
			}
			if (it.RelType == "") != (it.RelTarget == "") {
				t.Fatalf("%q has half a relation: %+v", raw, it)
			}
		}
		if ev.TS < 0 || ev.TS > maxTS {
			t.Fatal(fmt.Sprint(ev.TS))
		}
	})
}

func BenchmarkParse(b *testing.B) {
	raw := []byte(`{"type":"m.room.message","event_id":"$H00001_0000001-flood-flood-flood-flood-flo","sender":"@u0001:localhost","origin_server_ts":1700000000000,"room_id":"!r:x","content":{"msgtype":"m.text","body":"` +
		strings.Repeat("word ", 12) + `","m.mentions":{},"m.relates_to":{"m.in_reply_to":{"event_id":"$x"}}}}`)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if it := Parse(raw).Item(nil); it.Kind != chat.KindText {
			b.Fatal(it.Kind)
		}
	}
}
