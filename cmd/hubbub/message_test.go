package main_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"hubbub/matrix/matrixtest"
)

// meeting is a person with hubbub, somebody else, and a public channel of both.
type meeting struct {
	me   *person
	ada  *matrixtest.Client
	room string
}

// meet signs a person in, who has joined a channel of that name.
func meet(t *testing.T, hs *matrixtest.Homeserver, channel string, more map[string]any) meeting {
	t.Helper()
	m := meeting{me: newPerson(t, hs, "me"), ada: matrixtest.Stack(t).NewClient(t, "ada")}
	m.ada.SetDisplayName("Ada")
	request := map[string]any{"name": channel, "preset": "public_chat"}
	for k, v := range more {
		request[k] = v
	}
	m.room = m.ada.CreateRoom(request)
	m.me.plain.Join(m.room)
	m.me.signIn()
	return m
}

// last is the newest event of that type.
func (m *meeting) last(eventType string) matrixtest.Event {
	events := m.ada.Events(m.room)
	for _, e := range slices.Backward(events) {
		if e.Type == eventType {
			return e
		}
	}
	return matrixtest.Event{}
}

// reactions are the keys of all reactions that stand.
func (m *meeting) reactions() []string {
	var out []string
	for _, e := range m.ada.Events(m.room) {
		var c struct {
			Relates struct{ Key string } `json:"m.relates_to"`
		}
		if e.Type == "m.reaction" && json.Unmarshal(e.Content, &c) == nil && c.Relates.Key != "" {
			out = append(out, c.Relates.Key)
		}
	}
	return out
}

func TestConversation(t *testing.T) {
	t.Parallel()
	m := meet(t, matrixtest.Stack(t), "harbour", nil)
	m.ada.SendText(m.room, "The build is green again")
	s := m.me.online(size(120, 36))
	s.open("harbour", "#harbour")
	s.WaitFor("The build is green again")
	s.WaitFor("MEMBERS — 2")

	s.send("tagging **now**")
	s.sent("tagging now") // formatted
	eventually(t, "the message at the homeserver", func() bool { return slices.Contains(bodies(m.ada, m.room), "tagging **now**") })
	if c := string(m.last("m.room.message").Content); !strings.Contains(c, "strong") {
		t.Errorf("sent without formatting: %s", c)
	}

	// ↑ in an empty composer edits the last own message.
	s.Key("up")
	s.WaitFor("Editing your message")
	s.Key("ctrl+a")
	s.Type("I am ")
	s.WaitFor("I am tagging")
	s.Key("enter")
	s.WaitFor("I am tagging now  (edited)")

	// Reply.
	s.choose("green again")
	s.Key("r")
	s.WaitFor("Replying to Ada")
	s.send("thanks for that")
	s.WaitFor("↳ Ada: The build is green again")
	s.sent("thanks for that")

	// React, and see the other's reaction beside it.
	s.choose("green again")
	s.Key("+")
	s.WaitFor("─ React ─")
	s.Type("tada")
	s.WaitFor("🎉")
	s.Key("enter")
	s.WaitFor("•🎉 1")
	eventually(t, "the reaction at the homeserver", func() bool { return slices.Contains(m.reactions(), "🎉") })
	m.ada.Send(m.room, "m.reaction", map[string]any{"m.relates_to": map[string]any{
		"rel_type": "m.annotation", "event_id": m.find("The build is green again"), "key": "🎉",
	}})
	s.WaitFor("•🎉 2")

	// Take it back with the same keys.
	s.choose("green again")
	s.Key("+")
	s.WaitFor("take back")
	s.Key("enter")
	s.WaitUntil("ada's reaction alone", func(screen string) bool {
		return strings.Contains(screen, " 🎉 1") && !strings.Contains(screen, "•🎉")
	})

	// Copy.
	s.choose("green again")
	s.Key("y")
	s.WaitFor("Copied.")
	if got := s.Clipboard(); got != "The build is green again" {
		t.Errorf("the clipboard has %q", got)
	}

	// Delete: asked first.
	s.choose("thanks for that")
	s.Key("d")
	s.WaitFor("It cannot be taken back.")
	s.sure()
	s.WaitGone("thanks for that")
	s.WaitFor("deleted")
	eventually(t, "the message gone from the homeserver", func() bool { return !slices.Contains(bodies(m.ada, m.room), "thanks for that") })

	// What others do is folded in where it belongs.
	wrong := m.ada.SendText(m.room, "tpyo")
	s.WaitFor("tpyo")
	m.ada.Send(m.room, "m.room.message", map[string]any{
		"msgtype": "m.text", "body": "* typo", "m.new_content": map[string]any{"msgtype": "m.text", "body": "typo"},
		"m.relates_to": map[string]any{"rel_type": "m.replace", "event_id": wrong},
	})
	s.WaitFor("typo  (edited)")
	s.WaitGone("tpyo")
	s.quit()
}

