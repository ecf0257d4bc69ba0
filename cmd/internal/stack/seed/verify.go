package seed

import (
	"context"
	"errors"
	"fmt"

	"hubbub/store/chat"
)

// oblige has somebody take part in what the demo's own account begins: they
// accept its direct messages and its verifications, and find the emoji the same.
func (t *talk) oblige(ctx context.Context, who *actor) error {
	store, me := who.client.Store(), t.world.People[Me]
	feed := store.Subscribe()
	defer store.Unsubscribe(feed)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-feed.Wait():
		}
		changes, err := feed.Next(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("oblige as %s: %w", who.name, err)
		}
		for _, r := range changes.Rooms {
			if r.Membership == chat.MemberInvited && r.Direct && r.Inviter == me {
				who.client.Join(string(r.ID))
			}
		}
		for _, v := range changes.Verifications {
			if v.User == me && v.Open() {
				t.verify(ctx, who, v)
			}
		}
	}
}

// verify does the next step of a verification with the demo's own account, as
// a person does: after a look.
func (t *talk) verify(ctx context.Context, who *actor, v chat.Verification) {
	act := who.client.Trust().AcceptVerification
	switch {
	case v.Phase == chat.VerifyRequested && v.Incoming:
	case v.Phase == chat.VerifyCompare:
		act = who.client.Trust().ConfirmVerification
	default:
		return
	}
	ctx, cancel := context.WithTimeout(ctx, t.o.Pause/2)
	defer cancel()
	if <-ctx.Done(); errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		act(v.ID)
	}
}
