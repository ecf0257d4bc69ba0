package crypto

import (
	"testing"

	"hubbub/matrix/matrixtest"
)

// TestReadsAndIsReadByMatrixJSSDK: the other side is matrix-js-sdk with its Rust crypto, on either homeserver.
func TestReadsAndIsReadByMatrixJSSDK(t *testing.T) {
	for name, hs := range map[string]*matrixtest.Homeserver{"synapse": matrixtest.Synapse(t), "dendrite": matrixtest.Dendrite(t)} {
		t.Run(name, func(t *testing.T) {
			kept, account := t.TempDir(), hs.NewAccount(t, "jane")
			peer := matrixtest.StartPeerIn(t, hs, account, kept)
			d := newDevice(t, hs.NewClient(t, "joe"))
			room := d.joins(peer)
			peer.SendText(room, "ahoy")
			d.hear(room, "ahoy")
			first := d.say(room, "ahoy yourself")
			if m := peer.WaitMessage(room, "ahoy yourself"); !m.Decrypted || m.SessionID != first {
				t.Fatalf("peer sees %+v", m)
			}

			// Restarts of both, and a new key on either side.
			d.restart()
			peer.Stop()
			peer = matrixtest.StartPeerIn(t, hs, account, kept)
			peer.WaitEncrypted(room)
			peer.WaitMember(room, d.UserID, "join")
			peer.SendText(room, "back again")
			d.say(room, "me too")
			d.hear(room, "ahoy yourself", "back again", "me too")
			peer.WaitMessage(room, "me too")
			peer.Rotate(room)
			peer.SendText(room, "new key")
			eng, err := d.m.engine(t.Context())
			if err == nil {
				err = eng.store.RemoveOutboundGroupSession(t.Context(), idRoom(room))
			}
			if err != nil {
				t.Fatal(err)
			}
			if second := d.say(room, "new key here"); second == first {
				t.Error("the session stayed")
			}
			d.hear(room, "new key", "new key here")
			peer.WaitMessage(room, "new key here")

			// A new device of the peer reads what comes after it.
			late := peer.NewDevice(t)
			matrixtest.Wait(t, waitLimit, "news of the device", func() bool {
				d.sync()
				return d.knowsID(peer.UserID, late.DeviceID)
			})
			d.say(room, "hello, new device")
			if m := late.WaitMessage(room, "hello, new device"); !m.Decrypted {
				t.Errorf("new device sees %+v", m)
			}
			if !d.has(room, first) {
				t.Error("the own first session is gone")
			}
		})
	}
}

// joins has the reference client make an encrypted room and d come into it.
func (d *device) joins(peer *matrixtest.Peer) (room string) {
	d.t.Helper()
	room = peer.CreateRoom("harbour", true, d.UserID)
	d.Join(room)
	d.book.set(room, megolm, d.UserID, peer.UserID)
	d.sync()
	peer.WaitMember(room, d.UserID, "join")
	peer.WaitDevice(d.UserID, d.DeviceID)
	peer.WaitEncrypted(room)
	return room
}
