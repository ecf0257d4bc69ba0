package matrix_test

import (
	"context"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// The reference client and hubbub read each other: encrypted and clear, before
// and after restarts of either, across a new key and a new session of either,
// on each homeserver.
func TestReferenceClientAndHubbub(t *testing.T) {
	t.Run("synapse", func(t *testing.T) { converse(t, matrixtest.Synapse(t)) })
	t.Run("dendrite", func(t *testing.T) { converse(t, matrixtest.Dendrite(t)) })
}

func converse(t *testing.T, hs *matrixtest.Homeserver) {
	t.Helper()
	boAccount, adaAccount := hs.NewAccount(t, "bo"), hs.NewAccount(t, "ada")
	adaDir, boDir := t.TempDir(), t.TempDir()
	ada := signIn(t, hs, adaAccount, adaDir)
	bo := matrixtest.StartPeerIn(t, hs, boAccount, boDir)

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
	first := exchange(ada, bo, secret, "at first")

	ada.stop()
	bo.SendText(secret, "while ada is away")
	ada = start(t, adaAccount.UserID, adaDir)
	if m := ada.message(chat.RoomID(secret), "while ada is away"); !m.Encrypted {
		t.Errorf("not encrypted: %+v", m)
	}
	exchange(ada, bo, secret, "after a restart")
	bo.Stop()
	ada.say(chat.RoomID(secret), "while bo is away")
	bo = matrixtest.StartPeerIn(t, hs, boAccount, boDir)
	bo.WaitMessage(secret, "while bo is away")
	bo.WaitMember(secret, adaAccount.UserID, "join")
	exchange(ada, bo, secret, "after a restart of bo")

	newKeys(ada, bo, secret, first)
	newSessions(ada, bo, hs, adaAccount, secret)
	storetest.Check(t, ada.Store())
}

// exchange sends a message each way, and returns the Megolm session of hubbub's.
func exchange(ada *core, bo *matrixtest.Peer, room, when string) (session string) {
	ada.t.Helper()
	ada.say(chat.RoomID(room), "ada "+when)
	session = bo.WaitMessage(room, "ada "+when).SessionID
	bo.SendText(room, "bo "+when)
	ada.message(chat.RoomID(room), "bo "+when)
	return session
}

// newKeys has either side change its key.
func newKeys(ada *core, bo *matrixtest.Peer, room, session string) {
	t := ada.t
	t.Helper()
	bo.Rotate(room)
	if again := exchange(ada, bo, room, "with a new key of bo"); again != session {
		t.Errorf("hubbub's session changed from %s to %s without a reason", session, again)
	}
	// A room that asks for a key per message gets one from hubbub.
	bo.Eval(`await client.sendStateEvent(args, "m.room.encryption", {algorithm: "m.megolm.v1.aes-sha2", rotation_period_msgs: 1}, "")`, room)
	bo.SendText(room, "the rule has changed")
	ada.message(chat.RoomID(room), "the rule has changed")
	for _, when := range []string{"with a key of its own", "with another"} {
		next := exchange(ada, bo, room, when)
		if next == session {
			t.Errorf("%s: still session %s", when, session)
		}
		session = next
	}
}

// newSessions has either side sign in once more.
func newSessions(ada *core, bo *matrixtest.Peer, hs *matrixtest.Homeserver, account matrixtest.Account, room string) {
	t, id := ada.t, chat.RoomID(room)
	t.Helper()
	phone := bo.NewDevice(t)
	phone.SendText(room, "bo from the phone") // and with it ada learns of the session
	ada.message(id, "bo from the phone")
	exchange(ada, phone, room, "with a new session of bo")
	bo.WaitMessage(room, "ada with a new session of bo")

	laptop := signIn(t, hs, account, t.TempDir())
	laptop.room(id, chat.MemberJoined)
	bo.WaitDevice(account.UserID, string(laptop.Account().Device))
	laptop.say(id, "ada from the laptop")
	ada.message(id, "ada from the laptop")
	exchange(laptop, bo, room, "with a new session of ada")
	ada.message(id, "bo with a new session of ada")
	exchange(ada, bo, room, "from the old session")
	laptop.message(id, "ada from the old session")
	storetest.Check(t, laptop.Store())
}

// Who has left reads nothing more: the key changes with the members.
func TestWhoLeftReadsNothingMore(t *testing.T) {
	hs := matrixtest.Stack(t)
	ada, bo := pair(t, hs)
	eve := matrixtest.StartPeer(t, hs, hs.NewAccount(t, "eve"))
	room := chat.RoomID(ada.made(func() string {
		return ada.Create(chat.NewRoom{Name: "quay", Invite: []chat.UserID{bo.Account().User, chat.UserID(eve.UserID)}})
	}))
	bo.made(func() string { return bo.Join(string(room)) })
	eve.Join(string(room))
	bo.say(room, "all are here")
	ada.message(room, "all are here")
	ada.say(room, "for all")
	before := eve.WaitMessage(string(room), "for all").SessionID
	eve.Leave(string(room))
	ada.wait("eve to be gone", func(ctx context.Context) (bool, error) {
		all, err := ada.Store().MembersIn(ctx, room)
		for _, m := range all {
			if m.User == chat.UserID(eve.UserID) && m.Membership == chat.MemberLeft {
				return true, err
			}
		}
		return false, err
	})
	id := ada.say(room, "for those who are left")
	m := bo.message(room, "for those who are left")
	if m.SessionID == before || m.ID != id {
		t.Errorf("still session %s: %+v", before, m)
	}
}
