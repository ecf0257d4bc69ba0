package chat

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"hubbub/store/chat"
	"hubbub/ui/internal/compose"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/term"
	"hubbub/ui/internal/theme"
	"hubbub/ui/internal/timeline"
)

func TestGoldens(t *testing.T) {
	for _, size := range [][2]int{{40, 8}, {40, 20}, {40, 60}, {80, 24}, {120, 48}, {200, 60}} {
		w, h := size[0], size[1]
		t.Run(fmt.Sprintf("%dx%d", w, h), func(t *testing.T) {
			p := newPane(t, conversation())
			got, _ := paint(p, w, h)
			golden(t, fmt.Sprintf("pane-%dx%d", w, h), got)
		})
	}
}

func TestGoldenMessageMode(t *testing.T) {
	p := newPane(t, conversation())
	p.SetTyping(chat.Typing{Room: p.Room(), Users: []chat.UserID{"@ada:example.org"}, Names: []string{"ada"}})
	paint(p, 80, 24)
	p.Type("half a thought")
	p.Do(keymap.MessageMode)
	for range 6 {
		p.Do(keymap.MessageUp)
	}
	got, cur := paint(p, 80, 24)
	golden(t, "reading-80x24", got)
	if cur.Visible {
		t.Error("the cursor of the composer is visible in message mode")
	}
	p.Do(keymap.Reply)
	got, cur = paint(p, 80, 24)
	golden(t, "reply-80x24", got)
	if !cur.Visible {
		t.Error("no cursor while writing")
	}
}

func TestSendingWhatIsWritten(t *testing.T) {
	p := newPane(t, conversation())
	paint(p, 80, 24)
	p.Do(keymap.Send)
	none(t, p, IntentSubmit)
	for _, r := range "hi :tada:" {
		p.Type(string(r))
	}
	p.Do(keymap.NewLine)
	p.Type("there")
	if d := take(t, p, IntentDraft).Draft; d.Room != p.Room() {
		t.Errorf("draft of %q", d.Room)
	}
	p.Do(keymap.Send)
	if out := take(t, p, IntentSubmit).Out; out.Text != "hi 🎉\nthere" || out.Room != p.Room() {
		t.Errorf("%+v", out)
	}
	if p.Text() != "" {
		t.Errorf("composer holds %q", p.Text())
	}
	p.Do(keymap.HistoryPrev)
	if p.Text() != "hi 🎉\nthere" {
		t.Errorf("history gives %q", p.Text())
	}
}

func TestReplyEditAndWhatWasWritten(t *testing.T) {
	p := newPane(t, conversation())
	paint(p, 80, 24)
	p.Type("draft")
	p.Do(keymap.MessageMode)
	if m := p.Selected(); m == nil || m.Body != "on its way" {
		t.Fatalf("cursor on %+v", m)
	}
	p.Do(keymap.Reply) // an echo cannot be answered yet
	if p.Mode() != Reading {
		t.Fatal("answers a message without an id")
	}
	p.Do(keymap.MessageUp)
	p.Do(keymap.MessageUp)
	p.Do(keymap.Edit)
	if p.Text() != "on it" || p.Mode() != Writing {
		t.Fatalf("edits %q", p.Text())
	}
	p.Type("!")
	p.Do(keymap.Send)
	if out := take(t, p, IntentSubmit).Out; out.Edit != "$14" || out.Text != "on it!" {
		t.Errorf("%+v", out)
	}
	if p.Text() != "draft" {
		t.Errorf("what was written before: %q", p.Text())
	}
	p.SetText("")
	p.Do(keymap.EditUp)
	if p.Draft().Edit != "$14" {
		t.Error("up in an empty composer does not edit")
	}
	p.Do(keymap.MessageMode)
	if p.Draft().Edit != "" || p.Text() != "" || p.Mode() != Writing {
		t.Error("Esc does not cancel the edit first")
	}
}

func TestEditSurvivesAnotherRoom(t *testing.T) {
	w := conversation()
	p := newPane(t, w)
	paint(p, 80, 24)
	p.Type("half a thought")
	p.startEdit(p.tl.LastOwn())
	p.Type("!")
	draft := p.Draft()
	p.Open(chat.Room{ID: "!other:x", Name: "other"}, chat.Draft{}, nil)
	page := w.page()
	p.Open(w.room, draft, &page)
	if p.Text() != "on it!" || p.Draft().Edit != "$14" {
		t.Errorf("the edit is gone: %q", p.Text())
	}
	p.Do(keymap.MessageMode)
	if p.Text() != "half a thought" {
		t.Errorf("what was written before is gone: %q", p.Text())
	}
}

