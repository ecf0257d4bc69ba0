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
	deleted              bool // something was deleted that was there before
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
	if w.before == chat.MemberInvited || w.before == chat.MemberKnocked {
		if err := w.forgetClaims(); err != nil {
			return err
		}
	}
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
	away := w.before != chat.MemberJoined && (sec.membership == chat.MemberJoined || len(sec.timeline) > 0)
	if !w.known || away || sec.limited {
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
