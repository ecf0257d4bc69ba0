package crypto

import (
	"crypto/rand"
	"testing"

	mcrypto "maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// forward has d give to a device a session that it calls another device's.
func (d *device) forward(to *device, room string, out *mcrypto.OutboundGroupSession, claims id.SenderKey) {
	d.t.Helper()
	eng, err := d.m.engine(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	if err := d.m.freshen(d.t.Context(), eng, []id.UserID{idUser(to.UserID)}); err != nil {
		d.t.Fatal(err)
	}
	dev, err := eng.store.GetDevice(d.t.Context(), idUser(to.UserID), idDevice(to.DeviceID))
	if err != nil || dev == nil {
		d.t.Fatalf("device: %v %v", dev, err)
	}
	in, err := mcrypto.NewInboundGroupSession(claims, "claimed", id.RoomID(room), out.Internal.Key(), 0, 0, nil, false)
	if err != nil {
		d.t.Fatal(err)
	}
	key, err := in.Internal.Export(0)
	if err != nil {
		d.t.Fatal(err)
	}
	ok, err := d.m.sendSealed(d.t.Context(), target{dev, event.ToDeviceForwardedRoomKey, event.Content{Parsed: &event.ForwardedRoomKeyEventContent{
		RoomKeyEventContent: event.RoomKeyEventContent{
			Algorithm: id.AlgorithmMegolmV1, RoomID: id.RoomID(room), SessionID: in.ID(), SessionKey: string(key),
		},
		SenderKey: claims, SenderClaimedKey: "claimed",
	}}})
	if !ok || err != nil {
		d.t.Fatalf("forward: %v %v", ok, err)
	}
}

func (d *device) has(room, session string) bool {
	d.t.Helper()
	k, err := d.m.KeyInfo(d.t.Context(), SessionUse{chat.RoomID(room), session, chat.UserID(d.UserID)})
	if err != nil {
		d.t.Fatal(err)
	}
	return k.Here
}

// marker sends an event to the hook of a device, so that what came before it has been taken in.
func (d *device) marker(to *device) {
	d.t.Helper()
	to.got = nil
	d.Call("PUT", "/_matrix/client/v3/sendToDevice/org.example.mark/"+rand.Text(), map[string]any{"messages": map[string]any{
		to.UserID: map[string]any{to.DeviceID: map[string]any{}},
	}}, nil)
	matrixtest.Wait(d.t, waitLimit, "marker", func() bool { to.sync(); return len(to.got) > 0 })
}

func TestKeysOfOthersAreNotTakenSecondHand(t *testing.T) {
	hs := matrixtest.Synapse(t)
	account := hs.NewAccount(t, "bob")
	bob, laptop := newDevice(t, hs.Login(t, account)), newDevice(t, hs.Login(t, account))
	mallory := newDevice(t, hs.NewClient(t, "mallory"))
	const room, alice = "!room:x", id.SenderKey("alices identity key")
	session := func() *mcrypto.OutboundGroupSession {
		out, err := mcrypto.NewOutboundGroupSession(room, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}

	forged := session()
	bob.m.want(room, string(forged.ID()), string(alice)) // an event of the session is waiting
	mallory.forward(bob, room, forged, alice)
	mallory.marker(bob)
	if bob.has(room, string(forged.ID())) || len(bob.came(false)) > 0 {
		t.Error("a stranger gave a key in the name of somebody else")
	}

	unasked := session()
	laptop.forward(bob, room, unasked, alice)
	laptop.marker(bob)
	if bob.has(room, string(unasked.ID())) {
		t.Error("a key was taken that nobody asked for")
	}

	matrixtest.Wait(t, waitLimit, "the own device list", func() bool {
		bob.sync()
		eng, err := bob.m.engine(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		dev, err := eng.store.GetDevice(t.Context(), idUser(laptop.UserID), idDevice(laptop.DeviceID))
		return err == nil && dev != nil
	})
	asked := session()
	bob.m.want(room, string(asked.ID()), string(alice))
	laptop.forward(bob, room, asked, alice)
	laptop.marker(bob)
	if !bob.has(room, string(asked.ID())) || len(bob.came(false)) != 1 {
		t.Error("the key that was asked for was not taken from the own device")
	}
}
