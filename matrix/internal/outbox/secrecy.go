package outbox

import (
	"context"
	"fmt"

	"hubbub/store"
	"hubbub/store/chat"
)

// secrecy asks what the keys know about a room that the cache takes for
// readable by everybody. Where they know better, the cache learns it.
func (o *Outbox) secrecy(ctx context.Context, room chat.RoomID) (encrypted bool, err error) {
	if o.opt.Crypto == nil {
		return false, nil
	}
	encrypted, never, err := o.opt.Crypto.Secrecy(ctx, room)
	switch {
	case err != nil:
		return false, fmt.Errorf("ask for encryption: %w", err)
	case encrypted:
		if err := o.opt.Store.Write(ctx, func(tx *store.Tx) error {
			return tx.UpdateRoom(room, func(r *store.Room) { r.Encrypted = true })
		}); err != nil {
			return false, fmt.Errorf("note encryption: %w", err)
		}
	case never:
		return false, &chat.Problem{Kind: chat.ProblemPlain}
	}
	return encrypted, nil
}
