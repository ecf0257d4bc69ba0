package crypto

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	mcrypto "maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// BenchmarkDecrypt measures one event with its replay check, key on disk.
func BenchmarkDecrypt(b *testing.B) {
	m := mustOpen(b, options(b, filepath.Join(b.TempDir(), "crypto.db"), "http://127.0.0.1:1"))
	defer mustClose(b, m)
	eng, err := m.engine(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	out, err := mcrypto.NewOutboundGroupSession("!r:x", nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	out.Shared, out.MaxMessages = true, 1<<30
	in, err := mcrypto.NewInboundGroupSession("senderkey", "signingkey", "!r:x", out.Internal.Key(), time.Hour, 100, nil, false)
	if err != nil {
		b.Fatal(err)
	}
	if err := eng.mach.StoreGroupSession(b.Context(), in); err != nil {
		b.Fatal(err)
	}
	events := make([]jsontext.Value, 1000)
	for i := range events {
		body, err := out.Encrypt([]byte(`{"room_id":"!r:x","type":"m.room.message","content":{"msgtype":"m.text","body":"a message of a usual length, which is not very long"}}`))
		if err != nil {
			b.Fatal(err)
		}
		events[i] = jsontext.Value(fmt.Sprintf(`{"event_id":"$%d","sender":"@a:x","origin_server_ts":%d,"content":{"algorithm":"m.megolm.v1.aes-sha2","session_id":%q,"ciphertext":%q}}`, i, i, out.ID(), body))
	}
	b.ResetTimer()
	for n := range b.N {
		if _, u := m.Decrypt(b.Context(), "!r:x", events[n%len(events)]); u != nil {
			b.Fatal(u)
		}
	}
}

// BenchmarkEncryptSettled measures an Encrypt in a room of 1,000 people whose
// devices all have the key: the part that each message costs.
func BenchmarkEncryptSettled(b *testing.B) {
	o := options(b, filepath.Join(b.TempDir(), "crypto.db"), "http://127.0.0.1:1")
	m := mustOpen(b, o)
	defer mustClose(b, m)
	eng, err := m.engine(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	users := make([]chat.UserID, 1000)
	for i := range users {
		users[i] = chat.UserID(fmt.Sprintf("@user%d:x", i))
		m.tracked.known[id.UserID(users[i])] = true
	}
	m.tracked.known["@me:x"] = true
	m.todo.keys.uploaded = true
	for _, u := range append(users, "@me:x") {
		if err := eng.store.PutDevices(b.Context(), id.UserID(u), map[id.DeviceID]*id.Device{}); err != nil {
			b.Fatal(err)
		}
	}
	rooms := o.Rooms.(*book)
	rooms.encryption["!r:x"] = `{"algorithm":"m.megolm.v1.aes-sha2","rotation_period_msgs":10000}`
	rooms.members["!r:x"] = Members{Joined: users, Complete: true}
	content := jsontext.Value(`{"msgtype":"m.text","body":"a message of a usual length, which is not very long"}`)
	b.ResetTimer()
	for range b.N {
		if _, err := m.Encrypt(b.Context(), "!r:x", "m.room.message", content); err != nil {
			b.Fatal(err)
		}
	}
}
