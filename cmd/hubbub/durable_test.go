package main_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"hubbub/matrix/matrixtest"
)

// What is typed, and what waits to be sent, is there after kill -9; a message goes out once.
func TestKill(t *testing.T) {
	t.Parallel()
	proxy, hs := matrixtest.Stack(t).Before(t)
	m := meet(t, hs, "wreck", nil)
	other := m.ada.CreateRoom(map[string]any{"name": "raft", "preset": "public_chat"})
	m.me.plain.Join(other)
	m.ada.SendText(m.room, "before the storm")
	s := m.me.online(size(120, 30))
	s.open("raft", "#raft")
	s.Type("a draft in the raft")
	s.WaitFor("a draft in the raft")
	s.open("wreck", "#wreck")
	s.WaitFor("before the storm")

	// The homeserver takes the message, but its answer is lost, and then hubbub dies.
	held := matrixtest.NewGate(t)
	hold := proxy.On(matrixtest.Match{Path: "/_matrix/client/*/sync"}, matrixtest.HoldRequest(held))
	proxy.Cut() // or the stream would say that it was taken
	hold.Wait(t, 1)
	put := matrixtest.Match{Method: "PUT", Path: "**/send/m.room.message/*"}
	rule := proxy.On(put, matrixtest.DropAfter())
	s.send("exactly once")
	rule.Wait(t, 1)
	s.Type("and a draft")
	s.WaitFor("and a draft")
	eventually(t, "the drafts on disk", func() bool { return m.me.onDisk("and a draft") && m.me.onDisk("a draft in the raft") })
	proxy.Offline(true)
	s.Signal(syscall.SIGKILL)
	s.WaitExit()
	rule.Off()
	hold.Off()
	held.Open()

	// Offline: everything is there, and says that it waits.
	s = m.me.window(size(120, 30))
	s.WaitFor("before the storm")
	s.WaitFor("exactly once")
	s.WaitFor("and a draft")
	s.WaitFor("offline")
	s.WaitUntil("a mark that it waits", func(screen string) bool { return strings.ContainsAny(screen, "◌◔") })
	proxy.Offline(false)
	s.Key("f5")
	s.WaitFor("● online")
	eventually(t, "the message", func() bool { return slices.Contains(bodies(m.ada, m.room), "exactly once") })
	s.Key("enter")
	s.sent("and a draft")
	if all := bodies(m.ada, m.room); count(all, "exactly once") != 1 || count(all, "and a draft") != 1 {
		t.Errorf("the homeserver has %q", all)
	}
	s.Key("ctrl+k")
	s.WaitFor("─ Go to ─")
	s.Type("raft")
	s.Key("enter")
	s.WaitFor("a draft in the raft")
	s.quit()
}

// onDisk reports whether a text is in the cache file or its log, as a draft is a moment after it was typed.
func (p *person) onDisk(text string) bool {
	p.t.Helper()
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(p.cacheDB() + end)
		if err != nil {
			p.t.Fatal(err)
		}
		if bytes.Contains(b, []byte(text)) {
			return true
		}
	}
	return false
}

// Without the network one reads and writes; when it is back all goes out, in order.
func TestConnectionLostAndBack(t *testing.T) {
	t.Parallel()
	proxy, hs := matrixtest.Stack(t).Before(t)
	m := meet(t, hs, "islet", nil)
	m.ada.SendText(m.room, "mainland calling")
	s := m.me.online(size(120, 34))
	s.open("islet", "#islet")
	s.WaitFor("mainland calling")
	proxy.Offline(true)
	s.WaitFor("offline")
	for _, text := range []string{"first", "second", "third"} {
		s.send(text)
	}
	s.WaitFor("3 waiting")
	s.WaitFor("waiting: the homeserver cannot be reached")
	m.ada.SendText(m.room, "are you there?")
	proxy.Offline(false)
	s.Key("f5")
	s.WaitFor("● online")
	s.WaitFor("are you there?")
	s.WaitGone("waiting")
	var mine []string
	for _, b := range bodies(m.ada, m.room) {
		if slices.Contains([]string{"first", "second", "third"}, b) {
			mine = append(mine, b)
		}
	}
	if !slices.Equal(mine, []string{"first", "second", "third"}) {
		t.Errorf("the homeserver has %q", mine)
	}
	s.quit()
}

// A message that the homeserver refuses says why, and what one can do about it.
func TestRefusedMessage(t *testing.T) {
	t.Parallel()
	proxy, hs := matrixtest.Stack(t).Before(t)
	m := meet(t, hs, "gate", nil)
	s := m.me.online(size(120, 30))
	s.open("gate", "#gate")
	rule := proxy.On(matrixtest.Match{Path: "**/send/m.room.message/*"}, matrixtest.Refuse(403, "M_FORBIDDEN", map[string]any{"error": "not today"}))
	s.send("let me in")
	s.WaitFor("not sent: the homeserver does not allow that: not today")
	s.send("me too")
	s.WaitFor("1 not sent")
	rule.Off()
	s.choose("let me in")
	s.Key("R")
	s.sent("let me in")
	s.sent("me too")
	if all := bodies(m.ada, m.room); count(all, "let me in") != 1 || count(all, "me too") != 1 {
		t.Errorf("the homeserver has %q", all)
	}
	s.quit()
}

// A gap after a long absence is filled when one scrolls there.
func TestGap(t *testing.T) {
	t.Parallel()
	m := meet(t, matrixtest.Stack(t), "gulf", nil)
	m.ada.SendText(m.room, "the near shore")
	s := m.me.online(size(120, 30))
	s.open("gulf", "#gulf")
	s.WaitFor("the near shore")
	s.quit()
	for i := range 120 {
		m.ada.SendText(m.room, "wave "+numbered(i))
	}
	s = m.me.online(size(120, 30))
	s.WaitFor("wave 0119")
	for i := 0; i < 60 && !strings.Contains(s.Screen(), "the near shore"); i++ {
		before := s.Screen()
		s.Key("pgup")
		s.WaitUntil("older messages", func(screen string) bool { return screen != before })
	}
	s.WaitUntil("both shores", func(screen string) bool {
		a, b := strings.Index(screen, "the near shore"), strings.Index(screen, "wave 0000")
		return a >= 0 && b > a
	})
	s.quit()
}
