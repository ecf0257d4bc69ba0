package ingest

import (
	"cmp"
	"time"

	"hubbub/matrix/internal/convert"
	"hubbub/store"
	"hubbub/store/chat"
)

// applyInvite writes the part of a room that we are invited to or knocked on.
// Its stripped state proves nothing, so it goes into summary columns only.
//
// Spec: client-server-api#stripped-state
func (i *Ingest) applyInvite(tx *store.Tx, f *facts, sec *section, live bool) error {
	r, _, err := tx.Room(sec.room)
	if err != nil {
		return err
	}
	before := r.Membership
	r.Membership = sec.membership
	name, inviter, active := "", store.Member{}, time.Time{}
	members := map[chat.UserID]convert.Member{}
	for n := range sec.state {
		ev := &sec.state[n]
		switch {
		case ev.Type == "m.room.member" && ev.Key == string(i.me):
			c := convert.MemberContent(ev.Content)
			r.Inviter, r.Reason, r.Direct = "", c.Reason, false
			if sec.membership == chat.MemberInvited {
				r.Inviter, r.Direct = ev.Sender, c.Direct
			}
			if ev.TS > 0 {
				active = time.UnixMilli(ev.TS)
			}
		case ev.Type == "m.room.member":
			members[chat.UserID(ev.Key)] = convert.MemberContent(ev.Content)
		case ev.Key != "":
		case ev.Type == "m.room.name":
			name = convert.Cut(convert.StateValue(ev.Type, ev.Content), convert.MaxName)
		default:
			summarise(&r, ev.Type, ev.Content)
		}
	}
	if c, ok := members[r.Inviter]; ok {
		inviter = store.Member{User: r.Inviter, Membership: chat.MemberJoined, Name: c.Name, Avatar: c.Avatar, Sender: r.Inviter}
		if err := tx.PutMember(sec.room, inviter); err != nil {
			return err
		}
	}
	r.DirectWith = ""
	if r.Direct {
		r.DirectWith = r.Inviter
	}
	r.Name = cmp.Or(name, r.Alias, inviter.Name, r.Inviter.Localpart(), string(r.ID))
	if active.IsZero() || before != sec.membership && live {
		active = i.now()
	}
	if before != sec.membership {
		r.LastActive = i.notFuture(active)
	}
	r.CanSend, r.Notify = false, f.levels[r.ID]
	if err := tx.UpdateRoom(sec.room, func(row *store.Room) { *row = r }); err != nil {
		return err
	}
	if live && before != chat.MemberInvited && sec.membership == chat.MemberInvited && r.Notify != chat.NotifyMuted {
		tx.Alert(chat.Alert{Room: sec.room, Invite: true, Direct: r.Direct})
	}
	return nil
}

// forgetClaims takes out of the row what an invitation claimed about the room,
// which nobody has checked: what is known of its state counts, and what comes now.
func (w *work) forgetClaims() error {
	r := &w.r
	r.Type, r.Version, r.Topic, r.Alias, r.Avatar, r.JoinRule, r.History, r.Successor = chat.RoomText, "", "", "", "", "", "", ""
	for _, typ := range [...]string{
		"m.room.create", "m.room.topic", "m.room.canonical_alias", "m.room.avatar", "m.room.join_rules", "m.room.history_visibility", "m.room.tombstone",
	} {
		content, err := w.content(typ, "")
		if err != nil {
			return err
		}
		if content != nil {
			summarise(r, typ, content)
		}
	}
	return nil
}
