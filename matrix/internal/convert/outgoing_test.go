package convert

import (
	"encoding/json"
	"strings"
	"testing"

	"hubbub/store/chat"
)

func TestContentOfText(t *testing.T) {
	for _, c := range []struct{ name, in, body, html string }{
		{"plain", "hello there", "hello there", ""},
		{"two lines stay plain", "hello\nthere", "hello\nthere", ""},
		{"quotes and ampersands stay plain", `a "b" & <c>`, `a "b" & <c>`, ""},
		{"bare link stays plain", "see https://example.org/a_b_c", "see https://example.org/a_b_c", ""},
		{"snake case stays plain", "some_snake_name", "some_snake_name", ""},
		{"bold", "a **b** c", "a **b** c", "a <strong>b</strong> c"},
		{"strike", "~~no~~ yes", "~~no~~ yes", "<del>no</del> yes"},
		{"spoiler", "he ||dies||", "he ||dies||", "he <span data-mx-spoiler>dies</span>"},
		{"html is escaped", "**x** <script>alert(1)</script>", "**x** <script>alert(1)</script>", "<strong>x</strong> &lt;script&gt;alert(1)&lt;/script&gt;"},
		{"html block is escaped", "<div>\n**x**\n</div>", "<div>\n**x**\n</div>", "&lt;div&gt;<br>\n<strong>x</strong><br>\n&lt;/div&gt;"},
		{"javascript link loses its address", "[x](javascript:alert(1))", "[x](javascript:alert(1))", `<a href="">x</a>`},
		{"fence", "```go\nx < 1\n```", "```go\nx < 1\n```", "<pre><code class=\"language-go\">x &lt; 1\n</code></pre>"},
		{"escaped star", `\*x\*`, `\*x\*`, "*x*"},
		{"pipes alone", "a || b", "a || b", ""},
		{"user id", "hi @ada:example.org.", "hi @ada:example.org.", `hi <a href="https://matrix.to/#/@ada:example.org">@ada:example.org</a>.`},
		{"user id in code is none", "`@ada:example.org`", "`@ada:example.org`", "<code>@ada:example.org</code>"},
		{"mail is none", "mail ada@example.org", "mail ada@example.org", ""},
		{"pill", "hi [Ada](https://matrix.to/#/@ada:example.org)", "hi Ada", `hi <a href="https://matrix.to/#/@ada:example.org">Ada</a>`},
		{"pill named by its id", "[@ada:example.org](https://matrix.to/#/@ada:example.org)", "@ada:example.org", `<a href="https://matrix.to/#/@ada:example.org">@ada:example.org</a>`},
		{"list", "- a\n- b", "- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			typ, content, err := Content(chat.Outgoing{Text: c.in}, nil)
			if err != nil || typ != "m.room.message" {
				t.Fatalf("type %q, error %v", typ, err)
			}
			it := Event{Type: typ, Content: content}.Item(nil)
			if it.Body != c.body || it.HTML != c.html {
				t.Errorf("body %q html %q\nwant %q html %q", it.Body, it.HTML, c.body, c.html)
			}
		})
	}
}

