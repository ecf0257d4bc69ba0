package chat

import (
	"strings"
	"testing"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
)

func crowd() []chat.Member {
	return []chat.Member{
		{User: "@zed:b.example", Name: "zed", Membership: chat.MemberJoined},
		{User: "@bot:example.org", Name: "Announcer", Membership: chat.MemberJoined},
		{User: "@bo:example.org", Name: "bo", Membership: chat.MemberJoined},
		{User: "@bobby:example.org", Name: "bobby", Membership: chat.MemberJoined},
		{User: "@cy1:example.org", Name: "cy", Membership: chat.MemberJoined},
		{User: "@cy2:example.org", Name: "Cy", Membership: chat.MemberJoined},
		{User: "@dee:example.org", Name: "*dee* [x](y)", Membership: chat.MemberJoined},
	}
}

// complete types what is before the mark of a completion, and takes the first line.
func complete(t *testing.T, p *Pane, text string) {
	t.Helper()
	for _, r := range text {
		p.Type(string(r))
	}
	see(t, p)
	if !p.Do(keymap.NextPane) {
		t.Fatalf("nothing completes %q", text)
	}
}

const boLink = "[bo](https://matrix.to/#/@bo:example.org)"

// TestMentionReadsAsAName: the composer shows the name, what is sent and kept
// says who it is.
func TestMentionReadsAsAName(t *testing.T) {
	p := newPane(t, conversation())
	paint(p, 80, 24)
	p.SetMembers(crowd())
	complete(t, p, "hi @b")
	p.Type("and not @bobby, @bo:other.org or `@bo`; @bo: yes")
	if got := p.Text(); !strings.HasPrefix(got, "hi @bo and") {
		t.Fatalf("written: %q", got)
	}
	want := "hi " + boLink + " and not @bobby, @bo:other.org or `@bo`; " + boLink + ": yes"
	d := p.Draft()
	if d.Text != want || d.Cursor != len(want) {
		t.Errorf("kept: %q, cursor %d", d.Text, d.Cursor)
	}
	p.Do(keymap.Send)
	if in := take(t, p, IntentSubmit); in.Out.Text != want {
		t.Errorf("sent: %q", in.Out.Text)
	}
	w := newWorld()
	w.say("ada", "hi", 0)
	page := w.page()
	p.Open(w.room, d, &page)
	if got := p.Text(); got != "hi @bo and not @bobby, @bo:other.org or `@bo`; @bo: yes" || p.Draft().Text != want || p.Draft().Cursor != d.Cursor {
		t.Errorf("the draft comes back as %q, kept as %q", got, p.Draft().Text)
	}
}

// TestMentionThatCouldBeAnother: where a name says too little, or is markdown, the id stands.
func TestMentionThatCouldBeAnother(t *testing.T) {
	for text, want := range map[string]string{
		"@cy": "@cy1:example.org ", "@dee": "@dee:example.org ", "@announ": "@Announcer ", "@bob": "@bobby ",
	} {
		p := newPane(t, conversation())
		paint(p, 80, 24)
		p.SetMembers(crowd())
		complete(t, p, text)
		if got := p.Text(); got != want {
			t.Errorf("%s completes to %q", text, got)
		}
	}
}

// TestMentionInACommand: a command gets the id, unless it is a way of writing.
func TestMentionInACommand(t *testing.T) {
	for text, want := range map[string]string{
		"/invite @b": "/invite @bo:example.org ", "/plain @b": "/plain @bo:example.org ", "/me @b": "/me " + boLink + " ", "//x @b": "//x " + boLink + " ",
	} {
		p := newPane(t, conversation())
		paint(p, 80, 24)
		p.SetMembers(crowd())
		complete(t, p, text)
		if got := p.Draft().Text; got != want {
			t.Errorf("%s gives %q", text, got)
		}
	}
}

// TestMentionWrittenByHand: a whole name is the person that the list offers.
func TestMentionWrittenByHand(t *testing.T) {
	p := newPane(t, conversation())
	paint(p, 80, 24)
	p.SetMembers(crowd())
	for _, r := range "@bo" {
		p.Type(string(r))
	}
	see(t, p, "bobby")
	p.Do(keymap.Send)
	if in := take(t, p, IntentSubmit); in.Out.Text != boLink {
		t.Errorf("sent: %q", in.Out.Text)
	}
}

// TestEditKeepsMentions: of messages from any client.
func TestEditKeepsMentions(t *testing.T) {
	m := &chat.Message{Body: "bo: hi, bo", HTML: `<a href="https://matrix.to/#/%40bo%3Aexample.org">bo</a>: hi, bo`}
	if got := Source(m); got != "[bo](https://matrix.to/#/%40bo%3Aexample.org): hi, bo" {
		t.Errorf("source: %q", got)
	}
	w := newWorld()
	w.say("me", m.Body, 0, html(m.HTML))
	p := newPane(t, w)
	page := w.page()
	p.Open(w.room, chat.Draft{}, &page)
	paint(p, 80, 24)
	p.startEdit(&w.items[0])
	if got := p.Text(); got != "@bo: hi, bo" {
		t.Errorf("edited as %q", got)
	}
	if got := p.Draft().Text; got != boLink+": hi, bo" {
		t.Errorf("kept as %q", got)
	}
}

// FuzzMentions: what is kept comes back as it was, whatever stands in it.
func FuzzMentions(f *testing.F) {
	f.Add("hi @bo and `@bo`", "<a href=\"https://matrix.to/#/@bo:x\">bo</a>")
	f.Add("[a](https://matrix.to/#/@a:b) @a", "")
	f.Fuzz(func(t *testing.T, text, html string) {
		p := &Pane{ed: newPane(t, newWorld()).ed, called: []called{{"bo", "@bo:example.org"}}}
		p.load(text, len(text)/2)
		p.load(Source(&chat.Message{Body: text, HTML: html}), -1)
		p.ed.Load("x "+text, -1)
		kept := p.expand(p.ed.Text())
		p.load(kept, len(kept))
		if again := p.expand(p.ed.Text()); again != kept && !strings.ContainsAny(text, "`[]()@/") {
			t.Errorf("%q became %q", kept, again)
		}
	})
}

// TestPreviewsReadAsShown: above an answer stands what the message looks like, and
// nothing that it hides.
func TestPreviewsReadAsShown(t *testing.T) {
	w := newWorld()
	first := w.say("ada", "*dog watch* at ||nine||", 0, html(`<em>dog watch</em> at <span data-mx-spoiler>nine</span>`))
	w.say("bo", "me too", 1, func(m *chat.Message) {
		m.Reply = &chat.ReplyPreview{ID: first.ID, Sender: first.Sender, SenderName: "ada", Body: first.Body, HTML: first.HTML}
	})
	p := newPane(t, w)
	page := w.page()
	p.Open(w.room, chat.Draft{}, &page)
	p.startReply(&w.items[0])
	got, _ := paint(p, 100, 24)
	if strings.Count(got, "ada: dog watch at ") != 2 || strings.Contains(got, "*dog") || strings.Contains(got, "nine") {
		t.Errorf("it shows\n%s", got)
	}
	if got := Preview(first).String(); strings.ContainsAny(got, "*|") || strings.Contains(got, "nine") {
		t.Errorf("preview %q", got)
	}
}