func TestNewDividerStaysAfterAReload(t *testing.T) {
	w := conversation()
	p := newPane(t, w)
	p.SetSize(80, 24)
	w.room.HasUnread, w.room.Unread = false, 0
	p.SetRoom(w.room)
	p.Apply(&chat.RoomChange{Reload: true})
	p.Answer(take(t, p, IntentPage).Page, w.page(), nil)
	if p.tl.NewDivider() < 0 {
		t.Error("the divider is gone")
	}
}

func TestDraftWithReplyComesBack(t *testing.T) {
	w := conversation()
	p := newPane(t, w)
	page := w.page()
	p.Open(w.room, chat.Draft{Room: w.room.ID, Text: "abc", Cursor: 1, ReplyTo: "$6"}, &page)
	see(t, p, "abc", "Replying to ada")
	if d := p.Draft(); d.ReplyTo != "$6" || d.Cursor != 1 {
		t.Errorf("%+v", d)
	}
}

func TestCompletion(t *testing.T) {
	p := newPane(t, conversation())
	paint(p, 80, 24)
	p.SetMembers([]chat.Member{
		{User: "@ada:example.org", Name: "Ada Lovelace", Membership: chat.MemberJoined},
		{User: "@adam:example.org", Name: "", Membership: chat.MemberJoined},
	})
	p.SetCommands([]Command{{Name: "join", Args: "ADDRESS", Help: "Join a channel"}, {Name: "me"}})
	for _, r := range "hi @ada" {
		p.Type(string(r))
	}
	see(t, p, "Ada Lovelace", "@adam:example.org")
	p.Do(keymap.Send)
	if p.Text() != "hi @Ada Lovelace " {
		t.Errorf("completed to %q", p.Text())
	}
	p.SetText("")
	for _, r := range "/jo" {
		p.Type(string(r))
	}
	see(t, p, "/join ADDRESS")
	if !p.Do(keymap.NextPane) || p.Text() != "/join " {
		t.Errorf("Tab gives %q", p.Text())
	}
	p.SetText("")
	for _, r := range ":rocket" {
		p.Type(string(r))
	}
	p.Do(keymap.MessageMode) // closes the list only
	if p.Popup() || p.Mode() != Writing {
		t.Error("Esc does not close the list")
	}
	p.Type("s")
	if p.Popup() {
		t.Error("the closed list came back")
	}
	if p.Do(keymap.NextPane) {
		t.Error("Tab is taken without a list")
	}
}

func TestLongPasteIsAskedAbout(t *testing.T) {
	p := newPane(t, conversation())
	text := strings.Repeat("line\r\n", compose.PasteLimit+5)
	p.Paste(text)
	in := take(t, p, IntentPaste)
	if p.Text() != "" || in.Count != compose.PasteLimit+5 {
		t.Fatalf("pasted %q, %d lines", p.Text(), in.Count)
	}
	p.PasteNow(in.Text)
	if strings.Count(p.Text(), "\n") != compose.PasteLimit+4 || strings.Contains(p.Text(), "\r") {
		t.Errorf("pasted %q", p.Text())
	}
	got, cur := paint(p, 80, 24)
	if rows := strings.Count(got, "│ line"); rows > 8 || cur.Y >= 24 {
		t.Errorf("the composer takes %d rows, cursor at %d", rows, cur.Y)
	}
}

func TestNewMessagesBelowWhileReading(t *testing.T) {
	w := conversation()
	for i := range 60 {
		w.say("ada", fmt.Sprintf("filler %d", i), 1)
	}
	p := newPane(t, w)
	paint(p, 80, 24)
	p.Do(keymap.ScrollUp)
	before, _ := paint(p, 80, 24)
	m := *w.say("bo", "something new", 1)
	p.Apply(&chat.RoomChange{Items: []chat.Message{m}})
	after, _ := paint(p, 80, 24)
	if !strings.Contains(after, "1 new ↓") {
		t.Errorf("nothing says that there is something new:\n%s", after)
	}
	if a, b := strings.Split(before, "\n"), strings.Split(after, "\n"); strings.Join(a[1:18], "\n") != strings.Join(b[1:18], "\n") {
		t.Error("the view moved")
	}
	if _, ok := p.NewestVisible(); ok {
		t.Error("counts as read")
	}
	p.Click(p.layout.pill.Min.X+1, p.layout.pill.Min.Y)
	see(t, p, "something new")
	if id, ok := p.NewestVisible(); !ok || id != m.ID {
		t.Errorf("newest visible %q %v", id, ok)
	}
}

