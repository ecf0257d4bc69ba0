package ingest

import (
	"strings"
	"testing"

	"hubbub/store/chat"
)

// invited is an invitation whose stripped state says all kinds of things, and left what takes it back.
func invited(stripped ...string) part {
	mine := `{"type":"m.room.member","state_key":"` + string(me) + `","sender":"@mal:x","content":{"membership":"invite"}}`
	return part{room, chat.MemberInvited, `{"invite_state":{"events":[` + strings.Join(append(stripped, mine), ",") + `]}}`}
}

func left(json string) part { return part{room, chat.MemberLeft, json} }

// An invitation that is taken back leaves an event behind; the room's history
// is all there for who is invited again and joins.
func TestWithdrawnInviteDoesNotCutHistory(t *testing.T) {
	r := newRig(t)
	gone := state(5, "@ada:x", "m.room.member", string(me), `{"membership":"leave"}`)
	r.sync(false, "", invited())
	r.sync(false, "", left(`{"timeline":{"prev_batch":"p5","events":[`+gone+`]}}`))
	if got := r.room().Membership; got != chat.MemberLeft {
		t.Errorf("membership %v", got)
	}
	r.sync(false, "", invited())
	r.sync(false, "", join(`{"state":`+full()+`,"timeline":{"limited":true,"prev_batch":"p9","events":[`+text(9, "@ada:x", "nine")+`]}}`))
	page := HistoryPage{Room: room, Token: "p9", Next: "p3", Events: []byte("[" + text(7, "@ada:x", "seven") + "," + gone + "," + text(4, "@ada:x", "four") + "]")}
	if _, _, err := r.ingest.History(t.Context(), page); err != nil {
		t.Fatal(err)
	}
	page = HistoryPage{Room: room, Token: "p5", Next: "", Events: []byte("[" + text(4, "@ada:x", "four") + "," + text(3, "@ada:x", "three") + "]")}
	if _, _, err := r.ingest.History(t.Context(), page); err != nil {
		t.Errorf("what is older cannot be fetched: %v", err)
	}
	r.wantBodies("three four <m.room.member> seven nine")
}

// What an invitation claims about a room is forgotten with the first word of the room itself.
func TestInviteLies(t *testing.T) {
	lie := func(typ, content string) string {
		return `{"type":"` + typ + `","state_key":"","sender":"@mal:x","content":` + content + `}`
	}
	lies := invited(
		lie("m.room.tombstone", `{"replacement_room":"!trap:x"}`), lie("m.room.topic", `{"topic":"free money"}`),
		lie("m.room.canonical_alias", `{"alias":"#bank:x"}`), lie("m.room.avatar", `{"url":"mxc://x/y"}`),
		lie("m.room.history_visibility", `{"history_visibility":"joined"}`), lie("m.room.create", `{"type":"m.space","room_version":"99"}`),
		lie("m.room.join_rules", `{"join_rule":"public"}`))
	honest := func(t *testing.T, r *rig, topic string) {
		t.Helper()
		got := r.room()
		if got.Successor != "" || got.Topic != topic || got.Alias != "" || got.Avatar != "" || got.History != "" || got.Type != chat.RoomText ||
			got.Version != "11" || got.JoinRule != "invite" || got.Name != "General" {
			t.Errorf("%+v", got.Room)
		}
	}
	t.Run("new", func(t *testing.T) {
		r := newRig(t)
		r.sync(false, "", lies)
		if got := r.room(); got.Topic != "free money" {
			t.Errorf("the invitation shows %+v", got.Room)
		}
		r.sync(false, "", join(`{"state":`+strings.Replace(full(), `{"topic":"talk"}`, `{}`, 1)+`}`))
		honest(t, r, "")
	})
	// A homeserver that sends only what changed since we were there.
	t.Run("again", func(t *testing.T) {
		r := newRig(t)
		r.sync(false, "", join(`{"state":`+full()+`}`))
		r.sync(false, "", left(`{}`))
		r.sync(false, "", lies)
		r.sync(false, "", join(`{"state":{"events":[]}}`))
		honest(t, r, "talk")
	})
}
