package matrix_test

import (
	"context"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// setUp gives an account of hubbub an identity, recovery and a backup.
func setUp(t *testing.T, c *core, a matrixtest.Account) {
	t.Helper()
	c.conn(chat.ConnOnline, func() { c.Reconnect() })
	if _, err := c.Trust().SetUp(t.Context(), chat.SetUp{Auth: chat.Auth{Password: chat.Secret(a.Password)}}); err != nil {
		t.Fatalf("set up: %v", err)
	}
}

// TestHistoryKeysOnInvite: who is invited by the reference client, or by
// hubbub, reads what was said before, where the room lets them.
func TestHistoryKeysOnInvite(t *testing.T) {
	hs := matrixtest.Synapse(t)
	adaAccount, boAccount := hs.NewAccount(t, "ada"), hs.NewAccount(t, "bo")
	ada := signIn(t, hs, adaAccount, t.TempDir())
	setUp(t, ada, adaAccount)
	bo := matrixtest.StartPeerIn(t, hs, boAccount, t.TempDir())
	bo.SetUpTrust()

	t.Run("from the reference client", func(t *testing.T) {
		room := bo.CreateRoom("bo's", true)
		bo.WaitEncrypted(room)
		bo.SendText(room, "before ada came")
		bo.Invite(room, adaAccount.UserID)
		id := chat.RoomID(room)
		ada.room(id, chat.MemberInvited)
		ada.made(func() string { return ada.Join(room) })
		ada.room(id, chat.MemberJoined)
		m := ada.older(id, "before ada came")
		if m.Shield != chat.ShieldUnknownOrigin {
			t.Errorf("shield %v", m.Shield)
		}
		why, err := ada.Trust().Message(t.Context(), m.Key)
		if err != nil || why.Source != chat.KeyShared || string(why.From) != boAccount.UserID || string(why.Session.User) != boAccount.UserID {
			t.Errorf("why: %+v %v", why, err)
		}
	})

	t.Run("from hubbub", func(t *testing.T) {
		id := chat.RoomID(ada.made(func() string { return ada.Create(chat.NewRoom{Name: "ada's"}) }))
		ada.room(id, chat.MemberJoined)
		ada.say(id, "before bo came")
		if l, err := ada.Trust().Lock(t.Context(), id); err != nil || !l.SharesHistory || !l.Encrypted {
			t.Fatalf("lock %+v %v", l, err)
		}
		ada.made(func() string { return ada.Invite(id, chat.UserID(boAccount.UserID)) })
		bo.WaitInvite(string(id))
		bo.Join(string(id))
		if m := bo.WaitMessage(string(id), "before bo came"); !m.Decrypted {
			t.Errorf("bo sees %+v", m)
		}
	})
}

// older waits for a message of before, scrolling back.
func (k *core) older(room chat.RoomID, body string) (out chat.Message) {
	k.t.Helper()
	k.wait("older message "+body, func(ctx context.Context) (bool, error) {
		page, err := k.Store().Page(ctx, chat.PageQuery{Room: room, Limit: 200})
		for _, m := range page.Items {
			switch {
			case m.Body == body && m.ID != "":
				out = m
				return true, err
			case m.Kind == chat.KindGap:
				k.FillGap(room, m.GapToken)
			}
		}
		return false, err
	})
	return out
}
