package app

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hubbub/config"
	"hubbub/matrix"
	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

func TestLogIsPrivateAndRotates(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o277))
	dir := filepath.Join(t.TempDir(), "state", "hubbub")
	l := &logFile{dir: dir}
	log := newLogger(l)
	if _, err := os.Stat(dir); err == nil {
		t.Error("something was written before there was something to say")
	}
	log.Info("First", "room", "!a:b")
	path := filepath.Join(dir, "hubbub.log")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var line struct{ Msg, Room string }
	if err := json.Unmarshal(b, &line); err != nil || line.Msg != "First" || line.Room != "!a:b" {
		t.Errorf("%q: %v", b, err)
	}
	if _, err := l.Write([]byte(strings.Repeat("x", maxLog-len(b)))); err != nil {
		t.Fatal(err)
	}
	log.Info("Second")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"hubbub.log": "Second", "hubbub.log.1": "First"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.Contains(string(b[:min(len(b), 500)]), want) && !strings.Contains(string(b[max(0, len(b)-500):]), want) {
			t.Errorf("%s has no %s, %v", name, want, err)
		}
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v, %v", info.Mode(), err)
	}
}

func TestCrashFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "hubbub")
	l := &logFile{dir: dir}
	e := &Env{Dirs: config.Dirs{State: dir}, Log: newLogger(l), log: l}
	path, err := e.crash(&matrix.PanicError{Value: "broken", Stack: []byte("the stack")})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(b), "broken") || !strings.Contains(string(b), "the stack") {
		t.Errorf("%q, %v", b, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

func TestPanicOfACommandIsACrash(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "hubbub")
	l := &logFile{dir: dir}
	e := &Env{Dirs: config.Dirs{State: dir}, Log: newLogger(l), log: l}
	var crash *CrashError
	if err := e.Guard(func() error { panic("broken") }); !errors.As(err, &crash) {
		t.Fatalf("got %v", err)
	}
	if b, err := os.ReadFile(crash.Path); err != nil || !strings.Contains(string(b), "TestPanicOfACommandIsACrash") {
		t.Errorf("the crash file has no stack: %q, %v", b, err)
	}
	if b, err := os.ReadFile(l.path()); err != nil || !strings.Contains(string(b), filepath.Base(crash.Path)) {
		t.Errorf("the log does not name the crash file: %q, %v", b, err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

func TestLoadReadsTheConfiguration(t *testing.T) {
	home := t.TempDir()
	getenv := func(name string) string { return map[string]string{"HOME": home}[name] }
	e, err := Load(Streams{Getenv: getenv})
	if err != nil || e.Config.Keymap != config.KeymapDefault || e.Dirs.Home != home {
		t.Errorf("%+v, %v", e, err)
	}
	if entries, err := os.ReadDir(home); err != nil || len(entries) > 0 {
		t.Errorf("loading wrote %v, %v", entries, err)
	}
	if _, err := Load(Streams{Getenv: func(string) string { return "" }}); err == nil {
		t.Error("no home directory, and no error")
	}
}

// On an account where rooms change without end the window is told at a bearable
// rate, but of what is in view at once.
func TestSummariesAreGathered(t *testing.T) {
	const room = chat.RoomID("!a:x")
	s := storetest.New(t)
	p := &pacedFeed{feed: s.Subscribe()}
	count := func(n int) {
		if err := s.Write(t.Context(), func(tx *store.Tx) error {
			return tx.UpdateRoom(room, func(r *store.Room) { r.Membership, r.Unread, r.HasUnread = chat.MemberJoined, n, true })
		}); err != nil {
			t.Error(err)
		}
	}
	count(1)
	if set, err := p.next(t.Context()); err != nil || len(set.Rooms) != 1 {
		t.Fatalf("%+v, %v", set, err)
	}
	begin := p.last
	count(2)
	set, err := p.next(t.Context())
	if err != nil || len(set.Rooms) != 1 || set.Rooms[0].Unread != 2 || p.last.Sub(begin) < summaryEvery {
		t.Errorf("after %v: %+v, %v", p.last.Sub(begin), set, err)
	}
	p.last = p.last.Add(time.Hour) // a wait that would not end by itself
	s.PublishConnection(chat.Connection{State: chat.ConnOnline})
	if set, err := p.next(t.Context()); err != nil || set.Conn == nil {
		t.Errorf("%+v, %v", set, err)
	}
}
