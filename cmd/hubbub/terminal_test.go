package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/ui/uitest"
)

func TestNotATerminal(t *testing.T) {
	t.Parallel()
	p := &person{t: t, home: t.TempDir()}
	r := p.run("")
	if r.code != 2 || r.out != "" || strings.Count(r.err, "\n") != 1 || !strings.Contains(r.err, "needs a terminal") {
		t.Errorf("%+v", r)
	}
	if left, err := os.ReadDir(p.home); err != nil || len(left) != 0 {
		t.Errorf("it left %v behind, %v", left, err)
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	m := meet(t, matrixtest.Stack(t), "mole", map[string]any{"topic": "Weekly ship room"})
	m.ada.SendText(m.room, "a line of text that is long enough to be wrapped when the window is narrow")
	s := m.me.online(size(200, 50))
	s.open("mole", "#mole")
	s.WaitFor("a line of text that is long enough to be wrapped when the window is narrow")
	s.WaitFor("MEMBERS — 2")
	for _, c := range []struct {
		cols, rows int
		has, not   []string
	}{
		{40, 20, []string{"Home › #mole › members", "Message #mole"}, []string{"MEMBERS — 2", "RECENT"}},
		{80, 24, []string{"RECENT", "Weekly ship room", "Message #mole"}, []string{"MEMBERS — 2"}},
		{30, 8, []string{"hubbub needs 40×10"}, []string{"#mole"}},
		{120, 30, []string{"MEMBERS — 2", "RECENT", "Weekly ship room"}, nil},
	} {
		s.Resize(c.cols, c.rows)
		s.WaitUntil("the layout", func(screen string) bool {
			for _, h := range c.has {
				if !strings.Contains(screen, h) {
					return false
				}
			}
			for _, n := range c.not {
				if strings.Contains(screen, n) {
					return false
				}
			}
			return true
		})
	}
	s.quit()
}

// Everything can be done in the smallest window.
func TestSmallWindow(t *testing.T) {
	t.Parallel()
	m := meet(t, matrixtest.Stack(t), "skiff", nil)
	m.ada.SendText(m.room, "hello small world")
	s := m.me.window(size(40, 20))
	s.sayLater()
	s.WaitFor("# skiff")
	s.Key("enter")
	s.WaitFor("Message #skiff")
	s.WaitFor("hello small world")
	s.send("hello back")
	s.sent("hello back")
	s.Key("tab")
	s.WaitFor("MEMBERS — 2")
	s.Key("tab")
	s.WaitFor("RECENT")
	s.Key("tab")
	s.WaitFor("hello back")
	s.Key("ctrl+k")
	s.WaitFor("─ Go to ─")
	s.Key("esc")
	s.Key("f1")
	s.WaitFor("─ Help ─")
	s.Key("esc")
	s.quit()
}

func TestSuspendAndResume(t *testing.T) {
	t.Parallel()
	m := meet(t, matrixtest.Stack(t), "ferry", nil)
	o := size(100, 30)
	o.Argv = []string{"/bin/bash", "-c", `set -m; "$0"; echo STOPPED; read -r line; fg; echo DONE $?`, filepath.Join(bin, "hubbub")}
	s := m.me.online(o)
	s.open("ferry", "#ferry")
	s.Type("half a sentence")
	s.WaitFor("half a sentence")
	s.Key("ctrl+z")
	s.WaitFor("STOPPED")
	if s.AltScreen() {
		t.Error("the alternate screen is shown while hubbub is stopped")
	}
	m.ada.SendText(m.room, "in the meantime")
	s.Write("\n")
	s.WaitFor("half a sentence")
	s.WaitFor("in the meantime")
	s.Key("ctrl+q")
	s.WaitFor("DONE 0")
	s.WaitExit()
	s.restored()
}

func TestEditor(t *testing.T) {
	t.Parallel()
	m := meet(t, matrixtest.Stack(t), "desk", nil)
	editor := m.me.file("edit.sh")
	script := "#!/bin/sh\ncat \"$1\" > \"$HOME/seen\"\nprintf 'written in\\nan editor' > \"$1\"\n"
	if err := os.WriteFile(editor, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	m.me.more = []string{"EDITOR=" + editor}
	s := m.me.online(size(100, 30))
	s.open("desk", "#desk")
	s.Type("begun here")
	s.WaitFor("begun here")
	s.Key("ctrl+x")
	s.WaitFor("an editor")
	if seen, err := os.ReadFile(m.me.file("seen")); err != nil || strings.TrimSpace(string(seen)) != "begun here" {
		t.Errorf("the editor saw %q, %v", seen, err)
	}
	s.Key("enter")
	s.sent("an editor")
	eventually(t, "the message", func() bool { return count(bodies(m.ada, m.room), "written in\nan editor") == 1 })
	s.quit()
}

func TestSignals(t *testing.T) {
	t.Parallel()
	p := newPerson(t, matrixtest.Stack(t), "sig").signIn()
	s := p.online(size(80, 24))
	s.Signal(syscall.SIGTERM)
	if code := s.WaitExit(); code != 128+int(syscall.SIGTERM) {
		t.Errorf("SIGTERM: exit code %d", code)
	}
	s.restored()
	s = p.online(size(80, 24))
	s.HangUp()
	if code := s.WaitExit(); code != 128+int(syscall.SIGHUP) {
		t.Errorf("a lost terminal: exit code %d", code)
	}
	if r := p.run("", "rooms"); r.code != 0 {
		t.Errorf("afterwards: %+v", r)
	}
}

// A terminal that stops reading for a while gets the latest state.
func TestTerminalThatStopsReading(t *testing.T) {
	t.Parallel()
	m := meet(t, matrixtest.Stack(t), "stall", nil)
	s := m.me.online(size(120, 30))
	s.open("stall", "#stall")
	s.Pause()
	for _, word := range strings.Fields("one two three four five six seven eight nine ten") {
		m.ada.SendText(m.room, strings.Repeat(word+" ", 200))
	}
	m.ada.SendText(m.room, "the last line")
	s.Type("typed blind")
	s.Resume()
	s.WaitFor("the last line")
	s.WaitFor("typed blind")
	s.quit()
}

func TestTitleAndBell(t *testing.T) {
	t.Parallel()
	m := meet(t, matrixtest.Stack(t), "mast", nil)
	other := m.ada.CreateRoom(map[string]any{"name": "keel", "preset": "public_chat"})
	m.me.plain.Join(other)
	s := m.me.online(size(120, 30))
	s.open("mast", "#mast")
	s.Write("\x1b[O") // the terminal has lost the focus
	m.ada.SendText(other, "just talk")
	s.WaitUntil("the title", func(string) bool { return s.Title() == "(1) #mast · hubbub" })
	if s.Bells() != 0 {
		t.Error("it rings for every message")
	}
	m.ada.Send(other, "m.room.message", map[string]any{
		"msgtype": "m.text", "body": "hey " + m.me.UserID, "m.mentions": map[string]any{"user_ids": []string{m.me.UserID}},
	})
	s.WaitUntil("the title", func(string) bool { return s.Title() == "(@1) #mast · hubbub" })
	s.WaitUntil("the bell", func(string) bool { return s.Bells() > 0 })
	s.WaitFor("@1")
	s.Write("\x1b[I")
	s.Key("alt+a") // to the mention
	s.WaitFor("Message #keel")
	s.WaitUntil("the title", func(string) bool { return s.Title() == "#keel · hubbub" }) // read after a second
	s.quit()
}

// A long history: back over pages, to the first message, and to the newest at once.
func TestScroll(t *testing.T) {
	t.Parallel()
	m := meet(t, matrixtest.Stack(t), "long", nil)
	for i := range 150 {
		m.ada.SendText(m.room, "line "+numbered(i))
	}
	s := m.me.online(size(120, 30))
	s.open("long", "#long")
	s.WaitFor("line 0149")
	s.WaitFor("line 0125") // older ones have come, and fill the screen
	s.Wheel(60, 10, -2)
	s.WaitFor("newest ↓")
	for i := 0; i < 60 && !strings.Contains(s.Screen(), "line 0000"); i++ {
		before := s.Screen()
		s.Key("pgup")
		s.WaitUntil("older messages", func(screen string) bool { return screen != before })
	}
	s.WaitFor("line 0000")
	s.WaitFor("created the channel")
	// New ones at the end do not move what one reads.
	m.ada.SendText(m.room, "fresh")
	s.WaitFor("1 new ↓")
	s.WaitFor("line 0000")
	s.Key("alt+end")
	s.WaitFor("fresh")
	s.WaitGone("newest ↓")
	s.quit()
}

func numbered(i int) string {
	const digits = "0123456789"
	return string([]byte{digits[i/1000%10], digits[i/100%10], digits[i/10%10], digits[i%10]})
}

// Old terminals have neither the kitty keyboard nor answers.
func TestOldTerminal(t *testing.T) {
	t.Parallel()
	m := meet(t, matrixtest.Stack(t), "teletype", nil)
	m.me.more = []string{"TERM=vt220", "COLORTERM=", "NO_COLOR=1"}
	s := m.me.online(uitest.Options{Cols: 80, Rows: 24, Legacy: true, Mute: true})
	s.open("teletype", "#teletype")
	s.send("hello from 1983")
	s.sent("hello from 1983")
	if colour := regexp.MustCompile(`\x1b\[[0-9;]*[34]8;`).Find(s.Raw()); colour != nil {
		t.Errorf("NO_COLOR, and yet %q", colour)
	}
	s.quit()
}
