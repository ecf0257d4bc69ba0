package timeline

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"hubbub/store/chat"
)

const room chat.RoomID = "!r:example.org"

func at(minute int) time.Time {
	return time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC).Add(time.Duration(minute) * time.Minute)
}

// msg makes a message: its key is its place.
func msg(n int, sender string, minute int, change ...func(*chat.Message)) chat.Message {
	m := chat.Message{
		Key: chat.ItemKey(n), Seq: chat.Seq(1<<40 + n), Room: room, ID: chat.EventID(fmt.Sprint("$", n)),
		Sender: chat.UserID("@" + sender + ":x"), SenderName: sender, Own: sender == "me", Time: at(minute), Body: fmt.Sprint("m", n),
	}
	for _, c := range change {
		c(&m)
	}
	return m
}

func state(m *chat.Message) {
	m.Kind, m.State = chat.KindState, &chat.StateChange{Type: "m.room.name", Value: "x"}
}

func member(target string, now, before chat.Membership) func(*chat.Message) {
	return func(m *chat.Message) {
		m.Kind = chat.KindState
		m.State = &chat.StateChange{
			Type: "m.room.member", Target: chat.UserID("@" + target + ":x"), TargetName: target, Membership: now, PrevMembership: before,
		}
	}
}

// show writes the items in short: day, new(n), gap, name: for a head, + for grouped.
func show(m *Model) string {
	var out []string
	for i := range m.Len() {
		it := m.At(i)
		switch it.Kind {
		case KindDay:
			out = append(out, "day")
		case KindNew:
			out = append(out, fmt.Sprintf("new(%d)", it.Count))
		case KindGap:
			out = append(out, "gap")
		case KindStates:
			out = append(out, fmt.Sprintf("states(%d)", len(it.Messages)))
		case KindMessage:
			mark := it.Message().SenderName + ":"
			if it.Grouped {
				mark = "+"
			}
			out = append(out, mark+it.Message().Body)
		}
	}
	return strings.Join(out, " ")
}

func page(items ...chat.Message) chat.Page {
	return chat.Page{Room: room, Items: items, AtStart: true, AtNewest: true}
}

func load(t *testing.T, marker Marker, items ...chat.Message) *Model {
	t.Helper()
	m := New(time.UTC)
	m.Reset(page(items...), marker)
	return m
}

