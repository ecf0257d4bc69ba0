package matrix_test

import (
	"fmt"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// What happened between two runs is there as soon as the second one says that
// it is online, however short the time: Synapse would give the answers of the
// first one again.
func TestWhatHappenedBetweenTwoRunsIsThere(t *testing.T) {
	t.Parallel()
	hs := matrixtest.Synapse(t)
	account, dir := hs.NewAccount(t, "ada"), t.TempDir()
	plain := hs.Login(t, account)
	online := func(c chat.Connection) bool { return c.State == chat.ConnOnline }
	ada := signIn(t, hs, account, dir)
	for n := range 4 {
		if _, err := ada.WaitConnection(t.Context(), online); err != nil {
			t.Fatal(err)
		}
		ada.stop()
		hs.Login(t, account) // news of a session alone: the cache has nothing to write, and the token stays
		ada = start(t, account.UserID, dir)
		if _, err := ada.WaitConnection(t.Context(), online); err != nil {
			t.Fatal(err)
		}
		ada.stop()
		room := chat.RoomID(plain.CreateRoom(map[string]any{"name": fmt.Sprint("room ", n)}))
		ada = start(t, account.UserID, dir)
		if _, err := ada.WaitConnection(t.Context(), online); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := ada.Store().Room(t.Context(), room); !ok || err != nil {
			t.Fatalf("run %d is online without the room of before it: %v", n, err)
		}
	}
}
