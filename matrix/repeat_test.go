package matrix_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// again answers sync requests with the first answer that holds a text, times
// times in all.
func (f *feeder) again(holds string, times int) *matrixtest.Rule {
	var mu sync.Mutex // guards first and times
	var first *matrixtest.Answer
	choose := func(fresh *matrixtest.Answer) *matrixtest.Answer {
		mu.Lock()
		defer mu.Unlock()
		if first == nil && fresh != nil && strings.Contains(string(fresh.Body), holds) {
			first = fresh
		}
		if first == nil || times == 0 {
			return fresh
		}
		times--
		return first
	}
	return f.proxy.On(matrixtest.Match{Method: "GET", Path: syncPath}, func(x *matrixtest.Exchange) {
		a := choose(nil)
		if a == nil {
			a = choose(x.Upstream())
		}
		x.Reply(a)
	})
}

// bodies is what bo said as ada's window shows it, gaps as "~".
func (f *feeder) bodies() []string {
	f.t.Helper()
	var all []string
	for _, m := range f.ada.timeline(f.room) {
		switch m.Kind {
		case chat.KindGap:
			all = append(all, "~")
		case chat.KindState:
		default:
			all = append(all, m.Body)
		}
	}
	return all
}

// The same answer several times, with the same next_batch, doubles nothing and
// loses nothing; nor does a limited one, whose hole stays one hole.
func TestRepeatedAnswers(t *testing.T) {
	f := newFeeder(t, matrixtest.Stack(t))
	want := []string{"hello"}
	say := func(from, to int) {
		t.Helper()
		for n := from; n < to; n++ {
			want = append(want, fmt.Sprint(n))
			f.bo.SendText(string(f.room), fmt.Sprint(n))
		}
	}
	say(0, 1)
	f.ada.message(f.room, "0")
	rule := f.again(`"body":"3"`, 5)
	say(1, 6)
	f.ada.message(f.room, "5")
	rule.Off()
	say(6, 8)
	f.ada.message(f.room, "7")
	if got := f.bodies(); !slices.Equal(got, want) {
		t.Errorf("shown:\n%v", got)
	}

	f.proxy.Offline(true)
	say(8, 130)
	rule = f.again(`"limited":true`, 5)
	f.proxy.Offline(false)
	f.ada.Reconnect()
	f.ada.message(f.room, "129")
	rule.Off()
	say(130, 132)
	f.ada.message(f.room, "131")
	if gaps := f.ada.gaps(f.room); len(gaps) != 1 {
		t.Errorf("%d gaps: %v", len(gaps), f.bodies())
	}
	f.ada.fillGaps(f.room)
	if got := f.bodies(); !slices.Equal(got, want) {
		t.Errorf("shown:\n%v", got)
	}
	storetest.Check(t, f.ada.Store())
}

// Killed again and again while it takes in an account of 400 rooms, with the
// cache thrown away at times: in the end every room is there once, and whole.
func TestKilledInTheFirstSync(t *testing.T) {
	const rooms, kills = 400, 24
	f := newFeeder(t, matrixtest.Stack(t))
	f.ada.message(f.room, "hello")
	f.ada.stop()
	f.proxy.On(matrixtest.Match{Method: "GET", Path: syncPath, Where: func(r matrixtest.Record) bool {
		return r.Query.Get("since") == ""
	}}, matrixtest.Rewrite(func(body []byte) []byte {
		return edited(t, body, func(answer map[string]any) {
			join := in(answer, "rooms", "join")
			part, err := json.Marshal(join[string(f.room)])
			if err != nil {
				t.Error(err)
			}
			for n := range rooms {
				join[fmt.Sprintf("!copy%d:example.org", n)] = json.RawMessage(strings.ReplaceAll(string(part), `"event_id":"$`, fmt.Sprintf(`"event_id":"$%d-`, n)))
			}
		}, "", "")
	}))
	rnd := rand.New(rand.NewPCG(seedOf(t), 2))
	for n := range kills {
		if n%3 == 0 {
			if err := os.RemoveAll(filepath.Join(f.dir, "cache")); err != nil {
				t.Fatal(err)
			}
		}
		delay := time.Duration(rnd.IntN(400_000)) * time.Microsecond
		kill(t, orders{Dir: f.dir, User: chat.UserID(f.account.UserID)}, func() { <-time.After(delay) })
	}
	f.ada = start(t, f.account.UserID, f.dir)
	if _, err := f.ada.WaitConnection(t.Context(), func(c chat.Connection) bool { return c.State == chat.ConnOnline }); err != nil {
		t.Fatal(err)
	}
	f.marker() // not before: the copies would have it too
	f.ada.wait("all rooms", func(ctx context.Context) (bool, error) {
		side, err := f.ada.Store().Sidebar(ctx)
		return len(side.Rooms) == rooms+1, err
	})
	for n := range rooms {
		f.room = chat.RoomID(fmt.Sprintf("!copy%d:example.org", n))
		if got := f.bodies(); !slices.Equal(got, []string{"hello"}) {
			t.Fatalf("%s shows %v", f.room, got)
		}
	}
	storetest.Check(t, f.ada.Store())
}
