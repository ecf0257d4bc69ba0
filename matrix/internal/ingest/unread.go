package ingest

import (
	"hubbub/store"
	"hubbub/store/chat"
)

// unread brings receipts and unread counts up to date.
//
// The homeserver's counts are taken when it sends some. What it cannot know or
// gets wrong is healed: behind our newest message or receipt nothing is
// unread, a count is never above the messages there are, and mentions in
// encrypted rooms are counted from what was decrypted.
func (w *work) unread() error {
	sec, r := w.sec, &w.r
	own, err := w.receipts()
	if err != nil {
		return err
	}
	at := w.readPlace(own)
	messages, mentions, exact, err := w.behind(at, own)
	if err != nil {
		return err
	}
	before := r.Unread
	if sec.unread >= 0 {
		r.Unread, r.Mentions = max(sec.unread, sec.highlights), sec.highlights
	}
	if r.Encrypted && w.known && at < 0 && len(own) == 0 && !sec.limited {
		// The homeserver counts encrypted edits and reactions too.
		r.Unread = min(r.Unread, before+w.added)
	}
	if messages < 0 { // not known
		if len(sec.timeline) > 0 || sec.unread >= 0 {
			r.HasUnread = r.Unread > 0 || w.unseen(own) || r.HasUnread && w.known && w.live
		}
		w.settle()
		return nil
	}
	if w.readThread && sec.unread == 0 && w.added == 0 && (r.Notify == chat.NotifyDefault || r.Notify == chat.NotifyAll) {
		messages = 0 // what was left to read stood in threads
	}
	r.HasUnread = messages > 0
	switch {
	case messages == 0:
		r.Unread, r.Mentions = 0, 0
	case r.Encrypted:
		if r.Mentions = mentions; sec.unread >= 0 {
			r.Mentions = max(sec.highlights, mentions)
		}
	}
	if exact {
		r.Unread, r.Mentions = min(r.Unread, messages), min(r.Mentions, messages)
	}
	w.settle()
	return nil
}

// settle drops the alerts that do not ring in this room, and counts of nothing.
func (w *work) settle() {
	if !w.r.HasUnread {
		w.r.Unread, w.r.Mentions = 0, 0
	}
	rings := w.alerts[:0]
	for _, a := range w.alerts {
		a.Direct = w.r.Direct
		switch w.r.Notify {
		case chat.NotifyMuted:
			continue
		case chat.NotifyMentions:
			a.Direct = false
			if !a.Mention {
				continue
			}
		case chat.NotifyDefault:
			if !a.Mention && !a.Direct {
				continue
			}
		case chat.NotifyAll:
		}
		rings = append(rings, a)
	}
	w.alerts = rings
}

// receipts writes the receipts and returns our own that count for the room as a whole.
func (w *work) receipts() ([]receipt, error) {
	var own []receipt
	for _, rc := range w.sec.receipts {
		if _, err := w.tx.PutReceipt(w.room, rc); err != nil {
			return nil, err
		}
		switch {
		case rc.User != w.i.me:
		case rc.Thread == "" || rc.Thread == "main":
			own = append(own, rc)
		default:
			w.readThread = true
		}
	}
	return own, nil
}

// readPlace returns the index in the timeline of the newest event that counts
// as read by us, or -1, and moves ReadUpTo there. What comes again is no news:
// the place never moves back to it.
func (w *work) readPlace(own []receipt) int {
	at := -1
	for n := len(w.sec.timeline) - 1; n >= 0 && at < 0; n-- {
		row := &w.sec.timeline[n].row
		if row.ID == w.r.ReadUpTo {
			at = n
			break
		}
		if w.sec.timeline[n].again {
			continue
		}
		if row.Sender == w.i.me {
			at = n
			break
		}
		for _, rc := range own {
			if rc.Event == row.ID {
				at = n
				break
			}
		}
	}
	if at >= 0 {
		w.r.ReadUpTo = w.sec.timeline[at].row.ID
	}
	return at
}

