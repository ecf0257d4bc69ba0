package ingest

import (
	"context"
	"fmt"
	"time"

	"hubbub/matrix/internal/convert"
	"hubbub/store"
	"hubbub/store/chat"
)

// HistoryPage is an answer of /messages, going backwards.
type HistoryPage struct {
	Room   chat.RoomID
	Token  string // what was asked for: names the gap
	Events []byte // JSON array, newest first
	State  []byte // JSON array of members, or nil
	Next   string // token of what is older, "" at the beginning of the room
}

// History writes a page of history into the gap with its token. It returns
// store.ErrStaleToken when that gap is gone. more is false when the gap is
// closed or the room begins there.
func (i *Ingest) History(ctx context.Context, p HistoryPage) (res store.Prepended, more bool, err error) {
	var all []incoming
	sec := &section{room: p.Room}
	names := i.names(sec, p.Events)
	convert.Elements(p.Events, func(v []byte) bool {
		all = append(all, i.read(ctx, p.Room, v, names))
		return true
	})
	sec.addState(p.State, true)
	if n := len(all); n > 0 && all[n-1].outer.Type == "m.room.create" && all[n-1].outer.IsState {
		p.Next = "" // nothing is older, though some homeservers give a token
	}
	err = i.store.Write(ctx, func(tx *store.Tx) error {
		w, err := i.past(tx, sec, all)
		if err != nil {
			return err
		}
		rows := make([]store.Event, 0, len(all))
		for n := range all {
			if !all[n].hidden {
				rows = append(rows, all[n].row)
			}
		}
		if res, err = tx.Prepend(p.Room, p.Token, rows, p.Next); err != nil {
			return err
		}
		for n := range all {
			if all[n].hidden {
				if _, err := tx.PutEvent(p.Room, all[n].row); err != nil {
					return err
				}
			}
			if err := w.beside(&all[n]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return res, false, fmt.Errorf("write history of %s: %w", p.Room, err)
	}
	i.rejudge(ctx, sec)
	return res, p.Next != "" && !res.Closed, nil
}

// Event writes a single event without a place in the timeline: the target of
// an answer, say.
func (i *Ingest) Event(ctx context.Context, room chat.RoomID, raw []byte) error {
	sec := &section{room: room}
	all := []incoming{i.read(ctx, room, raw, i.names(sec, raw))}
	err := i.store.Write(ctx, func(tx *store.Tx) error {
		w, err := i.past(tx, sec, all)
		if err != nil {
			return err
		}
		if _, err := tx.PutEvent(room, all[0].row); err != nil {
			return err
		}
		return w.beside(&all[0])
	})
	if err != nil {
		return fmt.Errorf("write event of %s: %w", room, err)
	}
	i.rejudge(ctx, sec)
	return nil
}

// past prepares old events for writing. State of the past changes nothing, but
// tells names of people who are not known otherwise.
func (i *Ingest) past(tx *store.Tx, sec *section, all []incoming) (*work, error) {
	r, known, err := tx.Room(sec.room)
	if err != nil {
		return nil, err
	}
	w := &work{view: newView(tx, sec.room, !known), i: i, sec: sec, r: r, known: known}
	for n := range sec.state {
		if err := w.meet(&sec.state[n]); err != nil {
			return nil, err
		}
	}
	var since time.Time
	if r.Encrypted {
		st, ok, err := tx.State(sec.room, "m.room.encryption", "")
		if err != nil {
			return nil, err
		}
		if ok {
			since = st.Time
		}
	}
	for n := range all {
		if ev := &all[n].outer; !r.Encrypted && switchesEncryption(ev) {
			// The state says nothing of it, but what was seen once counts.
			r.Encrypted, w.r.Encrypted, since = true, true, time.UnixMilli(ev.TS)
			if err := tx.UpdateRoom(sec.room, func(r *store.Room) { r.Encrypted = true }); err != nil {
				return nil, err
			}
		}
	}
	for n := range all {
		in := &all[n]
		if in.roomMention && !in.row.Mention {
			if in.row.Mention, err = w.mayNotifyRoom(in.row.Sender); err != nil {
				return nil, err
			}
		}
		in.row.Plain = in.clear && r.Encrypted && in.row.Time.After(since)
	}
	return w, nil
}

// meet notes a member of the past, if nothing newer is known.
func (w *work) meet(ev *convert.Event) error {
	if ev.Type != "m.room.member" || ev.Key == "" {
		return nil
	}
	_, known, err := w.tx.Member(w.room, chat.UserID(ev.Key))
	if err != nil || known {
		return err
	}
	c := convert.MemberContent(ev.Content)
	return w.tx.PutMember(w.room, store.Member{
		User: chat.UserID(ev.Key), Membership: c.Membership, Name: c.Name, Avatar: c.Avatar, Sender: ev.Sender, Reason: c.Reason, ID: ev.ID,
	})
}
