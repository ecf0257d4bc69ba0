package history

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/internal/ingest"
	"hubbub/matrix/internal/syncer"
	"hubbub/matrix/matrixtest"
	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// world is a homeserver behind a proxy with a room of two, and a hubbub core that has synced it once.
type world struct {
	t       *testing.T
	proxy   *matrixtest.Proxy
	ada, me *matrixtest.Client
	room    chat.RoomID
	store   *store.Store
	history *History
	client  *mautrix.Client
	ingest  *ingest.Ingest
	feed    *store.Feed
}

func newWorld(t *testing.T, messages int) *world {
	t.Helper()
	hs := matrixtest.Stack(t)
	w := &world{t: t, proxy: matrixtest.NewProxy(t, hs.URL), ada: hs.NewClient(t, "ada"), me: hs.NewClient(t, "me"), store: storetest.New(t)}
	w.room = chat.RoomID(w.ada.CreateRoom(map[string]any{"name": "Harbour", "preset": "public_chat"}))
	w.me.Join(string(w.room))
	w.send(0, messages)
	var err error
	if w.client, err = mautrix.NewClient(w.proxy.URL(), id.UserID(w.me.UserID), w.me.Token); err != nil {
		t.Fatal(err)
	}
	w.ingest = ingest.New(ingest.Options{Store: w.store, User: chat.UserID(w.me.UserID)})
	w.history = New(Options{Client: w.client, Store: w.store, Ingest: w.ingest})
	w.sync(messages)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.history.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	w.feed = w.store.Subscribe()
	return w
}

func (w *world) send(from, to int) {
	for n := from; n < to; n++ {
		w.ada.SendText(string(w.room), fmt.Sprint("m", n))
	}
}

// sync runs a syncer until the last of that many messages is there.
func (w *world) sync(messages int) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	online := make(chan struct{}, 1)
	s := syncer.New(syncer.Options{Client: w.client, Store: w.store, Ingest: w.ingest, SpoolDir: w.t.TempDir(), OnChange: func(c chat.Connection) {
		if c.State == chat.ConnOnline {
			online <- struct{}{}
		}
	}})
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	select {
	case <-online:
	case <-time.After(30 * time.Second):
		w.t.Fatal("not online")
	}
	last := fmt.Sprint("m", messages-1)
	matrixtest.Wait(w.t, 30*time.Second, last, func() bool {
		got, _ := w.items()
		return strings.HasSuffix(got, last)
	})
	cancel()
	if err := <-done; err != nil {
		w.t.Fatal(err)
	}
}

// items returns what the room shows; gaps holds the tokens of its gaps, newest first.
func (w *world) items() (bodies string, gaps []string) {
	w.t.Helper()
	page, err := w.store.Page(w.t.Context(), chat.PageQuery{Room: w.room, Limit: 500})
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for _, m := range page.Items {
		switch m.Kind {
		case chat.KindGap:
			all, gaps = append(all, "~"), append([]string{m.GapToken}, gaps...)
		case chat.KindState:
		default:
			all = append(all, m.Body)
		}
	}
	return strings.Join(all, " "), gaps
}

func (w *world) wait(want string) {
	w.t.Helper()
	matrixtest.Wait(w.t, 30*time.Second, "room to show "+want, func() bool {
		got, _ := w.items()
		return got == want
	})
}

func span(from, to int) string {
	var all []string
	for n := from; n < to; n++ {
		all = append(all, fmt.Sprint("m", n))
	}
	return strings.Join(all, " ")
}

func (w *world) notice() chat.Notice {
	w.t.Helper()
	var n chat.Notice
	matrixtest.Wait(w.t, 30*time.Second, "notice", func() bool {
		set, err := w.feed.Next(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if len(set.Notices) > 0 {
			n = set.Notices[0]
		}
		return len(set.Notices) > 0
	})
	return n
}

func TestScrollBackToTheBeginning(t *testing.T) {
	w := newWorld(t, 150)
	_, gaps := w.items()
	if len(gaps) != 1 {
		t.Fatalf("gaps %v", gaps)
	}
	w.history.Fill(w.room, gaps[0], "r1")
	w.history.Fill(w.room, gaps[0], "r2")
	matrixtest.Wait(t, 30*time.Second, "older messages", func() bool {
		got, next := w.items()
		return strings.Contains(got, "m30 ") && len(next) == 1 && next[0] != gaps[0]
	})
	_, gaps = w.items()
	w.history.Fill(w.room, gaps[0], "r3")
	w.wait(span(0, 150))
	if n := len(w.proxy.Requests(matrixtest.Match{Path: "**/messages"})); n > 3 {
		t.Errorf("%d requests", n)
	}
}

func TestGapIsFilledAndClosed(t *testing.T) {
	w := newWorld(t, 5)
	before, older := w.items()
	w.send(5, 85)
	w.sync(85)
	after, gaps := w.items()
	if len(gaps) != len(older)+1 || !strings.HasPrefix(after, before) {
		t.Fatalf("%s %v", after, gaps)
	}
	w.history.Fill(w.room, gaps[0], "r")
	matrixtest.Wait(t, 30*time.Second, "closed gap", func() bool {
		got, _ := w.items()
		return strings.HasSuffix(got, span(0, 85))
	})
	// A gap that somebody has filled already is no trouble.
	w.history.Fill(w.room, gaps[0], "again")
	w.history.FetchMembers("!unknown:x", "members")
	if n := w.notice(); n.Ref != "members" {
		t.Errorf("%+v", n)
	}
}

func TestFailuresAreNotices(t *testing.T) {
	w := newWorld(t, 40)
	_, gaps := w.items()
	match := matrixtest.Match{Path: "**/messages", Times: 1}
	for _, f := range []struct {
		action matrixtest.Action
		want   chat.ProblemKind
	}{
		{matrixtest.Refuse(403, "M_FORBIDDEN", nil), chat.ProblemForbidden},
		{matrixtest.Reply(502, "text/html", "<html>"), chat.ProblemHomeserver},
		{matrixtest.Reply(200, "text/html", "<html>"), chat.ProblemNotMatrix},
		{matrixtest.RateLimit(100_000), chat.ProblemRateLimit},
	} {
		rule := w.proxy.On(match, f.action)
		w.history.Fill(w.room, gaps[0], "ref")
		if n := w.notice(); n.Ref != "ref" || n.Room != w.room || n.Problem == nil || n.Problem.Kind != f.want {
			t.Errorf("want %v: %+v", f.want, n)
		}
		rule.Off()
	}
	w.proxy.On(match, matrixtest.RateLimit(50))
	w.history.Fill(w.room, gaps[0], "ref")
	w.wait(span(0, 40))
}

func TestMemberListOnce(t *testing.T) {
	w := newWorld(t, 1)
	errs := make(chan error, 3)
	for range 3 {
		go func() { errs <- w.history.Members(t.Context(), w.room) }()
	}
	for range 3 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	w.history.FetchMembers(w.room, "known")
	r, _, err := w.store.Room(t.Context(), w.room)
	if err != nil || !r.MembersComplete {
		t.Errorf("%+v %v", r, err)
	}
	all, err := w.store.Members(t.Context(), w.room)
	if err != nil || len(all) != 2 {
		t.Errorf("%+v %v", all, err)
	}
	if err := w.history.Event(t.Context(), w.room, "$nothing"); err == nil {
		t.Error("an event that does not exist is fetched")
	}
}
