package history

import (
	"errors"
	"fmt"
	"testing"

	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// A bug in a fetch ends Run with an error, so that the terminal can be restored.
func TestPanicEndsRun(t *testing.T) {
	h := New(Options{}) // without a store: what asks it panics
	h.FetchMembers("!room:x", "ref")
	var p *fault.PanicError
	if err := h.Run(t.Context()); !errors.As(err, &p) || len(p.Stack) == 0 {
		t.Errorf("Run ended with %v", err)
	}
}

// A gap that is not filled because of too many others is told so: it can be asked for again.
func TestDroppedWishIsTold(t *testing.T) {
	st := storetest.New(t)
	feed := st.Subscribe()
	h := New(Options{Store: st})
	for n := range maxQueued + 1 {
		h.Fill(chat.RoomID(fmt.Sprintf("!%d:x", n)), "token", fmt.Sprint("ref", n))
	}
	set, err := feed.Next(t.Context())
	if err != nil || len(set.Notices) != 1 || set.Notices[0].Ref != "ref0" || set.Notices[0].Problem == nil {
		t.Errorf("told %+v, %v", set.Notices, err)
	}
}
