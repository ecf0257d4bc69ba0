package matrix_test

import (
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// Two hubbubs meet in an encrypted room, write both ways, and again after both
// have been restarted.
func TestTwoCoresInAnEncryptedRoom(t *testing.T) {
	hs := matrixtest.Stack(t)
	adaAccount, boAccount := hs.NewAccount(t, "ada"), hs.NewAccount(t, "bo")
	adaDir, boDir := t.TempDir(), t.TempDir()
	ada, bo := signIn(t, hs, adaAccount, adaDir), signIn(t, hs, boAccount, boDir)

	room := chat.RoomID(ada.made(func() string {
		return ada.Create(chat.NewRoom{Name: "harbour", Invite: []chat.UserID{chat.UserID(boAccount.UserID)}})
	}))
	if r := bo.room(room, chat.MemberInvited); r.Name != "harbour" || r.Inviter != chat.UserID(adaAccount.UserID) {
		t.Errorf("invite: %+v", r)
	}
	bo.made(func() string { return bo.Join(string(room)) })
	if r := bo.room(room, chat.MemberJoined); !r.Encrypted {
		t.Error("the room is not encrypted")
	}
	ada.say(room, "hello bo")
	if m := bo.message(room, "hello bo"); !m.Encrypted || m.Sender != chat.UserID(adaAccount.UserID) {
		t.Errorf("got %+v", m)
	}
	bo.say(room, "hello ada")
	ada.message(room, "hello ada")

	ada.stop()
	bo.stop()
	ada, bo = start(t, adaAccount.UserID, adaDir), start(t, boAccount.UserID, boDir)
	ada.message(room, "hello ada") // from the cache
	ada.say(room, "after a restart")
	bo.message(room, "after a restart")
	bo.say(room, "here too")
	ada.message(room, "here too")

	for _, e := range hs.Login(t, adaAccount).Events(string(room)) {
		if e.Type == "m.room.message" {
			t.Errorf("in the clear: %s", e.Content)
		}
	}
}
