package ui

import (
	"fmt"
	"image/color"
	"regexp"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"hubbub/store/chat"
)

func online() *chat.Connection { return &chat.Connection{State: chat.ConnOnline} }

// TestPicture is the main window at each width.
func TestPicture(t *testing.T) {
	for _, size := range [][2]int{{40, 20}, {80, 24}, {120, 30}, {200, 40}} {
		s := sit(t, harbour(), size[0], size[1], nil)
		s.Send(feedMsg{changes: chat.ChangeSet{Conn: online()}})
		golden(t, fmt.Sprintf("window-%d", size[0]), s.see())
	}
}

func TestNarrowPanes(t *testing.T) {
	s := sit(t, harbour(), 40, 20, nil)
	s.want("The build is green", "general")
	s.Key("shift+tab")
	golden(t, "tree-40", s.see())
	s.Key("tab", "tab")
	s.want("MEMBERS — 12", "ada", "fetching 9 more…")
	s.Key("esc")
	s.want("The build is green")
	s.Resize(30, 8)
	s.want("hubbub needs 40×10")
	s.Key("x")
	s.Resize(40, 10)
	s.want("#general")
	for w := 1; w < 130; w += 7 {
		for h := 1; h < 34; h += 3 {
			s.Resize(w, h)
			s.see()
		}
	}
}

func TestWriteAndSend(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.world.took()
	s.Type("hello")
	s.wantCall("typing !g true", `draft !g "hello"`)
	s.Key("enter")
	s.wantCall("typing !g false", `send kind=0 text="hello" reply= edit= target= key=`, `draft !g ""`)
	s.Type("/me waves")
	s.Key("enter")
	s.wantCall(`send kind=1 text="waves" reply= edit= target= key=`)
	s.Type("/nonsense x")
	s.Key("enter")
	s.want("There is no command /nonsense", "/nonsense x")
	if strings.Contains(s.world.took(), "send") {
		t.Error("a mistyped command was sent")
	}
	s.Key("ctrl+u")
	s.Type("//etc is text")
	s.Key("enter")
	s.wantCall(`send kind=0 text="/etc is text" reply= edit= target= key=`)
}

func TestTypingEnds(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.Type("a")
	s.world.took()
	s.pass(3 * time.Second)
	s.Type("b")
	s.pass(5 * time.Second)
	if got := s.world.took(); strings.Contains(got, "typing") {
		t.Errorf("typing told while it goes on:\n%s", got)
	}
	s.pass(2 * time.Second)
	s.wantCall("typing !g false")
}

// TestRead: a second in view, with the focus, marks as read; less does not.
func TestRead(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.world.took()
	s.see()
	s.pass(900 * time.Millisecond)
	s.Send(tea.BlurMsg{})
	s.pass(5 * time.Second)
	if got := s.world.took(); strings.Contains(got, "read") {
		t.Fatalf("read without being seen:\n%s", got)
	}
	s.Send(tea.FocusMsg{})
	s.pass(900 * time.Millisecond)
	if got := s.world.took(); strings.Contains(got, "read") {
		t.Fatalf("read too early:\n%s", got)
	}
	s.pass(200 * time.Millisecond)
	s.wantCall("read !g $4")
	s.pass(time.Minute)
	if got := s.world.took(); strings.Contains(got, "read") {
		t.Errorf("read twice:\n%s", got)
	}
	if !s.clock.at.IsZero() {
		t.Errorf("an idle window wakes at %v", s.clock.at)
	}
}

func TestMarkedUnreadStaysUnread(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.Key("esc", "u")
	s.wantCall("unread !g true")
	s.pass(time.Minute)
	if got := s.world.took(); strings.Contains(got, "read !g $") {
		t.Errorf("read again by itself:\n%s", got)
	}
}

func TestMovingBetweenChannels(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.Type("draft")
	s.Key("alt+down")
	s.wantCall("watch [!i]")
	s.want("Message #infra")
	s.Key("alt+up")
	s.want("draft")
	s.Key("alt+a")
	s.want("Message #infra")
	s.Key("alt+0")
	s.want(" Home", "INVITES", "RECENT")
	s.Key("alt+2")
	s.want("TEXT", "VOICE")
	s.Key("alt+9")
	s.want("no such server")
	s.Key("ctrl+k")
	s.Type("gen")
	s.want("Go to", "# general")
	s.Key("enter")
	s.want("Weekly ship room")
}

