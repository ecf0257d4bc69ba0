package ingest

import (
	"bytes"
	"context"

	"hubbub/matrix/internal/convert"
	"hubbub/store"
	"hubbub/store/chat"
)

// Section is one room's part of a sync response, as JSON. What the part is
// (rooms.join, invite, knock, leave) is said by Membership.
type Section struct {
	Room       chat.RoomID
	Membership chat.Membership // MemberJoined, MemberInvited, MemberKnocked or MemberLeft
	Raw        []byte          // not changed afterwards by the caller
}

// maxRoomID is the longest room id that is taken, in bytes.
const maxRoomID = convert.MaxID

// section is a room's part, parsed and decrypted.
type section struct {
	room       chat.RoomID
	me         chat.UserID // whose receipts are never too many
	membership chat.Membership
	state      []convert.Event
	// after is set when state is the state at the end of the timeline, so that
	// the timeline changes no state (MSC4222).
	after    bool
	timeline []incoming
	// shielded is what the running transaction has written of shields.
	shielded map[store.Shield]bool
	// invitedBy is set when it was applied: whose invitation was accepted with this.
	invitedBy chat.UserID
	limited   bool
	prev      string

	heroes     []chat.UserID
	hasHeroes  bool
	joined     int // -1: not said
	invited    int // -1: not said
	unread     int // -1: not said
	highlights int

	receipts []receipt
	typing   []chat.UserID
	typed    bool // typing is a list, perhaps an empty one
	data     []dataEvent
}

type dataEvent struct {
	typ     string
	content []byte
}

// parse reads a room's part and decrypts its events.
//
// Spec: client-server-api#get_matrixclientv3sync
func (i *Ingest) parse(ctx context.Context, s Section) *section {
	sec := &section{room: s.Room, me: i.me, membership: s.Membership, joined: -1, invited: -1, unread: -1}
	if s.Membership == chat.MemberInvited || s.Membership == chat.MemberKnocked {
		key := "invite_state"
		if s.Membership == chat.MemberKnocked {
			key = "knock_state"
		}
		sec.addState(convert.Get(s.Raw, key, "events"), false)
		return sec
	}
	var timeline, state, after []byte
	threads := 0
	convert.Members(s.Raw, func(key, value []byte) bool {
		switch string(key) {
		case "timeline":
			timeline = value
		case "state":
			state = value
		case "state_after", "org.matrix.msc4222.state_after":
			after = value
		case "summary":
			sec.summary(value)
		case "ephemeral":
			sec.ephemeral(value)
		case "account_data":
			sec.data = dataEvents(convert.Get(value, "events"))
		case "unread_notifications":
			sec.unread, sec.highlights = counts(value, sec.unread, sec.highlights)
		case "unread_thread_notifications", "org.matrix.msc3773.unread_thread_notifications":
			convert.Members(value, func(_, v []byte) bool {
				n, h := counts(v, 0, 0)
				threads, sec.highlights = threads+max(n, 0), sec.highlights+h
				return true
			})
		}
		return true
	})
	if sec.unread >= 0 {
		sec.unread += threads
	}
	if convert.IsObject(after) {
		sec.after = true
		state = after
	}
	sec.addState(convert.Get(state, "events"), true)
	i.parseTimeline(ctx, sec, timeline)
	return sec
}

// addState takes state events. Stripped state has no event ids; full state that has none is left out.
func (sec *section) addState(events []byte, full bool) {
	convert.Elements(events, func(v []byte) bool {
		ev := convert.Parse(v)
		switch {
		case ev.Type == "":
		case full && (ev.Problem != "" || !ev.IsState):
		case !full && !hasStateKey(v):
		default:
			if !full {
				key, _ := convert.String(convert.Get(v, "state_key"))
				ev.Key, ev.IsState = key, true
			}
			sec.state = append(sec.state, ev)
		}
		return true
	})
}

func hasStateKey(raw []byte) bool {
	key, ok := convert.String(convert.Get(raw, "state_key"))
	return ok && len(key) <= convert.MaxID && len(raw) <= 1<<20
}

func (i *Ingest) parseTimeline(ctx context.Context, sec *section, raw []byte) {
	if raw == nil {
		return
	}
	var events []byte
	convert.Members(raw, func(key, value []byte) bool {
		switch string(key) {
		case "events":
			events = value
		case "limited":
			sec.limited = convert.Bool(value)
		case "prev_batch":
			sec.prev, _ = convert.String(value)
		}
		return true
	})
	names := i.names(sec, events)
	convert.Elements(events, func(v []byte) bool {
		sec.timeline = append(sec.timeline, i.read(ctx, sec.room, v, names))
		return true
	})
}

// names lists what counts as our name in the bodies of messages that do not
// say whom they mention. Looked up only when such a message is there.
func (i *Ingest) names(sec *section, events []byte) []string {
	if !bytes.Contains(events, []byte(`"m.room.`)) {
		return nil
	}
	names := []string{i.me.Localpart()}
	for n := range sec.state {
		if sec.state[n].Type == "m.room.member" && sec.state[n].Key == string(i.me) {
			if m := convert.MemberContent(sec.state[n].Content); m.Name != "" {
				i.setName(m.Name)
			}
		}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.ownName != "" {
		names = append(names, i.ownName)
	}
	return names
}

func (i *Ingest) setName(name string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.ownName = name
}

func (sec *section) summary(raw []byte) {
	convert.Members(raw, func(key, value []byte) bool {
		switch string(key) {
		case "m.heroes":
			sec.hasHeroes = true
			convert.Elements(value, func(v []byte) bool {
				if u, ok := convert.String(v); ok && u != "" && len(u) <= convert.MaxID {
					sec.heroes = append(sec.heroes, chat.UserID(u))
				}
				return len(sec.heroes) < 10
			})
		case "m.joined_member_count":
			sec.joined = count(value, sec.joined)
		case "m.invited_member_count":
			sec.invited = count(value, sec.invited)
		}
		return true
	})
}

// counts reads notification_count and highlight_count; what is not said stays.
func counts(raw []byte, unread, highlights int) (int, int) {
	convert.Members(raw, func(key, value []byte) bool {
		switch string(key) {
		case "notification_count":
			unread = count(value, unread)
		case "highlight_count":
			highlights = count(value, highlights)
		}
		return true
	})
	return unread, highlights
}

func count(raw []byte, otherwise int) int {
	n, ok := convert.Int(raw)
	if !ok || n < 0 {
		return otherwise
	}
	return int(min(n, 1<<30))
}

// dataEvents reads a list of account data events.
func dataEvents(raw []byte) []dataEvent {
	var all []dataEvent
	convert.Elements(raw, func(v []byte) bool {
		typ, ok := convert.String(convert.Get(v, "type"))
		content := convert.Get(v, "content")
		if ok && typ != "" && len(typ) <= convert.MaxID && convert.IsObject(content) {
			all = append(all, dataEvent{typ, content})
		}
		return true
	})
	return all
}
