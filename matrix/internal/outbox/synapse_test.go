package outbox

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"hubbub/matrix/matrixtest"
	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// TestRealHomeserverBehindABadLineGetsEveryMessageOnceAndInOrder sends through
// a proxy that loses requests and answers, repeats and refuses.
func TestRealHomeserverBehindABadLineGetsEveryMessageOnceAndInOrder(t *testing.T) {
	hs := matrixtest.Synapse(t)
	proxy, _ := hs.Before(t)
	c := hs.NewClient(t, "alice")
	target := chat.RoomID(c.CreateRoom(nil))
	s := storetest.New(t)
	storetest.Joined(t, s, target)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	faults := []matrixtest.Action{
		matrixtest.DropBefore(), matrixtest.DropAfter(), matrixtest.Repeat(), matrixtest.RateLimit(20),
		matrixtest.Status(502, "<html>bad gateway</html>"), matrixtest.Reply(200, "text/html", "<html>sign in"), matrixtest.Truncate(5),
	}
	for n := 1; n <= 60; n += 1 + rnd.IntN(5) {
		proxy.On(matrixtest.Match{Path: "**/send/**"}.Nth(n), faults[rnd.IntN(len(faults))])
	}
	http := client(t, proxy.URL())
	http.AccessToken = c.Token
	o := New(Options{Store: s, Client: http, User: storetest.Me})
	o.Online()
	start(t, o)
	var want []string
	for n := range 30 {
		want = append(want, fmt.Sprintf("message %d", n))
		o.Send(chat.Outgoing{Room: target, Text: want[n], Plain: true})
	}
	if err := o.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait(t, "sent messages", func() bool {
		o.Online() // a wait is not what is tested here
		st, err := s.OutboxState(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if st.Failed > 0 {
			t.Fatal("a message was given up")
		}
		return st.Pending == 0
	})
	var got []string
	for _, ev := range c.Events(string(target)) {
		if ev.Type == "m.room.message" {
			got = append(got, ev.Body())
		}
	}
	equal(t, got, want...)
	for n, it := range storetest.Page(t, s, target, 100).Items {
		if it.Send != chat.Sent || it.Body != want[n] {
			t.Errorf("item %d: %q in state %d", n, it.Body, it.Send)
		}
	}
}

// TestRealHomeserverRefusesForGood: somebody who is not in the room may not write there.
func TestRealHomeserverRefusesForGood(t *testing.T) {
	hs := matrixtest.Synapse(t)
	owner, stranger := hs.NewClient(t, "owner"), hs.NewClient(t, "stranger")
	target := chat.RoomID(owner.CreateRoom(nil))
	s := storetest.New(t)
	storetest.Joined(t, s, target)
	http := client(t, hs.URL)
	http.AccessToken = stranger.Token
	o := New(Options{Store: s, Client: http, User: storetest.Me})
	o.Online()
	start(t, o)
	_, err := o.SendWait(t.Context(), chat.Outgoing{Room: target, Text: "let me in", Plain: true})
	if err == nil {
		t.Fatal("the message was sent")
	}
	items := storetest.Page(t, s, target, 10).Items
	if len(items) != 1 || items[0].Send != chat.SendError || items[0].SendProblem.Kind != chat.ProblemForbidden {
		t.Errorf("items %+v", items)
	}
	var row store.Pending
	if row, _, err = s.NextPending(t.Context(), target); err != nil || row.State != chat.SendError {
		t.Errorf("row %+v %v", row, err)
	}
}
