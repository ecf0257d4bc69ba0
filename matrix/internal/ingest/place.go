package ingest

import (
	"time"

	"hubbub/matrix/internal/convert"
	"hubbub/store"
	"hubbub/store/chat"
)

func (w *work) startChunk() error {
	ids := make([]chat.EventID, 0, len(w.sec.timeline))
	for n := range w.sec.timeline {
		if !w.sec.timeline[n].hidden {
			ids = append(ids, w.sec.timeline[n].row.ID)
		}
	}
	prev := w.sec.prev
	if len(w.sec.timeline) > 0 && w.sec.timeline[0].outer.Type == "m.room.create" {
		prev = "" // the room begins here
	}
	_, err := w.tx.StartChunk(w.room, prev, ids)
	return err
}

// place writes one event of the timeline.
func (w *work) place(in *incoming) error {
	if in.roomMention && !in.row.Mention {
		ok, err := w.mayNotifyRoom(in.row.Sender)
		if err != nil {
			return err
		}
		in.row.Mention = ok
	}
	var put store.Put
	var err error
	if in.hidden {
		put, err = w.tx.PutEvent(w.room, in.row)
	} else {
		put, err = w.tx.Append(w.room, in.row)
	}
	if err != nil {
		return err
	}
	if err := w.beside(in); err != nil {
		return err
	}
	in.again = !put.New && !put.Placed
	if put.New && in.row.Redacts != "" {
		w.deleted = true
		if err := w.emptied(in.row.Redacts); err != nil {
			return err
		}
	}
	if put.New && w.counts(in) {
		w.added++
		w.addedMentions += one(in.row.Mention)
	}
	if activity(&in.row) && !in.hidden && put.Placed {
		w.r.LastKey = put.Key
		w.r.LastActive = w.i.notFuture(in.row.Time)
		if w.live && put.New {
			w.ring(in, put.Key)
		}
	}
	return nil
}

// emptied takes a piece of state that was deleted out of the summary too.
func (w *work) emptied(id chat.EventID) error {
	st, ok, err := w.tx.StateOf(w.room, id)
	if err != nil || !ok {
		return err
	}
	w.setContent(st.Type, st.Key, st.Content)
	if st.Key == "" {
		summarise(&w.r, st.Type, st.Content)
		w.renamed = w.renamed || st.Type == "m.room.name" || st.Type == "m.room.canonical_alias"
	}
	return nil
}

// beside writes what came with an event.
func (w *work) beside(in *incoming) error {
	if in.wanted != nil {
		if err := w.tx.WantSession(*in.wanted); err != nil {
			return err
		}
	}
	if in.shield != nil && !w.sec.shielded[*in.shield] {
		if err := w.tx.PutShield(w.room, *in.shield); err != nil {
			return err
		}
		if w.sec.shielded == nil {
			w.sec.shielded = map[store.Shield]bool{}
		}
		w.sec.shielded[*in.shield] = true
	}
	if in.edit == nil {
		return nil
	}
	if _, err := w.tx.PutEvent(w.room, in.edit.row); err != nil {
		return err
	}
	return w.beside(in.edit)
}

// activity says whether an event moves its room up.
func activity(row *store.Event) bool {
	return item(row) && (row.Kind <= chat.KindPoll || row.Kind == chat.KindUndecrypted)
}

// item says whether an event is a row of its own.
func item(row *store.Event) bool {
	if row.Kind == chat.KindUnreadable {
		return true
	}
	return row.Type != "m.reaction" && row.Type != "m.room.redaction" && row.Redacts == "" &&
		row.RelType != convert.RelReplace && row.RelType != convert.RelAnnotation
}

// sane is a moment that every right clock has behind it: a clock before it is not believed.
const sane = 1_767_225_600_000 // 2026-01-01, ms

// notFuture takes the lie out of a time that is ahead of our clock, so that no
// event stays on top of the list.
func (i *Ingest) notFuture(t time.Time) time.Time {
	if now := time.UnixMilli(max(i.now().UnixMilli(), sane)); t.After(now) {
		return now
	}
	return t
}

// ring notes an alert for a message, if it should make one.
func (w *work) ring(in *incoming, key chat.ItemKey) {
	if in.row.Sender == w.i.me || in.row.Kind == chat.KindNotice && !in.row.Mention {
		return
	}
	a := chat.Alert{Room: w.room, Item: key, Mention: in.row.Mention}
	w.alerts = append(w.alerts, a)
}
