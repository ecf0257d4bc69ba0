package crypto

import (
	"errors"
	"slices"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// lock returns what a device thinks of a room.
func (d *device) lock(room string) chat.RoomLock {
	d.t.Helper()
	l, err := d.m.Lock(d.t.Context(), chat.RoomID(room))
	if err != nil {
		d.t.Fatal(err)
	}
	return l
}

func (d *device) policy(room string, p chat.Policy) {
	d.t.Helper()
	if err := d.m.SetPolicy(d.t.Context(), chat.RoomID(room), chat.RoomPolicy{Share: p}); err != nil {
		d.t.Fatal(err)
	}
}

// TestPolicyKeepsKeysFromSessions: who is kept out is named before, told why,
// and let in when the reason is gone.
func TestPolicyKeepsKeysFromSessions(t *testing.T) {
	alice, aliceAccount := person(t, "alice")
	bob, bobAccount := person(t, "bob")
	room := roomOf(t, alice, bob)
	second := bob.newSession(t, bobAccount)
	mine := alice.newSession(t, aliceAccount)
	for _, d := range []*device{alice, second, mine} {
		d.sync()
	}
	alice.refresh(bob.UserID, alice.UserID)
	if l := alice.lock(room); !l.Encrypted || l.Policy.Share != chat.PolicyAll || l.People != 2 || l.Sessions != 3 || l.Unsigned != 2 || l.ExcludedCount != 0 || l.HasKey {
		t.Errorf("lock %+v", l)
	}
	first := alice.say(room, "for all")
	second.hear(room, "for all")

	alice.policy(room, chat.PolicySigned)
	l := alice.lock(room)
	if l.ExcludedCount != 2 || l.Unsigned != 0 || l.Sessions != 1 || !l.HasKey || l.Messages != 1 {
		t.Errorf("lock %+v", l)
	}
	named := []chat.DeviceID{l.Excluded[0].ID, l.Excluded[1].ID}
	if !slices.Contains(named, chat.DeviceID(second.DeviceID)) || !slices.Contains(named, chat.DeviceID(mine.DeviceID)) {
		t.Errorf("excluded %+v", l.Excluded)
	}
	if stricter := alice.say(room, "for confirmed sessions"); stricter == first {
		t.Error("the key that all have goes on")
	}
	bob.hear(room, "for all", "for confirmed sessions")
	second.refresh(alice.UserID)
	second.hear(room, "!withheld")
	mine.sync()
	alice.say(room, "second")
	bob.hear(room, "second")

	// Confirmed by its owner, it reads what comes after.
	bob.vouch(second)
	matrixtest.Wait(t, waitLimit, "news of the session", func() bool { alice.sync(); return alice.lock(room).ExcludedCount == 1 })
	alice.say(room, "welcome")
	second.hear(room, "!unknown index", "welcome")

	// Blocked, it reads no more.
	session := alice.say(room, "still here")
	if err := alice.m.Block(t.Context(), chat.UserID(bob.UserID), chat.DeviceID(second.DeviceID), true); err != nil {
		t.Fatal(err)
	}
	if alice.say(room, "blocked") == session {
		t.Error("the key that the blocked session has goes on")
	}
	second.hear(room, "still here", "!withheld")
	bob.hear(room, "welcome", "still here", "blocked")
}

// TestNobodyLeft: a message that none of the others could read is not sent.
func TestNobodyLeft(t *testing.T) {
	alice, _ := person(t, "alice")
	bob, _ := person(t, "bob")
	room := roomOf(t, alice, bob)
	alice.policy(room, chat.PolicyVerified)
	err := alice.encrypt(t.Context(), room)
	if !errors.Is(err, ErrNobody) {
		t.Fatalf("encrypt: %v", err)
	}
	if p := KeyProblem(err); p == nil || p.Kind != chat.ProblemNobody || p.Retry {
		t.Errorf("problem %+v", p)
	}
	people, err := alice.m.People(t.Context(), chat.UserID(bob.UserID))
	if err != nil {
		t.Fatal(err)
	}
	alice.verify(bob.UserID, people[0].MasterKey)
	alice.say(room, "for you alone")
	bob.hear(room, "for you alone")
}

// TestNewIdentityOfVerifiedPersonStopsMessages: a homeserver that swaps the
// identity of somebody whom we have verified gets nothing to read with it.
func TestNewIdentityOfVerifiedPersonStopsMessages(t *testing.T) {
	alice, _ := person(t, "alice")
	bob, bobAccount := person(t, "bob")
	carol, carolAccount := person(t, "carol")
	room := roomOf(t, alice, bob, carol)
	alice.refresh(bob.UserID, carol.UserID)
	people, err := alice.m.People(t.Context(), chat.UserID(bob.UserID))
	if err != nil {
		t.Fatal(err)
	}
	alice.verify(bob.UserID, people[0].MasterKey)
	alice.say(room, "one")

	// One who was only pinned: a warning.
	carol.identify(carolAccount)
	matrixtest.Wait(t, waitLimit, "new identity", func() bool { alice.sync(); return len(alice.lock(room).Changed) == 1 })
	alice.say(room, "two")
	bob.hear(room, "one", "two")

	bob.identify(bobAccount)
	matrixtest.Wait(t, waitLimit, "new identity", func() bool { alice.sync(); return len(alice.lock(room).Changed) == 2 })
	err = alice.encrypt(t.Context(), room)
	var who *IdentityError
	if !errors.As(err, &who) || !errors.Is(err, ErrIdentity) || len(who.Users) != 1 || string(who.Users[0]) != bob.UserID {
		t.Fatalf("encrypt: %v", err)
	}
	if p := KeyProblem(err); p == nil || p.Kind != chat.ProblemIdentity || p.Detail != bob.UserID || p.Retry {
		t.Errorf("problem %+v", p)
	}
	if err := alice.m.Preshare(t.Context(), chat.RoomID(room)); !errors.Is(err, ErrIdentity) {
		t.Errorf("preshare: %v", err)
	}
	alice.restart() // it is not forgotten
	if err := alice.encrypt(t.Context(), room); !errors.Is(err, ErrIdentity) {
		t.Fatalf("after a restart: %v", err)
	}
	if err := alice.acknowledge(t.Context(), chat.UserID(bob.UserID)); err != nil {
		t.Fatal(err)
	}
	alice.say(room, "three")
	bob.hear(room, "three")
}

// TestWitnessOfEncryption: the cache is gone, and the homeserver hides that the room is encrypted.
func TestWitnessOfEncryption(t *testing.T) {
	a, b, room := couple(t, megolm)
	a.say(room, "secret")
	b.hear(room, "secret")
	a.book.mu.Lock()
	delete(a.book.encryption, chat.RoomID(room))
	a.book.mu.Unlock()
	a.restart()
	on, never, err := a.m.Secrecy(t.Context(), chat.RoomID(room))
	if err != nil || !on || never {
		t.Fatalf("secrecy %v %v %v", on, never, err)
	}
	a.say(room, "still secret")
	b.hear(room, "still secret")
	if on, _, err := a.m.Secrecy(t.Context(), "!else:x"); err != nil || on {
		t.Errorf("another room: %v %v", on, err)
	}
}