// behind counts what stands behind the place that is read; messages is -1 when
// that place is not known here. exact: it is the whole count. A count that is
// not exact is right about whether there is anything, and about mentions.
func (w *work) behind(at int, own []receipt) (messages, mentions int, exact bool, err error) {
	switch {
	case at >= 0:
		for n := at + 1; n < len(w.sec.timeline); n++ {
			if in := &w.sec.timeline[n]; w.counts(in) {
				messages++
				mentions += one(in.row.Mention)
			}
		}
		return messages, mentions, true, nil
	case w.fresh:
		w.readElsewhere(own)
		return -1, 0, false, nil
	case len(own) == 0:
		if w.deleted && w.r.HasUnread && w.r.ReadUpTo != "" { // what was deleted may have been unread
			hole, err := w.tx.HoleAfter(w.room, w.r.ReadUpTo)
			if err != nil {
				return -1, 0, false, err
			}
			if messages, mentions, err = w.since(w.r.ReadUpTo); err != nil || messages > 0 || messages == 0 && !hole {
				return messages, mentions, false, err
			}
		}
		// The place has not moved: what was behind it and what is new. Counting
		// anew would cost more with every unread message.
		return one(w.r.HasUnread) + w.added, w.r.Mentions + w.addedMentions, false, nil
	}
	messages = -1
	if w.r.ReadUpTo != "" {
		if messages, mentions, err = w.since(w.r.ReadUpTo); err != nil {
			return messages, mentions, false, err
		}
	}
	for _, rc := range own {
		n, m, err := w.since(rc.Event)
		if err != nil {
			return messages, mentions, false, err
		}
		if w.r.ReadUpTo == "" || n >= 0 && (messages < 0 || n <= messages) {
			messages, mentions, w.r.ReadUpTo = n, m, rc.Event
		}
	}
	return messages, mentions, false, nil
}

// readElsewhere notes the receipt of a new room when its event is not in the response.
func (w *work) readElsewhere(own []receipt) {
	for _, rc := range own {
		if w.r.ReadUpTo == "" {
			w.r.ReadUpTo = rc.Event
		}
	}
}

// counts says whether an event is a message of somebody else.
func (w *work) counts(in *incoming) bool {
	return !in.hidden && item(&in.row) && in.row.Sender != w.i.me && in.row.Kind != chat.KindState && !in.outer.Redacted
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// since counts what stands behind an event, -1 when it has no place.
func (w *work) since(id chat.EventID) (messages, mentions int, err error) {
	messages, mentions, known, err := w.tx.UnreadSince(w.room, id)
	if !known {
		messages = -1
	}
	return messages, mentions, err
}

// unseen says, for a read place that is not known, whether the response holds
// messages that must be newer than it.
func (w *work) unseen(own []receipt) bool {
	if !w.live && len(own) == 0 {
		return false // no receipt at all: an old room that was never read on a client with receipts
	}
	for n := range w.sec.timeline {
		in := &w.sec.timeline[n]
		if in.hidden || !activity(&in.row) || in.row.Sender == w.i.me {
			continue
		}
		newer := true
		for _, rc := range own {
			newer = newer && in.row.Time.After(rc.Time)
		}
		if newer {
			return true
		}
	}
	return false
}

// recount counts mentions anew after messages were decrypted.
func (i *Ingest) recount(tx *store.Tx, room chat.RoomID) error {
	r, ok, err := tx.Room(room)
	if err != nil || !ok || r.ReadUpTo == "" {
		return err
	}
	_, mentions, known, err := tx.UnreadSince(room, r.ReadUpTo)
	if err != nil || !known || mentions <= r.Mentions {
		return err
	}
	return tx.UpdateRoom(room, func(r *store.Room) { r.Mentions, r.HasUnread = mentions, true })
}