func TestMessageMode(t *testing.T) {
	s := sit(t, harbour(), 120, 34, nil)
	s.Type("kept")
	s.Key("esc", "r")
	s.want("Replying to", "kept")
	s.Key("esc", "esc", "k", "k", "y")
	s.wantCall("copy See #infra")
	s.Key("G", "+")
	s.want("React", "take back")
	s.Key("enter")
	s.wantCall("send kind=4 text=\"\" reply= edit= target=$r1 key=")
	s.Key("+")
	s.Type("tada")
	s.Key("enter")
	s.wantCall("send kind=3 text=\"\" reply= edit= target=$4 key=🎉")
	s.Key("k", "+", "enter") // what most people want is one key away
	s.wantCall("send kind=3 text=\"\" reply= edit= target=$3 key=👍")
	s.Key("G", "o")
	s.wantCall("copy https://example.org/tag")
	s.Key("d")
	s.want("Delete this message for everybody?", "Tagging now")
	s.Key("esc")
	s.Key("d", "enter")
	s.want("Delete this message for everybody?", "Keys count when you stop typing.")
	s.sure()
	s.wantCall("send kind=4 text=\"\" reply= edit= target=$4 key=")
	s.Key("i")
	s.want("@me:example.org", "As received", "m.room.message")
	s.wantNot("\x1b", "\a")
	s.Key("esc", "enter")
	s.want("Message", "Reply", "Copy")
	s.Key("r")
	s.want("Replying to")
}

func TestUpEditsTheLastMessage(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.Key("up")
	s.want("Editing your message")
	s.Type("!")
	s.Key("enter")
	s.wantCall(`send kind=0 text="Thanks! Tagging now https://example.org/tag!" reply= edit=$4 target= key=`)
}

func TestInvite(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.Key("ctrl+k")
	s.Type("party")
	s.Key("enter")
	s.want("Invitation", "party", "@eve:evil.example invites you.")
	s.Key("enter")
	s.wantCall("join !inv")
	r := room("!inv", "party")
	s.Send(feedMsg{changes: chat.ChangeSet{Notices: []chat.Notice{{Ref: lastRef(s), Done: "joined", Room: "!inv"}}}})
	s.Send(feedMsg{changes: chat.ChangeSet{Rooms: []chat.Room{r}}})
	s.want("Message #party")
}

// lastRef is the reference of the intent that was recorded before all were taken.
func lastRef(s *seat) string {
	for ref, f := range s.win.refs {
		if f.open {
			return ref
		}
	}
	return ""
}

func TestManagingChannels(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.Key("alt+n")
	s.Type("#x:example.org")
	s.Key("enter")
	s.wantCall("join #x:example.org")
	s.Key("alt+shift+n", "enter")
	s.want("Type a name.", "In Rust Harbour.")
	s.Type("secret")
	s.Key("enter")
	s.wantCall("create {Name:secret Topic: Parent:!s Invite:[] Direct:false Public:false Unencrypted:false Encrypted:false Space:false Voice:false}")
	// A public channel is in clear unless one says otherwise, and the form shows it.
	s.Key("alt+shift+n")
	s.Type("open")
	s.Key("tab", "tab", "space")
	s.want("Anybody may join: yes", "Encrypted: no")
	s.Key("tab", "space")
	s.want("Anybody may join: yes", "Encrypted: yes")
	s.Key("space", "enter")
	s.wantCall("create {Name:open Topic: Parent:!s Invite:[] Direct:false Public:true Unencrypted:false Encrypted:false Space:false Voice:false}")
	s.Key("alt+shift+d")
	s.Type("@cy:example.org")
	s.Key("enter")
	s.want("Message cy")
	s.Key("alt+i")
	s.Type("nobody")
	s.want("Nothing found.")
	s.Key("ctrl+u")
	s.Type("@new:example.org")
	s.Key("enter")
	s.wantCall("invite !dm @new:example.org")
	s.Key("alt+shift+w")
	s.want("Leave it?")
	s.sure()
	s.wantCall("leave !dm")
	s.Send(feedMsg{changes: chat.ChangeSet{Gone: []chat.RoomID{"!dm"}}})
	s.wantNot("Message cy")
}

func TestSendAFile(t *testing.T) {
	s := sit(t, harbour(), 80, 24, nil)
	s.Key("alt+o", "enter")
	s.want("Send a file", "Type the path of a file.")
	s.Type("/tmp/a boat.png")
	s.Key("enter")
	s.wantNot("Send a file")
	s.wantCall("send file /tmp/a boat.png to !g")
}

