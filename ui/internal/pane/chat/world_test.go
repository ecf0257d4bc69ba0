package chat

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/term"
	"hubbub/ui/internal/theme"
	"hubbub/ui/internal/timeline"
)

var update = flag.Bool("update", false, "write the golden files anew")

const me chat.UserID = "@me:example.org"

// start is when the sample conversation begins.
func start() time.Time { return time.Date(2026, 11, 19, 23, 50, 0, 0, time.UTC) }

// world makes messages of a room, one after the other.
type world struct {
	room  chat.Room
	items []chat.Message
	now   time.Time
	key   chat.ItemKey
}

func newWorld() *world {
	return &world{now: start(), room: chat.Room{
		ID: "!general:example.org", Name: "general", Topic: "Weekly ship room", Encrypted: true, Joined: 12,
		Membership: chat.MemberJoined, CanSend: true,
	}}
}

// say adds a message of a person after some minutes.
func (w *world) say(user, body string, minutes int, change ...func(*chat.Message)) *chat.Message {
	w.now = w.now.Add(time.Duration(minutes) * time.Minute)
	w.key++
	m := chat.Message{
		Key: w.key, Seq: chat.Seq(1<<40 + int64(w.key)), Room: w.room.ID, ID: chat.EventID(fmt.Sprintf("$%d", w.key)),
		Sender: chat.UserID("@" + user + ":example.org"), SenderName: user, Own: user == "me", Time: w.now,
		Type: "m.room.message", Body: body,
	}
	for _, c := range change {
		c(&m)
	}
	w.items = append(w.items, m)
	return &w.items[len(w.items)-1]
}

func (w *world) page() chat.Page {
	return chat.Page{Room: w.room.ID, Items: append([]chat.Message{}, w.items...), AtStart: true, AtNewest: true}
}

func html(s string) func(*chat.Message) { return func(m *chat.Message) { m.HTML = s } }

func joined(user string) func(*chat.Message) {
	return func(m *chat.Message) {
		m.Kind, m.Type = chat.KindState, "m.room.member"
		m.State = &chat.StateChange{Type: m.Type, Target: m.Sender, TargetName: user, Membership: chat.MemberJoined}
	}
}

// conversation has one of everything.
func conversation() *world {
	w := newWorld()
	w.say("ada", "old news", 0)
	w.say("dee", "", 15, joined("dee"))
	w.say("eve", "", 1, joined("eve"))
	w.say("fin", "", 1, joined("fin"))
	w.say("ada", "", 1, func(m *chat.Message) {
		m.Kind, m.State = chat.KindState, &chat.StateChange{Type: "m.room.topic", Value: "Weekly ship room"}
	})
	first := w.say("ada", "The build is green again. See https://ci.example.org/42", 30, func(m *chat.Message) {
		m.Reactions = []chat.Reaction{{Key: "👍", Count: 3, Mine: "$r"}, {Key: "🎉", Count: 1}}
		m.Thread = &chat.ThreadSummary{Count: 4, LastName: "cy", LastTime: m.Time.Add(10 * time.Minute)}
	})
	reply := &chat.ReplyPreview{ID: first.ID, Sender: first.Sender, SenderName: "ada", Body: first.Body}
	w.say("ada", "and a second line", 1)
	w.say("bo", "Thanks! Tagging now", 3, html("Thanks! <strong>Tagging now</strong>"), func(m *chat.Message) { m.Reply, m.Edited = reply, true })
	w.say("bo", "code", 1, html("<pre><code class=\"language-go\">func main() {\n\tprintln(\"日本\")\n}</code></pre><ul><li>one</li><li>two</li></ul>"))
	w.say("bo", "release.tar.gz", 1, func(m *chat.Message) {
		m.Kind, m.Media = chat.KindFile, &chat.Media{Name: "release.tar.gz", Mime: "application/gzip", Size: 2_345_678}
	})
	w.say("cy", "", 1, func(m *chat.Message) { m.Kind, m.Cause = chat.KindUndecrypted, chat.CauseUnknownSession })
	w.say("cy", "", 1, func(m *chat.Message) {
		m.Kind, m.RedactedBy, m.RedactedByName, m.Reason = chat.KindRedacted, "@ada:example.org", "ada", "spam"
	})
	w.say("cy", "waves", 1, func(m *chat.Message) { m.Kind = chat.KindEmote })
	w.say("me", "on it", 1)
	w.say("me", "never sent", 1, func(m *chat.Message) {
		m.ID, m.Seq, m.Send = "", chat.SeqLocal+1, chat.SendError
		m.SendProblem = &chat.Problem{Kind: chat.ProblemTooLarge}
	})
	w.say("me", "on its way", 7, func(m *chat.Message) { m.ID, m.Seq, m.Send = "", chat.SeqLocal+2, chat.Sending })
	w.room.HasUnread, w.room.Unread, w.room.ReadUpTo = true, 2, "$7"
	return w
}

func testKeys(t testing.TB) *keymap.Map {
	t.Helper()
	k, conflicts := keymap.New("default", nil)
	if len(conflicts) > 0 {
		t.Fatal(conflicts)
	}
	return k
}

func newPane(t testing.TB, w *world) *Pane {
	t.Helper()
	th := theme.New(theme.Options{})
	p := New(Options{Theme: &th, Keys: testKeys(t), Widths: term.Full(), Zone: time.UTC, Me: me})
	p.SetFocus(true)
	page := w.page()
	p.Open(w.room, chat.Draft{}, &page)
	return p
}

// paint returns the rows of the pane at a size.
func paint(p *Pane, w, h int) (string, screen.Cursor) {
	c, g := screen.NewCanvasForTest(w, h, term.Full())
	p.Changed()
	cur := p.Paint(c)
	return g.String(), cur
}

// golden compares with testdata/name.golden.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		t.Fatalf("no golden file; run with -update\n%s", got)
	}
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimRight(string(want), "\n") != strings.TrimRight(got, "\n") {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

// take returns the intents of one kind and fails on none.
func take(t *testing.T, p *Pane, kind IntentKind) Intent {
	t.Helper()
	for _, in := range p.Intents() {
		if in.Kind == kind {
			return in
		}
	}
	t.Fatalf("no intent of kind %d", kind)
	return Intent{}
}

// none fails if there is an intent of a kind.
func none(t *testing.T, p *Pane, kind IntentKind) {
	t.Helper()
	for _, in := range p.Intents() {
		if in.Kind == kind {
			t.Fatalf("unexpected intent %+v", in)
		}
	}
}

func see(t *testing.T, p *Pane, want ...string) {
	t.Helper()
	got, _ := paint(p, 80, 24)
	for _, s := range want {
		if !strings.Contains(got, s) {
			t.Errorf("%q is not on the screen:\n%s", s, got)
		}
	}
}

func index(t *testing.T, p *Pane, kind timeline.Kind) int {
	t.Helper()
	for i := range p.tl.Len() {
		if p.tl.At(i).Kind == kind {
			return i
		}
	}
	t.Fatalf("no item of kind %d", kind)
	return -1
}
