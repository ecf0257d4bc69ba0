package matrix_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// badLine makes one request in four go wrong, in every way.
func badLine(rnd *rand.Rand, proxy *matrixtest.Proxy) (hits func() map[string]int) {
	var mu sync.Mutex // guards all below
	count := map[string]int{}
	faults := []struct {
		name string
		do   matrixtest.Action
	}{
		{"lost on the way there", matrixtest.DropBefore()},
		{"answer lost", matrixtest.DropAfter()},
		{"500", matrixtest.Refuse(500, "M_UNKNOWN", nil)},
		{"502 with HTML", matrixtest.Reply(502, "text/html", "<html><h1>Bad Gateway</h1></html>")},
		{"200 with HTML", matrixtest.Reply(200, "text/html", "<html>Sign in to the train's network</html>")},
		{"429", matrixtest.RateLimit(200)},
		{"429 without a time", matrixtest.Reply(429, "text/plain", "slow down")},
		{"cut in the middle", matrixtest.Truncate(40)},
		{"asked twice", matrixtest.Repeat()},
		{"empty", matrixtest.Reply(200, "application/json", "")},
	}
	proxy.On(matrixtest.Match{Path: "/_matrix/client/**"}, func(x *matrixtest.Exchange) {
		mu.Lock()
		n := rnd.IntN(4 * len(faults))
		if n < len(faults) {
			count[faults[n].name]++
		}
		mu.Unlock()
		if n < len(faults) {
			faults[n].do(x)
			return
		}
		x.Reply(x.Upstream())
	})
	return func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		return count
	}
}

// Two people with a line that fails all the time write to each other: every
// message arrives once, in order, and can be read.
func TestBadLine(t *testing.T) {
	hs := matrixtest.Stack(t)
	seed := seedOf(t)
	var people [2]*core
	var hits [2]func() map[string]int
	var proxies [2]*matrixtest.Proxy
	var account matrixtest.Account
	for n, name := range []string{"ada", "bo"} {
		proxy, behind := hs.Before(t)
		account = hs.NewAccount(t, name)
		people[n], proxies[n] = signIn(t, behind, account, t.TempDir()), proxy
	}
	ada, bo := people[0], people[1]
	var rooms []chat.RoomID
	for _, r := range []chat.NewRoom{{Name: "secret"}, {Name: "clear", Unencrypted: true}} {
		r.Invite = []chat.UserID{bo.Account().User}
		room := chat.RoomID(ada.made(func() string { return ada.Create(r) }))
		bo.made(func() string { return bo.Join(string(room)) })
		bo.room(room, chat.MemberJoined)
		rooms = append(rooms, room)
	}
	for n := range people {
		hits[n] = badLine(rand.New(rand.NewPCG(seed, uint64(n))), proxies[n])
	}
	const each = 12
	for n := range each {
		for _, k := range people {
			for _, room := range rooms {
				k.Send(chat.Outgoing{Room: room, Text: fmt.Sprintf("%s %d", k.Account().User.Localpart(), n)})
			}
		}
	}
	began := time.Now()
	for _, k := range people {
		k.wait("all to stand there", func(context.Context) (bool, error) {
			return len(k.bodiesOf(rooms[0], k.Account().User))+len(k.bodiesOf(rooms[1], k.Account().User)) == len(rooms)*each, nil
		})
		matrixtest.Wait(t, 2*limit, "an empty outbox", func() bool {
			o, err := k.Store().OutboxState(t.Context())
			if err != nil || o.Failed > 0 {
				t.Fatalf("given up: %+v, %v", o, err)
			}
			return o.Pending == 0
		})
	}
	t.Logf("all was sent in %s over lines with %v and %v", time.Since(began).Round(time.Second), hits[0](), hits[1]())
	for n, k := range people {
		proxies[n].On(matrixtest.Match{}, matrixtest.Pass())
		k.Reconnect()
	}
	observer := hs.Login(t, account)
	for _, room := range rooms {
		bo.say(room, "the end")
		ada.message(room, "the end")
		for _, reader := range people {
			reader.wait("every message once and in order", func(context.Context) (bool, error) {
				for _, writer := range people {
					if !slices.Equal(reader.bodiesOf(room, writer.Account().User), numbered(writer.Account().User, each)) {
						return false, nil
					}
				}
				return true, nil
			})
		}
		truth := listed(observer, room)
		if len(truth) != 2*each+1 {
			t.Errorf("the homeserver has %d messages", len(truth))
		}
	}
	for _, k := range people {
		storetest.Check(t, k.Store())
	}
}

func numbered(user chat.UserID, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%s %d", user.Localpart(), i)
	}
	return all
}

// bodiesOf lists what a room shows of a person, without the last word.
func (k *core) bodiesOf(room chat.RoomID, user chat.UserID) []string {
	k.t.Helper()
	var all []string
	for _, m := range k.timeline(room) {
		if m.Sender == user && m.Kind != chat.KindState && m.Body != "the end" {
			all = append(all, m.Body)
		}
	}
	return all
}