func TestGroupsDaysAndFolds(t *testing.T) {
	m := load(t, Marker{},
		msg(1, "ada", 0), msg(2, "ada", 4), msg(3, "ada", 10), msg(4, "bo", 11),
		msg(5, "bo", 11, func(m *chat.Message) { m.Reply = &chat.ReplyPreview{} }),
		msg(6, "ada", 12, state), msg(7, "bo", 12, state), msg(8, "bo", 12),
		msg(9, "bo", 24*60))
	if got, want := show(m), "day ada:m1 +m2 ada:m3 bo:m4 bo:m5 states(2) bo:m8 day bo:m9"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestNewDivider(t *testing.T) {
	items := []chat.Message{msg(1, "ada", 0), msg(2, "me", 1), msg(3, "ada", 1, state), msg(4, "ada", 2), msg(5, "bo", 3)}
	for want, marker := range map[string]Marker{
		"day ada:m1 me:m2 states(1) new(2) ada:m4 bo:m5": {Event: "$1"},
		"day ada:m1 me:m2 states(1) ada:m4 bo:m5":        {Event: "$5"},
		"day ada:m1 me:m2 states(1) ada:m4 new(1) bo:m5": {Event: "$reaction", Unread: 1},
	} {
		if got := show(load(t, marker, items...)); got != want {
			t.Errorf("%+v: got %s, want %s", marker, got, want)
		}
	}
	// It stays where it was while new messages come.
	m := load(t, Marker{Event: "$4"}, items...)
	m.Apply(&chat.RoomChange{Items: []chat.Message{msg(6, "bo", 4)}})
	if got := show(m); !strings.HasSuffix(got, "new(1) bo:m5 +m6") {
		t.Error(got)
	}
	// The marker can be on a page that comes later.
	m = New(time.UTC)
	m.Reset(chat.Page{Room: room, Items: items[3:], AtNewest: true}, Marker{Event: "$1", Unread: 9})
	if m.NewDivider() >= 0 {
		t.Fatal("a divider without a place")
	}
	m.Older(chat.Page{Room: room, Items: items[:3], AtStart: true})
	if got := show(m); got != "day ada:m1 me:m2 states(1) new(2) ada:m4 bo:m5" {
		t.Error(got)
	}
}

func TestEchoBecomesTheMessageAndKeepsItsKey(t *testing.T) {
	m := load(t, Marker{}, msg(1, "ada", 0))
	echo := msg(9, "me", 1, func(m *chat.Message) { m.ID, m.Seq, m.Send = "", chat.SeqLocal+9, chat.Sending })
	if o := m.Apply(&chat.RoomChange{Items: []chat.Message{echo}}); !o.Mine || o.Added != 0 {
		t.Errorf("%+v", o)
	}
	m.Apply(&chat.RoomChange{Items: []chat.Message{msg(2, "bo", 1)}})
	if got := show(m); got != "day ada:m1 bo:m2 me:m9" {
		t.Fatal(got)
	}
	before, _ := m.Index(Key{KindMessage, 9})
	sent := msg(9, "me", 1)
	sent.Seq = chat.Seq(1<<40 + 3)
	m.Apply(&chat.RoomChange{Items: []chat.Message{sent, msg(10, "ada", 2)}})
	if after, ok := m.Index(Key{KindMessage, 9}); !ok || after != before {
		t.Errorf("item %d, was %d", after, before)
	}
	if got := show(m); got != "day ada:m1 bo:m2 me:m9 ada:m10" {
		t.Error(got)
	}
}

func TestChangesBumpOnlyTheirItem(t *testing.T) {
	m := load(t, Marker{}, msg(1, "ada", 0), msg(2, "ada", 1), msg(3, "ada", 2))
	before := []uint64{m.At(1).Stamp, m.At(2).Stamp, m.At(3).Stamp}
	edited := msg(2, "ada", 1)
	edited.Edited = true
	m.Apply(&chat.RoomChange{Items: []chat.Message{edited}})
	if m.At(1).Stamp != before[0] || m.At(2).Stamp == before[1] || m.At(3).Stamp != before[2] {
		t.Error("wrong stamps")
	}
	// A message that goes away gives its name line to the next.
	m.Apply(&chat.RoomChange{Gone: []chat.ItemKey{1}})
	if m.At(1).Grouped || m.At(1).Stamp == before[1] {
		t.Error("the group lost its head without a new one")
	}
}

func TestFarMessagesWaitForTheirPage(t *testing.T) {
	m := New(time.UTC)
	m.Reset(chat.Page{Room: room, Items: []chat.Message{msg(50, "ada", 0), msg(51, "ada", 1)}}, Marker{})
	o := m.Apply(&chat.RoomChange{Items: []chat.Message{msg(10, "ada", 0), msg(90, "bo", 5)}})
	if o.Added != 1 || o.Changed || m.Len() != 3 {
		t.Errorf("%+v, %s", o, show(m))
	}
	reqs := m.Want(0, m.Len()-1)
	if len(reqs) != 2 || reqs[0].Query.Before != chat.Seq(1<<40+50) || reqs[1].Query.After != chat.Seq(1<<40+51) {
		t.Fatalf("%+v", reqs)
	}
	if again := m.Want(0, m.Len()-1); len(again) != 0 {
		t.Errorf("asked twice: %+v", again)
	}
	m.PageFailed(LoadOlder)
	if again := m.Want(0, m.Len()-1); len(again) != 0 {
		t.Errorf("asked again by itself: %+v", again)
	}
	m.Retry()
	if again := m.Want(0, m.Len()-1); len(again) != 1 {
		t.Errorf("not asked again: %+v", again)
	}
}

func TestWindowIsTrimmed(t *testing.T) {
	m := New(time.UTC)
	all := func(from, to int) (out []chat.Message) {
		for i := from; i < to; i++ {
			out = append(out, msg(i, "ada", i))
		}
		return out
	}
	m.Reset(chat.Page{Room: room, Items: all(10000, 10080), AtNewest: true}, Marker{})
	for end := 10000; end > 5000; end -= 100 {
		m.Older(chat.Page{Room: room, Items: all(end-100, end)})
	}
	if len(m.msgs) != MaxLoaded || m.AtNewest() || len(m.keys) != MaxLoaded {
		t.Fatalf("%d messages, %d keys, newest %v", len(m.msgs), len(m.keys), m.AtNewest())
	}
	next := int(m.msgs[len(m.msgs)-1].Key) + 1
	for ; next < 10000; next += 100 {
		m.Newer(chat.Page{Room: room, Items: all(next, next+100), AtNewest: next+100 >= 10000})
	}
	if len(m.msgs) != MaxLoaded || !m.AtNewest() {
		t.Fatalf("%d messages, newest %v", len(m.msgs), m.AtNewest())
	}
	for i := range 2000 {
		m.Apply(&chat.RoomChange{Items: []chat.Message{msg(20000+i, "bo", 20000+i)}})
	}
	if len(m.msgs) > MaxLoaded+MaxLoaded/10 {
		t.Errorf("%d messages after a burst", len(m.msgs))
	}
}

func TestSummary(t *testing.T) {
	m := load(t, Marker{},
		msg(1, "ada", 0, member("ada", chat.MemberJoined, chat.MemberNone)),
		msg(2, "bo", 0, member("bo", chat.MemberJoined, chat.MemberNone)),
		msg(3, "cy", 0, member("cy", chat.MemberJoined, chat.MemberInvited)),
		msg(4, "ada", 0, member("dee", chat.MemberBanned, chat.MemberJoined)),
		msg(5, "eve", 0, member("eve", chat.MemberLeft, chat.MemberJoined)),
		msg(6, "ada", 0, func(m *chat.Message) {
			m.Kind, m.State = chat.KindState, &chat.StateChange{Type: "m.room.topic", Value: "T"}
		}),
		msg(7, "ada", 0, func(m *chat.Message) { m.Kind, m.Type = chat.KindState, "org.example.thing" }))
	want := "3 people joined, dee was banned, eve left, ada changed the topic to: T, changed org.example.thing"
	if got := Summary(m.At(1).Messages); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := StateLine(&m.At(1).Messages[3].Message); got != "dee was banned by ada" {
		t.Error(got)
	}
}

// TestSummaryNamesOnce: who did several things in a row is named once, for any number of people.
func TestSummaryNamesOnce(t *testing.T) {
	change := func(kind string) func(*chat.Message) {
		return func(m *chat.Message) { m.Kind, m.Type, m.State = chat.KindState, kind, &chat.StateChange{Type: kind} }
	}
	m := load(t, Marker{},
		msg(1, "ada", 0, change("m.room.create")),
		msg(2, "ada", 0, change("m.room.power_levels")),
		msg(3, "bo", 0, member("bo", chat.MemberJoined, chat.MemberNone)),
		msg(4, "cy", 0, member("cy", chat.MemberJoined, chat.MemberNone)),
		msg(5, "ada", 0, member("bo", chat.MemberBanned, chat.MemberJoined)),
		msg(6, "ada", 0, member("cy", chat.MemberBanned, chat.MemberJoined)),
		msg(7, "ada", 0, change("m.room.topic")))
	want := "ada created the channel, bo and cy joined, were banned, ada removed the topic"
	if got := Summary(m.At(1).Messages); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestNamesOfNothingAndOfTooMuch(t *testing.T) {
	long := strings.Repeat("\u202e\x1b[31mx", 10000)
	m := load(t, Marker{},
		msg(1, "ada", 0, func(m *chat.Message) { m.SenderName = "\u200b\u2060 " }),
		msg(2, "bo", 0, func(m *chat.Message) {
			m.SenderName = long
			m.Kind, m.State = chat.KindState, &chat.StateChange{Type: "m.room.topic", Value: long}
		}),
		msg(3, "cy", 0, member(long, chat.MemberJoined, chat.MemberNone)))
	if got := Name(m.At(1).Message()); got != "@ada:x" {
		t.Errorf("%q", got)
	}
	if got := Summary(m.At(2).Messages); len(got) > 2000 || strings.ContainsAny(got, "\x1b\u202e") {
		t.Errorf("%d bytes: %.80q", len(got), got)
	}
}

// After any changes the items are those that a fresh model would make.
func TestRebuildEqualsBuild(t *testing.T) {
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 3))
		m := New(time.UTC)
		var items []chat.Message
		people := []string{"ada", "bo", "me"}
		random := func(n int) chat.Message {
			x := msg(n, people[r.IntN(3)], n*r.IntN(3)+r.IntN(3)*1000)
			switch r.IntN(6) {
			case 0:
				state(&x)
			case 1:
				x.Kind, x.ID = chat.KindGap, ""
			}
			return x
		}
		for i := range 20 {
			items = append(items, random(100+i))
		}
		m.Reset(page(items...), Marker{Event: "$110"})
		next := 120
		for range 30 {
			var c chat.RoomChange
			for range 1 + r.IntN(3) {
				switch r.IntN(4) {
				case 0, 1:
					c.Items = append(c.Items, random(next))
					next++
				case 2:
					c.Items = append(c.Items, random(100+r.IntN(next-100)))
				case 3:
					c.Gone = append(c.Gone, chat.ItemKey(100+r.IntN(next-100)))
				}
			}
			m.Apply(&c)
			got := show(m)
			stamps := fmt.Sprint(m.items)
			for i := range m.Len() {
				if j, ok := m.Index(m.At(i).Key); !ok || j != i {
					t.Fatalf("seed %d: item %d is found as %d", seed, i, j)
				}
			}
			m.build()
			if show(m) != got || fmt.Sprint(m.items) != stamps {
				t.Fatalf("seed %d:\n%s\nnot\n%s", seed, got, show(m))
			}
		}
	}
}

func BenchmarkApplyAtTheEnd(b *testing.B) {
	m := New(time.UTC)
	var items []chat.Message
	for i := range 3000 {
		items = append(items, msg(i+1, "ada", i))
	}
	m.Reset(page(items...), Marker{})
	c := &chat.RoomChange{Items: []chat.Message{msg(5000, "bo", 4000)}}
	b.ReportAllocs()
	for b.Loop() {
		m.Apply(c)
	}
}
