package syncer

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hubbub/matrix/internal/fault"
	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

var anySync = matrixtest.Match{Path: "/_matrix/client/v3/sync"}

// world is a homeserver behind a proxy, with two people in one room.
type world struct {
	proxy   *matrixtest.Proxy
	ada, me *matrixtest.Client
	room    string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	hs := matrixtest.Stack(t)
	w := &world{proxy: matrixtest.NewProxy(t, hs.URL), ada: hs.NewClient(t, "ada"), me: hs.NewClient(t, "me")}
	w.room = w.ada.CreateRoom(map[string]any{"name": "Harbour", "preset": "public_chat"})
	w.me.Join(w.room)
	return w
}

func (w *world) core(t *testing.T) *core {
	t.Helper()
	return newCore(t, storetest.New(t), w.proxy.URL(), w.me.UserID, w.me.Token)
}

func TestLiveAndAfterRestart(t *testing.T) {
	w := newWorld(t)
	w.ada.SendText(w.room, "one")
	c := w.core(t)
	c.run()
	c.waitState(chat.ConnOnline)
	c.waitBodies(w.room, "one")
	w.ada.SendText(w.room, "two")
	c.waitBodies(w.room, "one two")
	r, _, err := c.store.Room(t.Context(), chat.RoomID(w.room))
	if err != nil || r.Name != "Harbour" || r.Joined != 2 || !r.HasUnread {
		t.Errorf("%+v %v", r, err)
	}
	c.stop()
	w.ada.SendText(w.room, "three")
	before := len(w.proxy.Requests(anySync))
	again := newCore(t, c.store, w.proxy.URL(), w.me.UserID, w.me.Token)
	again.run()
	again.waitState(chat.ConnOnline)
	again.waitBodies(w.room, "one two three")
	if first := w.proxy.Requests(anySync)[before]; first.Query.Get("since") == "" {
		t.Error("a restart begins with a first sync")
	}
	if states := again.states(); states[0].State != chat.ConnConnecting {
		t.Errorf("%+v", states)
	}
}

func TestFaultsAreSaidAndPass(t *testing.T) {
	w := newWorld(t)
	c := w.core(t)
	c.run()
	c.waitState(chat.ConnOnline)
	sent := []string{}
	for n, f := range []struct {
		name   string
		action matrixtest.Action
		want   chat.ProblemKind
	}{
		{"proxy's HTML with 502", matrixtest.Reply(502, "text/html", "<html>Bad gateway</html>"), chat.ProblemHomeserver},
		{"HTML with 200", matrixtest.Reply(200, "text/html", "<html>Log in to the airport</html>"), chat.ProblemNotMatrix},
		{"garbage", matrixtest.Status(200, `{"next_batch":`), chat.ProblemOffline},
		{"no token", matrixtest.Status(200, `{}`), chat.ProblemNotMatrix},
		{"truncated", matrixtest.Truncate(100), chat.ProblemOffline},
		// The HTTP client asks again by itself when a kept connection ends before an answer.
		{"cut before the answer", matrixtest.DropAfter(), chat.ProblemUnknown},
		{"rate limit", matrixtest.RateLimit(700), chat.ProblemRateLimit},
	} {
		rule := w.proxy.On(matrixtest.Match{Path: anySync.Path, Times: 1}, f.action)
		for _, body := range []string{fmt.Sprint("a", n), fmt.Sprint("b", n)} {
			// The first ends the request under way, the second the one that goes wrong.
			w.ada.SendText(w.room, body)
			sent = append(sent, body)
			rule.Wait(t, 1)
		}
		matrixtest.Wait(t, 30*time.Second, f.name+" to be said", func() bool {
			return f.want == chat.ProblemUnknown || slices.ContainsFunc(c.states(), func(s chat.Connection) bool {
				return s.State == chat.ConnOffline && s.Problem != nil && s.Problem.Kind == f.want && !s.RetryAt.IsZero()
			})
		})
		c.waitState(chat.ConnOnline)
		c.waitBodies(w.room, strings.Join(sent, " "))
		rule.Off()
		c.mu.Lock()
		c.said = c.said[len(c.said)-1:]
		c.mu.Unlock()
	}
}

func TestRepeatedAnswersDoubleNothing(t *testing.T) {
	w := newWorld(t)
	c := w.core(t)
	w.proxy.On(anySync, matrixtest.Repeat())
	c.run()
	for _, s := range []string{"a", "b", "c"} {
		w.ada.SendText(w.room, s)
	}
	c.waitBodies(w.room, "a b c")
}

func TestFirstSyncCutInTheMiddle(t *testing.T) {
	w := newWorld(t)
	w.ada.SendText(w.room, "a")
	c := w.core(t)
	w.proxy.On(matrixtest.Match{Path: anySync.Path, Times: 2}, matrixtest.Truncate(2000))
	c.run()
	c.waitState(chat.ConnOnline)
	c.waitBodies(w.room, "a")
}

func TestRefusedToken(t *testing.T) {
	w := newWorld(t)
	for _, soft := range []bool{false, true} {
		c := w.core(t)
		rule := w.proxy.On(anySync, matrixtest.UnknownToken(soft))
		c.run()
		conn := c.waitState(chat.ConnSignedOut)
		if got := conn.Problem.Detail == fault.SoftLogout; got != soft {
			t.Errorf("soft %v: %+v", soft, conn.Problem)
		}
		if err := <-c.done; err != nil {
			t.Error(err)
		}
		c.done <- nil
		rule.Off()
	}
}

func TestForgottenSyncTokenStartsOver(t *testing.T) {
	w := newWorld(t)
	c := w.core(t)
	c.run()
	w.ada.SendText(w.room, "a")
	c.waitBodies(w.room, "a")
	w.proxy.On(matrixtest.Match{Path: anySync.Path, Times: 1}, matrixtest.Refuse(400, "M_INVALID_PARAM", nil))
	w.ada.SendText(w.room, "b")
	c.waitBodies(w.room, "a b")
}

func TestReconnectEndsTheWait(t *testing.T) {
	w := newWorld(t)
	w.proxy.Offline(true)
	c := w.core(t)
	c.run()
	matrixtest.Wait(t, 30*time.Second, "several tries", func() bool { return len(c.states()) >= 4 })
	w.proxy.Offline(false)
	start := time.Now()
	c.sync.Reconnect()
	c.waitState(chat.ConnOnline)
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("online after %v", d)
	}
}

func TestLongAbsenceLeavesGap(t *testing.T) {
	w := newWorld(t)
	c := w.core(t)
	c.run()
	w.ada.SendText(w.room, "first")
	c.waitBodies(w.room, "first")
	c.stop()
	var want []string
	for n := range 60 {
		body := fmt.Sprint("m", n)
		w.ada.SendText(w.room, body)
		want = append(want, body)
	}
	again := newCore(t, c.store, w.proxy.URL(), w.me.UserID, w.me.Token)
	again.run()
	again.waitBodies(w.room, "first ~ "+strings.Join(want[60-normalEvents:], " "))
}
