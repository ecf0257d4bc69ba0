package chat

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hubbub/store/chat"
	"hubbub/ui/words"
)

// Every reason to look twice has a mark in the gutter, at every width; what is
// grave has another mark than what is only a remark, and a word.
func TestShieldsAreMarkedAndNamed(t *testing.T) {
	shields := []chat.Shield{
		chat.ShieldUnknownOrigin, chat.ShieldUnknownSession, chat.ShieldUnsigned, chat.ShieldChanged, chat.ShieldMismatch, chat.ShieldPlain,
	}
	for _, width := range []int{40, 80, 120, 200} {
		for _, s := range shields {
			w := newWorld()
			w.say("ada", "fine", 0)
			w.say("mal", "look twice", 10, func(m *chat.Message) { m.Shield, m.Encrypted = s, true })
			w.say("mal", "and again", 1, func(m *chat.Message) { m.Shield, m.Encrypted = s, true })
			w.say("mal", "fine again", 1)
			p := newPane(t, w)
			got, _ := paint(p, width, 30)
			mark, named := string(p.th.Glyphs.Remark), 0
			if s.Grave() {
				mark, named = string(p.th.Glyphs.Warn), 1
			}
			if n := strings.Count(got, "\n"+mark); n != 2 {
				t.Errorf("%d columns, shield %d: %d of 2 marks:\n%s", width, s, n, got)
			}
			if n := strings.Count(got, words.ShieldWord(s)); n != named {
				t.Errorf("%d columns, shield %d: the word stands %d times, want %d:\n%s", width, s, n, named, got)
			}
		}
	}
}

func locked(change func(*chat.RoomLock)) *Lock {
	l := &Lock{RoomLock: chat.RoomLock{Room: "!general:example.org", Encrypted: true, HasKey: true, Age: 3 * 24 * time.Hour}, Me: me}
	l.Name = func(u chat.UserID) string { return u.Localpart() }
	if change != nil {
		change(&l.RoomLock)
	}
	return l
}

func TestHeaderSaysWhatProtects(t *testing.T) {
	for _, c := range []struct {
		width  int
		change func(*chat.RoomLock)
		want   string
	}{
		{120, nil, "🔒 encrypted · key 3 d"},
		{120, func(l *chat.RoomLock) { l.Age = 0 }, "encrypted · new key"},
		{120, func(l *chat.RoomLock) { l.HasKey = false }, "encrypted  12"},
		{120, func(l *chat.RoomLock) { l.Unsigned, l.Policy.Share = 2, chat.PolicyVerified }, "encrypted · verified only · 2 unconfirmed · key 3 d"},
		{60, func(l *chat.RoomLock) { l.Unsigned, l.Policy.Share = 2, chat.PolicySigned }, "🔒 confirmed only · 2 unconfirmed"},
		{40, func(l *chat.RoomLock) { l.Unsigned = 2 }, "🔒 2 unconfirmed  12"},
		{40, func(l *chat.RoomLock) { l.Unsigned = 200 }, "🔒 200!  12"},
	} {
		p := newPane(t, conversation())
		p.SetLock(locked(c.change))
		got, _ := paint(p, c.width, 20)
		if head, _, _ := strings.Cut(got, "\n"); !strings.Contains(head, c.want) || !strings.Contains(head, "# general") {
			t.Errorf("%d columns: %q lacks %q", c.width, head, c.want)
		}
	}
	w := conversation()
	w.room.Encrypted = false
	if got, _ := paint(newPane(t, w), 80, 20); !strings.Contains(strings.Split(got, "\n")[0], "not encrypted") {
		t.Errorf("an unencrypted channel says nothing:\n%s", got)
	}
}

// Who would not get the message, and whose identity changed, is said before it
// is written, and gone when it is not so any more.
func TestNotesAboveTheComposer(t *testing.T) {
	p := newPane(t, conversation())
	both := locked(func(l *chat.RoomLock) {
		l.Changed = []chat.UserID{"@bo:example.org"}
		l.Excluded = []chat.Session{{User: "@cy:example.org"}, {User: "@ada:example.org"}, {User: "@ada:example.org"}, {User: "@dee:example.org"}, {User: "@eve:example.org"}}
		l.ExcludedCount = 5
	})
	p.SetLock(both)
	for _, size := range [][2]int{{40, 20}, {80, 24}, {120, 30}} {
		got, _ := paint(p, size[0], size[1])
		golden(t, fmt.Sprintf("notes-%dx%d", size[0], size[1]), got)
	}
	see(t, p, "Identity changed: bo", "Would not get it: ada, cy and 2 others")
	if got, _ := paint(p, 40, 8); !strings.Contains(got, "Identity changed: bo") {
		t.Errorf("a low window does not warn:\n%s", got)
	}
	for h := 1; h < 15; h++ {
		paint(p, 20, h)
	}
	p.SetLock(locked(nil))
	if got, _ := paint(p, 80, 24); strings.Contains(got, "Would not get") || strings.Contains(got, "Identity changed") {
		t.Errorf("still there:\n%s", got)
	}
	p.SetLock(both)
	p.Open(chat.Room{ID: "!other:x", Name: "other"}, chat.Draft{}, nil)
	if got, _ := paint(p, 80, 24); strings.Contains(got, "Would not get") {
		t.Errorf("stands in another channel:\n%s", got)
	}
	p.SetLock(both) // a late answer
	if got, _ := paint(p, 80, 24); strings.Contains(got, "Would not get") {
		t.Errorf("a late answer is shown:\n%s", got)
	}
}

func TestWaitingRowSaysThatTheBackupIsNotConnected(t *testing.T) {
	p := newPane(t, conversation())
	paint(p, 80, 24)
	see(t, p, "It opens by itself")
	p.SetBackup(chat.BackupNoKey)
	see(t, p, "The key backup is not connected", "R looks again, i says more")
}
