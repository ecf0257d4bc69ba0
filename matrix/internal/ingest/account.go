package ingest

import (
	"maps"
	"strings"

	"hubbub/matrix/internal/convert"
	"hubbub/store"
	"hubbub/store/chat"
)

// Account data types.
const (
	typeDirect       = "m.direct"
	typePushRules    = "m.push_rules"
	typeTag          = "m.tag"
	typeFullyRead    = "m.fully_read"
	typeMarked       = "m.marked_unread"
	typeMarkedLegacy = "com.famedly.marked_unread"
)

// facts are what the account's own data says about rooms. Values are not changed once made.
type facts struct {
	direct map[chat.RoomID]chat.UserID      // direct messages and with whom
	levels map[chat.RoomID]chat.NotifyLevel // rooms with rules of their own
}

// parseDirect reads m.direct.
//
// Spec: client-server-api#mdirect
func parseDirect(content []byte) map[chat.RoomID]chat.UserID {
	all := map[chat.RoomID]chat.UserID{}
	convert.Members(content, func(user, rooms []byte) bool {
		convert.Elements(rooms, func(v []byte) bool {
			if id, ok := convert.String(v); ok && id != "" && len(id) <= convert.MaxID && len(user) <= convert.MaxID {
				all[chat.RoomID(id)] = chat.UserID(user)
			}
			return true
		})
		return true
	})
	return all
}

// parseRules reads from m.push_rules which rooms have a level of their own.
//
// Spec: client-server-api#push-rules
func parseRules(content []byte) map[chat.RoomID]chat.NotifyLevel {
	all := map[chat.RoomID]chat.NotifyLevel{}
	global := convert.Get(content, "global")
	convert.Elements(convert.Get(global, "room"), func(rule []byte) bool {
		id, ok := convert.String(convert.Get(rule, "rule_id"))
		if !ok || !enabled(rule) {
			return true
		}
		all[chat.RoomID(id)] = chat.NotifyMentions
		if notifies(rule) {
			all[chat.RoomID(id)] = chat.NotifyAll
		}
		return true
	})
	convert.Elements(convert.Get(global, "override"), func(rule []byte) bool {
		if !enabled(rule) || notifies(rule) {
			return true
		}
		var room string
		conditions := 0
		convert.Elements(convert.Get(rule, "conditions"), func(c []byte) bool {
			conditions++
			key, _ := convert.String(convert.Get(c, "key"))
			kind, _ := convert.String(convert.Get(c, "kind"))
			if kind == "event_match" && key == "room_id" {
				room, _ = convert.String(convert.Get(c, "pattern"))
			}
			return true
		})
		if conditions == 1 && room != "" {
			all[chat.RoomID(room)] = chat.NotifyMuted
		}
		return true
	})
	return all
}

func enabled(rule []byte) bool {
	v := convert.Get(rule, "enabled")
	return v == nil || convert.Bool(v)
}

func notifies(rule []byte) bool {
	found := false
	convert.Elements(convert.Get(rule, "actions"), func(v []byte) bool {
		s, _ := convert.String(v)
		found = found || s == "notify"
		return true
	})
	return found
}

// secret reports whether it belongs to secret storage.
//
// Spec: client-server-api#secret-storage
func (d dataEvent) secret() bool {
	for _, prefix := range [...]string{"m.secret_storage.", "m.cross_signing.", "m.megolm_backup."} {
		if strings.HasPrefix(d.typ, prefix) {
			return true
		}
	}
	return false
}

// account takes one event of the account's own data and returns the facts as
// they are with it. Rooms that the store knows are brought up to date.
func (i *Ingest) account(tx *store.Tx, old *facts, typ string, content []byte) (*facts, error) {
	if err := tx.PutAccountData("", typ, content); err != nil {
		return old, err
	}
	next := *old
	changed := map[chat.RoomID]bool{}
	switch typ {
	case typeDirect:
		next.direct = parseDirect(content)
		differ(changed, old.direct, next.direct)
	case typePushRules:
		next.levels = parseRules(content)
		differ(changed, old.levels, next.levels)
	default:
		return old, nil
	}
	for id := range changed {
		r, ok, err := tx.Room(id)
		if err != nil {
			return old, err
		}
		if !ok {
			continue
		}
		v := newView(tx, id, false)
		if err := tx.UpdateRoom(id, func(r *store.Room) { next.apply(r) }); err != nil {
			return old, err
		}
		if typ == typeDirect && r.Membership == chat.MemberJoined {
			if err := i.rename(v); err != nil {
				return old, err
			}
		}
	}
	return &next, nil
}

// apply writes what the facts say about a room into its row.
func (f *facts) apply(r *store.Room) {
	with, direct := f.direct[r.ID]
	if direct || r.Membership != chat.MemberInvited {
		r.Direct, r.DirectWith = direct, with
	}
	r.Notify = f.levels[r.ID]
}

// differ collects the keys whose values are not the same in both maps.
func differ[V comparable](into map[chat.RoomID]bool, a, b map[chat.RoomID]V) {
	for id, v := range a {
		if w, ok := b[id]; !ok || w != v {
			into[id] = true
		}
	}
	for id := range maps.Keys(b) {
		if _, ok := a[id]; !ok {
			into[id] = true
		}
	}
}

// roomData applies one event of a room's account data to its row.
func roomData(r *store.Room, typ string, content []byte) {
	switch typ {
	case typeTag:
		tags := convert.Get(content, "tags")
		r.Favourite = convert.Get(tags, "m.favourite") != nil
		r.LowPrio = convert.Get(tags, "m.lowpriority") != nil
	case typeMarked, typeMarkedLegacy:
		r.Marked = convert.Bool(convert.Get(content, "unread"))
	case typeFullyRead:
		if id, ok := convert.String(convert.Get(content, "event_id")); ok && len(id) <= convert.MaxID {
			r.FullyRead = chat.EventID(id)
		}
	}
}
