package ui

import (
	"fmt"
	"strings"
	"testing"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
)

// busy is harbour with something of everything that an action may need.
func busy() *world {
	w := harbour()
	var items []chat.Message
	for i := 1; i <= 60; i++ {
		items = append(items, text(i, []string{"ada", "bo", "me"}[i%3], fmt.Sprintf("message %d", i)))
	}
	items[55].Kind, items[55].Media = chat.KindFile, &chat.Media{Name: "plan.pdf", Mime: "application/pdf", Size: 1000}
	items[56] = text(57, "me", "see https://example.org")
	items[56].Reply = &chat.ReplyPreview{ID: "$3", Sender: "@ada:example.org", SenderName: "ada", Body: "message 3"}
	items[57].Kind = chat.KindText
	items[57].HTML = `<span data-mx-spoiler>secret</span>`
	items[58].Kind, items[58].Encrypted = chat.KindUndecrypted, true
	failed := text(61, "me", "lost")
	failed.ID, failed.Send, failed.SendProblem = "", chat.SendError, &chat.Problem{Kind: chat.ProblemForbidden}
	w.items["!g"] = append(items, failed)
	for i := range 40 {
		r := room(fmt.Sprintf("!x%02d", i), fmt.Sprintf("extra %02d", i))
		w.sidebar.Rooms = append(w.sidebar.Rooms, r)
		w.sidebar.Edges = append(w.sidebar.Edges, chat.SpaceEdge{Parent: "!v", Child: r.ID})
		w.people = append(w.people, chat.Member{User: chat.UserID(fmt.Sprintf("@p%02d:x", i)), Membership: chat.MemberJoined})
	}
	return w
}

// scenes are where the keys of a context are tried: an action has to do something in one of them.
func scenes(c keymap.Context) []func(s *seat) {
	messages := func(up int) func(s *seat) {
		return func(s *seat) {
			s.Key("esc")
			for range up {
				s.Key("k")
			}
		}
	}
	switch c {
	case keymap.Composer:
		return []func(s *seat){
			func(s *seat) { s.Type("one two three"); s.Key("alt+enter"); s.Type("four five"); s.Key("left", "left") },
			func(s *seat) { s.Type("one two three"); s.Key("ctrl+left") },
			func(s *seat) { s.Type("first"); s.Key("enter"); s.Type("x"); s.Key("ctrl+w", "ctrl+_") },
			func(s *seat) { s.Type("one two"); s.Key("ctrl+u") },
			func(s *seat) { s.Type("first"); s.Key("enter"); s.Type("now"); s.Key("ctrl+up") },
			func(s *seat) { s.Type("one"); s.Key("alt+enter"); s.Type("two"); s.Key("up") },
			func(s *seat) { s.Type(":smi"); s.Key("esc") },
		}
	case keymap.Message:
		list := []func(s *seat){}
		for up := range 7 {
			list = append(list, messages(up))
		}
		return append(list, func(s *seat) { s.Key("esc"); s.Key("pgup", "pgup") })
	case keymap.Tree:
		return []func(s *seat){
			func(s *seat) { s.Key("shift+tab", "down", "down") },
			func(s *seat) { s.Key("shift+tab", "home", "left") },
			func(s *seat) { s.Key("shift+tab", "end") },
		}
	case keymap.People:
		return []func(s *seat){
			func(s *seat) { s.Key("tab", "down", "down") },
			func(s *seat) { s.Key("tab", "end") },
		}
	case keymap.Sheet:
		return []func(s *seat){
			func(s *seat) { s.Key("alt+t") },
			func(s *seat) {
				s.Send(feedMsg{changes: chat.ChangeSet{Trust: &chat.Trust{Identity: chat.IdentityOwn, Fresh: s.kept().sessions[2:]}}})
				s.Key("f4")
			},
			func(s *seat) { s.Key("f4", "down") },
			func(s *seat) { s.Key("f2") },
			func(s *seat) { s.Key("f2", "pgdown", "down") },
			func(s *seat) { s.Key("f2", "pgdown", "pgdown", "pgdown", "pgdown") },
			func(s *seat) { s.Key("esc", "k", "i") },
			func(s *seat) { s.Key("tab", "down", "i") },
			func(s *seat) { s.Key("tab", "down", "i", "enter") },
		}
	case keymap.Dialog:
		return []func(s *seat){
			func(s *seat) { s.Key("alt+shift+r"); s.Type("secret") },
			func(s *seat) { s.Key("ctrl+k"); s.Type("e x"); s.Key("left") },
			func(s *seat) { s.Key("ctrl+k", "down", "down") },
			func(s *seat) { s.Key("ctrl+k", "pgdown", "pgdown") },
			func(s *seat) { s.Key("alt+shift+n"); s.Type("name"); s.Key("tab", "tab", "shift+tab") },
		}
	}
	return []func(s *seat){
		func(*seat) {},
		func(s *seat) { s.Send(feedMsg{changes: chat.ChangeSet{Conn: online()}}) },
		func(s *seat) { s.Key("pgup", "pgup") },
	}
}

