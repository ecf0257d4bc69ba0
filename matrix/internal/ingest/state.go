package ingest

import (
	"encoding/json"
	"strings"
	"time"

	"hubbub/matrix/internal/convert"
	"hubbub/store"
	"hubbub/store/chat"
)

// putState makes ev the current state of the room: in the tables, and in the
// summary columns of r. It says whether the room's name may have changed.
func (i *Ingest) putState(v *view, r *store.Room, ev *convert.Event) (renamed bool, err error) {
	if ev.Type == "m.room.member" {
		return i.putMember(v, r, ev)
	}
	v.setContent(ev.Type, ev.Key, ev.Content)
	if err := v.tx.PutState(v.room, store.State{
		Type: ev.Type, Key: ev.Key, ID: ev.ID, Sender: ev.Sender, Time: time.UnixMilli(ev.TS), Content: json.RawMessage(ev.Content),
	}); err != nil {
		return false, err
	}
	if ev.Type == "m.space.child" {
		return false, putEdge(v, ev)
	}
	if ev.Key != "" {
		return false, nil
	}
	if ev.Type == "m.room.encryption" {
		r.Encrypted = true
	}
	if ev.Type == "m.room.create" {
		v.setContent("", creatorKey, []byte(ev.Sender))
	}
	summarise(r, ev.Type, ev.Content)
	return ev.Type == "m.room.name" || ev.Type == "m.room.canonical_alias", nil
}

// creatorKey keeps the sender of m.room.create in a view beside the state.
const creatorKey = "creator"

// summarise takes over what a piece of state says about the room as a whole.
// It is used for stripped state too, which proves nothing: encryption is not taken here.
func summarise(r *store.Room, typ string, content []byte) {
	value := convert.StateValue(typ, content)
	switch typ {
	case "m.room.create":
		r.Type = chat.RoomText
		switch value {
		case "m.space":
			r.Type = chat.RoomSpace
		case "org.matrix.msc3417.call", "m.call":
			r.Type = chat.RoomVoice
		}
		r.Version = "1"
		if s, ok := convert.String(convert.Get(content, "room_version")); ok {
			r.Version = convert.Cut(s, convert.MaxName)
		}
	case "m.room.topic":
		r.Topic = value
	case "m.room.canonical_alias":
		r.Alias = convert.Cut(value, convert.MaxName)
	case "m.room.avatar":
		r.Avatar = convert.Cut(value, convert.MaxName)
	case "m.room.join_rules":
		r.JoinRule = convert.Cut(value, convert.MaxName)
	case "m.room.history_visibility":
		r.History = convert.Cut(value, convert.MaxName)
	case "m.room.tombstone":
		r.Successor = ""
		if next := chat.RoomID(value); strings.HasPrefix(value, "!") && len(value) <= convert.MaxID && next != r.ID {
			r.Successor = next
		}
	}
}

// putMember takes over an m.room.member event.
func (i *Ingest) putMember(v *view, r *store.Room, ev *convert.Event) (renamed bool, err error) {
	user := chat.UserID(ev.Key)
	if user == "" {
		return false, nil
	}
	c := convert.MemberContent(ev.Content)
	m := store.Member{User: user, Membership: c.Membership, Name: c.Name, Avatar: c.Avatar, Sender: ev.Sender, Reason: c.Reason, ID: ev.ID}
	v.setMember(m)
	i.noteMoved(v.room, user)
	if user == i.me && c.Name != "" {
		i.setName(c.Name)
	}
	for _, h := range r.Heroes {
		renamed = renamed || h == user
	}
	return renamed || len(r.Heroes) == 0 && r.Joined < 20, v.tx.PutMember(v.room, m)
}

// putEdge follows an m.space.child event: without `via` the child is taken out.
//
// Spec: client-server-api#mspacechild
func putEdge(v *view, ev *convert.Event) error {
	e := chat.SpaceEdge{Parent: v.room, Child: chat.RoomID(ev.Key)}
	convert.Members(ev.Content, func(key, value []byte) bool {
		switch string(key) {
		case "via":
			convert.Elements(value, func(s []byte) bool {
				if host, ok := convert.String(s); ok && host != "" && len(host) <= convert.MaxID {
					e.Via = append(e.Via, host)
				}
				return len(e.Via) < 20
			})
		case "order":
			if s, ok := convert.String(value); ok && validOrder(s) {
				e.Order = s
			}
		case "suggested":
			e.Suggested = convert.Bool(value)
		}
		return true
	})
	if len(e.Via) == 0 || ev.Key == "" {
		return v.tx.DeleteEdge(v.room, e.Child)
	}
	return v.tx.PutEdge(e)
}

// validOrder is the spec's rule for `order`; any other value counts as none.
func validOrder(s string) bool {
	if len(s) > 50 {
		return false
	}
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}
