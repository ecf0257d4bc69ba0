package ui

import (
	"strings"
	"testing"

	"hubbub/store/chat"
)

// withLinks is a room whose newest message holds html.
func withLinks(html string) *world {
	w := harbour()
	m := text(5, "bo", "links")
	m.HTML = html
	w.items["!g"] = append(w.items["!g"], m)
	return w
}

// TestOpenLinks: on a desktop the browser gets the link, elsewhere the clipboard.
func TestOpenLinks(t *testing.T) {
	const plain = `see <a href="https://example.org/a?b=1">https://example.org/a</a>`
	for _, c := range []struct {
		name, html string
		desktop    bool
		keys       []string
		calls      string
		says       string
	}{
		{"a desktop", plain, true, nil, "open https://example.org/a?b=1", "Opening example.org…"},
		{"over SSH", plain, false, nil, "copy https://example.org/a?b=1", "Link copied."},
		{"disguised", `<a href="https://evil.example/x">https://example.org</a>`, true, nil, "", "Open evil.example?"},
		{"disguised and wanted", `<a href="https://evil.example/x">my bank</a>`, true, []string{"y"}, "open https://evil.example/x", "Opening evil.example"},
		{"into Matrix", `<a href="https://matrix.to/#/%23go:example.org">#go</a>`, true, nil, "", "matrix.to/#/%23go:example.org"},
		{"a person", `<a href="https://matrix.to/#/%40eve:example.org">eve</a>`, true, nil, "", "@eve:example.org"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := withLinks(c.html)
			w.desktop = c.desktop
			s := sit(t, w, 120, 30, nil)
			s.Key("esc")
			w.took()
			s.Key("o")
			s.clock.now = s.clock.now.Add(1e9)
			s.Key(c.keys...)
			s.want(c.says)
			got := w.took()
			if c.calls != "" && !strings.Contains(got, c.calls) || c.calls == "" && (strings.Contains(got, "open ") || strings.Contains(got, "copy ")) {
				t.Errorf("did %q, want %q", got, c.calls)
			}
		})
	}
}

// TestAnsweredMessageIsFetchedOnce: what is answered but not here is asked for, and again after the connection was lost.
func TestAnsweredMessageIsFetchedOnce(t *testing.T) {
	w := harbour()
	m := text(5, "bo", "I agree")
	m.Reply = &chat.ReplyPreview{ID: "$far"}
	w.items["!g"] = append(w.items["!g"], m)
	s := sit(t, w, 120, 30, nil)
	s.want("a message that is not here")
	s.wantCall("fetch !g $far")
	s.Type("x")
	s.see()
	if got := w.took(); strings.Contains(got, "fetch") {
		t.Errorf("asked again: %s", got)
	}
	s.Send(feedMsg{changes: chat.ChangeSet{Conn: online()}})
	s.wantCall("fetch !g $far")
	m.Reply = &chat.ReplyPreview{ID: "$far", Sender: "@ada:example.org", SenderName: "ada", Body: "long ago"}
	s.Send(feedMsg{changes: chat.ChangeSet{Timeline: map[chat.RoomID]*chat.RoomChange{"!g": {Items: []chat.Message{m}}}}})
	s.want("ada: long ago")
}
