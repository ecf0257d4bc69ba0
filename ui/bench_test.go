package ui

import (
	"fmt"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
)

// big is an account of n rooms with a full channel open.
func big(n int) *world {
	w := busy()
	for i := range n {
		r := room(fmt.Sprintf("!big%04d", i), fmt.Sprintf("channel %d", i))
		r.Unread = i % 9 / 8
		r.LastActive = r.LastActive.Add(-time.Duration(i) * time.Minute)
		w.sidebar.Rooms = append(w.sidebar.Rooms, r)
		w.sidebar.Edges = append(w.sidebar.Edges, chat.SpaceEdge{Parent: []chat.RoomID{"!t", "!v", "!o"}[i%3], Child: r.ID})
	}
	return w
}

// BenchmarkKey is a typed letter: Update and the drawing of what it changed, at 200×60.
func BenchmarkKey(b *testing.B) {
	s := sit(b, big(3000), 200, 60, nil)
	s.Grid()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%40 == 39 {
			s.win.Update(tea.KeyPressMsg{Code: 'u', Mod: tea.ModCtrl})
		} else {
			s.win.Update(tea.KeyPressMsg{Code: 'a', Text: "a"})
		}
		s.Grid()
		s.world.calls = s.world.calls[:0]
	}
}

// BenchmarkEvents1000 is a second of 1,000 events in 60 batches: a third in the
// open channel, the rest in others of 3,000.
func BenchmarkEvents1000(b *testing.B) {
	s := sit(b, big(3000), 200, 60, nil)
	s.Grid()
	key := 1000
	at := time.Date(2026, 11, 21, 13, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		for batch := range 60 {
			cs := chat.ChangeSet{Timeline: map[chat.RoomID]*chat.RoomChange{"!g": {}}}
			for i := range 11 {
				at = at.Add(time.Millisecond)
				r := *s.win.list.Room(chat.RoomID(fmt.Sprintf("!big%04d", (batch*53+i*7)%3000)))
				r.LastActive, r.Unread, r.HasUnread = at, r.Unread+1, true
				cs.Rooms = append(cs.Rooms, r)
			}
			for range 6 {
				key++
				m := text(key, "bo", fmt.Sprintf("event %d of a busy channel", key))
				m.Time = at
				cs.Timeline["!g"].Items = append(cs.Timeline["!g"].Items, m)
			}
			s.win.Update(feedMsg{changes: cs})
			s.Grid()
		}
		s.world.calls = s.world.calls[:0]
	}
}

// BenchmarkStart3000 is the time from what the disk answered to the first frame.
func BenchmarkStart3000(b *testing.B) {
	w := big(3000)
	o, err := readOpening(b.Context(), w)
	if err != nil {
		b.Fatal(err)
	}
	s := sit(b, harbour(), 200, 60, nil)
	for b.Loop() {
		s.win.room = ""
		s.win.begin(o, nil)
		s.win.dirty = true
		s.Grid()
	}
}

// BenchmarkOpenRoom goes back and forth between two channels, with their pages and members.
func BenchmarkOpenRoom(b *testing.B) {
	s := sit(b, big(3000), 200, 60, nil)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.Send(teaKey([]rune{tea.KeyUp, tea.KeyDown}[i%2], tea.ModAlt))
		s.Grid()
		s.world.calls = s.world.calls[:0]
	}
}

// BenchmarkSwitcher opens the switcher over 3,000 channels, types and closes it.
func BenchmarkSwitcher(b *testing.B) {
	s := sit(b, big(3000), 200, 60, nil)
	for b.Loop() {
		s.Key("ctrl+k", "c", "h", "a")
		s.Grid()
		s.Key("esc")
	}
}

func teaKey(code rune, mod tea.KeyMod) tea.KeyPressMsg { return tea.KeyPressMsg{Code: code, Mod: mod} }