// members decodes content for tests that look at single values.
func members(t *testing.T, content []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(content, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestContentMentions(t *testing.T) {
	for in, want := range map[string]string{
		"nobody": `{}`,
		"@ada:example.org, @b:c:8448 and @ada:example.org":    `{"user_ids":["@ada:example.org","@b:c:8448"]}`,
		"[x](https://matrix.to/#/%40ada%3Aexample.org?via=x)": `{"user_ids":["@ada:example.org"]}`,
		"@room look":           `{"room":true}`,
		"@roomy":               `{}`,
		"```\n@room @a:b\n```": `{}`,
	} {
		_, content, err := Content(chat.Outgoing{Text: in}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(Get(content, "m.mentions")); got != want {
			t.Errorf("%q mentions %s, want %s", in, got, want)
		}
	}
	_, content, err := Content(chat.Outgoing{Text: "@room @ada:example.org", Plain: true}, nil)
	if err != nil || string(Get(content, "m.mentions")) != `{}` {
		t.Errorf("plain text mentions somebody: %s, %v", content, err)
	}
}

func TestContentRelations(t *testing.T) {
	info := &ReplyInfo{Sender: "@bo:x", ThreadLatest: "$latest", Mentioned: []chat.UserID{"@old:x"}}
	for _, c := range []struct {
		name string
		out  chat.Outgoing
		path []string
		want string
	}{
		{"reply", chat.Outgoing{Text: "a", ReplyTo: "$r"}, []string{"m.relates_to"}, `{"m.in_reply_to":{"event_id":"$r"}}`},
		{"reply mentions", chat.Outgoing{Text: "a", ReplyTo: "$r"}, []string{"m.mentions"}, `{"user_ids":["@bo:x"]}`},
		{"thread", chat.Outgoing{Text: "a", Thread: "$t"}, []string{"m.relates_to"}, `{"rel_type":"m.thread","event_id":"$t","m.in_reply_to":{"event_id":"$latest"},"is_falling_back":true}`},
		{"reply in thread", chat.Outgoing{Text: "a", Thread: "$t", ReplyTo: "$r"}, []string{"m.relates_to"}, `{"rel_type":"m.thread","event_id":"$t","m.in_reply_to":{"event_id":"$r"}}`},
		{"edit", chat.Outgoing{Text: "**a**", Edit: "$e"}, []string{"m.relates_to"}, `{"rel_type":"m.replace","event_id":"$e"}`},
		{"edit fallback", chat.Outgoing{Text: "a", Edit: "$e"}, []string{"body"}, `"* a"`},
		{"edit content", chat.Outgoing{Text: "a", Edit: "$e"}, []string{"m.new_content"}, `{"msgtype":"m.text","body":"a","m.mentions":{}}`},
		{"edit rings only whom it adds", chat.Outgoing{Text: "@old:x @new:x", Edit: "$e"}, []string{"m.mentions"}, `{"user_ids":["@new:x"]}`},
		{"reaction", chat.Outgoing{Kind: chat.OutReaction, Target: "$r", Key: "👍"}, []string{"m.relates_to"}, `{"rel_type":"m.annotation","event_id":"$r","key":"👍"}`},
		{"emote", chat.Outgoing{Kind: chat.OutEmote, Text: "waves"}, []string{"msgtype"}, `"m.emote"`},
		{"redaction", chat.Outgoing{Kind: chat.OutRedact, Target: "$r", Text: "spam"}, nil, `{"redacts":"$r","reason":"spam"}`},
	} {
		_, content, err := Content(c.out, info)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := string(Get(content, c.path...)); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestContentRefuses(t *testing.T) {
	for _, out := range []chat.Outgoing{
		{Text: " \n\t"},
		{Kind: chat.OutReaction, Target: "$r"},
		{Kind: chat.OutFile},
		{Kind: 99},
		{Text: strings.Repeat("long ", 20_000)},
	} {
		if _, _, err := Content(out, nil); err == nil {
			t.Errorf("kind %d, %d bytes: no error", out.Kind, len(out.Text))
		}
	}
	_, content, err := Content(chat.Outgoing{Text: strings.Repeat("**b** ", 5000)}, nil)
	if err != nil || Get(content, "formatted_body") != nil {
		t.Errorf("a long message keeps its formatted body: %v", err)
	}
}

func TestFileContent(t *testing.T) {
	_, content, err := FileContent(chat.Outgoing{Text: "look *here*"}, Upload{Name: "a.png", Mime: "image/png", Size: 3, URL: "mxc://x/y"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	it := Event{Type: "m.room.message", Content: content}.Item(nil)
	if it.Kind != chat.KindImage || it.Media.Name != "a.png" || it.Media.URL != "mxc://x/y" || it.Body != "look *here*" || it.HTML == "" {
		t.Errorf("%+v %+v", it, it.Media)
	}
	_, content, err = FileContent(chat.Outgoing{}, Upload{Name: "a.bin", Keys: []byte(`{"url":"mxc://x/z","v":"v2"}`)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if m := members(t, content); m["msgtype"] != "m.file" || m["url"] != nil || m["body"] != "a.bin" {
		t.Errorf("%v", m)
	}
}

func FuzzContent(f *testing.F) {
	for _, s := range []string{"a", "**", "||a||", "@a:b", "[a](https://matrix.to/#/@a:b)", "```", "> - 1. #", "\\", "<a", "&amp;"} {
		f.Add(s, "$e")
	}
	f.Fuzz(func(t *testing.T, text, edit string) {
		_, content, err := Content(chat.Outgoing{Text: text, Edit: chat.EventID(edit)}, nil)
		if err != nil {
			return
		}
		if !json.Valid(content) {
			t.Fatalf("not JSON: %q", content)
		}
		if it := (Event{Type: "m.room.message", Content: content}).Item(nil); strings.Contains(it.HTML, "<script") {
			t.Fatalf("raw HTML: %q", it.HTML)
		}
	})
}