// find is the id of the message with that body.
func (m *meeting) find(body string) string {
	for _, e := range m.ada.Events(m.room) {
		if e.Body() == body {
			return e.ID
		}
	}
	return ""
}

// Two hubbubs, one in a window and one on the command line, in an encrypted channel.
func TestEncryptedConversation(t *testing.T) {
	t.Parallel()
	hs := matrixtest.Stack(t)
	bo := newPerson(t, hs, "bo").signIn()
	m := meet(t, hs, "vault", map[string]any{"initial_state": []any{map[string]any{
		"type": "m.room.encryption", "state_key": "", "content": map[string]any{"algorithm": "m.megolm.v1.aes-sha2"},
	}}})
	bo.plain.Join(m.room)
	s := m.me.online(size(120, 30))
	s.open("vault", "#vault")
	s.WaitFor("🔒")
	s.send("the **secret** plan")
	s.sent("the secret plan")

	if r := bo.run("I have read it", "send", m.room); r.code != 0 {
		t.Fatalf("send: %+v", r)
	}
	s.WaitFor("I have read it")
	for _, e := range m.ada.Events(m.room) {
		if e.Type == "m.room.message" || strings.Contains(string(e.Content), "plan") {
			t.Errorf("went out in clear: %s %s", e.Type, e.Content)
		}
	}
	s.choose("I have read it")
	s.Key("i")
	s.WaitFor("not confirmed by its owner")
	s.Key("esc")
	s.quit()
	// After a restart both are there at once, without the network.
	s = m.me.online(size(120, 30))
	s.WaitFor("the secret plan")
	s.WaitFor("I have read it")
	s.send("and again")
	s.sent("and again")
	s.quit()
}

func TestSaveAFile(t *testing.T) {
	t.Parallel()
	m := meet(t, matrixtest.Stack(t), "files", nil)
	data := []byte(strings.Repeat("0123456789", 1000))
	m.ada.Send(m.room, "m.room.message", map[string]any{
		"msgtype": "m.file", "body": "../../evil\u202e/report.txt", "url": m.ada.Upload(data),
		"info": map[string]any{"size": len(data), "mimetype": "text/plain"},
	})
	s := m.me.online(size(120, 30))
	s.open("files", "#files")
	s.WaitFor("report.txt · text/plain · 10.0 kB")
	s.choose("report.txt")
	s.Key("s")
	s.WaitFor("Saved as ")
	saved, err := os.ReadDir(m.me.file("Downloads"))
	if err != nil || len(saved) != 1 || strings.ContainsAny(saved[0].Name(), "/\u202e") {
		t.Fatalf("saved %v, %v", saved, err)
	}
	if got, err := os.ReadFile(m.me.file("Downloads", saved[0].Name())); err != nil || string(got) != string(data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}

	// A file of our own, by command.
	if err := os.WriteFile(m.me.file("notes.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Key("esc")
	s.Type("/file ~/notes.txt")
	s.Key("enter")
	s.sent("notes.txt")
	eventually(t, "the file at the homeserver", func() bool { return slices.Contains(bodies(m.ada, m.room), "notes.txt") })
	s.quit()
}

func TestTypingAndReceipts(t *testing.T) {
	t.Parallel()
	m := meet(t, matrixtest.Stack(t), "quay", nil)
	s := m.me.online(size(120, 30))
	s.open("quay", "#quay")
	m.ada.Typing(m.room, limit)
	s.WaitFor("Ada is typing…")
	m.ada.Typing(m.room, 0)
	s.WaitGone("Ada is typing…")

	_, since := m.ada.Sync("", 0)
	s.Type("hm")
	syncUntil(t, m.ada, since, `"m.typing"`, m.me.UserID)
	s.Key("enter")
	s.sent("hm")
	events := m.ada.Events(m.room)
	m.ada.Receipt(m.room, "m.read", events[len(events)-1].ID)
	s.WaitFor("✓ seen by Ada")

	_, since = m.ada.Sync("", 0)
	m.ada.SendText(m.room, "now you")
	s.WaitFor("now you")
	syncUntil(t, m.ada, since, `"m.receipt"`, m.me.UserID)
	s.quit()
}

// syncUntil follows the stream until an answer has both words.
func syncUntil(t *testing.T, c *matrixtest.Client, since string, words ...string) {
	t.Helper()
	eventually(t, strings.Join(words, " with ")+" in the stream", func() bool {
		answer, next := c.Sync(since, limit/20)
		since = next
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(string(answer), w) })
	})
}