// TestPeopleAreFound by name: where one goes to, for a direct message, and to
// invite; who is called so comes before channels that have the letters somewhere.
func TestPeopleAreFound(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.Key("ctrl+k")
	s.Type("bo")
	s.want("▌@ bo", "@bo:example.org")
	s.Key("enter")
	s.want("Begin an encrypted direct message with @bo:example.org?")
	s.world.took()
	s.Key("esc")
	if got := s.world.took(); strings.Contains(got, "create") {
		t.Errorf("asked and yet:\n%s", got)
	}
	s.Key("alt+shift+d")
	s.Type("ad")
	s.want("▌@ ada", "@ada:example.org")
	s.Key("enter")
	s.wantCall("create {Name: Topic: Parent: Invite:[@ada:example.org] Direct:true Public:false Unencrypted:false Encrypted:false Space:false Voice:false}")
	s.Type("/invite bo")
	s.Key("enter")
	s.want("Invite · #general", "Nothing found.") // who is here already
	s.Key("ctrl+u")
	s.Type("@bo:example.org.uk")
	s.Key("enter")
	s.wantCall("invite !g @bo:example.org.uk")
	s.Type("/msg cy")
	s.Key("enter")
	s.want("New direct message")
	s.Key("ctrl+u")
	s.Type("@cy:example.org")
	s.Key("enter")
	s.want("Message cy")
}

func TestProblemsAreSaid(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.Send(feedMsg{changes: chat.ChangeSet{Notices: []chat.Notice{
		{Problem: &chat.Problem{Kind: chat.ProblemForbidden, Detail: "you are \x1b[31mbanned"}},
	}}})
	s.want("does not allow that: you are banned")
	s.Send(feedMsg{changes: chat.ChangeSet{
		Conn: &chat.Connection{State: chat.ConnOffline, RetryAt: s.clock.now.Add(9 * time.Second)}, Outbox: &chat.OutboxState{Pending: 3},
	}})
	s.want("offline, next try in 9 seconds", "3 waiting")
	s.world.took()
	s.Key("f5")
	s.wantCall("reconnect")
	s.Key("ctrl+q")
	s.want("Quit?")
	s.Key("enter")
	s.wantCall("quit")
}

func TestSoftLogout(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.Send(feedMsg{changes: chat.ChangeSet{Conn: &chat.Connection{State: chat.ConnSignedOut, Problem: &chat.Problem{Kind: chat.ProblemSignedOut, Retry: true}}}})
	s.want("Signed out", "Type your password")
	s.pass(2 * time.Second)
	s.Type("secret")
	s.wantNot("secret")
	s.Key("enter")
	s.wantCall("sign in secret")
	s.wantNot("Type your password")
}

func TestRestore(t *testing.T) {
	w := harbour()
	s := sit(t, w, 120, 30, nil)
	s.Key("shift+tab", "home", "enter") // folds TEXT
	s.wantNot("announcements")
	s.Key("esc", "alt+shift+up")
	again := sit(t, w, 120, 30, nil)
	again.wantNot("announcements")
	if again.win.room != s.win.room {
		t.Errorf("opens %s, was in %s", again.win.room, s.win.room)
	}
}

func TestMouse(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	click := func(what string) {
		t.Helper()
		for y, line := range strings.Split(s.see(), "\n") {
			if i := strings.Index(line, what); i >= 0 {
				s.Send(tea.MouseClickMsg{X: len([]rune(line[:i])), Y: y, Button: tea.MouseLeft})
				return
			}
		}
		t.Fatalf("%q is not there", what)
	}
	click("infra   ")
	s.want("Message #infra")
	click(" bo")
	s.want("Direct message", "MODERATOR (50)")
	s.Send(tea.MouseClickMsg{X: 1, Y: 28, Button: tea.MouseLeft})
	s.wantNot("MODERATOR (50)")
	s.Send(tea.MouseWheelMsg{X: 60, Y: 10, Button: tea.MouseWheelUp})
	s.Send(tea.MouseWheelMsg{X: 5, Y: 10, Button: tea.MouseWheelDown})
	s.Send(tea.MouseWheelMsg{X: 110, Y: 10, Button: tea.MouseWheelDown})
}

func TestBigPasteAsks(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.Send(tea.PasteMsg{Content: strings.Repeat("line\r\n", 50)})
	s.want("Paste", "lines")
	s.Key("enter")
	if got := s.win.chat.Text(); strings.Count(got, "line") != 50 || strings.Contains(got, "\r") {
		t.Errorf("pasted %q", got)
	}
}

func TestReloadAndGone(t *testing.T) {
	w := harbour()
	s := sit(t, w, 120, 30, nil)
	w.items["!g"] = append(w.items["!g"], text(9, "bo", "after the reload"))
	s.Send(feedMsg{changes: chat.ChangeSet{Reload: true}})
	s.want("after the reload")
	w.sidebar.Rooms = append(w.sidebar.Rooms, room("!new", "fresh"))
	w.sidebar.Edges = append(w.sidebar.Edges, chat.SpaceEdge{Parent: "!t", Child: "!new"})
	s.Send(feedMsg{changes: chat.ChangeSet{Edges: true}})
	s.pass(time.Second)
	s.want("fresh")
	s.Send(feedMsg{changes: chat.ChangeSet{Gone: []chat.RoomID{"!g"}}})
	s.wantNot("Weekly ship room")
}

