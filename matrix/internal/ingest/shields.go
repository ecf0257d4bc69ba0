package ingest

import (
	"context"
	"fmt"
	"log/slog"

	"hubbub/matrix/internal/crypto"
	"hubbub/store"
	"hubbub/store/chat"
)

// shieldBatch is how many sessions are judged before the cache is written to.
const shieldBatch = 500

// Reshield judges anew what people sent, after something about their trust
// changed. With no people it looks at what came from sessions that were not
// known. Viewers read again what has another shield.
func (i *Ingest) Reshield(ctx context.Context, people ...chat.UserID) error {
	if i.judge == nil {
		return nil
	}
	known, err := i.store.ShieldsOf(ctx, people...)
	if err != nil {
		return fmt.Errorf("judge messages: %w", err)
	}
	for room, all := range known {
		for len(all) > 0 {
			n := min(len(all), shieldBatch)
			if err := i.reshield(ctx, room, all[:n]); err != nil {
				return fmt.Errorf("judge messages of %s: %w", room, err)
			}
			all = all[n:]
		}
	}
	return nil
}

// rejudge looks again at what was just written with something to say about it:
// trust may have moved between the verdict and the transaction, and whoever
// judged anew then has found no row.
func (i *Ingest) rejudge(ctx context.Context, sec *section) {
	var doubts []store.Shield
	for sh := range sec.shielded {
		if sh.Shield != chat.ShieldNone {
			doubts = append(doubts, sh)
		}
	}
	if i.judge == nil || len(doubts) == 0 {
		return
	}
	if err := i.reshield(ctx, sec.room, doubts); err != nil && ctx.Err() == nil {
		i.log.Warn("New messages were not judged anew", slog.Any("err", err)) // what is shown is the verdict of before
	}
}

func (i *Ingest) reshield(ctx context.Context, room chat.RoomID, all []store.Shield) error {
	uses := make([]crypto.SessionUse, len(all))
	for n, sh := range all {
		uses[n] = crypto.SessionUse{Room: room, Session: sh.Session, Sender: sh.Sender}
	}
	now, err := i.judge.Shields(ctx, uses)
	if err != nil {
		return err
	}
	var changed []store.Shield
	for n, v := range now {
		if v.Shield != all[n].Shield {
			changed = append(changed, store.Shield{Session: all[n].Session, Sender: all[n].Sender, Shield: v.Shield, Soft: v.Soft})
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return i.store.Write(ctx, func(tx *store.Tx) error {
		for _, sh := range changed {
			if err := tx.PutShield(room, sh); err != nil {
				return err
			}
		}
		return nil
	})
}
