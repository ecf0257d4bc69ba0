package crypto

import (
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// TestRefusedKeyIsExplained: a refusal counts from the sender of the message,
// in the name of a device that he has, and from nobody else.
func TestRefusedKeyIsExplained(t *testing.T) {
	a, b, room := couple(t, megolm)
	mallory := matrixtest.Synapse(t).NewClient(t, "mallory")
	session := strings.Repeat("A", 43)
	ev := jsontext.Value(`{"event_id":"$e","sender":"` + a.UserID + `","origin_server_ts":1,"type":"m.room.encrypted","content":{"algorithm":"m.megolm.v1.aes-sha2","session_id":"` +
		session + `","sender_key":"x","ciphertext":"` + strings.Repeat("A", 200) + `"}}`)
	cause := func() (chat.UndecryptedCause, string) {
		_, u := b.m.Decrypt(t.Context(), chat.RoomID(room), ev)
		if u == nil {
			t.Fatal("it was decrypted")
		}
		return u.Cause, u.WithheldCode
	}
	if c, _ := cause(); c != chat.CauseUnknownSession {
		t.Fatalf("cause %v", c)
	}
	_, key := a.m.Identity()
	refuse := func(from *matrixtest.Client, senderKey, code string) {
		t.Helper()
		b.came(true)
		from.Call(http.MethodPut, "/_matrix/client/v3/sendToDevice/m.room_key.withheld/"+code, map[string]any{"messages": map[string]any{b.UserID: map[string]any{b.DeviceID: map[string]any{
			"algorithm": "m.megolm.v1.aes-sha2", "room_id": room, "session_id": session, "sender_key": senderKey, "code": code,
		}}}}, nil)
		matrixtest.Wait(t, waitLimit, "withheld notice", func() bool { b.sync(); return len(b.came(false)) > 0 })
	}
	refuse(mallory, key, "m.blacklisted")
	if c, code := cause(); c != chat.CauseUnknownSession {
		t.Fatalf("a third person's refusal counts: %v %s", c, code)
	}
	refuse(a.Client, strings.Repeat("x", 43), "m.blacklisted")
	if c, code := cause(); c != chat.CauseUnknownSession {
		t.Fatalf("a refusal by an unknown device counts: %v %s", c, code)
	}
	refuse(a.Client, key, "m.unverified")
	// The devices of the sender are asked for, and then it is known that this is one of them.
	matrixtest.Wait(t, waitLimit, "refusal", func() bool {
		c, code := cause()
		return c == chat.CauseWithheld && code == "m.unverified"
	})
}
