package seed

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hubbub/matrix"
	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// small builds a small world on the shared homeserver.
func small(t *testing.T) (dir string, w *World, hs *matrixtest.Homeserver) {
	t.Helper()
	hs = matrixtest.Synapse(t)
	dir = t.TempDir()
	w, err := Build(t.Context(), Options{
		Homeserver: hs.URL, ServerName: hs.Name, Secret: os.Getenv("HUBBUB_STACK_SYNAPSE_SECRET"),
		Dir: dir, Suffix: "-" + strings.ToLower(rand.Text()[:8]), Messages: 60, Say: t.Logf,
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir, w, hs
}

// The world as a client sees it that knows nothing of hubbub, and as the demo's own account finds it; then it goes on.
func TestTheWorldIsThereAndGoesOn(t *testing.T) {
	dir, w, hs := small(t)
	me := w.People[Me]
	plain := hs.Login(t, matrixtest.Account{UserID: string(me), Localpart: me.Localpart(), Password: Password})
	checkRooms(t, plain, w)
	checkScript(t, plain, w)
	if n := countOf(plain.Events(string(w.Rooms[longRoom])), "m.room.message"); n < 60 {
		t.Errorf("the logbook has %d messages, want 60 and what people said about it", n)
	}
	if devices := plain.DeviceIDs(); len(devices) != 2 {
		t.Errorf("the account has sessions %q, want hubbub's and this one", devices)
	}
	checkReadable(t, dir, w)

	loaded, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	talk := make(chan error, 1)
	go func() {
		log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
		talk <- Talk(ctx, TalkOptions{Dir: dir, World: loaded, Seed: 7, Pause: 50 * time.Millisecond, Log: log})
	}()
	defer func() {
		stop()
		if err := <-talk; err != nil {
			t.Errorf("talk: %v", err)
		}
	}()
	checkTalk(t, plain, w)
	checkVerification(t, dir, loaded)
}

// checkVerification has the demo's own account verify somebody it has a direct
// message with, and somebody it has none with.
func checkVerification(t *testing.T, dir string, w *World) {
	t.Helper()
	client, err := matrix.NewAccounts(options(dir, Me)).Open(t.Context(), w.People[Me])
	if err != nil {
		t.Fatal(err)
	}
	me := perform(t.Context(), Me, client)
	defer func() {
		if err := me.close(); err != nil {
			t.Error(err)
		}
	}()
	feed := client.Store().Subscribe()
	defer client.Store().Unsubscribe(feed)
	for _, name := range []string{"ada", "dee"} {
		client.Trust().Verify(w.People[name], "")
		for done := false; !done; {
			select {
			case <-feed.Wait():
			case <-time.After(time.Minute):
				t.Fatalf("%s does not verify", name)
			}
			changes, err := feed.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range changes.Verifications {
				switch v.Phase {
				case chat.VerifyReady:
					client.Trust().CompareEmoji(v.ID)
				case chat.VerifyCompare:
					client.Trust().ConfirmVerification(v.ID)
				case chat.VerifyCancelled:
					t.Fatalf("%s: cancelled with %q, %v", name, v.Reason, v.Problem)
				}
				done = done || v.Phase == chat.VerifyDone
			}
		}
		if p, err := client.Trust().Person(t.Context(), w.People[name]); err != nil || p.Trust != chat.PersonVerified {
			t.Errorf("%s: %+v, %v", name, p.Trust, err)
		}
	}
}

// checkRooms compares what the account is in with what the world says.
func checkRooms(t *testing.T, plain *matrixtest.Client, w *World) {
	t.Helper()
	answer, _ := plain.Sync("", 0)
	var got struct {
		Rooms struct {
			Join   map[chat.RoomID]json.RawMessage `json:"join"`
			Invite map[chat.RoomID]json.RawMessage `json:"invite"`
		} `json:"rooms"`
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		t.Fatal(err)
	}
	pending := map[string]bool{}
	for _, i := range invites {
		pending[i.key] = true
	}
	for key, id := range w.Rooms {
		_, joined := got.Rooms.Join[id]
		_, invited := got.Rooms.Invite[id]
		if invited != pending[key] || joined == pending[key] {
			t.Errorf("%s: joined %t, invited %t", key, joined, invited)
		}
	}
	types := map[string]int{}
	for key, id := range w.Rooms {
		if pending[key] {
			continue
		}
		for _, e := range plain.Events(string(id)) {
			var create struct {
				Type string `json:"type"`
			}
			if e.Type == "m.room.create" && json.Unmarshal(e.Content, &create) == nil {
				types[create.Type]++
			}
			if e.Type == "m.space.child" {
				types[e.Type]++
			}
		}
	}
	want := map[string]int{"m.space": 6, "org.matrix.msc3417.call": 3, "m.space.child": 19, "": 15}
	for kind, n := range want {
		if types[kind] != n {
			t.Errorf("%d rooms or links of type %q, want %d", types[kind], kind, n)
		}
	}
}

// checkScript looks for every kind of act of the script among the events, in clear where that is right.
func checkScript(t *testing.T, plain *matrixtest.Client, w *World) {
	t.Helper()
	var open, sealed string
	types := map[string]int{}
	for key, id := range w.Rooms {
		private := key == "council" || strings.HasPrefix(key, "dm-")
		if key == "bottles" {
			continue
		}
		for _, e := range plain.Events(string(id)) {
			types[e.Type]++
			switch {
			case private && e.Type == "m.room.message":
				t.Errorf("in %s in the clear: %s", key, e.Content)
			case private && e.Type == "m.room.encrypted":
				sealed += string(e.Content)
			default:
				open += string(e.Content)
			}
		}
	}
	for _, part := range []string{"m.replace", "m.in_reply_to", "m.thread", "m.image", "m.file", "m.emote", "formatted_body", "data-mx-spoiler", "matrix.to"} {
		if !strings.Contains(open, part) {
			t.Errorf("nothing with %s", part)
		}
	}
	if strings.Contains(sealed, "soup") || !strings.Contains(sealed, "m.megolm.v1.aes-sha2") {
		t.Errorf("the encrypted channels hold %.300s", sealed)
	}
	for _, kind := range []string{"m.reaction", "m.room.redaction", "m.room.topic"} {
		if types[kind] == 0 {
			t.Errorf("no event of type %s", kind)
		}
	}
}

func countOf(events []matrixtest.Event, kind string) (n int) {
	for _, e := range events {
		if e.Type == kind {
			n++
		}
	}
	return n
}

// checkReadable opens the demo's own account, as hubbub does, without a network.
func checkReadable(t *testing.T, dir string, w *World) {
	t.Helper()
	c, err := matrix.NewAccounts(options(dir, Me)).Open(t.Context(), w.People[Me])
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	page, err := c.Store().Page(t.Context(), chat.PageQuery{Room: w.Rooms["council"], Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	secret := func(m chat.Message) bool { return m.Encrypted && strings.Contains(m.Body, "The shackles are mine") }
	if !slices.ContainsFunc(page.Items, secret) {
		t.Error("the council cannot be read offline")
	}
	sidebar, err := c.Store().Sidebar(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var mentions, unread int
	for _, r := range sidebar.Rooms {
		mentions += r.Mentions
		unread += r.Unread
	}
	if mentions < 2 || unread < 8 {
		t.Errorf("%d mentions and %d unread, want some of both", mentions, unread)
	}
}

// checkTalk waits until people talk by themselves, and to the demo's own account.
func checkTalk(t *testing.T, plain *matrixtest.Client, w *World) {
	t.Helper()
	_, since := plain.Sync("", 0)
	general := string(w.Rooms["general"])
	mine := ""
	messages, answered := 0, false
	defer func() { t.Logf("%d messages, answered %v", messages, answered) }()
	matrixtest.Wait(t, time.Minute, "talk and an answer", func() bool {
		if mine == "" && messages > 2 { // they are there, and listen
			mine = plain.SendText(general, "hello, is anybody there?")
		}
		answer, next := plain.Sync(since, 100*time.Millisecond)
		since = next
		for _, e := range timeline(t, answer) {
			switch {
			case mine != "" && strings.Contains(string(e.Content), mine) && e.Sender != plain.UserID:
				answered = true
			case e.Sender != plain.UserID && strings.HasPrefix(e.Type, "m.room."):
				messages++
			}
		}
		return messages >= 20 && answered
	})
}

func timeline(t *testing.T, answer json.RawMessage) (all []matrixtest.Event) {
	t.Helper()
	var sync struct {
		Rooms struct {
			Join map[string]struct {
				Timeline struct {
					Events []matrixtest.Event `json:"events"`
				} `json:"timeline"`
			} `json:"join"`
		} `json:"rooms"`
	}
	if err := json.Unmarshal(answer, &sync); err != nil {
		t.Fatal(err)
	}
	for _, room := range sync.Rooms.Join {
		all = append(all, room.Timeline.Events...)
	}
	return all
}

func TestAMovedWorldNamesItsNewAddressEverywhere(t *testing.T) {
	dir := t.TempDir()
	record := filepath.Join(dir, "people", "ada", "data", "x", "account.json")
	if err := os.MkdirAll(filepath.Dir(record), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(record, []byte(`{"version":1,"homeserver":"http://127.0.0.1:1","user":"@a:b"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	w := &World{Homeserver: "http://127.0.0.1:1"}
	if err := w.Move(dir, "http://127.0.0.1:2"); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(record)
	if err != nil || string(data) != `{"homeserver":"http://127.0.0.1:2","user":"@a:b","version":1}` {
		t.Errorf("the record is %s (%v)", data, err)
	}
	if w, err = Load(dir); err != nil || w.Homeserver != "http://127.0.0.1:2" {
		t.Errorf("the world is %+v (%v)", w, err)
	}
}

func TestTheTextsAreWellFormed(t *testing.T) {
	keys, people := map[string]bool{}, map[string]bool{}
	for _, s := range servers {
		for _, r := range s.rooms {
			for _, inner := range append([]room{r}, r.sub...) {
				keys[inner.key] = inner.sub == nil && !inner.voice
			}
		}
	}
	for _, d := range directs {
		keys[d.key] = true
	}
	for _, p := range cast {
		people[p.name] = true
	}
	for name, text := range map[string]string{"script": scriptText, "scenes": scenesText} {
		acts, err := parse(text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		labels := map[string]bool{}
		for _, a := range acts {
			where := func(what string) { t.Errorf("%s, line %d: %s", name, a.line, what) }
			if !keys[a.room] {
				where("no channel " + a.room)
			}
			for _, who := range a.who {
				if !people[who] || name == "scenes" && who == Me {
					where("nobody is called " + who)
				}
			}
			if a.target != "" && !labels[a.room+" "+a.target] {
				where("no message is labelled " + a.target)
			}
			if a.label != "" {
				labels[a.room+" "+a.label] = true
			}
			if a.kind == send && files[a.file] == nil {
				where("no file " + a.file)
			}
			if a.kind != send && a.kind != seen && strings.TrimSpace(a.text) == "" {
				where("nothing is said")
			}
			if name == "scenes" && (a.kind == topic || a.kind == seen) {
				where("only the script changes topics and reads")
			}
		}
	}
}

func TestParse(t *testing.T) {
	acts, err := parse("// note\n== a\nada =x: one\n  two\n\n  three\nbo,cy +x: 👍\n== b\nada !f.png:\n")
	want := []act{
		{room: "a", who: []string{"ada"}, label: "x", text: "one\ntwo\n\nthree", line: 3, scene: 1},
		{room: "a", who: []string{"bo", "cy"}, kind: react, target: "x", text: "👍", line: 7, scene: 1},
		{room: "b", who: []string{"ada"}, kind: send, file: "f.png", line: 9, scene: 2},
	}
	equal := func(a, b act) bool {
		same := slices.Equal(a.who, b.who)
		a.who, b.who = nil, nil
		return same && a.room == b.room && a.kind == b.kind && a.label == b.label && a.target == b.target &&
			a.text == b.text && a.file == b.file && a.line == b.line && a.scene == b.scene
	}
	if err != nil || !slices.EqualFunc(acts, want, equal) {
		t.Errorf("parsed %+v (%v)", acts, err)
	}
	for _, bad := range []string{"ada: no room", "== a\nno colon", "== a\nada ?x: no such modifier", "== a\n: nobody"} {
		if _, err := parse(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestTheLogbookIsTheSameEveryTime(t *testing.T) {
	a, b := newLogbook(), newLogbook()
	by := map[string]int{}
	for range 1000 {
		entries := a.round()
		if !slices.Equal(entries, b.round()) {
			t.Fatal("two logbooks differ")
		}
		for _, e := range entries {
			by[e.by]++
		}
	}
	for _, w := range writers {
		if by[w.name] != 1000 {
			t.Errorf("%s wrote %d entries", w.name, by[w.name])
		}
	}
	for name, make := range files {
		data, err := make()
		if err != nil || len(data) == 0 || http.DetectContentType(data) != "image/png" && strings.HasSuffix(name, ".png") {
			t.Errorf("%s has %d bytes (%v)", name, len(data), err)
		}
	}
}
