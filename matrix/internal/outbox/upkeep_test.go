package outbox

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hubbub/matrix/internal/convert"
	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

func TestFullDiskIsToldAndNothingIsLost(t *testing.T) {
	s := storetest.Open(t, filepath.Join(t.TempDir(), "cache.db"), store.Options{MaxPages: 400})
	storetest.Write(t, s, func(tx *store.Tx) error { return tx.PutAccount(chat.Account{User: storetest.Me}) })
	storetest.Joined(t, s, room)
	feed := s.Subscribe()
	h := newHomeserver(t)
	o := newOutbox(t, s, h.URL, nil)
	release := fillDisk(t, s)
	start(t, o)
	big := strings.Repeat("kept in memory ", 3000)
	o.Send(text(big))
	var notices []chat.Notice
	wait(t, "notice", func() bool {
		set, err := feed.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		notices = append(notices, set.Notices...)
		return len(notices) > 0
	})
	if p := notices[0].Problem; p == nil || p.Kind != chat.ProblemDiskFull {
		t.Errorf("notice %+v", notices[0])
	}
	release()
	idle(t, s, o)
	equal(t, h.bodies(), strings.TrimSpace(big))
}

func TestFileIsUploadedOnceAndEncryptedWhereTheRoomIs(t *testing.T) {
	s := storetest.New(t)
	storetest.Joined(t, s, room)
	storetest.Write(t, s, func(tx *store.Tx) error {
		return tx.UpdateRoom(room, func(r *store.Room) { r.Encrypted = true })
	})
	h := newHomeserver(t)
	up := &uploader{}
	o := New(Options{Store: s, Client: client(t, h.URL), User: storetest.Me, Crypto: &cipher{}, Uploader: up})
	o.Online()
	h.set(func() {
		h.answer = func(w http.ResponseWriter, n int, _ sentEvent) bool { return n == 1 && refuse(w, 500, "M_UNKNOWN") }
	})
	start(t, o)
	path := filepath.Join(t.TempDir(), "cat.png")
	if err := os.WriteFile(path, []byte("meow"), 0o600); err != nil {
		t.Fatal(err)
	}
	o.Send(chat.Outgoing{Room: room, Kind: chat.OutFile, Path: path})
	o.Send(text("look"))
	idle(t, s, o)
	equal(t, h.bodies(), "sealed cat.png 1", "sealed look 2")
	if up.calls != 1 || !up.encrypted {
		t.Errorf("%d uploads, encrypted %v", up.calls, up.encrypted)
	}
	if m, ok := item(t, s, "cat.png"); !ok || m.Kind != chat.KindImage || m.Media == nil || m.Media.Size != 4 {
		t.Errorf("item %+v", m)
	}
}

type uploader struct {
	calls     int
	encrypted bool
}

func (u *uploader) Upload(_ context.Context, path string, encrypt bool) (convert.Upload, error) {
	u.calls++
	u.encrypted = encrypt
	return convert.Upload{Name: filepath.Base(path), Mime: "image/png", Size: 4, URL: "mxc://x/y", Keys: []byte(`{"url":"mxc://x/y"}`)}, nil
}

func TestReceiptsAndTypingAreSentSparingly(t *testing.T) {
	s, h, o := setup(t)
	storetest.Append(t, s, room, storetest.Text(1, "@you:example.org", "a"), storetest.Text(2, "@you:example.org", "b"))
	storetest.Write(t, s, func(tx *store.Tx) error {
		return tx.UpdateRoom(room, func(r *store.Room) { r.Unread, r.HasUnread = 2, true })
	})
	for range 5 {
		o.Typing(room, true)
	}
	o.MarkRead(room, storetest.ID(1))
	o.MarkRead(room, storetest.ID(2))
	o.MarkUnread(room, true)
	wait(t, "requests", func() bool { h.mu.Lock(); defer h.mu.Unlock(); return len(h.other) >= 3 })
	if r, _, err := s.Room(t.Context(), room); err != nil || r.Unread != 0 || r.HasUnread || r.ReadUpTo != storetest.ID(2) || !r.Marked {
		t.Errorf("room %+v %v", r.Room, err)
	}
	o.Send(text("done"))
	wait(t, "typing stopped", func() bool { h.mu.Lock(); defer h.mu.Unlock(); return len(h.other) >= 4 })
	idle(t, s, o)
	count := map[string]int{}
	for _, r := range h.other {
		switch {
		case strings.Contains(r, "/typing/") && strings.Contains(r, "true"):
			count["typing"]++
		case strings.Contains(r, "/typing/"):
			count["stopped"]++
		case strings.HasSuffix(r, `/read_markers {"m.fully_read":"`+string(storetest.ID(2))+`","m.read":"`+string(storetest.ID(2))+`"}`):
			count["read"]++
		case strings.HasSuffix(r, `/m.marked_unread {"unread":true}`):
			count["marked"]++
		default:
			t.Errorf("request %s", r)
		}
	}
	for _, what := range []string{"typing", "stopped", "read", "marked"} {
		if count[what] != 1 {
			t.Errorf("%d requests of kind %q: %q", count[what], what, h.other)
		}
	}
}

func TestDraftsAndWindowValuesAreOnDiskSoonAndAtOnceWithFlush(t *testing.T) {
	s, _, o := setup(t)
	for n := range 50 {
		o.SaveDraft(chat.Draft{Room: room, Text: strings.Repeat("a", n+1), Cursor: n + 1})
	}
	o.SaveUI("rail", []byte("open"))
	if err := o.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	d, err := s.Drafts(t.Context())
	if err != nil || len(d) != 1 || len(d[0].Text) != 50 {
		t.Errorf("drafts %+v %v", d, err)
	}
	if v, err := s.UIState(t.Context(), "rail"); err != nil || string(v) != "open" {
		t.Errorf("value %q %v", v, err)
	}
	begin := time.Now()
	o.SaveDraft(chat.Draft{Room: room})
	wait(t, "draft gone", func() bool { d, err := s.Drafts(t.Context()); return err == nil && len(d) == 0 })
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("draft took %v", took)
	}
}

// A file is named as seen from the folder in which hubbub runs; a later run may be in another.
func TestFileIsFoundFromAnotherFolder(t *testing.T) {
	s := storetest.New(t)
	storetest.Joined(t, s, room)
	home := t.TempDir()
	t.Chdir(home)
	if err := os.WriteFile("notes.png", []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := newHomeserver(t)
	o := New(Options{Store: s, Client: client(t, h.URL), User: storetest.Me})
	o.Send(chat.Outgoing{Room: room, Kind: chat.OutFile, Path: "notes.png"})
	if err := o.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	row, ok, err := s.NextPending(t.Context(), room)
	if err != nil || !ok || row.Out.Path != filepath.Join(home, "notes.png") {
		t.Errorf("the file is %q, %v", row.Out.Path, err)
	}
}
