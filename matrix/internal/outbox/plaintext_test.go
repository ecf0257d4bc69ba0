package outbox

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"hubbub/matrix/internal/convert"
	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

func encrypt(t testing.TB, s *store.Store) {
	t.Helper()
	storetest.Write(t, s, func(tx *store.Tx) error {
		return tx.UpdateRoom(room, func(r *store.Room) { r.Membership, r.Encrypted = chat.MemberJoined, true })
	})
}

func TestWhatIsNotKnownToBeUnencryptedGetsNoPlaintext(t *testing.T) {
	for name, is := range map[string]chat.Membership{"never seen": chat.MemberNone, "invited": chat.MemberInvited} {
		t.Run(name, func(t *testing.T) {
			s := storetest.New(t)
			if is != chat.MemberNone {
				storetest.Write(t, s, func(tx *store.Tx) error {
					return tx.UpdateRoom(room, func(r *store.Room) { r.Membership = is })
				})
			}
			h := newHomeserver(t)
			o := newOutbox(t, s, h.URL, &cipher{})
			start(t, o)
			o.Send(text("secret"))
			m := inState(t, s, "secret", chat.Waiting)
			if m.SendProblem == nil || h.tries() != 0 {
				t.Fatalf("%d requests, problem %v", h.tries(), m.SendProblem)
			}
			encrypt(t, s)
			o.Online()
			idle(t, s, o)
			equal(t, h.bodies(), "sealed secret 1")
		})
	}
}

// A file takes a while to upload, and the room may become encrypted in that time.
func TestRoomBecomesEncryptedDuringAnUpload(t *testing.T) {
	s := storetest.New(t)
	storetest.Joined(t, s, room)
	h := newHomeserver(t)
	up := &slowUploader{during: func() { encrypt(t, s) }}
	o := New(Options{Store: s, Client: client(t, h.URL), User: storetest.Me, Crypto: &cipher{}, Uploader: up})
	o.Online()
	start(t, o)
	path := filepath.Join(t.TempDir(), "cat.png")
	if err := os.WriteFile(path, []byte("meow"), 0o600); err != nil {
		t.Fatal(err)
	}
	o.Send(chat.Outgoing{Room: room, Kind: chat.OutFile, Path: path})
	idle(t, s, o)
	equal(t, h.bodies(), "sealed cat.png 1")
	if len(up.encrypted) != 2 || up.encrypted[0] || !up.encrypted[1] {
		t.Errorf("uploads, encrypted: %v", up.encrypted)
	}
}

// slowUploader does something else during its first upload.
type slowUploader struct {
	during    func()
	encrypted []bool
}

func (u *slowUploader) Upload(_ context.Context, path string, encrypted bool) (convert.Upload, error) {
	if len(u.encrypted) == 0 {
		u.during()
	}
	u.encrypted = append(u.encrypted, encrypted)
	up := convert.Upload{Name: filepath.Base(path), Mime: "image/png", Size: 4, URL: "mxc://x/y"}
	if encrypted {
		up.Keys = []byte(`{"url":"mxc://x/y"}`)
	}
	return up, nil
}
