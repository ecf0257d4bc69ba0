package ui

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
)

// monkey does one random thing to the window.
func monkey(s *seat, keys []string, r *rand.Rand) {
	switch n := r.IntN(100); {
	case n < 55:
		s.Key(keys[r.IntN(len(keys))])
	case n < 75:
		s.Type([]string{"a", "密", "/", ":sm", "@b", "#", " ", "👨‍👩‍👧", "y", "d"}[r.IntN(10)])
	case n < 80:
		s.Resize(1+r.IntN(160), 1+r.IntN(50))
	case n < 85:
		s.Send(tea.MouseClickMsg{X: r.IntN(160), Y: r.IntN(50), Button: tea.MouseLeft})
	case n < 88:
		s.Send(tea.MouseWheelMsg{X: r.IntN(160), Y: r.IntN(50), Button: []tea.MouseButton{tea.MouseWheelUp, tea.MouseWheelDown}[r.IntN(2)]})
	case n < 90:
		s.Send(tea.PasteMsg{Content: strings.Repeat("x\r\n\x1b[31m", r.IntN(30))})
	case n < 92:
		s.pass(time.Duration(r.IntN(20)) * time.Second)
	case n < 93:
		s.see()
	default:
		s.Send(feedMsg{changes: randomChanges(s, r)})
	}
}

func randomChanges(s *seat, r *rand.Rand) chat.ChangeSet {
	var cs chat.ChangeSet
	rooms := s.world.sidebar.Rooms
	for range r.IntN(4) {
		c := rooms[r.IntN(len(rooms))]
		c.Unread, c.Mentions, c.HasUnread = r.IntN(200), r.IntN(3), r.IntN(2) == 0
		c.Membership = []chat.Membership{chat.MemberJoined, chat.MemberJoined, chat.MemberJoined, chat.MemberInvited, chat.MemberLeft}[r.IntN(5)]
		cs.Rooms = append(cs.Rooms, c)
	}
	switch r.IntN(8) {
	case 0:
		cs.Edges = true
	case 1:
		cs.Reload = true
	case 2:
		cs.Gone = []chat.RoomID{rooms[r.IntN(len(rooms))].ID}
	case 3:
		cs.Conn = &chat.Connection{State: chat.ConnState(r.IntN(7)), Problem: &chat.Problem{Kind: chat.ProblemSignedOut, Retry: r.IntN(2) == 0}}
	case 4:
		cs.Notices = []chat.Notice{{Ref: "ref1", Done: "joined", Room: "!i"}, {Problem: &chat.Problem{Kind: chat.ProblemKind(r.IntN(20))}}}
	case 5:
		cs.Alerts = []chat.Alert{{Room: "!i", Mention: true}}
		cs.Typing = []chat.Typing{{Room: "!g", Users: []chat.UserID{"@a:b"}}}
		cs.Outbox = &chat.OutboxState{Pending: r.IntN(2), Failed: r.IntN(2)}
	default:
		m := text(100+r.IntN(50), "ada", "late news")
		cs.Timeline = map[chat.RoomID]*chat.RoomChange{"!g": {
			Items: []chat.Message{m}, Gone: []chat.ItemKey{chat.ItemKey(r.IntN(60))}, MembersChanged: true, Reload: r.IntN(9) == 0,
		}}
	}
	return cs
}

// FuzzWindow throws keys, mouse, sizes and changes at the window in any order:
// it never crashes, and what it draws stays clean.
func FuzzWindow(f *testing.F) {
	for seed := range uint64(12) {
		f.Add(seed, uint16(250))
	}
	m, _ := keymap.New("", nil)
	var keys []string
	for _, b := range m.Bindings() {
		for _, k := range b.Keys {
			if !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
	}
	f.Fuzz(func(t *testing.T, seed uint64, steps uint16) {
		r := rand.New(rand.NewPCG(seed, 1))
		s := sit(t, busy(), 40+r.IntN(120), 10+r.IntN(40), nil)
		for range steps % 600 {
			monkey(s, keys, r)
		}
		if strings.ContainsAny(s.see(), "\x1b\a\r") {
			t.Errorf("a control character is drawn:\n%q", s.see())
		}
	})
}