func TestHostileNames(t *testing.T) {
	w := harbour()
	evil := "a\x1b]0;pwned\a\u202eb\r\nc" + strings.Repeat("密", 300)
	for i := range w.sidebar.Rooms {
		w.sidebar.Rooms[i].Name, w.sidebar.Rooms[i].Topic = evil, evil
	}
	for i := range w.people {
		w.people[i].Name = evil
	}
	s := sit(t, w, 120, 30, nil)
	s.Key("ctrl+k")
	s.wantNot("\x1b", "\a", "\u202e", "pwned\a")
	s.Key("esc", "alt+t")
	s.wantNot("\x1b", "\a", "\u202e")
	if got := s.world.took(); strings.ContainsAny(got, "\x1b\a\r\u202e") {
		t.Errorf("the title is hostile: %q", got)
	}
}

func TestCompletion(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.Type("/inv")
	s.want("/invite @USER:HOMESERVER", "Invite a person into this")
	s.Key("tab")
	if got := s.win.chat.Text(); got != "/invite " {
		t.Errorf("completed to %q", got)
	}
	s.Key("ctrl+u")
	s.Type("hi @ad")
	s.Key("tab")
	if got := s.win.chat.Text(); got != "hi @ada " {
		t.Errorf("completed to %q", got)
	}
	s.Key("tab")
	if s.win.focus != focusPeople {
		t.Error("without a list Tab does not change the pane")
	}
}

// TestFirstSync is what one sees of an account that is being taken in.
func TestFirstSync(t *testing.T) {
	s := sit(t, &world{state: map[string][]byte{}}, 120, 30, nil)
	s.Send(feedMsg{changes: chat.ChangeSet{Conn: &chat.Connection{State: chat.ConnFirstSync, Progress: 40}}})
	s.want("Fetching your channels…", "fetching your channels: 40", "No channel is open")
	s.wantNot("MEMBERS")
	s.Send(feedMsg{changes: chat.ChangeSet{Rooms: []chat.Room{room("!a", "alpha"), room("!b", "beta")}}})
	s.want("alpha", "RECENT")
	s.Key("enter")
	s.want("Message #alpha")
	s.Send(feedMsg{changes: chat.ChangeSet{Conn: online()}})
	s.want("● online")
}

// TestNoColour: without colours everything is still told, by attributes and glyphs.
func TestNoColour(t *testing.T) {
	s := sit(t, busy(), 120, 30, nil)
	s.Send(tea.ColorProfileMsg{Profile: colorprofile.ASCII})
	s.Key("ctrl+k")
	s.Type("x")
	if got := s.Grid().Styled(); regexp.MustCompile(`⟦[^⟧]*#`).MatchString(got) {
		t.Errorf("a colour is drawn:\n%s", got)
	}
	s.Key("esc")
	s.want("general", "@1", "not sent")
	s.Send(tea.ColorProfileMsg{Profile: colorprofile.TrueColor})
	if got := s.Grid().Styled(); !strings.Contains(got, "#") {
		t.Error("no colour is drawn")
	}
	dark := s.Grid().Styled()
	s.Send(tea.BackgroundColorMsg{Color: color.White})
	if s.Grid().Styled() == dark {
		t.Error("a light terminal gets the dark theme")
	}
}

// TestASCII: borders and marks are ASCII; text keeps its letters and punctuation.
func TestASCII(t *testing.T) {
	s := sit(t, harbour(), 120, 30, func(o *Options) { o.ASCII = true })
	for _, r := range s.see() {
		if r > 126 && !strings.ContainsRune("👍…—·", r) {
			t.Fatalf("%q is drawn:\n%s", r, s.see())
		}
	}
}

// TestCursorIsWhereTheFocusIs: screen readers and input methods look there.
func TestCursorIsWhereTheFocusIs(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.Type("ab")
	row := func() string { return strings.Split(s.see(), "\n")[s.Cursor().Y] }
	if c := s.Cursor(); !c.Visible || !strings.Contains(row(), "│ ab") {
		t.Errorf("writing: %+v", c)
	}
	s.Key("shift+tab", "down")
	if c := s.Cursor(); !c.Visible || !strings.Contains(row(), "infra") {
		t.Errorf("tree: %+v in %q", c, row())
	}
	s.Key("tab", "tab", "down")
	if c := s.Cursor(); !c.Visible || !strings.Contains(row(), "bo") {
		t.Errorf("people: %+v in %q", c, row())
	}
	s.Key("enter", "down")
	if c := s.Cursor(); !c.Visible || !strings.Contains(row(), "Direct message") {
		t.Errorf("menu: %+v in %q", c, row())
	}
}
