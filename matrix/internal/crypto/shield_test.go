package crypto

import (
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// next returns the encrypted events that come, one at least.
func (d *device) next(room string) (all []jsontext.Value) {
	d.t.Helper()
	matrixtest.Wait(d.t, waitLimit, "encrypted event", func() bool {
		all = append(all, d.sync().Encrypted(room)...)
		if len(all) == 0 {
			return false
		}
		_, u := d.m.Decrypt(d.t.Context(), chat.RoomID(room), all[len(all)-1])
		return u == nil
	})
	return all
}

// shield waits until an event has a shield.
func (d *device) shield(room string, ev jsontext.Value, want chat.Shield) (v Verdict) {
	d.t.Helper()
	defer func() {
		if d.t.Failed() {
			d.t.Logf("shield %v, want %v", v.Shield, want)
		}
	}()
	matrixtest.Wait(d.t, waitLimit, "shield", func() bool {
		d.sync()
		c, u := d.m.Decrypt(d.t.Context(), chat.RoomID(room), ev)
		if u != nil {
			d.t.Fatal(u)
		}
		v = c.Verdict
		return v.Shield == want
	})
	return v
}

// TestShieldSaysWhatIsKnownOfTheSender: from a session nobody confirmed, by
// somebody with a new identity, from a session that is blocked or gone.
func TestShieldSaysWhatIsKnownOfTheSender(t *testing.T) {
	hs := matrixtest.Synapse(t)
	alice, _ := person(t, "alice")
	account := hs.NewAccount(t, "bob")
	bob := newDevice(t, hs.Login(t, account))
	room := roomOf(t, alice, bob)
	session := bob.say(room, "who am I?")
	ev := alice.next(room)[0]
	// At first not even the session is known; it is asked for without anybody's doing.
	alice.shield(room, ev, chat.ShieldUnsigned)
	info, err := alice.m.KeyInfo(t.Context(), SessionUse{chat.RoomID(room), session, chat.UserID(bob.UserID)})
	if err != nil || !info.Here || info.Source != chat.KeyDirect || info.From != "" || string(info.Session.ID) != bob.DeviceID || info.Shield != chat.ShieldUnsigned {
		t.Errorf("info %+v %v", info, err)
	}
	var told []chat.UserID
	alice.m.OnPeople(func(users []chat.UserID) { told = append(told, users...) })
	bob.identify(account)
	alice.shield(room, ev, chat.ShieldNone)
	if len(told) == 0 {
		t.Error("nobody was told")
	}

	// A new identity: what its sessions send is marked until it is acknowledged, and what came before is soft.
	bob.identify(account)
	if v := alice.shield(room, ev, chat.ShieldChanged); !v.Soft {
		t.Error("a change of identity would mark messages that were beyond doubt")
	}
	if err := alice.acknowledge(t.Context(), chat.UserID(bob.UserID)); err != nil {
		t.Fatal(err)
	}
	alice.shield(room, ev, chat.ShieldNone)
	if err := alice.m.Block(t.Context(), chat.UserID(bob.UserID), chat.DeviceID(bob.DeviceID), true); err != nil {
		t.Fatal(err)
	}
	if v := alice.shield(room, ev, chat.ShieldUnsigned); v.Soft {
		t.Error("what the person decided does not count for older messages")
	}
	if err := alice.m.Block(t.Context(), chat.UserID(bob.UserID), chat.DeviceID(bob.DeviceID), false); err != nil {
		t.Fatal(err)
	}
	alice.shield(room, ev, chat.ShieldNone)

	// Signed out, it is judged by what it was.
	other := bob.newSession(t, account)
	bob.Logout()
	other.sync()
	matrixtest.Wait(t, waitLimit, "news of the sign-out", func() bool {
		alice.sync()
		s, err := alice.m.SessionTrust(t.Context(), chat.UserID(bob.UserID), chat.DeviceID(bob.DeviceID))
		return err == nil && s.Trust == chat.SessionGone
	})
	alice.shield(room, ev, chat.ShieldNone)
	other.say(room, "nobody confirmed this one")
	alice.shield(room, alice.next(room)[0], chat.ShieldUnsigned)
	bob.stop = nil // its token is gone
}

// TestShieldOfKeysFromElsewhere: nothing proves who wrote what a key from a
// backup opens, and if the key is known to be another's, that is said.
func TestShieldOfKeysFromElsewhere(t *testing.T) {
	a, b, room := couple(t, megolm)
	session := a.say(room, "hello")
	ev := b.next(room)[0]
	b.refresh(a.UserID)
	eng, err := b.m.engine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := eng.store.roomKeys(t.Context(), `AND session_id=$2`, session)
	if err != nil || len(keys) != 1 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	use := SessionUse{chat.RoomID(room), session, chat.UserID(a.UserID)}
	take := func(source chat.KeySource, senderKey string) Verdict {
		t.Helper()
		if _, err := eng.store.DB.Exec(t.Context(), `DELETE FROM crypto_megolm_inbound_session WHERE session_id=$1`, session); err != nil {
			t.Fatal(err)
		}
		k := keys[0]
		k.SenderKey = senderKey
		if n, err := b.m.ImportRoomKeys(t.Context(), Origin{Source: source, User: chat.UserID(a.UserID)}, []RoomKey{k}); err != nil || n.New != 1 {
			t.Fatalf("import: %+v %v", n, err)
		}
		b.m.trustMoved()
		c, u := b.m.Decrypt(t.Context(), chat.RoomID(room), ev)
		if u != nil {
			t.Fatal(u)
		}
		return c.Verdict
	}
	for _, source := range []chat.KeySource{chat.KeyBackup, chat.KeyImported, chat.KeyShared} {
		if v := take(source, keys[0].SenderKey); v.Shield != chat.ShieldUnknownOrigin || v.Soft {
			t.Errorf("source %v: %+v", source, v)
		}
		info, err := b.m.KeyInfo(t.Context(), use)
		if err != nil || info.Source != source || info.From == "" {
			t.Errorf("info %+v %v", info, err)
		}
	}
	_, own := b.m.Identity()
	if v := take(chat.KeyBackup, own); v.Shield != chat.ShieldMismatch {
		t.Errorf("own key, another's message: %+v", v)
	}
	// A third person's session.
	carol := newDevice(t, matrixtest.Synapse(t).NewClient(t, "carol"))
	_, theirs := carol.m.Identity()
	b.refresh(carol.UserID)
	if v := take(chat.KeyBackup, theirs); v.Shield != chat.ShieldMismatch {
		t.Errorf("somebody else's key: %+v", v)
	}
	if info, err := b.m.KeyInfo(t.Context(), use); err != nil || string(info.Session.User) != carol.UserID {
		t.Errorf("info %+v %v", info, err)
	}
	var unknown id.SenderKey = "nobodynobodynobodynobodynobodynobodynobodyx"
	if v := take(chat.KeyBackup, string(unknown)); v.Shield != chat.ShieldUnknownOrigin {
		t.Errorf("nobody's key: %+v", v)
	}
}
