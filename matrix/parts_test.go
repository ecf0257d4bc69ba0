package matrix

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"hubbub/store/chat"
)

func TestLanesKeepTheOrderOfALane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLanes()
		var mu sync.Mutex
		got := map[string][]int{}
		add := func(lane string, n int) string {
			return l.add(lane, func(context.Context, string) {
				mu.Lock()
				defer mu.Unlock()
				got[lane] = append(got[lane], n)
			})
		}
		first, second := add("a", 0), add("b", 0) // before Run
		if first == second {
			t.Error("two intents share a reference")
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- l.Run(ctx) }()
		for n := 1; n < 50; n++ {
			for _, lane := range []string{"a", "b", "c", "d", "e", "f"} {
				add(lane, n)
			}
		}
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		for lane, ns := range got {
			if !slices.IsSorted(ns) || len(ns) < 49 {
				t.Errorf("%s: %v", lane, ns)
			}
		}
		if len(l.queues) != 0 {
			t.Errorf("%d lanes are left", len(l.queues))
		}
	})
}

func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		first := make(chan error, 1)
		go func() { first <- g.wait(t.Context()) }()
		synctest.Wait()
		g.refuse(&chat.Problem{Kind: chat.ProblemKeyGone})
		var p *chat.Problem
		if err := <-first; !errors.As(err, &p) || p.Kind != chat.ProblemKeyGone || !p.Retry {
			t.Errorf("refused: %v", err)
		}
		g.shut()
		second := make(chan error, 1)
		go func() { second <- g.wait(t.Context()) }()
		synctest.Wait()
		if len(second) != 0 {
			t.Error("a shut gate let somebody through")
		}
		g.pass()
		if err := <-second; err != nil {
			t.Error(err)
		}
		g.shut() // an open gate stays open
		if err := g.wait(t.Context()); err != nil {
			t.Error(err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := newGate().wait(gone); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestPanicOfAPartIsAnError(t *testing.T) {
	err := Guard(func() error { panic("broken") })
	var p *PanicError
	if !errors.As(err, &p) || p.Value != "broken" || len(p.Stack) == 0 {
		t.Errorf("got %v", err)
	}
	l := newLanes()
	l.add("a", func(context.Context, string) { panic("job") })
	if err := l.Run(t.Context()); !errors.As(err, &p) || p.Value != "job" {
		t.Errorf("a job: %v", err)
	}
}

func TestWhichRoomsAreEncrypted(t *testing.T) {
	for want, rooms := range map[bool][]chat.NewRoom{
		true:  {{Name: "a"}, {Direct: true, Invite: []chat.UserID{"@a:b"}}, {Name: "a", Voice: true}, {Name: "a", Public: true, Encrypted: true}, {Name: "a", Parent: "!p"}},
		false: {{Name: "a", Public: true}, {Name: "a", Space: true}, {Name: "a", Unencrypted: true}, {Name: "a", Space: true, Encrypted: true}},
	} {
		for _, room := range rooms {
			req, err := newRequest(room, "b")
			if err != nil {
				t.Fatal(err)
			}
			got := slices.ContainsFunc(req.State, func(e stateEvent) bool {
				return e.Type == "m.room.encryption" && e.Content["algorithm"] == megolm
			})
			if got != want {
				t.Errorf("%+v: encrypted %t", room, got)
			}
		}
	}
}