func TestTypingPaintsOnlyTheComposer(t *testing.T) {
	p := newPane(t, conversation())
	c, g := screen.NewCanvasForTest(80, 24, term.Full())
	p.Paint(c)
	c.Text(0, 5, 10, safeText("MARK"), screen.Style{}, "")
	p.Type("x")
	if !p.Dirty() {
		t.Fatal("not dirty")
	}
	p.Paint(c)
	if !strings.Contains(g.String(), "MARK") || !strings.Contains(g.String(), "│ x") {
		t.Errorf("painted:\n%s", g.String())
	}
	if p.Dirty() {
		t.Error("dirty after painting")
	}
}

func TestPagesAreAskedForAndAnswered(t *testing.T) {
	w := newWorld()
	for i := range 400 {
		w.say("ada", fmt.Sprintf("message %d", i), 1)
	}
	p := newPane(t, w)
	p.Open(w.room, chat.Draft{}, nil)
	p.SetSize(80, 24)
	see(t, p, "Loading…")
	in := take(t, p, IntentPage)
	answer := func(in Intent) {
		q := in.Page.Query
		page := chat.Page{Room: w.room.ID, AtNewest: q.Before == 0}
		for _, m := range w.items {
			if (q.Before == 0 || m.Seq < q.Before) && m.Seq > q.After {
				page.Items = append(page.Items, m)
			}
		}
		page.Items = page.Items[max(len(page.Items)-q.Limit, 0):]
		page.AtStart = page.Items[0].Key == 1
		p.Answer(in.Page, page, nil)
	}
	late := in
	p.Open(w.room, chat.Draft{}, nil)
	p.Answer(late.Page, chat.Page{}, nil)
	see(t, p, "Loading…") // the late answer is dropped
	answer(take(t, p, IntentPage))
	see(t, p, "message 399")
	p.Do(keymap.MessageMode)
	for range 600 {
		p.Do(keymap.MessageUp)
		for _, in := range p.Intents() {
			if in.Kind == IntentPage {
				answer(in)
			}
		}
	}
	see(t, p, "message 0")
	if p.Selected().Body != "message 0" {
		t.Errorf("cursor on %q", p.Selected().Body)
	}
	none(t, p, IntentPage)
}

func TestPageThatCannotBeRead(t *testing.T) {
	w := newWorld()
	p := newPane(t, w)
	p.Open(w.room, chat.Draft{}, nil)
	p.SetSize(80, 24)
	p.Answer(take(t, p, IntentPage).Page, chat.Page{}, errors.New("disk on fire"))
	see(t, p, "disk on fire")
	p.Retry()
	take(t, p, IntentPage)
}

func TestGapsAreFilled(t *testing.T) {
	w := newWorld()
	w.say("ada", "before", 1)
	gap := w.say("", "", 0, func(m *chat.Message) {
		m.Key, m.ID, m.Kind, m.GapToken = -2, "", chat.KindGap, "t1"
	})
	g := *gap
	w.say("ada", "after", 1)
	p := newPane(t, w)
	p.SetSize(80, 24)
	if in := take(t, p, IntentFill); in.Text != "t1" {
		t.Fatalf("token %q", in.Text)
	}
	see(t, p, "loading missing messages")
	none(t, p, IntentFill)
	p.GapFailed("t1", &chat.Problem{Kind: chat.ProblemOffline})
	see(t, p, "not loaded: ", "Space tries")
	none(t, p, IntentFill)
	p.Retry()
	take(t, p, IntentFill)
	p.Apply(&chat.RoomChange{Gone: []chat.ItemKey{g.Key}})
	if got, _ := paint(p, 80, 24); strings.Contains(got, "missing") {
		t.Errorf("the gap is still there:\n%s", got)
	}
}

func TestSeenBy(t *testing.T) {
	w := newWorld()
	w.say("me", "hello", 1)
	p := newPane(t, w)
	p.SetSeen([]chat.Seen{{User: "@ada:example.org", Name: "ada", Event: "$1"}, {User: me, Event: "$1"}})
	see(t, p, "✓ seen by ada")
	p.Apply(&chat.RoomChange{Seen: []chat.Seen{{User: "@bo:example.org", Name: "bo", Event: "$1", Time: w.now.Add(time.Minute)}}})
	see(t, p, "✓ seen by ada, bo")
}

