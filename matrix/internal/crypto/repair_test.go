package crypto

import (
	"os"
	"testing"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// putBack closes a machine and puts its files back as they were kept, the count
// beside crypto.db included, as who restores a whole folder does.
func (d *device) putBack(kept string) {
	d.t.Helper()
	d.close()
	for _, suffix := range []string{"-wal", "-shm"} {
		_ = os.Remove(d.path + suffix) // there need not be one
	}
	for _, suffix := range []string{"", lifeSuffix} {
		copyDB(d.t, kept+suffix, d.path+suffix)
	}
	d.open()
}

func (d *device) keep() (kept string) {
	d.t.Helper()
	d.close()
	kept = d.t.TempDir() + "/crypto.db"
	for _, suffix := range []string{"", lifeSuffix} {
		copyDB(d.t, d.path+suffix, kept+suffix)
	}
	d.open()
	return kept
}

// TestOwnMessagesAheadOfTheKeys: a whole folder was put back, which no count can
// tell. The own messages tell, and no key is used twice.
func TestOwnMessagesAheadOfTheKeys(t *testing.T) {
	a, b, room := couple(t, megolm)
	first := a.say(room, "one")
	a.hear(room, "one")
	since := a.since
	kept := a.keep()
	a.say(room, "two")
	a.say(room, "three")
	a.putBack(kept)
	a.since = since
	a.hear(room, "two", "three") // the inbound half reads them, and they are further on than the outbound one
	if second := a.say(room, "four"); second == first {
		t.Error("the session goes on from a place that was used")
	}
	b.hear(room, "one", "two", "three", "four")
}

// TestOneTimeKeysOfAnotherLife: the homeserver has one-time keys under ids that
// this device gives out again. They are claimed back, and others made.
func TestOneTimeKeysOfAnotherLife(t *testing.T) {
	hs := matrixtest.Synapse(t)
	a, b := newDevice(t, hs.NewClient(t, "alice")), newDevice(t, hs.NewClient(t, "bob"))
	kept := a.keep()
	claim := func(n int) {
		t.Helper()
		for range n {
			if _, err := b.m.opt.Client.ClaimKeys(t.Context(), &mautrix.ReqClaimKeys{OneTimeKeys: mautrix.OneTimeKeysRequest{
				id.UserID(a.UserID): {id.DeviceID(a.DeviceID): id.KeyAlgorithmSignedCurve25519},
			}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	stock := func(want int) {
		t.Helper()
		matrixtest.Wait(t, waitLimit, "stock of one-time keys", func() bool {
			a.sync()
			s, err := a.m.Stock(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return s.OneTime >= want
		})
	}
	claim(otkTarget)
	stock(otkLow) // made anew
	a.putBack(kept)
	matrixtest.Wait(t, waitLimit, "keys claimed back", func() bool {
		a.sync()
		mine, err := a.m.ownKeys25519(t.Context())
		a.m.mu.Lock()
		defer a.m.mu.Unlock()
		return err == nil && len(mine) > otkTarget && a.m.todo.keys.checked && !a.m.todo.keys.low
	})
	// Whoever claims one now is understood.
	room := b.CreateRoom(nil)
	b.Invite(room, a.UserID)
	a.Join(room)
	b.book.set(room, megolm, a.UserID, b.UserID)
	a.book.set(room, megolm, a.UserID, b.UserID)
	b.say(room, "can you read this?")
	a.hear(room, "can you read this?")
}

// TestSessionFromTheFutureIsNotUsedOn: it was made when the clock was ahead, and would live as much longer.
func TestSessionFromTheFutureIsNotUsedOn(t *testing.T) {
	a, b, room := couple(t, megolm)
	first := a.say(room, "one")
	shift := func(by time.Duration) {
		t.Helper()
		if _, err := a.m.db.Exec(t.Context(), `UPDATE crypto_megolm_outbound_session SET created_at=$1`, time.Now().Add(by)); err != nil {
			t.Fatal(err)
		}
	}
	shift(10 * time.Minute)
	if a.say(room, "two") != first {
		t.Error("a clock that was a little wrong costs a session")
	}
	shift(20 * 24 * time.Hour)
	l, err := a.m.Lock(t.Context(), chat.RoomID(room))
	if err != nil || l.Age != 0 {
		t.Errorf("age %v %v", l.Age, err)
	}
	second := a.say(room, "three")
	if second == first {
		t.Error("the session is used on")
	}
	shift(-20 * 24 * time.Hour) // the clock is ahead now
	if a.say(room, "four") == second {
		t.Error("an old session is used on")
	}
	b.hear(room, "one", "two", "three", "four")
}
