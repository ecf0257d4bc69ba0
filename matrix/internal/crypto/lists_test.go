package crypto

import (
	"context"
	"errors"
	"testing"
	"time"

	"hubbub/matrix/matrixtest"
)

// TestWaitingForListsEndsInTime: a homeserver that does not answer one question
// about sessions keeps nobody else waiting for longer than they want to.
func TestWaitingForListsEndsInTime(t *testing.T) {
	proxy, before := matrixtest.Synapse(t).Before(t)
	d := newDevice(t, before.NewClient(t, "alice"))
	me := d.m.opt.User
	gate := matrixtest.NewGate(t)
	held := proxy.On(matrixtest.Match{Path: "**/keys/query"}, matrixtest.HoldRequest(gate))
	first := make(chan error, 1)
	go func() { first <- d.m.Reload(t.Context(), me) }()
	held.Wait(t, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := d.m.Reload(ctx, me); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the second one: %v", err)
	}
	gate.Open()
	if err := <-first; err != nil {
		t.Errorf("the first one: %v", err)
	}
}