func TestMouse(t *testing.T) {
	p := newPane(t, conversation())
	p.SetMembers([]chat.Member{{User: "@ada:example.org", Name: "ada", Membership: chat.MemberJoined}})
	rows, _ := paint(p, 80, 24)
	for y, row := range strings.Split(rows, "\n") {
		if strings.Contains(row, "release.tar.gz") {
			p.Click(10, y)
		}
	}
	if m := p.Selected(); m == nil || m.Media == nil {
		t.Fatalf("click selects %+v", m)
	}
	p.Do(keymap.Save)
	if in := take(t, p, IntentSave); in.Message.Media.Name != "release.tar.gz" {
		t.Errorf("%+v", in.Message)
	}
	p.Click(3, 22)
	if p.Mode() != Writing {
		t.Error("a click into the composer does not write")
	}
	p.Type("@a")
	paint(p, 80, 24)
	p.Click(4, p.layout.popup.Min.Y)
	if p.Text() != "@ada " {
		t.Errorf("click completes to %q", p.Text())
	}
	p.Wheel(-3)
	if _, ok := p.NewestVisible(); ok {
		t.Error("the wheel does not scroll")
	}
}

func TestSmallAndASCII(t *testing.T) {
	p := newPane(t, conversation())
	th := theme.New(theme.Options{Colours: theme.Mono, ASCII: true})
	p.SetTheme(&th)
	p.SetTyping(chat.Typing{Room: p.Room(), Users: []chat.UserID{"@ada:example.org"}})
	got, _ := paint(p, 60, 9)
	golden(t, "ascii-60x9", got)
	got, _ = paint(p, 60, 20)
	golden(t, "ascii-60x20", got)
}

func TestFoldedStateOpens(t *testing.T) {
	p := newPane(t, conversation())
	paint(p, 80, 40)
	p.Do(keymap.MessageMode)
	p.list.SetCursor(index(t, p, timeline.KindStates), true)
	p.Do(keymap.Expand)
	got, _ := paint(p, 80, 40)
	if !strings.Contains(got, "•▌dee joined") || !strings.Contains(got, "•▌fin joined") {
		t.Errorf("folded:\n%s", got)
	}
}

func TestNobodyDrawsInTheGutter(t *testing.T) {
	w := newWorld()
	w.say("ada", "▏bo         00:42\n! system", 1, html("<p>&nbsp;</p>\u200b<b>▏bo</b>"))
	w.say("ada", "\r\x1b[1G▏evil", 1)
	p := newPane(t, w)
	got, _ := paint(p, 80, 24)
	for _, row := range strings.Split(got, "\n") {
		if strings.Contains(row, "bo") && !strings.HasPrefix(row, "  ") {
			t.Errorf("a message draws in the gutter: %q", row)
		}
	}
}

func TestRandomUse(t *testing.T) {
	texts := []string{"a", " ", "@", ":", "#", "/", "日本", "👨‍👩‍👧‍👦", "\u0301", "word", "\x1b[2J"}
	actions := []keymap.Action{}
	for _, e := range keymap.Entries() {
		if e.Context == keymap.Composer || e.Context == keymap.Message || e.Context == keymap.Global {
			actions = append(actions, e.Action)
		}
	}
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 7))
		w := conversation()
		p := newPane(t, w)
		for range 150 {
			switch r.IntN(9) {
			case 0, 1:
				p.Type(texts[r.IntN(len(texts))])
			case 2, 3, 4:
				p.Do(actions[r.IntN(len(actions))])
			case 5:
				p.Click(r.IntN(60), r.IntN(30))
			case 6:
				p.Wheel(r.IntN(20) - 10)
			case 7:
				m := w.items[r.IntN(len(w.items))]
				m.Body += "x"
				p.Apply(&chat.RoomChange{Items: []chat.Message{m}, Gone: []chat.ItemKey{chat.ItemKey(r.IntN(40))}})
			case 8:
				for _, in := range p.Intents() {
					if in.Kind == IntentPage {
						p.Answer(in.Page, w.page(), nil)
					}
				}
			}
			width, height := 1+r.IntN(60), 1+r.IntN(30)
			c, _ := screen.NewCanvasForTest(width, height, term.Full())
			if cur := p.Paint(c); cur.Visible && (cur.X < 0 || cur.Y < 0 || cur.X >= max(width, 3) || cur.Y >= height) {
				t.Fatalf("seed %d: cursor %+v outside %dx%d", seed, cur, width, height)
			}
		}
	}
}
