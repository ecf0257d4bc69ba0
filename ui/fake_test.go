package ui

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/term"
	"hubbub/ui/safe"
	"hubbub/ui/uitest"
)

// world is a backend in memory. It records every intent as a line.
type world struct {
	sidebar chat.Sidebar
	items   map[chat.RoomID][]chat.Message
	people  []chat.Member
	power   chat.Power
	drafts  []chat.Draft
	state   map[string][]byte
	calls   []string
	pages   int
	signIn  error
	listed  []chat.Listed
	desktop bool       // links can be opened
	mu      sync.Mutex // for pages, calls and state: queries run in other goroutines
}

func (w *world) call(format string, args ...any) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, fmt.Sprintf(format, args...))
	return fmt.Sprintf("ref%d", len(w.calls))
}

// took returns the recorded intents and forgets them.
func (w *world) took() string {
	s := strings.Join(w.calls, "\n")
	w.calls = nil
	return s
}

func (w *world) Sidebar(context.Context) (chat.Sidebar, error) { return w.sidebar, nil }

func (w *world) Page(_ context.Context, q chat.PageQuery) (chat.Page, error) {
	w.mu.Lock()
	w.pages++
	w.mu.Unlock()
	var items []chat.Message
	for _, m := range w.items[q.Room] {
		if (q.Before == 0 || m.Seq < q.Before) && (q.After == 0 || m.Seq > q.After) {
			items = append(items, m)
		}
	}
	p := chat.Page{Room: q.Room, Items: items, AtStart: true, AtNewest: true}
	if len(items) > q.Limit {
		p.Items, p.AtStart = items[len(items)-q.Limit:], false
	}
	return p, nil
}

func (w *world) People(_ context.Context, text string, limit int) (found []chat.Member, err error) {
	for _, m := range w.people {
		if strings.HasPrefix(m.Name, text) && len(found) < limit && m.User != "@me:example.org" {
			found = append(found, m)
		}
	}
	return found, nil
}

func (w *world) Unread(_ context.Context, room chat.RoomID) (u chat.Unread, err error) {
	for _, r := range w.sidebar.Rooms {
		after := false
		for i := range w.items[room] {
			m := &w.items[room][i]
			if after && !m.Own && m.ID != "" && r.ID == room {
				if u.Count++; u.First == "" {
					u.First, u.Since = m.ID, m.Time
				}
				if m.Mention && u.Mention == "" {
					u.Mention = m.ID
				}
			}
			after = after || r.ID == room && m.ID == r.ReadUpTo
		}
	}
	return u, nil
}

func (w *world) NextMention(_ context.Context, room chat.RoomID, after chat.EventID) (chat.EventID, error) {
	below := false
	for _, m := range w.items[room] {
		if below && m.Mention {
			return m.ID, nil
		}
		below = below || m.ID == after
	}
	return "", nil
}

func (w *world) Unsent(context.Context) (room chat.RoomID, item chat.ItemKey, err error) {
	for id, items := range w.items {
		for i := range items {
			if items[i].Send == chat.SendError {
				return id, items[i].Key, nil
			}
		}
	}
	return "", 0, nil
}

func (w *world) Power(context.Context, chat.RoomID) (chat.Power, error)      { return w.power, nil }
func (w *world) Members(context.Context, chat.RoomID) ([]chat.Member, error) { return w.people, nil }
func (w *world) Receipts(context.Context, chat.RoomID) ([]chat.Seen, error)  { return nil, nil }
func (w *world) Drafts(context.Context) ([]chat.Draft, error)                { return w.drafts, nil }

func (w *world) UIState(_ context.Context, key string) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state[key], nil
}
func (w *world) Watch(rooms ...chat.RoomID) { w.call("watch %v", rooms) }
func (w *world) Source(context.Context, chat.ItemKey) (raw, clear []byte, err error) {
	return []byte(`{"type":"m.room.message","evil":"\u001b]52;c;x\u0007"}`), nil, nil
}

func (w *world) Send(o chat.Outgoing) {
	if o.Path != "" {
		w.call("send file %s to %s", o.Path, o.Room)
		return
	}
	w.call("send kind=%d text=%q reply=%s edit=%s target=%s key=%s", o.Kind, o.Text, o.ReplyTo, o.Edit, o.Target, o.Key)
}
func (w *world) Retry(k chat.ItemKey)   { w.call("retry %d", k) }
func (w *world) Discard(k chat.ItemKey) { w.call("discard %d", k) }
func (w *world) SaveDraft(d chat.Draft) { w.call("draft %s %q", d.Room, d.Text) }
func (w *world) SaveUI(key string, value []byte) {
	w.call("keep %s", key)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state[key] = value
}
func (w *world) MarkRead(r chat.RoomID, e chat.EventID) { w.call("read %s %s", r, e) }
func (w *world) MarkUnread(r chat.RoomID, on bool)      { w.call("unread %s %v", r, on) }
func (w *world) Typing(r chat.RoomID, on bool)          { w.call("typing %s %v", r, on) }

