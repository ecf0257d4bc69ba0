package roomlist

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"hubbub/store/chat"
)

func room(id, name string) chat.Room {
	return chat.Room{ID: chat.RoomID(id), Name: name, Membership: chat.MemberJoined}
}

func space(id, name string) chat.Room {
	r := room(id, name)
	r.Type = chat.RoomSpace
	return r
}

func edge(parent, child, order string) chat.SpaceEdge {
	return chat.SpaceEdge{Parent: chat.RoomID(parent), Child: chat.RoomID(child), Order: order}
}

// show writes rows as text: indent, mark, name, counts.
func show(rows []Row) string {
	var b strings.Builder
	for i := range rows {
		r := &rows[i]
		b.WriteString(strings.Repeat("  ", r.Depth))
		switch r.Kind {
		case RowSection:
			fmt.Fprintf(&b, "[%s]", strings.TrimPrefix(r.Key, "section:"))
		case RowCategory:
			b.WriteString("> " + r.Room.Name)
		case RowBrowse:
			fmt.Fprintf(&b, "+%d", r.Hidden())
		case RowMore:
			fmt.Fprintf(&b, "%d more", r.Hidden())
		default:
			b.WriteString(r.Room.Name)
		}
		if r.Folded {
			b.WriteString(" folded")
		}
		if c := r.Count(); c.Any {
			fmt.Fprintf(&b, " %d@%d", c.Unread, c.Mentions)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func check(t *testing.T, got, want string) {
	t.Helper()
	if got != strings.TrimLeft(want, "\n") {
		t.Errorf("tree is\n%swant\n%s", got, strings.TrimLeft(want, "\n"))
	}
}

func harbour() chat.Sidebar {
	general := room("!g", "general")
	general.Unread, general.HasUnread = 2, true
	infra := room("!i", "infra")
	infra.Mentions, infra.Unread, infra.HasUnread = 1, 1, true
	dm := room("!dm", "cy")
	dm.Direct, dm.Unread = true, 3
	invite := chat.Room{ID: "!inv", Name: "party", Membership: chat.MemberInvited}
	loose := room("!loose", "loose")
	loose.LastActive = time.Unix(50, 0)
	left := chat.Room{ID: "!left", Name: "left", Membership: chat.MemberLeft}
	return chat.Sidebar{
		Rooms: []chat.Room{
			space("!s", "Rust Harbour"), space("!t", "TEXT"), space("!v", "VOICE"), space("!other", "Another"),
			general, infra, room("!a", "announcements"), room("!lounge", "lounge"), room("!rules", "rules"), dm, invite, loose, left,
		},
		Edges: []chat.SpaceEdge{
			edge("!s", "!v", "b"), edge("!s", "!t", "a"), edge("!s", "!rules", ""), edge("!s", "!left", ""), edge("!s", "!unknown", ""),
			edge("!t", "!g", "2"), edge("!t", "!a", "1"), edge("!t", "!i", ""), edge("!v", "!lounge", "\x01bad"),
			edge("!other", "!g", ""),
		},
	}
}

func TestTreeOfAServer(t *testing.T) {
	m := New()
	m.Set(harbour())
	check(t, show(m.Rows("!s")), `
rules
> TEXT 3@1
  announcements
  general 2@0
  infra 1@1
> VOICE
  lounge
+2
[direct] 3@0
cy 3@0
`)
	var names []string
	for _, s := range m.Servers() {
		names = append(names, fmt.Sprintf("%s %d@%d", s.Room.Name, s.Count.Unread, s.Count.Mentions))
	}
	if got := strings.Join(names, ", "); got != "Another 2@0, Rust Harbour 3@1" {
		t.Errorf("rail is %s", got)
	}
	m.SetFolded("!t", true)
	m.SetFilter(Filter{OnlyUnread: true, Keep: "!lounge"})
	check(t, show(m.Rows("!s")), `
> TEXT folded 3@1
> VOICE
  lounge
[direct] 3@0
cy 3@0
`)
	m.SetFilter(Filter{Keep: "!g"})
	if got := show(m.Rows("!s")); !strings.HasPrefix(got, "rules\n> TEXT folded 3@1\n  general 2@0\n> VOICE\n") {
		t.Errorf("the open room is folded away:\n%s", got)
	}
	if got := m.Folded(); !slices.Equal(got, []string{"!t"}) {
		t.Errorf("folded: %v", got)
	}
}

// Hundreds of direct messages leave room for the channels below them; the open
// one and what is unread among the rest stay in sight.
func TestManyDirectMessages(t *testing.T) {
	m := New()
	var s chat.Sidebar
	for i := range 13 {
		r := room(fmt.Sprintf("!d%02d", i), fmt.Sprintf("d%02d", i))
		r.Direct, r.LastActive = true, time.Unix(int64(100-i), 0)
		s.Rooms = append(s.Rooms, r)
	}
	s.Rooms[11].Unread = 4
	m.Set(s)
	m.SetFilter(Filter{Keep: "!d12"})
	first := "[direct] 4@0\nd00\nd01\nd02\nd03\nd04\nd05\nd06\nd07\nd08\nd09\n"
	check(t, show(m.Rows("")), first+"d12\n2 more folded 4@0\n")
	m.SetFolded(allDirect, true)
	check(t, show(m.Rows("")), first+"d10\nd11 4@0\nd12\n0 more\n")
	m.SetFolded("section:direct", true)
	check(t, show(m.Rows("")), "[direct] folded 4@0\nd12\n")
	m.SetFolded(allDirect, false)
	m.SetFolded("section:direct", false)
	if id := m.StepUnread("", "!d00", 1); id != "!d11" {
		t.Errorf("the next unread is %q, want the hidden one", id)
	}
}

func TestHome(t *testing.T) {
	m := New()
	m.Set(harbour())
	check(t, show(m.Rows("")), `
[invites] 1@0
party 1@0
[direct] 3@0
cy 3@0
[unread] 3@1
general 2@0
infra 1@1
[recent]
loose
announcements
lounge
rules
`)
	if c := m.HomeCount(); c.Unread != 4 {
		t.Errorf("home counts %+v", c)
	}
	r := *m.Room("!rules")
	r.LastActive, r.HasUnread = time.Unix(99, 0), false
	m.Apply([]chat.Room{r}, []chat.RoomID{"!inv"})
	g := *m.Room("!g")
	g.Unread, g.HasUnread = 0, false
	m.Apply([]chat.Room{g}, nil)
	check(t, show(m.Rows("")), `
[direct] 3@0
cy 3@0
[unread] 1@1
infra 1@1
[recent]
rules
loose
announcements
general
lounge
`)
	if c := m.SpaceCount("!other"); c != (Count{}) {
		t.Errorf("a read room still counts: %+v", c)
	}
}

func TestCircles(t *testing.T) {
	m := New()
	m.Set(chat.Sidebar{
		Rooms: []chat.Room{space("!a", "a"), space("!b", "b"), space("!c", "c"), room("!r", "r"), space("!self", "self")},
		Edges: []chat.SpaceEdge{
			edge("!a", "!b", ""), edge("!b", "!c", ""), edge("!c", "!a", ""), edge("!c", "!r", ""), edge("!self", "!self", ""),
		},
	})
	if got := len(m.Servers()); got != 2 {
		t.Errorf("%d servers, want 2", got)
	}
	check(t, show(m.Rows("!a")), "> b\n  > c\n    r\n+0\n")
	if m.ServerOf("!r", "") != "!a" {
		t.Error("a room in a circle has no server")
	}
	if got := m.Path("!a", "!r"); !slices.Equal(got, []chat.RoomID{"!b", "!c"}) {
		t.Errorf("path is %v", got)
	}
}

func TestUpgradedRoomIsHidden(t *testing.T) {
	m := New()
	old, now := room("!old", "x"), room("!new", "x")
	old.Successor, old.Unread = "!new", 5
	m.Set(chat.Sidebar{Rooms: []chat.Room{old, now}})
	check(t, show(m.Rows("")), "[recent]\nx\n")
	if got := m.Step("", "!new", 1); got != "" {
		t.Errorf("stepped to %s", got)
	}
}

func TestSteps(t *testing.T) {
	m := New()
	m.Set(harbour())
	m.SetFolded("!t", true)
	for _, c := range []struct {
		what string
		got  chat.RoomID
		want chat.RoomID
	}{
		{"next over a fold", m.Step("!s", "!rules", 1), "!lounge"},
		{"previous goes round", m.Step("!s", "!rules", -1), "!dm"},
		{"next unread in a fold", m.StepUnread("!s", "!rules", 1), "!g"},
		{"previous unread", m.StepUnread("!s", "!g", -1), "!i"},
		{"mention", m.NextMention("!s", "!g"), "!i"},
		{"mention elsewhere", m.NextMention("!s", "!i"), "!dm"},
		{"unread from another server", m.StepUnread("!other", "!g", 1), "!i"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", c.what, c.got, c.want)
		}
	}
	if New().Step("", "", 1) != "" || New().StepUnread("", "!x", -1) != "" {
		t.Error("an empty model has somewhere to go")
	}
}

// TestApplyIsSet applies random changes and compares with a model that was given the result at once.
func TestApplyIsSet(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	s := many(60, 4)
	m := New()
	m.Set(s)
	for range 3000 {
		i := rnd.IntN(len(s.Rooms))
		r := &s.Rooms[i]
		switch rnd.IntN(8) {
		case 0:
			r.Unread, r.Mentions = rnd.IntN(3), rnd.IntN(2)
			r.HasUnread = r.Unread > 0
		case 1:
			r.LastActive = time.Unix(rnd.Int64N(500), 0)
		case 2:
			r.Direct = !r.Direct && r.Type != chat.RoomSpace
		case 3:
			r.Notify = chat.NotifyLevel(rnd.IntN(4))
		case 4:
			r.Membership = chat.Membership(1 + rnd.IntN(3))
		case 5:
			r.Marked = !r.Marked
		default:
			r.HasUnread = !r.HasUnread
		}
		if rnd.IntN(10) == 0 { // leaves the list and comes back
			m.Apply(nil, []chat.RoomID{r.ID})
			m.Rows("")
		}
		m.Apply([]chat.Room{*r}, nil)
		if rnd.IntN(20) > 0 {
			continue
		}
		fresh := New()
		fresh.Set(s)
		if got, want := show(m.Rows("")), show(fresh.Rows("")); got != want {
			t.Fatalf("home is\n%s\nwant\n%s", got, want)
		}
		if got, want := fmt.Sprint(counts(m)), fmt.Sprint(counts(fresh)); got != want {
			t.Fatalf("counts are %s, want %s", got, want)
		}
	}
}

func counts(m *Model) []Count {
	out := []Count{m.HomeCount(), m.Total()}
	for _, s := range m.Servers() {
		out = append(out, s.Count)
	}
	return out
}

// many makes n rooms in servers with two categories each.
func many(n, servers int) chat.Sidebar {
	var s chat.Sidebar
	for i := range servers {
		top := fmt.Sprintf("!s%d", i)
		s.Rooms = append(s.Rooms, space(top, "server "+top), space(top+"a", "A"), space(top+"b", "B"))
		s.Edges = append(s.Edges, edge(top, top+"a", "1"), edge(top, top+"b", "2"))
	}
	for i := range n {
		r := room(fmt.Sprintf("!r%d", i), fmt.Sprintf("room %d", i))
		r.LastActive = time.Unix(int64(i), 0)
		r.Direct = i%10 == 0
		r.Unread = i % 7 / 6
		s.Rooms = append(s.Rooms, r)
		if !r.Direct {
			s.Edges = append(s.Edges, edge(fmt.Sprintf("!s%d%c", i%servers, 'a'+i/servers%2), string(r.ID), ""))
		}
	}
	return s
}

func BenchmarkApplyMessage3000(b *testing.B) {
	m := New()
	s := many(3000, 20)
	m.Set(s)
	m.Rows("")
	now := time.Unix(1e6, 0)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r := s.Rooms[60+i*7%3000]
		now = now.Add(time.Second)
		r.LastActive, r.Unread, r.HasUnread = now, 1+i%5, true
		m.Apply([]chat.Room{r}, nil)
	}
}

func BenchmarkRowsAfterMessage3000(b *testing.B) {
	m := New()
	s := many(3000, 20)
	m.Set(s)
	now := time.Unix(1e6, 0)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r := s.Rooms[60+i*7%3000]
		now = now.Add(time.Second)
		r.LastActive = now
		m.Apply([]chat.Room{r}, nil)
		m.Rows("")
	}
}

func BenchmarkSet3000(b *testing.B) {
	s := many(3000, 20)
	for b.Loop() {
		m := New()
		m.Set(s)
		m.Rows("")
	}
}

// Rooms that name each other as the one that took their place all stay: none is
// newer. A room that leads into such a circle has been replaced all the same.
func TestRoomsThatReplaceEachOther(t *testing.T) {
	a, b, c, d := room("!a", "a"), room("!b", "b"), room("!c", "c"), room("!d", "d")
	a.Successor, b.Successor = "!b", "!a"
	c.Successor, d.Successor = "!a", "!d"
	m := New()
	m.Set(chat.Sidebar{Rooms: []chat.Room{a, b, c, d}})
	var shown []string
	for _, r := range m.Rows("") {
		if r.Kind == RowRoom {
			shown = append(shown, r.Room.Name)
		}
	}
	slices.Sort(shown)
	if got := strings.Join(shown, " "); got != "a b d" {
		t.Errorf("home shows %q", got)
	}
	b.Successor = ""
	m.Apply([]chat.Room{b}, nil)
	if r := m.Rows(""); len(r) == 0 || !m.visible(m.Room("!b")) || m.visible(m.Room("!a")) || m.visible(m.Room("!c")) {
		t.Error("a circle that was opened still counts")
	}
}
