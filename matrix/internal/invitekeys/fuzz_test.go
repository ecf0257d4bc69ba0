package invitekeys

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/rs/zerolog"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/crypto/attachment"

	"hubbub/matrix/internal/crypto"
	"hubbub/store/chat"
)

// FuzzOffer feeds offers and files of any shape: nothing panics, and what is
// taken is of the room.
func FuzzOffer(f *testing.F) {
	file, err := json.Marshal(content())
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"room_id":"!r:x","file":{"url":"mxc://x/y","v":"v2","key":{"k":"AA"},"iv":"AA","hashes":{"sha256":"AA"}}}`), file)
	f.Add([]byte(`{"room_id":7}`), []byte(`{"room_keys":[null,7,{}],"withheld":[null,{}]}`))
	f.Add([]byte(`[]`), []byte(`null`))
	cl, err := mautrix.NewClient("http://homeserver.test", "@me:x", "token")
	if err != nil {
		f.Fatal(err)
	}
	hs := &media{status: http.StatusOK}
	cl.Client, cl.Log, cl.DefaultHTTPRetries = &http.Client{Transport: hs}, zerolog.Nop(), 0
	f.Fuzz(func(t *testing.T, offer, file []byte) {
		k := &keys{trust: chat.SessionSigned, person: chat.PersonPinned, values: map[string][]byte{}, done: map[chat.UserID]bool{}}
		m := New(Options{Keys: k, Client: cl, User: me, Device: "DEV"})
		m.Joined(room, alice)
		hs.body = file
		m.Receive(&crypto.Received{Sender: alice, Type: TypeBundle, Content: jsontext.Value(offer), Encrypted: true, SenderKey: "curve"})
		sealed := attachment.NewEncryptedFile()
		hs.body = append([]byte(nil), file...)
		sealed.EncryptInPlace(hs.body)
		m.Receive(event(t, fileInfo{sealed, "mxc://x/file"}))
		if _, err := m.work(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, key := range k.imported {
			if key.Room != room {
				t.Errorf("taken for %s", key.Room)
			}
		}
	})
}
