package matrix_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// claim takes one key of a device and says whether it is the fallback key.
// Spec: client-server-api#post_matrixclientv3keysclaim
func claim(t *testing.T, who *matrixtest.Client, user, device string) (fallback bool) {
	t.Helper()
	var answer struct {
		Keys map[string]map[string]map[string]struct {
			Key      string `json:"key"`
			Fallback bool   `json:"fallback"`
		} `json:"one_time_keys"`
	}
	who.Call(http.MethodPost, "/_matrix/client/v3/keys/claim", map[string]any{
		"one_time_keys": map[string]any{user: map[string]any{device: "signed_curve25519"}},
	}, &answer)
	for _, k := range answer.Keys[user][device] {
		if k.Key != "" {
			return k.Fallback
		}
	}
	raw, err := json.Marshal(answer)
	t.Fatalf("no key is left: %s, %v", raw, err)
	return false
}

// While hubbub is away others take all its one-time keys. What is sent to it
// then, by several people, is read all the same, and new keys are there soon.
func TestReadsWhenItsKeysAreUsedUp(t *testing.T) {
	hs := matrixtest.Stack(t)
	account, dir := hs.NewAccount(t, "ada"), t.TempDir()
	ada, bo := signIn(t, hs, account, dir), signIn(t, hs, hs.NewAccount(t, "bo"), t.TempDir())
	jo := matrixtest.StartPeer(t, hs, hs.NewAccount(t, "jo"))
	room := chat.RoomID(ada.made(func() string {
		return ada.Create(chat.NewRoom{Name: "quay", Invite: []chat.UserID{bo.Account().User, chat.UserID(jo.UserID)}})
	}))
	bo.made(func() string { return bo.Join(string(room)) })
	bo.room(room, chat.MemberJoined)
	jo.Join(string(room))
	ada.wait("three members", func(ctx context.Context) (bool, error) {
		r, _, err := ada.Store().Room(ctx, room)
		return r.Joined == 3, err
	})
	device := string(ada.Account().Device)
	ada.stop()

	thief := hs.NewClient(t, "thief")
	taken := 0
	for !claim(t, thief, account.UserID, device) {
		if taken++; taken > 500 {
			t.Fatal("there is no fallback key")
		}
	}
	t.Logf("%d one-time keys were taken", taken)
	bo.say(room, "bo with the fallback key")
	jo.WaitDevice(account.UserID, device)
	jo.WaitMember(string(room), account.UserID, "join")
	jo.SendText(string(room), "jo with the fallback key")
	for n := range 3 { // a key that is used is used by everybody
		if !claim(t, thief, account.UserID, device) {
			t.Fatalf("claim %d is no fallback key", n)
		}
	}
	ada = start(t, account.UserID, dir)
	ada.message(room, "bo with the fallback key")
	ada.message(room, "jo with the fallback key")
	matrixtest.Wait(t, limit, "new one-time keys", func() bool { return !claim(t, thief, account.UserID, device) })
	ada.say(room, "ada answers")
	bo.message(room, "ada answers")
	jo.WaitMessage(string(room), "ada answers")
	storetest.Check(t, ada.Store())
}
