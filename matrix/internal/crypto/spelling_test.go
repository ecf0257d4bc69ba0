package crypto

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"hubbub/matrix/matrixtest"
)

// What an event says about itself is read here as it is read everywhere else:
// by the exact names of its members, each once. Otherwise a homeserver could
// show one sender and have the key checked against another.
func TestMembersOfOtherSpellingDoNotCount(t *testing.T) {
	a, b, room := couple(t, megolm)
	a.say(room, "once")
	var ev jsontext.Value
	matrixtest.Wait(t, waitLimit, "event", func() bool {
		if evs := b.sync().Encrypted(room); len(evs) > 0 {
			ev = evs[0]
		}
		return ev != nil
	})
	var m map[string]json.RawMessage
	if err := json.Unmarshal(ev, &m); err != nil {
		t.Fatal(err)
	}
	if got := b.read(room, ev); got != "once" {
		t.Fatalf("read %q", got)
	}
	forge := func(key, value, other string) jsontext.Value {
		was := string(m[key])
		m[key] = json.RawMessage(value)
		raw, err := json.Marshal(m)
		m[key] = json.RawMessage(was)
		if err != nil {
			t.Fatal(err)
		}
		return jsontext.Value(strings.TrimSuffix(string(raw), "}") + `,"` + other + `":` + was + "}")
	}
	for name, raw := range map[string]jsontext.Value{
		"sender":           forge("sender", `"@victim:x"`, "Sender"),
		"repeated sender":  forge("sender", `"@victim:x"`, "sender"),
		"event id":         forge("event_id", `"$replayed"`, "EVENT_ID"),
		"origin_server_ts": forge("origin_server_ts", "5", "Origin_Server_TS"),
	} {
		if got := b.read(room, raw); got != "!corrupt" {
			t.Errorf("%s: read %q", name, got)
		}
	}
}