// TestEveryKeyDoesSomething walks the keymaps: each key of each action changes
// the screen or reaches the backend, and each action stands in the palette.
func TestEveryKeyDoesSomething(t *testing.T) {
	for _, base := range []string{"default", "vim"} {
		m, wrong := keymap.New(base, nil)
		if len(wrong) > 0 {
			t.Fatal(wrong)
		}
		for _, b := range m.Bindings() {
			if n := keymap.IsServer(b.Action); n > 2 {
				continue // there are two servers
			}
			for _, key := range b.Keys {
				t.Run(base+"/"+b.Context.String()+"/"+string(b.Action)+"/"+key, func(t *testing.T) {
					for _, scene := range scenes(b.Context) {
						if does(t, base, scene, key) {
							return
						}
					}
					t.Errorf("%s does nothing", key)
				})
			}
		}
	}
}

func does(t *testing.T, base string, scene func(*seat), key string) bool {
	w := busy()
	k := keptBy(w)
	s := sit(t, w, 120, 30, func(o *Options) { o.Keymap, o.Backend.Trust, o.Backend.Known = base, account{k}, k })
	scene(s)
	s.world.took()
	before := s.snapshot()
	s.Key(key)
	return s.snapshot() != before
}

func (s *seat) snapshot() string {
	return fmt.Sprint(s.Grid().Styled(), s.Cursor(), s.world.calls)
}

func TestPaletteHasEveryAction(t *testing.T) {
	s := sit(t, busy(), 120, 40, nil)
	seen := map[keymap.Action]bool{}
	for _, b := range s.win.keys.Bindings() {
		if b.Context == keymap.Dialog || b.Context == keymap.Sheet && !forPalette(b.Action) || keymap.IsServer(b.Action) > 0 || seen[b.Action] {
			continue
		}
		seen[b.Action] = true
		s.Key("ctrl+p")
		s.Type(b.Title)
		if !strings.Contains(s.see(), b.Title) {
			t.Errorf("%s (%s) is not in the palette:\n%s", b.Action, b.Title, s.see())
		}
		s.Key("esc")
	}
	s.Key("ctrl+p")
	s.Type("unread only")
	s.Key("esc", "ctrl+p")
	s.Type("member")
	s.Key("enter")
	s.wantNot("MEMBERS —")
}

// TestRefusals: what cannot be done says why.
func TestRefusals(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.Send(feedMsg{changes: chat.ChangeSet{Conn: online()}})
	s.Key("f5")
	s.want("The connection is up.")
	s.Key("esc", "k", "e")
	s.want("Only your own messages can be edited.")
	s.Key("s")
	s.want("This message has no file.")
	closed := room("!g", "general")
	closed.CanSend = false
	s.Send(feedMsg{changes: chat.ChangeSet{Rooms: []chat.Room{closed}}})
	s.Key("esc")
	s.Type("hello")
	s.world.took()
	s.Key("enter")
	s.want("You may not write in this channel.", "hello")
	if got := s.world.took(); strings.Contains(got, "send") {
		t.Error("sent where one may not write")
	}
}

func TestHelpIsForWhereOneIs(t *testing.T) {
	s := sit(t, harbour(), 120, 50, nil)
	s.Key("f1")
	s.want("Writing", "Send what is written", "Shift+Enter")
	s.Key("esc", "esc", "?")
	s.want("Message mode", "Answer the message")
	s.Key("esc", "esc", "shift+tab", "?")
	s.want("Channel tree", "Unfold the category")
	s.Key("esc", "ctrl+k")
	if s.win.context() != keymap.Dialog {
		t.Error("the switcher does not open over the tree")
	}
}
