package matrix_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

const (
	kills    = 100
	killSeed = "HUBBUB_TEST_SEED" // repeats a run
)

// Killed again and again at any moment of syncing and sending, while others
// write: everything that stood in a room arrives, once, in order and readable;
// everything that others wrote is there, in the homeserver's order and
// readable; and the cache is whole.
func TestKilledAtAnyMoment(t *testing.T) {
	killOften(t, matrixtest.Synapse(t), kills, true)
}

// killOften does it; oneOrder says that the homeserver lists a room in the
// order in which it syncs it. Dendrite does so for each sender alone.
func killOften(t *testing.T, hs *matrixtest.Homeserver, times int, oneOrder bool) {
	t.Helper()
	proxy, behind := hs.Before(t)
	account, dir := hs.NewAccount(t, "ada"), t.TempDir()
	boAccount := hs.NewAccount(t, "bo")
	ada, bo := signIn(t, behind, account, dir), signIn(t, hs, boAccount, t.TempDir())
	device := string(ada.Account().Device)
	rooms := make([]chat.RoomID, 0, 2)
	for _, r := range []chat.NewRoom{{Name: "clear", Unencrypted: true}, {Name: "secret"}} {
		r.Invite = []chat.UserID{bo.Account().User}
		room := chat.RoomID(ada.made(func() string { return ada.Create(r) }))
		bo.made(func() string { return bo.Join(string(room)) })
		bo.say(room, "bo is here")
		ada.message(room, "bo is here")
		rooms = append(rooms, room)
	}
	observer := hs.Login(t, account)
	// Many keys, so that kills meet them on their way.
	observer.SendState(string(rooms[1]), "m.room.encryption", "", map[string]any{"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_msgs": 4})
	ada.stop()

	m := moments{proxy: proxy, rnd: rand.New(rand.NewPCG(seedOf(t), 0)), hits: map[string]int{}}
	quiet := talk(t, bo, rooms)
	stood := make([]map[string]bool, len(rooms))
	for n := range stood {
		stood[n] = map[string]bool{}
	}
	began := time.Now()
	for n := range times {
		claim(t, observer, account.UserID, device) // so that new one-time keys are made all the time
		for _, p := range kill(t, orders{dir, ada.Account().User, rooms, (n + 1) * 10000}, m.next(n)) {
			stood[p.room][p.body] = true
		}
	}
	quiet()
	t.Logf("%d kills in %s; the last requests before them: %v", times, time.Since(began).Round(time.Second), m.hits)

	ada = start(t, account.UserID, dir)
	began = time.Now()
	ada.drained()
	t.Logf("what was left went out in %s", time.Since(began).Round(time.Millisecond))
	for n, room := range rooms {
		bo.say(room, "bo at the end")
		ada.message(room, "bo at the end")
		ada.say(room, "ada at the end")
		bo.message(room, "ada at the end")
		ada.fillGaps(room)
		truth := listed(observer, room)
		arrived(ada, bo, room, truth, stood[n])
		mine := ada.shown(room)
		if !oneOrder {
			slices.SortStableFunc(truth, post.bySender)
			slices.SortStableFunc(mine, post.bySender)
		}
		if !slices.Equal(mine, truth) {
			t.Errorf("ada shows %d messages, the homeserver has %d:\n%s", len(mine), len(truth), difference(mine, truth))
		}
	}
	storetest.Check(t, ada.Store())
	for n := range 3 { // each takes a one-time key; those that are offered must be known
		late := signIn(t, hs, boAccount, t.TempDir())
		late.room(rooms[1], chat.MemberJoined)
		late.say(rooms[1], fmt.Sprint("bo from session ", n))
		ada.message(rooms[1], fmt.Sprint("bo from session ", n))
	}
}

func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv(killSeed); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("seed %d (%s=%[1]d repeats it)", seed, killSeed)
	return seed
}