func (w *world) Join(t string) string                       { return w.call("join %s", t) }
func (w *world) Leave(r chat.RoomID) string                 { return w.call("leave %s", r) }
func (w *world) Create(n chat.NewRoom) string               { return w.call("create %+v", n) }
func (w *world) Invite(r chat.RoomID, u chat.UserID) string { return w.call("invite %s %s", r, u) }
func (w *world) FillGap(r chat.RoomID, t string) string     { return w.call("fill %s %s", r, t) }
func (w *world) FetchMembers(r chat.RoomID) string          { return w.call("members %s", r) }
func (w *world) FetchEvent(r chat.RoomID, e chat.EventID)   { w.call("fetch %s %s", r, e) }
func (w *world) Browse(_ context.Context, server chat.RoomID) ([]chat.Listed, error) {
	w.call("browse %s", server)
	return w.listed, nil
}
func (w *world) Reconnect()                             { w.call("reconnect") }
func (w *world) Save(k chat.ItemKey, dir string) string { return w.call("save %d %q", k, dir) }

func (w *world) SignIn(_ context.Context, password string) error {
	w.call("sign in %s", password)
	return w.signIn
}
func (w *world) Logout(context.Context) error { w.call("logout"); return nil }

func (w *world) backend() *Backend {
	return &Backend{
		Account: chat.Account{User: "@me:example.org", Homeserver: "https://example.org"},
		Reader:  w, Sender: w, Rooms: w, Directory: w, Media: w, Session: w,
	}
}

// glass is a terminal that records.
type glass struct{ w *world }

func (g glass) SetTitle(t safe.Text)     { g.w.call("title %s", t) }
func (g glass) Clipboard(s string) error { g.w.call("copy %s", s); return nil }
func (g glass) Open(link string) tea.Cmd {
	if !g.w.desktop {
		return nil
	}
	return func() tea.Msg { g.w.call("open %s", link); return nil }
}
func (g glass) Bell()                        { g.w.call("bell") }
func (g glass) Notify(title, body safe.Text) { g.w.call("notify %s: %s", title, body) }
func (g glass) Redraw()                      { g.w.call("redraw") }
func (g glass) AfterFrame(m tea.Msg) tea.Cmd { return func() tea.Msg { return m } }
func (g glass) Edit(s string) tea.Cmd        { g.w.call("edit %s", s); return nil }
func (g glass) Suspend() tea.Cmd             { g.w.call("suspend"); return nil }
func (g glass) Quit() tea.Cmd                { g.w.call("quit"); return nil }

// hands is a clock that moves when told.
type hands struct {
	now time.Time
	at  time.Time // when the window wants to be woken; zero for never
}

func (h *hands) Now() time.Time { return h.now }

func (h *hands) Wake(d time.Duration) {
	h.at = time.Time{}
	if d >= 0 {
		h.at = h.now.Add(d)
	}
}

// seat is somebody in front of the window.
type seat struct {
	*uitest.Sync
	t     testing.TB
	world *world
	clock *hands
	win   *window
}

// Send, Key and Type let the moment pass for which a dialog waits for more keys.

func (s *seat) Send(msgs ...tea.Msg) {
	s.t.Helper()
	s.Sync.Send(msgs...)
	s.pass(typedAhead)
}

func (s *seat) Key(names ...string) {
	s.t.Helper()
	s.Sync.Key(names...)
	s.pass(typedAhead)
}

func (s *seat) Type(text string) {
	s.t.Helper()
	s.Sync.Type(text)
	s.pass(typedAhead)
}

// pass lets time pass and wakes the window as it asked.
func (s *seat) pass(d time.Duration) {
	s.t.Helper()
	end := s.clock.now.Add(d)
	for range 1000 {
		if s.clock.at.IsZero() || s.clock.at.After(end) {
			s.clock.now = end
			return
		}
		s.clock.now, s.clock.at = s.clock.at, time.Time{}
		s.Sync.Send(wakeMsg{})
	}
	s.t.Fatal("the window wakes without end")
}

func (s *seat) see() string { return s.Grid().String() }

func (s *seat) want(texts ...string) {
	s.t.Helper()
	got := s.see()
	for _, t := range texts {
		if !strings.Contains(got, t) {
			s.t.Errorf("%q is not on the screen:\n%s", t, got)
		}
	}
}

func (s *seat) wantNot(texts ...string) {
	s.t.Helper()
	got := s.see()
	for _, t := range texts {
		if strings.Contains(got, t) {
			s.t.Errorf("%q is on the screen:\n%s", t, got)
		}
	}
}

