package matrix_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// parts are pieces of a sync answer, and what a broken homeserver puts there.
func parts() map[string][]string {
	return map[string][]string{
		"account_data":                     {`7`, `[]`, `{"events":7}`, `{"events":[7,{},{"type":7},{"type":"m.direct","content":{"@a:b":7,"x":["y",7]}},{"type":"m.push_rules","content":{"global":[7]}},{"type":"m.ignored_user_list","content":[]}]}`},
		"presence":                         {`7`, `{"events":[7]}`},
		"to_device":                        {`7`, `{"events":7}`, `{"events":[7,null,{},{"type":"m.room.encrypted","content":7},{"type":"m.room_key","sender":"@a:b","content":{"algorithm":7}},{"type":"m.room.encrypted","sender":"@a:b","content":{"algorithm":"m.olm.v1.curve25519-aes-sha2","ciphertext":{"x":7},"sender_key":[]}},{"type":"m.room_key.withheld","sender":"@a:b","content":{"room_id":7,"code":[]}}]}`},
		"device_lists":                     {`7`, `{"changed":7,"left":{}}`, `{"changed":[7,"","not a user","@a:b"],"left":[null]}`},
		"device_one_time_keys_count":       {`7`, `[]`, `{"signed_curve25519":-5}`, `{"signed_curve25519":"many"}`, `{"signed_curve25519":1e300}`},
		"device_unused_fallback_key_types": {`7`, `{}`, `[7,null]`},
		"groups":                           {`7`, `{"join":{}}`},
		"rooms.invite":                     {`7`, `[]`, `{"!a:b":7}`, `{"!a:b":{"invite_state":{"events":[7,{"type":"m.room.member","state_key":7},{"type":"m.room.name","state_key":"","content":{"name":7}}]}}}`},
		"rooms.knock":                      {`7`, `{"!k:b":{"knock_state":7}}`},
		"rooms.leave":                      {`7`, `{"!l:b":7,"":{},"not a room":{"timeline":[]}}`},
		"rooms.ban":                        {`{"!x:b":{}}`},
		"rooms.join.%ROOM.state":           {`7`, `{"events":{}}`, `{"events":[7,{"type":"m.room.name"}]}`},
		"rooms.join.%ROOM.org.matrix.msc4222.state_after": {`7`, `[]`, `{"events":[null]}`},
		"rooms.join.%ROOM.summary":                        {`7`, `{"m.heroes":{"x":1},"m.joined_member_count":-3,"m.invited_member_count":"x"}`, `{"m.heroes":[7,"","nobody"],"m.joined_member_count":1e300}`},
		"rooms.join.%ROOM.ephemeral":                      {`7`, `{"events":[7,{"type":"m.typing","content":{"user_ids":7}},{"type":"m.typing","content":{"user_ids":[7,"@a:b",""]}},{"type":"m.receipt","content":{"$x":7,"$y":{"m.read":[]},"":{"m.read":{"@a:b":7,"@c:d":{"ts":"x","thread_id":7}}}}}]}`},
		"rooms.join.%ROOM.account_data":                   {`7`, `{"events":[{"type":"m.tag","content":{"tags":{"m.favourite":{"order":"x"},"u.x":7}}},{"type":"m.fully_read","content":{"event_id":7}},{"type":"m.marked_unread","content":{"unread":"yes"}}]}`},
		"rooms.join.%ROOM.unread_notifications":           {`7`, `{"notification_count":-7,"highlight_count":"x"}`, `{"notification_count":1e300}`},
		"rooms.join.%ROOM.unread_thread_notifications":    {`7`, `{"$t":7,"$u":{"notification_count":1e300}}`},
		"rooms.join.%ROOM.timeline.limited":               {`7`, `"yes"`, `null`},
		"rooms.join.%ROOM.timeline.prev_batch":            {`7`, `""`, `{}`},
		"rooms.join.!made-up:example.org":                 {`7`, `[]`, `{"timeline":7,"state":7}`, `{"timeline":{"limited":true,"prev_batch":"p","events":[]}}`},
	}
}

// put replaces a part of an answer; path is split at dots, but for names that hold some.
func put(answer map[string]any, path, room string, value any) {
	for _, whole := range []string{"org.matrix.msc4222.state_after", "!made-up:example.org"} {
		path = strings.Replace(path, whole, strings.ReplaceAll(whole, ".", "\x00"), 1)
	}
	keys := strings.Split(path, ".")
	for n := range keys {
		keys[n] = strings.ReplaceAll(strings.ReplaceAll(keys[n], "\x00", "."), "%ROOM", room)
	}
	in(answer, keys[:len(keys)-1]...)[keys[len(keys)-1]] = value
}

// Whatever a homeserver puts around the events, those are shown, and sync goes on.
func TestAnswersOfEveryShape(t *testing.T) {
	f := newFeeder(t, matrixtest.Stack(t))
	f.marker()
	most := 0
	for _, shapes := range parts() {
		most = max(most, len(shapes))
	}
	for n := range most { // one shape of every part at a time
		f.next(func(body []byte) []byte {
			return edited(t, body, func(answer map[string]any) {
				for path, shapes := range parts() {
					if n < len(shapes) {
						put(answer, path, string(f.room), json.RawMessage(shapes[n]))
					}
				}
			}, "", "")
		})
		f.marker()
	}
	f.steady()
	f.ada.say(f.room, "still here")
	storetest.Check(t, f.ada.Store())
	f.ada.stop()
	f.ada = start(t, f.account.UserID, f.dir)
	f.marker()
}

