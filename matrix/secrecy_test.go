package matrix_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// hide takes every event of a type out of an answer, wherever it stands.
func hide(v any, eventType string) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			v[k] = hide(x, eventType)
		}
	case []any:
		kept := v[:0]
		for _, x := range v {
			if ev, ok := x.(map[string]any); ok && ev["type"] == eventType {
				continue
			}
			kept = append(kept, hide(x, eventType))
		}
		return kept
	}
	return v
}

// TestHomeserverHidesEncryptionFromANewCache: cache.db is gone, and with it
// what it knew. The keys remember, and nothing is sent in clear.
func TestHomeserverHidesEncryptionFromANewCache(t *testing.T) {
	hs := matrixtest.Synapse(t)
	proxy, through := hs.Before(t)
	account, dir := hs.NewAccount(t, "ada"), t.TempDir()
	ada := signIn(t, through, account, dir)
	room := chat.RoomID(ada.made(func() string { return ada.Create(chat.NewRoom{Name: "secret"}) }))
	ada.room(room, chat.MemberJoined)
	ada.say(room, "in secret")
	ada.stop()

	caches, err := filepath.Glob(filepath.Join(dir, "cache", "*"))
	if err != nil || len(caches) == 0 {
		t.Fatal(caches, err)
	}
	for _, c := range caches {
		if err := os.RemoveAll(c); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"/_matrix/client/*/sync", "/_matrix/client/*/rooms/*/messages"} {
		proxy.On(matrixtest.Match{Path: path}, matrixtest.RewriteJSON(func(answer map[string]any) { hide(answer, "m.room.encryption") }))
	}
	ada = start(t, account.UserID, dir)
	if !ada.room(room, chat.MemberJoined).Encrypted {
		t.Error("the room is shown as not encrypted")
	}
	id := ada.say(room, "still in secret")
	other := hs.Login(t, account)
	var sent matrixtest.Event
	for _, ev := range other.Events(string(room)) {
		if ev.ID == string(id) {
			sent = ev
		}
	}
	if sent.Type != "m.room.encrypted" {
		t.Errorf("sent as %s", sent.Type)
	}
}

// TestPolicyDecidesWhatIsSent: what nobody may read stays here with the reason, and can be tried again.
func TestPolicyDecidesWhatIsSent(t *testing.T) {
	hs := matrixtest.Synapse(t)
	adaAccount, boAccount := hs.NewAccount(t, "ada"), hs.NewAccount(t, "bo")
	ada := signIn(t, hs, adaAccount, t.TempDir())
	bo := matrixtest.StartPeerIn(t, hs, boAccount, t.TempDir())
	id := chat.RoomID(ada.made(func() string {
		return ada.Create(chat.NewRoom{Name: "few", Invite: []chat.UserID{chat.UserID(boAccount.UserID)}})
	}))
	ada.room(id, chat.MemberJoined)
	bo.WaitInvite(string(id))
	bo.Join(string(id))
	policy := func(room chat.RoomID, p chat.RoomPolicy) {
		t.Helper()
		if err := ada.Trust().SetPolicy(t.Context(), room, p); err != nil {
			t.Fatal(err)
		}
	}
	policy(id, chat.RoomPolicy{Share: chat.PolicySigned})
	ada.wait("bo to be excluded", func(ctx context.Context) (bool, error) {
		l, err := ada.Trust().Lock(ctx, id)
		return l.ExcludedCount == 1 && string(l.Excluded[0].User) == boAccount.UserID, err
	})
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	_, err := ada.SendWait(ctx, chat.Outgoing{Room: id, Text: "for confirmed sessions"})
	var p *chat.Problem
	if !errors.As(err, &p) || p.Kind != chat.ProblemNobody {
		t.Fatalf("send: %v", err)
	}
	bo.BootstrapCrossSigning(boAccount.Password)
	ada.wait("bo to be let in", func(ctx context.Context) (bool, error) {
		l, err := ada.Trust().Lock(ctx, id)
		return l.ExcludedCount == 0 && l.Sessions == 1, err
	})
	_, item, err := ada.Store().Unsent(t.Context())
	if err != nil || item == 0 {
		t.Fatalf("not kept: %v", err)
	}
	ada.Retry(item)
	bo.WaitMessage(string(id), "for confirmed sessions")

	// A channel that is not encrypted, under a server where nothing readable may go.
	open := chat.RoomID(ada.made(func() string { return ada.Create(chat.NewRoom{Name: "open", Unencrypted: true}) }))
	ada.room(open, chat.MemberJoined)
	policy(open, chat.RoomPolicy{NeverPlain: true})
	_, err = ada.SendWait(ctx, chat.Outgoing{Room: open, Text: "not in clear"})
	if !errors.As(err, &p) || p.Kind != chat.ProblemPlain {
		t.Fatalf("send: %v", err)
	}
}

// TestShieldOfAStrangerGoesWhenHeConfirmsHisSession, at the message that is on screen already.
func TestShieldOfAStrangerGoesWhenHeConfirmsHisSession(t *testing.T) {
	hs := matrixtest.Synapse(t)
	adaAccount, boAccount := hs.NewAccount(t, "ada"), hs.NewAccount(t, "bo")
	ada := signIn(t, hs, adaAccount, t.TempDir())
	bo := matrixtest.StartPeerIn(t, hs, boAccount, t.TempDir())
	room := bo.CreateRoom("bo's", true, adaAccount.UserID)
	id := chat.RoomID(room)
	ada.room(id, chat.MemberInvited)
	ada.made(func() string { return ada.Join(room) })
	bo.WaitMember(room, adaAccount.UserID, "join")
	bo.WaitDevice(adaAccount.UserID, string(ada.Account().Device))
	bo.SendText(room, "who am I?")
	ada.message(id, "who am I?")
	shield := func(want chat.Shield) (m chat.Message) {
		t.Helper()
		ada.wait("shield", func(context.Context) (bool, error) {
			m = ada.message(id, "who am I?")
			return m.Shield == want, nil
		})
		return m
	}
	m := shield(chat.ShieldUnsigned)
	why, err := ada.Trust().Message(t.Context(), m.Key)
	if err != nil || why.Source != chat.KeyDirect || why.Session.Trust != chat.SessionUnsigned || string(why.Session.ID) == "" {
		t.Errorf("why: %+v %v", why, err)
	}
	bo.BootstrapCrossSigning(boAccount.Password)
	shield(chat.ShieldNone)
}
