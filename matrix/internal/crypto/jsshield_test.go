package crypto

import (
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// TestRefusalsReachMatrixJSSDKAndBack: each side's rule keeps the other's
// session, which nobody has confirmed, from the key, and the other side says so.
func TestRefusalsReachMatrixJSSDKAndBack(t *testing.T) {
	hs := matrixtest.Synapse(t)
	account := hs.NewAccount(t, "jane")
	peer := matrixtest.StartPeerIn(t, hs, account, t.TempDir())
	joe := newDevice(t, hs.NewClient(t, "joe"))
	carol, _ := person(t, "carol")
	room := peer.CreateRoom("harbour", true, joe.UserID, carol.UserID)
	for _, d := range []*device{joe, carol} {
		d.Join(room)
		d.book.set(room, megolm, joe.UserID, carol.UserID, peer.UserID)
		d.sync()
		peer.WaitMember(room, d.UserID, "join")
		peer.WaitDevice(d.UserID, d.DeviceID)
	}
	peer.WaitEncrypted(room)

	joe.policy(room, chat.PolicySigned)
	content, err := joe.m.Encrypt(t.Context(), chat.RoomID(room), "m.room.message", []byte(`{"msgtype":"m.text","body":"for confirmed sessions"}`))
	if err != nil {
		t.Fatal(err)
	}
	sent := joe.Send(room, "m.room.encrypted", content)
	carol.hear(room, "for confirmed sessions")
	if m := peer.WaitFailure(room, sent); m.Failure != "MEGOLM_KEY_WITHHELD_FOR_UNVERIFIED_DEVICE" {
		t.Errorf("peer sees %+v", m)
	}

	// The peer has an identity now, and joe's session has not.
	peer.BootstrapCrossSigning(account.Password)
	matrixtest.Wait(t, waitLimit, "news of the peer", func() bool { joe.sync(); return joe.lock(room).ExcludedCount == 0 })
	joe.say(room, "now you too")
	peer.WaitMessage(room, "now you too")
	peer.Isolate(matrixtest.OnlySignedDevices)
	peer.SendText(room, "not for joe")
	carol.hear(room, "now you too", "not for joe")
	refused := joe.refusal(room)
	if refused == nil || refused.Cause != chat.CauseWithheld || refused.WithheldCode != "m.unverified" {
		t.Errorf("joe sees %+v", refused)
	}
}

// refusal waits for an event that cannot be read because its key was refused.
func (d *device) refusal(room string) (last *Undecryptable) {
	d.t.Helper()
	var events [][]byte
	matrixtest.Wait(d.t, waitLimit, "refused event", func() bool {
		for _, e := range d.sync().Encrypted(room) {
			events = append(events, e)
		}
		for _, e := range events {
			if _, u := d.m.Decrypt(d.t.Context(), chat.RoomID(room), e); u != nil {
				last = u
			}
		}
		return last != nil && last.Cause == chat.CauseWithheld
	})
	return last
}

// TestShieldsOfMatrixJSSDK: what the reference client sends is marked as its own marks say.
func TestShieldsOfMatrixJSSDK(t *testing.T) {
	hs := matrixtest.Synapse(t)
	account := hs.NewAccount(t, "jane")
	peer := matrixtest.StartPeerIn(t, hs, account, t.TempDir())
	joe, _ := person(t, "joe")
	room := joe.joins(peer)
	peer.SendText(room, "who am I?")
	ev := joe.next(room)[0]
	joe.shield(room, ev, chat.ShieldUnsigned)
	peer.BootstrapCrossSigning(account.Password)
	joe.shield(room, ev, chat.ShieldNone)
	peer.RenewCrossSigning(account.Password)
	joe.shield(room, ev, chat.ShieldChanged)
	if err := joe.acknowledge(t.Context(), chat.UserID(peer.UserID)); err != nil {
		t.Fatal(err)
	}
	joe.shield(room, ev, chat.ShieldNone)
}