// wantCall checks that intents were recorded since took was called last.
func (s *seat) wantCall(calls ...string) {
	s.t.Helper()
	got := s.world.took()
	for _, c := range calls {
		if !strings.Contains("\n"+got+"\n", "\n"+c+"\n") {
			s.t.Errorf("no %q in:\n%s", c, got)
		}
	}
}

func sit(t testing.TB, w *world, width, height int, change func(*Options)) *seat {
	t.Helper()
	opts := Options{Backend: w.backend(), Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&opts)
	}
	clk := &hands{now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	win := newWindow(opts, glass{w}, term.Full(), clk, newAsker(t.Context()), func(*Backend) {})
	s := &seat{t: t, world: w, clock: clk, win: win}
	s.Sync = uitest.NewSync(t, win, width, height, nil)
	return s
}

func room(id, name string) chat.Room {
	return chat.Room{
		ID: chat.RoomID(id), Name: name, Membership: chat.MemberJoined, CanSend: true, Joined: 12,
		LastActive: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC),
	}
}

func text(key int, sender, body string) chat.Message {
	return chat.Message{
		Key: chat.ItemKey(key), Seq: chat.Seq(key), Room: "!g", ID: chat.EventID(fmt.Sprintf("$%d", key)), Type: "m.room.message",
		Sender: chat.UserID("@" + sender + ":example.org"), SenderName: sender, Own: sender == "me",
		Time: time.Date(2026, 11, 20, 9, 40+key, 0, 0, time.UTC), Kind: chat.KindText, Body: body,
	}
}

// harbour is the community of the pictures.
func harbour() *world {
	server, textCat, voiceCat := room("!s", "Rust Harbour"), room("!t", "TEXT"), room("!v", "VOICE")
	other := room("!o", "Go")
	for _, r := range []*chat.Room{&server, &textCat, &voiceCat, &other} {
		r.Type = chat.RoomSpace
	}
	general := room("!g", "general")
	general.Topic, general.Encrypted, general.Unread, general.HasUnread = "Weekly ship room", true, 2, true
	general.ReadUpTo, general.Alias = "$2", "#general:example.org"
	infra := room("!i", "infra")
	infra.Unread, infra.Mentions, infra.HasUnread = 1, 1, true
	lounge := room("!l", "lounge")
	lounge.Type = chat.RoomVoice
	dm := room("!dm", "cy")
	dm.Direct, dm.DirectWith = true, "@cy:example.org"
	invite := chat.Room{ID: "!inv", Name: "party", Membership: chat.MemberInvited, Inviter: "@eve:evil.example"}
	reply := text(4, "me", "Thanks! Tagging now https://example.org/tag")
	reply.Reply = &chat.ReplyPreview{ID: "$1", Sender: "@ada:example.org", SenderName: "ada", Body: "The build is green…"}
	reply.Reactions = []chat.Reaction{{Key: "👍", Count: 3, Mine: "$r1"}}
	return &world{
		sidebar: chat.Sidebar{
			Rooms: []chat.Room{server, textCat, voiceCat, other, room("!a", "announcements"), general, infra, lounge, dm, invite},
			Edges: []chat.SpaceEdge{
				{Parent: "!s", Child: "!t", Order: "a"},
				{Parent: "!s", Child: "!v", Order: "b"},
				{Parent: "!t", Child: "!a", Order: "a"},
				{Parent: "!t", Child: "!g", Order: "b"},
				{Parent: "!t", Child: "!i", Order: "c"},
				{Parent: "!v", Child: "!l"},
			},
		},
		items: map[chat.RoomID][]chat.Message{
			"!g": {text(1, "ada", "The build is green again."), text(2, "ada", "See #infra"), text(3, "bo", "Nice"), reply},
		},
		people: []chat.Member{
			{User: "@ada:example.org", Name: "ada", Membership: chat.MemberJoined, Power: 100},
			{User: "@bo:example.org", Name: "bo", Membership: chat.MemberJoined, Power: 50},
			{User: "@me:example.org", Name: "me", Membership: chat.MemberJoined},
		},
		state: map[string][]byte{uiWindow: []byte(`{"room":"!g","server":"!s"}`)},
	}
}

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with testdata/NAME.txt.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got+"\n" != string(want) {
		t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
	}
}

type (
	teaCmd = tea.Cmd
	teaMsg = tea.Msg
)

// deliver runs a held command, batches included, and gives the window what came of it.
func (s *seat) deliver(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch m := cmd().(type) {
	case tea.BatchMsg:
		for _, c := range m {
			s.deliver(c)
		}
	case nil:
	default:
		s.Send(m)
	}
}