// moments chooses when to kill: after any time, or right behind a request.
type moments struct {
	proxy *matrixtest.Proxy
	rnd   *rand.Rand
	hits  map[string]int // what the last request was
}

func (m *moments) next(n int) func() {
	name, match := "none", matrixtest.Match{Method: "NONE"}
	switch n % 4 {
	case 1:
		name, match = "sync", matrixtest.Match{Method: "GET", Path: "**/sync"}
	case 2:
		name, match = "send", matrixtest.Match{Method: "PUT", Path: "**/send/**"}
	}
	reach := 400
	if name != "none" {
		reach = 40
	}
	delay := time.Duration(m.rnd.IntN(reach*1000)) * time.Microsecond
	seen := make(chan struct{}, 1)
	nth := match.Nth(1 + m.rnd.IntN(4))
	rule := m.proxy.On(nth, func(x *matrixtest.Exchange) {
		seen <- struct{}{}
		x.Reply(x.Upstream())
	})
	return func() {
		defer rule.Off()
		if name != "none" {
			select {
			case <-seen:
			case <-time.After(5 * time.Second):
				name += " that did not come"
			}
		}
		<-time.After(delay) // the random moment
		m.hits[name]++
	}
}

// talk has somebody write into rooms until the returned function is called.
func talk(t *testing.T, who *core, rooms []chat.RoomID) (quiet func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			who.Send(chat.Outgoing{Room: rooms[n%len(rooms)], Text: fmt.Sprint("bo ", n)})
			select {
			case <-ctx.Done():
			case <-time.After(200 * time.Millisecond): // a pace
			}
		}
	})
	t.Cleanup(cancel)
	return func() {
		cancel()
		wg.Wait()
	}
}

// drained waits until nothing is left to send, as long as something moves.
func (k *core) drained() {
	k.t.Helper()
	for first, last := true, 0; first || last > 0; first = false {
		before := last
		k.wait("something to leave the outbox", func(ctx context.Context) (bool, error) {
			o, err := k.Store().OutboxState(ctx)
			if err != nil || o.Failed > 0 {
				k.t.Fatalf("%+v, %v", o, err)
			}
			last = o.Pending
			return first || last < before || last == 0, nil
		})
		if first {
			k.t.Logf("%d messages are left to send", last)
		}
	}
}

// arrived compares the messages that the homeserver has of a room with what bo
// reads, and with what the one that was killed had shown before.
func arrived(ada, bo *core, room chat.RoomID, truth []post, stood map[string]bool) {
	t := ada.t
	t.Helper()
	read, got := bo.byID(room), map[string]int{}
	prev := 0
	for n, p := range truth {
		m := read[p.id]
		if m.Kind != chat.KindText || m.Body == "" {
			t.Errorf("bo cannot read %s: %+v", p.id, m)
		}
		if p.sender != ada.Account().User {
			continue
		}
		got[m.Body]++
		number, err := strconv.Atoi(m.Body)
		if err != nil {
			continue
		}
		if number <= prev {
			t.Errorf("message %d of the room: %d behind %d", n, number, prev)
		}
		prev = number
	}
	for body, n := range got {
		if n > 1 {
			t.Errorf("%s was sent %d times", body, n)
		}
	}
	for body := range stood {
		if got[body] == 0 {
			t.Errorf("%s stood in the room and is lost", body)
		}
	}
	t.Logf("%s: %d of ada stood there, %d arrived, %d messages in all", room, len(stood), len(got), len(truth))
}

// shown lists the messages that a room shows, all of which must be readable.
func (k *core) shown(room chat.RoomID) []post {
	k.t.Helper()
	var all []post
	for _, m := range k.timeline(room) {
		switch m.Kind {
		case chat.KindState:
		case chat.KindText:
			all = append(all, post{m.Sender, m.ID})
		default:
			k.t.Errorf("%s cannot read %+v", k.Account().User, m)
		}
	}
	return all
}
