package matrix_test

import (
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// The reference client and hubbub read each other: encrypted and clear, before
// and after restarts, across a new session key and a new session of the other,
// on each homeserver.
func TestReferenceClientAndHubbub(t *testing.T) {
	for name, stack := range map[string]func(testing.TB) *matrixtest.Homeserver{
		"synapse": matrixtest.Synapse, "dendrite": matrixtest.Dendrite,
	} {
		t.Run(name, func(t *testing.T) { converse(t, stack(t)) })
	}
}

func converse(t *testing.T, hs *matrixtest.Homeserver) {
	boAccount, adaAccount := hs.NewAccount(t, "bo"), hs.NewAccount(t, "ada")
	dir := t.TempDir()
	ada := signIn(t, hs, adaAccount, dir)
	bo := matrixtest.StartPeer(t, hs, boAccount)

	clear := bo.CreateRoom("clear", false, adaAccount.UserID)
	secret := bo.CreateRoom("secret", true, adaAccount.UserID)
	for _, room := range []string{clear, secret} {
		ada.room(chat.RoomID(room), chat.MemberInvited)
		ada.made(func() string { return ada.Join(room) })
		bo.WaitMember(room, adaAccount.UserID, "join")
	}
	exchange(ada, bo, clear, "clear")
	if !ada.room(chat.RoomID(secret), chat.MemberJoined).Encrypted {
		t.Fatal("the room is not encrypted")
	}
	bo.WaitDevice(adaAccount.UserID, string(ada.Account().Device))
	exchange(ada, bo, secret, "at first")

	ada.stop()
	bo.SendText(secret, "while away")
	ada = start(t, adaAccount.UserID, dir)
	if m := ada.message(chat.RoomID(secret), "while away"); !m.Encrypted {
		t.Errorf("not encrypted: %+v", m)
	}
	exchange(ada, bo, secret, "after a restart")
	bo.Rotate(secret)
	exchange(ada, bo, secret, "with a new key")

	phone := bo.NewDevice(t)
	phone.SendText(secret, "bo from the phone") // and with it ada learns of the session
	ada.message(chat.RoomID(secret), "bo from the phone")
	exchange(ada, phone, secret, "with a new session")
	storetest.Check(t, ada.Store())
}

// exchange sends a message each way.
func exchange(ada *core, bo *matrixtest.Peer, room, when string) {
	ada.t.Helper()
	ada.say(chat.RoomID(room), "ada "+when)
	bo.WaitMessage(room, "ada "+when)
	bo.SendText(room, "bo "+when)
	ada.message(chat.RoomID(room), "bo "+when)
}