// Rooms that cannot be: without a beginning, with nothing, under impossible names.
func TestRoomsThatCannotBe(t *testing.T) {
	f := newFeeder(t, matrixtest.Stack(t))
	f.marker()
	event := strings.NewReplacer("%ID", "$lost", "%TS", "1700000000000").Replace(text("from nowhere"))
	rooms := map[string]string{
		"!no-create:example.org":                 `{"timeline":{"events":[` + event + `]},"state":{"events":[]}}`,
		"!nothing:example.org":                   `{}`,
		"not a room":                             `{"timeline":{"events":[` + event + `]}}`,
		"":                                       `{"timeline":{"events":[` + event + `]}}`,
		"!" + strings.Repeat("x", 65_000) + ":y": `{"timeline":{"events":[` + event + `]}}`,
		"!ctrl\u001b[31m\u202e:example.org":      `{"timeline":{"events":[` + event + `]},"state":{"events":[]}}`,
		"!its-own-parent:example.org":            `{"state":{"events":[{"event_id":"$c","type":"m.room.create","state_key":"","sender":"@a:b","content":{"type":"m.space"}},{"event_id":"$p","type":"m.space.child","state_key":"!its-own-parent:example.org","sender":"@a:b","content":{"via":["b"]}}]}}`,
		"!left-and-encrypted-without-rule:example.org": `{"state":{"events":[{"event_id":"$e","type":"m.room.encryption","state_key":"","sender":"@a:b","content":{"algorithm":7}}]}}`,
	}
	f.next(func(body []byte) []byte {
		return edited(t, body, func(answer map[string]any) {
			for id, raw := range rooms {
				in(answer, "rooms", "join")[id] = json.RawMessage(raw)
			}
		}, "", "")
	})
	f.marker()
	f.steady()
	side, err := f.ada.Store().Sidebar(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range side.Rooms {
		if len(r.ID) > 512 || r.ID == "" || len(r.Name) > 1000 {
			t.Errorf("in the list: %.100s, name of %d bytes", r.ID, len(r.Name))
		}
		if _, err := f.ada.Store().Page(t.Context(), chat.PageQuery{Room: r.ID, Limit: 50}); err != nil {
			t.Errorf("page of %q: %v", r.ID, err)
		}
	}
	if m := f.ada.message("!no-create:example.org", "from nowhere"); m.Kind != chat.KindText {
		t.Errorf("%+v", m)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if _, err := f.ada.SendWait(ctx, chat.Outgoing{Room: "!no-create:example.org", Text: "hello?"}); kindOf(err) != chat.ProblemForbidden && kindOf(err) != chat.ProblemNotFound {
		t.Errorf("sent into nowhere: %v", err)
	}
	f.ada.say(f.room, "and here as ever")
	storetest.Check(t, f.ada.Store())
}

// Real answers with something in them replaced at random.
func TestAnswersChangedAtRandom(t *testing.T) {
	f := newFeeder(t, matrixtest.Stack(t))
	f.marker()
	rnd := rand.New(rand.NewPCG(seedOf(t), 1))
	junk := []json.RawMessage{
		[]byte(`null`), []byte(`true`), []byte(`7`), []byte(`-1.5`), []byte(`1e400`), []byte(`""`), []byte(`"x"`),
		[]byte(`"` + strings.Repeat("y", 10_000) + `"`), []byte(`[]`), []byte(`[null,7]`), []byte(`{}`), []byte(`{"events":7}`),
		[]byte(`"\u0000\u001b[2J"`), []byte(`"@a:b"`), []byte(`"$e"`), []byte(`"!r:x"`),
	}
	for range 60 {
		f.next(func(body []byte) []byte {
			return edited(t, body, func(answer map[string]any) {
				token := answer["next_batch"]
				for range 1 + rnd.IntN(4) {
					mutate(rnd, answer, junk)
				}
				answer["next_batch"] = token
			}, "", "")
		})
		f.said++
		f.bo.SendText(string(f.room), fmt.Sprintf("marker %d", f.said))
		f.ada.wait("an answer to be changed", func(context.Context) (bool, error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			return len(f.change) == 0, nil
		})
	}
	f.marker()
	f.steady()
	storetest.Check(t, f.ada.Store())
}

// mutate replaces one value somewhere below an object.
func mutate(rnd *rand.Rand, at map[string]any, junk []json.RawMessage) {
	for {
		keys := make([]string, 0, len(at))
		for k := range at {
			keys = append(keys, k)
		}
		if len(keys) == 0 {
			return
		}
		slices.Sort(keys) // the seed decides
		key := keys[rnd.IntN(len(keys))]
		next, deeper := at[key].(map[string]any)
		if list, ok := at[key].([]any); ok && len(list) > 0 {
			n := rnd.IntN(len(list))
			if next, deeper = list[n].(map[string]any); !deeper || rnd.IntN(6) == 0 {
				list[n] = junk[rnd.IntN(len(junk))]
				return
			}
		}
		if !deeper || len(next) == 0 || rnd.IntN(6) == 0 {
			at[key] = junk[rnd.IntN(len(junk))]
			return
		}
		at = next
	}
}
