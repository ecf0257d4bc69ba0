package ingest

import (
	"slices"
	"time"

	"hubbub/matrix/internal/convert"
	"hubbub/store"
	"hubbub/store/chat"
)

// work is what applying one room's part of a response needs in hand.
type work struct {
	*view
	i       *Ingest
	sec     *section
	r       store.Room // as it will be written
	known   bool       // the room was in the store
	before  chat.Membership
	live    bool // happening now: may ring
	renamed bool // the name must be calculated anew
	alerts  []chat.Alert
	power   *power // read when first needed
	// added counts messages of others that were not known before, addedMentions those that mean us.
	added, addedMentions int
	readThread           bool // we have read a thread elsewhere
}

// applyRoom writes the part of a joined or left room.
func (i *Ingest) applyRoom(tx *store.Tx, f *facts, sec *section, live bool) error {
	r, known, err := tx.Room(sec.room)
	if err != nil {
		return err
	}
	if !known && sec.membership == chat.MemberLeft {
		return nil // left elsewhere before this cache knew of it
	}
	w := &work{view: newView(tx, sec.room, !known), i: i, sec: sec, r: r, known: known, before: r.Membership, live: live}
	if i.judge != nil && i.judge.Encrypted(sec.room) {
		// The cache is younger than the keys, or the homeserver hides what it once said.
		w.r.Encrypted = true
	}
	w.renamed = !known || r.Name == "" || r.Membership != sec.membership
	latched := w.r.Encrypted
	for n := range sec.state {
		if err := w.put(&sec.state[n]); err != nil {
			return err
		}
	}
	w.counted()
	if err := w.timeline(latched); err != nil {
		return err
	}
	for _, d := range sec.data {
		if err := tx.PutAccountData(sec.room, d.typ, d.content); err != nil {
			return err
		}
		roomData(&w.r, d.typ, d.content)
	}
	if err := w.belong(); err != nil {
		return err
	}
	f.apply(&w.r)
	if err := w.unread(); err != nil {
		return err
	}
	if err := w.permissions(); err != nil {
		return err
	}
	if w.renamed {
		if w.r.Name, err = i.nameOf(w.view, &w.r); err != nil {
			return err
		}
	}
	if err := tx.UpdateRoom(sec.room, func(r *store.Room) { *r = w.r }); err != nil {
		return err
	}
	if w.r.HasUnread {
		for _, a := range w.alerts {
			tx.Alert(a)
		}
	}
	return nil
}

func (w *work) put(ev *convert.Event) error {
	renamed, err := w.i.putState(w.view, &w.r, ev)
	w.renamed = w.renamed || renamed
	if ev.Type == "m.room.power_levels" || ev.Type == "m.room.create" {
		w.power = nil
	}
	return err
}

// counted takes over the summary. What a homeserver leaves out has not changed.
func (w *work) counted() {
	sec, r := w.sec, &w.r
	if sec.hasHeroes && !slices.Equal(sec.heroes, r.Heroes) {
		r.Heroes, w.renamed = sec.heroes, true
	}
	if sec.joined >= 0 && sec.joined != r.Joined || sec.invited >= 0 && sec.invited != r.Invited {
		w.renamed = true
	}
	if sec.joined >= 0 {
		r.Joined = sec.joined
	}
	if sec.invited >= 0 {
		r.Invited = sec.invited
	}
	if sec.limited || !w.live || w.before != chat.MemberJoined {
		// With lazily loaded members, who left inside the hole, or while we were not there, is not said:
		// keys must not be shared by the old list.
		r.MembersComplete = false
		w.i.noteHole(w.room)
	}
}

// timeline places the events. latched is whether the room was encrypted before this response.
func (w *work) timeline(latched bool) error {
	sec := w.sec
	if !w.known || w.before != chat.MemberJoined && sec.membership == chat.MemberJoined || sec.limited {
		if err := w.startChunk(); err != nil {
			return err
		}
	}
	encrypted := w.r.Encrypted
	if sec.after && !latched && slices.ContainsFunc(sec.timeline, func(in incoming) bool { return in.outer.Type == "m.room.encryption" }) {
		encrypted = false // it is switched on somewhere in this timeline
	}
	for n := range sec.timeline {
		in := &sec.timeline[n]
		ev := &in.outer
		if ev.IsState && ev.Problem == "" {
			if !sec.after {
				if err := w.put(ev); err != nil {
					return err
				}
			}
			if switchesEncryption(ev) {
				// Also where the state after the timeline leaves it out: what was seen once counts.
				encrypted, w.r.Encrypted = true, true
			}
		}
		in.row.Plain = encrypted && in.clear
		if err := w.place(in); err != nil {
			return err
		}
	}
	return nil
}

// switchesEncryption reports whether an event is the one that makes a room encrypted, of whatever kind.
func switchesEncryption(ev *convert.Event) bool {
	return ev.IsState && ev.Problem == "" && ev.Type == "m.room.encryption" && ev.Key == ""
}

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

// belong sets the own membership, and drops the alerts that its rules forbid.
func (w *work) belong() error {
	r := &w.r
	r.Membership = w.sec.membership
	if r.Membership == chat.MemberJoined {
		if w.before == chat.MemberInvited {
			w.sec.invitedBy = r.Inviter
		}
		r.Inviter, r.Reason = "", ""
	} else {
		m, err := w.member(w.i.me)
		if err != nil {
			return err
		}
		if m.Membership == chat.MemberBanned {
			r.Membership = chat.MemberBanned
		}
		r.Reason = ""
		if m.Sender != w.i.me {
			r.Reason = m.Reason
		}
	}
	if r.LastActive.IsZero() {
		if n := len(w.sec.timeline); n > 0 {
			r.LastActive = w.i.notFuture(w.sec.timeline[n-1].row.Time)
		} else if n := len(w.sec.state); n > 0 {
			r.LastActive = w.i.notFuture(time.UnixMilli(w.sec.state[0].TS))
		}
	}
	return nil
}
