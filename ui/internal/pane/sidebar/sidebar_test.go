package sidebar

import (
	"strings"
	"testing"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/roomlist"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/theme"
)

func room(id, name string) chat.Room {
	return chat.Room{ID: chat.RoomID(id), Name: name, Membership: chat.MemberJoined}
}

func harbour() *roomlist.Model {
	s, text, voice, other := room("!s", "Rust Harbour"), room("!t", "TEXT"), room("!v", "VOICE"), room("!o", "Go")
	for _, r := range []*chat.Room{&s, &text, &voice, &other} {
		r.Type = chat.RoomSpace
	}
	general, infra, lounge, dm := room("!g", "#general"), room("!i", "infra"), room("!l", "lounge"), room("!dm", "cy")
	general.Unread, infra.Mentions, infra.Unread = 2, 1, 1
	general.HasUnread, infra.HasUnread = true, true
	lounge.Type, dm.Direct = chat.RoomVoice, true
	invite := chat.Room{ID: "!inv", Name: "evil \x1b[31m\u202ename", Membership: chat.MemberInvited}
	m := roomlist.New()
	m.Set(chat.Sidebar{
		Rooms: []chat.Room{s, text, voice, other, room("!a", "announcements"), general, infra, lounge, dm, invite},
		Edges: []chat.SpaceEdge{
			{Parent: "!s", Child: "!t", Order: "a"},
			{Parent: "!s", Child: "!v", Order: "b"},
			{Parent: "!t", Child: "!a"},
			{Parent: "!t", Child: "!g"},
			{Parent: "!t", Child: "!i"},
			{Parent: "!v", Child: "!l"},
		},
	})
	return m
}

func see(p *Pane, w, h int) string {
	c, g := screen.NewCanvasForTest(w, h, nil)
	p.Paint(c)
	return g.String()
}

func newPane() *Pane {
	th := theme.New(theme.Options{})
	p := New(harbour(), &th)
	p.SetServer("!s")
	p.SetOpen("!g")
	return p
}

func TestRailAndTree(t *testing.T) {
	p := newPane()
	p.SetRail(true)
	want := strings.TrimPrefix(`
 ⌂   1 │ Rust Harbour
 Go    │──────────────────────────
▌RH @1 │ ▾ TEXT
 +     │   # announcements
       │▌  # general             2
       │   # infra              @1
       │ ▾ VOICE
       │   ♪ lounge
       │ + Browse channels
       │ ▾ DIRECT MESSAGES`, "\n")
	if got := see(p, 34, 10); got != want {
		t.Errorf("sidebar is\n%s\nwant\n%s", got, want)
	}
}

// The row below the newest direct messages shows the others, from where it stood.
func TestMoreDirectMessages(t *testing.T) {
	m := roomlist.New()
	var s chat.Sidebar
	for i := range 14 {
		r := room(string(rune('a'+i)), "dm-"+string(rune('a'+i)))
		r.Direct = true
		s.Rooms = append(s.Rooms, r)
	}
	m.Set(s)
	th := theme.New(theme.Options{})
	p := New(m, &th)
	p.SetFocus(true)
	if got := see(p, 26, 15); !strings.HasSuffix(got, "   @ dm-j\n   ▸ 4 more") {
		t.Fatalf("the sidebar ends with\n%s", got)
	}
	p.Do(keymap.ListLast)
	if e := p.Do(keymap.Choose); !e.Folds || p.Selected() != "k" {
		t.Errorf("asking for more selects %q (%+v), want the first that was hidden", p.Selected(), e)
	}
	p.Do(keymap.ListLast)
	if got := see(p, 26, 15); !strings.HasSuffix(got, "   @ dm-n\n   ▾ fewer") {
		t.Errorf("the sidebar ends with\n%s", got)
	}
	p.Do(keymap.Choose)
	if got := see(p, 26, 15); !strings.HasSuffix(got, "▸ 4 more") {
		t.Errorf("after fewer the sidebar ends with\n%s", got)
	}
}

func TestStrip(t *testing.T) {
	p := newPane()
	p.SetServer("")
	got := see(p, 26, 12)
	if !strings.HasPrefix(got, "⌂1 Go RH@1 +\n Home\n") {
		t.Errorf("the strip is wrong:\n%s", got)
	}
	if strings.ContainsAny(got, "\x1b\u202e") || !strings.Contains(got, "evil name") {
		t.Errorf("a hostile name is drawn:\n%q", got)
	}
}

func TestKeys(t *testing.T) {
	p := newPane()
	p.SetFocus(true)
	see(p, 26, 14)
	p.Do(keymap.ListDown)
	if e := p.Do(keymap.Choose); e.Open != "!i" {
		t.Errorf("opened %q", e.Open)
	}
	p.Do(keymap.Fold) // to the heading
	if e := p.Do(keymap.Fold); !e.Folds {
		t.Errorf("folding says %+v", e)
	}
	if got := see(p, 26, 14); strings.Contains(got, "infra") || !strings.Contains(got, "▸ TEXT                 @1\n▌  # general") {
		t.Errorf("after folding:\n%s", got)
	}
	p.Do(keymap.Unfold)
	p.Do(keymap.OnlyUnread)
	if got := see(p, 26, 14); strings.Contains(got, "lounge") || !strings.Contains(got, "unread only") {
		t.Errorf("only unread:\n%s", got)
	}
	if e := p.Do(keymap.Send); e.Taken {
		t.Error("the tree takes what is not its own")
	}
}

func TestClicks(t *testing.T) {
	p := newPane()
	p.SetRail(true)
	see(p, 34, 10)
	for _, c := range []struct {
		x, y int
		want Event
	}{
		{1, 1, Event{Server: "!o", Switch: true, Taken: true}},
		{1, 0, Event{Switch: true, Taken: true}},
		{1, 3, Event{Join: true, Taken: true}},
		{12, 5, Event{Open: "!i", Taken: true}},
		{12, 8, Event{Browse: true, Taken: true}},
		{12, 2, Event{Folds: true, Taken: true}},
		{12, 0, Event{}},
	} {
		if got := p.Click(c.x, c.y); got != c.want {
			t.Errorf("click at %d,%d: %+v, want %+v", c.x, c.y, got, c.want)
		}
	}
}

func TestCursorFollowsItsRow(t *testing.T) {
	p := newPane()
	p.SetFocus(true)
	see(p, 26, 14)
	p.Do(keymap.ListDown) // infra
	p.model.SetEdges([]chat.SpaceEdge{{Parent: "!s", Child: "!i"}, {Parent: "!s", Child: "!g"}})
	if e := p.Do(keymap.Choose); e.Open != "!i" {
		t.Errorf("after the rows moved the cursor is on %q", e.Open)
	}
}

func TestAnySize(t *testing.T) {
	p := newPane()
	for _, rail := range []bool{true, false} {
		p.SetRail(rail)
		for w := range 40 {
			for h := range 12 {
				see(p, w, h)
			}
		}
	}
}

// What is unread out of sight is counted in the line above the rows.
func TestUnreadOutOfSight(t *testing.T) {
	p := newPane()
	if got := see(p, 26, 5); !strings.Contains(got, " ↓ 1 unread ─") {
		t.Errorf("below:\n%s", got)
	}
	p.Do(keymap.ListLast)
	if got := see(p, 26, 5); !strings.Contains(got, " ↑ 2 unread ─") {
		t.Errorf("above:\n%s", got)
	}
	if got := see(p, 26, 20); strings.Contains(got, "unread") {
		t.Errorf("everything is in sight:\n%s", got)
	}
	for w := range 30 {
		see(p, w, 6)
	}
}
