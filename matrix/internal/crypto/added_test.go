package crypto

import (
	"encoding/json"
	"strings"
	"testing"

	"maunium.net/go/mautrix/id"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// evil is the session that a homeserver adds to somebody.
const evil = "D0"

// TestHomeserverAddsASession: it lists one more session of somebody, whose keys
// it has made itself, signed by an identity of its own. Where a policy asks for
// confirmed sessions that one gets no key; elsewhere it is counted.
func TestHomeserverAddsASession(t *testing.T) {
	hs := matrixtest.Synapse(t)
	proxy, through := hs.Before(t)
	alice := newDevice(t, through.NewClient(t, "alice"))
	bob, _ := person(t, "bob")
	room := roomOf(t, alice, bob)

	own := &crowd{tb: t, keys: map[id.UserID]map[id.DeviceID]json.RawMessage{}, once: map[id.UserID]map[id.DeviceID]map[id.KeyID]json.RawMessage{}, main: map[id.UserID]json.RawMessage{}, cross: map[id.UserID]json.RawMessage{}}
	own.join(id.UserID(bob.UserID), 1, 1)
	var keys map[string]any
	if err := json.Unmarshal(own.keys[id.UserID(bob.UserID)][evil], &keys); err != nil {
		t.Fatal(err)
	}
	added := proxy.On(matrixtest.Match{Path: "/_matrix/client/*/keys/query"}, matrixtest.RewriteJSON(func(answer map[string]any) {
		all, _ := answer["device_keys"].(map[string]any)
		if devices, ok := all[bob.UserID].(map[string]any); ok {
			devices[evil] = keys
		}
	}))
	alice.policy(room, chat.PolicySigned)
	alice.say(room, "for bob alone")
	bob.hear(room, "for bob alone")
	if added.Hits() == 0 {
		t.Fatal("nothing was added")
	}
	got := func(eventType string) bool {
		for _, r := range proxy.Requests(matrixtest.Match{Path: "/_matrix/client/*/sendToDevice/" + eventType + "/*"}) {
			if strings.Contains(string(r.Body), `"`+evil+`"`) {
				return true
			}
		}
		return false
	}
	if got("m.room.encrypted") {
		t.Error("the session that was added got the key")
	}
	if !got("m.room_key.withheld") {
		t.Error("it was not told why")
	}
	if l := alice.lock(room); l.ExcludedCount != 1 || string(l.Excluded[0].ID) != evil || l.Excluded[0].Trust != chat.SessionUnsigned {
		t.Errorf("excluded: %+v", l.Excluded)
	}
	alice.policy(room, chat.PolicyAll)
	if l := alice.lock(room); l.ExcludedCount != 0 || l.Unsigned != 1 || l.Sessions != 2 {
		t.Errorf("it is not counted: %+v", l)
	}
}
