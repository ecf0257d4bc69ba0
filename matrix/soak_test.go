package matrix_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// soakMessages is how many messages are said at least; soakSessions is how many sessions there are at most.
const (
	soakMessages = 500
	soakSessions = 6
)

// Two people with hubbub and two with the reference client talk in an
// encrypted room, in a random order of messages, joins, invitations, leaves,
// new sessions of either kind, sign-outs and restarts. In the end every
// session can read what was said while its owner was in the room and everybody
// knew of it, and nothing that was said while its owner was out, or before it
// was there. What is said at the very moment of a change is for the changed
// one to read or not.
//
// In every other run all have an identity, a recovery and a backup, as they
// should; then who comes back by an invitation gets keys of the history too.
//
// The seed repeats the order of what happens, though not its timing.
func TestSoak(t *testing.T) {
	t.Parallel()
	s := newSoak(t, rand.New(rand.NewPCG(seedOf(t), 0)))
	for round := 0; len(s.said) < soakMessages; round++ {
		s.round(round)
		if t.Failed() {
			t.FailNow()
		}
	}
	s.end()
}

// soaker is somebody in the soak.
type soaker struct {
	name     string
	account  matrixtest.Account
	state    chat.Membership // as everybody has seen it
	sessions []*soakSession
	moving   bool // joining, leaving or being invited right now
}

// reads says whether what is said now is for them too: people who are invited
// get keys where they may see the history.
func (p *soaker) reads() bool {
	return p.state == chat.MemberJoined || p.state == chat.MemberInvited
}

// soaked is a message of the soak.
type soaked struct {
	id   chat.EventID
	text string
	from string
	must map[*soakSession]bool // who must read it
	may  map[*soakSession]bool // who may or may not: they change at the same time
}

// soak is the run and its model of who may read what.
type soak struct {
	t      *testing.T
	rng    *rand.Rand
	hs     *matrixtest.Homeserver
	room   chat.RoomID
	keeper *matrixtest.Client // has the room, speaks in clear and gets no keys
	people []*soaker
	moment int  // markers
	owned  bool // everybody has an identity

	mu   sync.Mutex
	said []*soaked // guarded by mu
}

func newSoak(t *testing.T, rng *rand.Rand) *soak {
	t.Helper()
	hs := matrixtest.Synapse(t)
	s := &soak{t: t, rng: rng, hs: hs, keeper: hs.NewClient(t, "keeper"), owned: rng.IntN(2) == 0}
	t.Logf("everybody has an identity: %t", s.owned)
	s.room = chat.RoomID(s.keeper.CreateRoom(map[string]any{
		"preset": "public_chat", "power_level_content_override": map[string]any{"invite": 0},
		"initial_state": []any{map[string]any{
			"type": "m.room.encryption", "state_key": "",
			"content": map[string]any{"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_msgs": 15},
		}},
	}))
	var wg sync.WaitGroup
	for _, name := range []string{"ada", "bo", "jo", "kim"} {
		p := &soaker{name: name, account: hs.NewAccount(t, name), state: chat.MemberLeft}
		s.people = append(s.people, p)
		first := s.session(p, name == "jo" || name == "kim")
		wg.Go(func() {
			first.signIn()
			if s.owned {
				first.setUp()
			}
			first.join()
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	for _, p := range s.people {
		p.state = chat.MemberJoined
	}
	s.mark()
	return s
}

// all returns the sessions for which ok holds.
func (s *soak) all(ok func(*soakSession) bool) []*soakSession {
	var out []*soakSession
	for _, p := range s.people {
		for _, one := range p.sessions {
			if ok(one) {
				out = append(out, one)
			}
		}
	}
	return out
}

// speaks says whether a session can send.
func speaks(one *soakSession) bool {
	return one.running && one.known && !one.moving && one.who.state == chat.MemberJoined && !one.who.moving
}

// mark changes the topic in clear and waits until everybody who is there has
// seen it, and with it all that was before.
func (s *soak) mark() {
	s.t.Helper()
	s.moment++
	topic := fmt.Sprintf("moment %d", s.moment)
	s.keeper.SendState(string(s.room), "m.room.topic", "", map[string]any{"topic": topic})
	there := s.all(func(one *soakSession) bool { return one.running && one.who.state == chat.MemberJoined })
	var wg sync.WaitGroup
	for _, one := range there {
		wg.Go(func() { one.sees(topic) })
	}
	wg.Wait()
	// The reference client is given the time to fetch the lists of sessions that changed.
	// Of a session that signs in while its owner is only invited, the homeserver tells nobody.
	all := s.all(func(one *soakSession) bool { return one.who.state == chat.MemberJoined })
	for _, one := range there {
		wg.Go(func() {
			for _, other := range all {
				one.knows(other)
			}
		})
	}
	wg.Wait()
	for _, one := range all {
		one.known = true
	}
}

// burst has everybody who can send say something, all at once.
func (s *soak) burst(wg *sync.WaitGroup) {
	for _, one := range s.all(speaks) {
		count := 2 + s.rng.IntN(4)
		batch := make([]*soaked, count)
		for i := range batch {
			batch[i] = s.write(one)
		}
		wg.Go(func() {
			for _, m := range batch {
				one.send(m)
			}
		})
	}
}

// write adds a message to the model.
func (s *soak) write(from *soakSession) *soaked {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &soaked{text: fmt.Sprintf("%d by %s", len(s.said), from), from: from.String(), must: map[*soakSession]bool{}, may: map[*soakSession]bool{}}
	for _, p := range s.people {
		for _, one := range p.sessions {
			switch {
			case p.moving || one.moving || !one.known && p.reads():
				m.may[one] = true
			case one.known && p.reads():
				m.must[one] = true
			case s.owned:
				m.may[one] = true // an invitation may bring it
			}
		}
	}
	s.said = append(s.said, m)
	return m
}

// round lets something happen, and everybody talk at the same time or after it.
func (s *soak) round(n int) {
	s.t.Helper()
	c := s.change()
	together := s.rng.IntN(2) == 0
	s.t.Logf("round %d, %d messages: %s, talk at the same time %t", n, len(s.said), c.what, together)
	var wg sync.WaitGroup
	c.begin()
	if together {
		s.burst(&wg)
	}
	wg.Go(c.run)
	wg.Wait()
	if s.t.Failed() {
		s.t.FailNow()
	}
	c.end()
	if !together || s.rng.IntN(2) == 0 {
		s.mark()
		s.burst(&wg)
		wg.Wait()
		return
	}
	s.mark()
}

// end brings everybody back and compares what they can read with the model.
func (s *soak) end() {
	s.t.Helper()
	var wg sync.WaitGroup
	for _, one := range s.all(func(one *soakSession) bool { return !one.running }) {
		wg.Go(one.resume)
	}
	wg.Wait()
	for _, p := range s.people {
		if p.state != chat.MemberJoined {
			wg.Go(p.sessions[0].join)
		}
	}
	wg.Wait()
	if s.t.Failed() {
		s.t.FailNow()
	}
	for _, p := range s.people {
		p.state = chat.MemberJoined
	}
	s.mark()
	for _, one := range s.all(func(*soakSession) bool { return true }) {
		wg.Go(func() {
			one.reads(s.said)
			if one.core != nil {
				storetest.Check(s.t, one.core.Store())
			}
		})
	}
	wg.Wait()
	s.t.Logf("%d messages in the end", len(s.said))
}
