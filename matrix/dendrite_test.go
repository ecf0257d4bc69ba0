package matrix_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// A plainer homeserver: no delayed events, no sliding sync, no state_after.
func TestKilledOnDendrite(t *testing.T) {
	killOften(t, matrixtest.Dendrite(t), 20, false)
}

// Away for longer than one answer holds, a person finds a gap, scrolls back
// over it, and then further back to where the room begins. The gap outlives
// restarts, and the room reads on without it meanwhile.
func TestScrollBackOverAGap(t *testing.T) {
	t.Run("synapse", func(t *testing.T) { overGap(t, matrixtest.Synapse(t)) })
	t.Run("dendrite", func(t *testing.T) { overGap(t, matrixtest.Dendrite(t)) })
}

func overGap(t *testing.T, hs *matrixtest.Homeserver) {
	t.Helper()
	account, dir := hs.NewAccount(t, "ada"), t.TempDir()
	bo := hs.NewClient(t, "bo")
	room := bo.CreateRoom(map[string]any{"preset": "public_chat", "name": "quay"})
	id := chat.RoomID(room)
	write := func(from, to int) {
		for n := from; n < to; n++ {
			bo.SendText(room, fmt.Sprint(n))
		}
	}
	write(0, 60)
	hs.Login(t, account).Join(room)
	ada := signIn(t, hs, account, dir)
	ada.message(id, "59")
	if len(ada.gaps(id)) != 1 || !ada.gaps(id)[0].GapAtStart {
		t.Errorf("gaps after the first sync: %+v", ada.gaps(id))
	}
	ada.stop()
	write(60, 200)
	ada = start(t, account.UserID, dir)
	ada.message(id, "199")
	ada.message(id, "59")
	if gaps := ada.gaps(id); len(gaps) != 2 || !gaps[0].GapAtStart || gaps[1].GapAtStart {
		t.Errorf("gaps after the absence: %+v", gaps)
	}
	ada.stop()
	ada = start(t, account.UserID, dir)
	write(200, 201)
	ada.message(id, "200")
	ada.fillGaps(id)
	want := 0
	for _, m := range ada.timeline(id) {
		if m.Kind != chat.KindText {
			continue
		}
		if m.Body != fmt.Sprint(want) {
			t.Fatalf("%q stands where %d should", m.Body, want)
		}
		want++
	}
	if want != 201 {
		t.Errorf("%d messages", want)
	}
	if first := ada.timeline(id)[0]; first.Type != "m.room.create" {
		t.Errorf("the room begins with %+v", first)
	}
	storetest.Check(t, ada.Store())
	leaveNothing(ada, hs, account, dir)
}

// leaveNothing signs out and finds nothing left, here and there.
func leaveNothing(ada *core, hs *matrixtest.Homeserver, account matrixtest.Account, dir string) {
	t := ada.t
	t.Helper()
	device := string(ada.Account().Device)
	ada.conn(chat.ConnSignedOut, func() {
		if err := ada.Logout(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	ada.stop()
	for _, d := range []string{"/data/*", "/cache/*"} {
		if left, err := filepath.Glob(dir + d); err != nil || len(left) > 0 {
			t.Errorf("left: %v, %v", left, err)
		}
	}
	for _, d := range hs.Login(t, account).DeviceIDs() {
		if d == device {
			t.Errorf("the homeserver still has session %s", d)
		}
	}
	if _, err := accountsIn(dir).Open(context.WithoutCancel(t.Context()), chat.UserID(account.UserID)); err == nil {
		t.Error("it opens after it was removed")
	}
}
