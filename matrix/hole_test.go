package matrix_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

const sendPath = "/_matrix/client/v3/rooms/*/send/*/*"

// TestSentWhileSyncIsAway: a message that we send while others say more than a
// sync answer holds stands above what they said after it, also where the
// homeserver's answer was lost; and with the hole filled it stands where the
// homeserver has it.
func TestSentWhileSyncIsAway(t *testing.T) {
	f := newFeeder(t, matrixtest.Stack(t))
	f.ada.message(f.room, "hello")
	say := func(from, to int) {
		t.Helper()
		for n := from; n < to; n++ {
			f.bo.SendText(string(f.room), fmt.Sprint(n))
		}
	}
	away := f.proxy.On(matrixtest.Match{Path: syncPath}, matrixtest.DropBefore())
	f.proxy.Cut()
	say(0, 3)
	f.ada.say(f.room, "mine")
	say(3, 70)
	away.Off()
	f.ada.Reconnect()
	f.ada.message(f.room, "69")
	f.above("mine", "69")

	lost := f.proxy.On(matrixtest.Match{Method: "PUT", Path: sendPath}, matrixtest.DropAfter())
	away = f.proxy.On(matrixtest.Match{Path: syncPath}, matrixtest.DropBefore())
	f.proxy.Cut()
	f.ada.Send(chat.Outgoing{Room: f.room, Text: "answer lost"})
	lost.Wait(t, 1)
	say(70, 140)
	away.Off()
	lost.Off()
	f.ada.Reconnect()
	f.ada.message(f.room, "139")
	f.ada.message(f.room, "answer lost")
	say(140, 141) // without it the next empty answer would tell, half a minute later
	f.ada.message(f.room, "140")
	f.above("answer lost", "139")

	f.ada.fillGaps(f.room)
	var shown []post
	for _, m := range f.ada.timeline(f.room) {
		if m.Kind != chat.KindState {
			shown = append(shown, post{m.Sender, m.ID})
		}
	}
	if want := listed(f.bo, f.room); !slices.Equal(shown, want) {
		t.Errorf("order differs %s", difference(shown, want))
	}
	storetest.Check(t, f.ada.Store())
}

// above waits until one message stands above another.
func (f *feeder) above(upper, lower string) {
	f.t.Helper()
	f.ada.wait(upper+" above "+lower, func(context.Context) (bool, error) {
		all := f.bodies()
		return slices.Index(all, upper) < slices.Index(all, lower), nil
	})
}
