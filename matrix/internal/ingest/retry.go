package ingest

import (
	"context"
	"fmt"
	"time"

	"hubbub/matrix/internal/convert"
	"hubbub/store"
	"hubbub/store/chat"
)

// ringAfter is how old a message may be for its late decryption to ring.
const ringAfter = 10 * time.Minute

// Retry decrypts the events of a session again, after a key came, or the news
// that it will not. Each keeps its item key and place; the feed carries them as
// changed items.
func (i *Ingest) Retry(ctx context.Context, room chat.RoomID, session string) error {
	waiting, err := i.store.UndecryptedOf(ctx, room, session)
	if err != nil {
		return fmt.Errorf("retry session: %w", err)
	}
	names := i.names(&section{room: room}, []byte(`"m.room.`))
	var open []incoming
	var keys []chat.ItemKey
	still := 0
	for _, u := range waiting {
		in := i.read(ctx, room, u.Raw, names)
		if in.wanted != nil {
			still++
			if in.row.Cause == u.Cause && in.row.Extra.Withheld == u.Withheld {
				continue
			}
		}
		open, keys = append(open, in), append(keys, u.Key)
	}
	if len(open) == 0 && len(waiting) > 0 {
		return nil
	}
	sec := &section{room: room}
	err = i.store.Write(ctx, func(tx *store.Tx) error {
		w, err := i.past(tx, sec, open)
		if err != nil {
			return err
		}
		for n := range open {
			if err := w.opened(&open[n], keys[n]); err != nil {
				return err
			}
		}
		if still == 0 {
			if err := tx.DropSession(room, session); err != nil {
				return err
			}
		}
		return i.recount(tx, room)
	})
	if err != nil {
		return fmt.Errorf("retry session: %w", err)
	}
	var steps []VerificationEvent
	for n := range open {
		if ev, ok := verification(room, &open[n]); ok {
			steps = append(steps, ev)
		}
	}
	i.handOver(steps)
	i.rejudge(ctx, sec)
	return nil
}

// opened writes an event that was decrypted late.
func (w *work) opened(in *incoming, key chat.ItemKey) error {
	if err := w.tx.Decrypted(w.room, key, in.row); err != nil {
		return err
	}
	if err := w.beside(in); err != nil {
		return err
	}
	recent := w.i.now().Sub(in.row.Time) < ringAfter
	if in.row.Mention && recent && w.r.HasUnread && w.r.Notify != chat.NotifyMuted && in.row.RelType != convert.RelReplace {
		w.tx.Alert(chat.Alert{Room: w.room, Item: key, Mention: true, Direct: w.r.Direct})
	}
	return nil
}
