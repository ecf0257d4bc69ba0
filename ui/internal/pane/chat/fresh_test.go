package chat

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
)

// long is a room of n messages of others, read up to message read.
func long(n, read int) *world {
	w := newWorld()
	for i := 1; i <= n; i++ {
		w.say([]string{"ada", "bo"}[i%2], fmt.Sprintf("message %d", i), 1)
	}
	w.room.HasUnread, w.room.Unread, w.room.ReadUpTo = true, n-read, chat.EventID(fmt.Sprintf("$%d", read))
	return w
}

// unread is what the store says of the place.
func (w *world) unread(read int) chat.Unread {
	first := w.items[read]
	return chat.Unread{First: first.ID, Since: first.Time, Count: len(w.items) - read}
}

// TestWayUpToTheFirstNewMessage: the pill at the top leads to the divider.
func TestWayUpToTheFirstNewMessage(t *testing.T) {
	w := long(60, 10)
	p := newPane(t, w)
	paint(p, 80, 24)
	p.SetUnread(w.unread(10))
	see(t, p, "↑ 50 new since 00:01", "message 60")
	x, y := p.layout.newPill.Min.X, p.layout.newPill.Min.Y
	p.Click(x+1, y)
	see(t, p, "─ 50 new ─", "message 11", "message 10")
	if got, _ := paint(p, 80, 24); strings.Contains(got, "since") {
		t.Errorf("the pill stays when the place is on the screen:\n%s", got)
	}
	p.Do(keymap.Newest)
	p.Intents()
	if got, _ := paint(p, 80, 24); strings.Contains(got, "since") {
		t.Errorf("the pill comes back:\n%s", got)
	}
}

// TestFirstNewMessageIsLoaded: the place may be on another page.
func TestFirstNewMessageIsLoaded(t *testing.T) {
	all := long(300, 20)
	w := *all
	w.items = all.items[220:]
	p := newPane(t, &w)
	paint(p, 80, 24)
	p.SetUnread(all.unread(20))
	see(t, p, "280 new since")
	p.Do(keymap.FirstNew)
	var ask PageRequest
	for _, in := range p.Intents() {
		if in.Kind == IntentPage && in.Page.Kind == PageJump {
			ask = in.Page
		}
	}
	if ask.Query.Around != "$21" {
		t.Fatalf("asked for %+v", ask.Query)
	}
	p.Answer(ask, chat.Page{Room: w.room.ID, Items: all.items[:60], AtStart: true}, nil)
	see(t, p, "─ 280 new ─", "message 21")
	if p.Mode() != Writing {
		t.Error("the keys went to another mode")
	}
}

func TestNothingNew(t *testing.T) {
	p := newPane(t, long(5, 5))
	p.Do(keymap.FirstNew)
	if in := take(t, p, IntentSay); in.Text != "Nothing is new here." {
		t.Error(in.Text)
	}
}

// TestWelcome: without a room the pane says where to go, and takes no text.
func TestWelcome(t *testing.T) {
	p := newPane(t, conversation())
	p.Open(chat.Room{}, chat.Draft{}, nil)
	p.SetWelcome(Welcome{Rooms: 12, Invites: 1, Unread: 3, Mentions: 2})
	for _, size := range [][2]int{{40, 18}, {80, 23}} {
		got, cur := paint(p, size[0], size[1])
		golden(t, fmt.Sprintf("welcome-%dx%d", size[0], size[1]), got)
		if cur.Visible {
			t.Error("a cursor without a composer")
		}
	}
	p.SetWelcome(Welcome{Fetching: true})
	see(t, p, "being fetched")
	p.SetWelcome(Welcome{})
	see(t, p, "You are in no channel yet")
	p.Type("x")
	p.Do(keymap.Send)
	p.Do(keymap.MessageMode)
	p.Click(3, 20)
	for w := 1; w < 60; w += 5 {
		for h := 1; h < 20; h++ {
			paint(p, w, h)
		}
	}
	if p.Text() != "" {
		t.Errorf("took %q", p.Text())
	}
}

// TestClickOnAListThatIsGone: the list on the glass may be an older one.
func TestClickOnAListThatIsGone(t *testing.T) {
	p := newPane(t, conversation())
	p.SetCommands([]Command{{Name: "join"}, {Name: "me"}, {Name: "msg"}})
	p.Type("/")
	paint(p, 80, 24)
	at := p.layout.popup
	p.Type("j")
	p.Click(at.Min.X+2, at.Max.Y-1)
	if p.Text() != "/j" {
		t.Errorf("took %q", p.Text())
	}
	paint(p, 80, 24)
	p.Click(p.layout.popup.Min.X+2, p.layout.popup.Min.Y)
	if p.Text() != "/join " {
		t.Errorf("took %q", p.Text())
	}
}

// TestPlaceIsKept: who scrolled up and comes back later stands where they were.
func TestPlaceIsKept(t *testing.T) {
	w := long(200, 200)
	w.room.HasUnread, w.room.Unread = false, 0
	p := newPane(t, w)
	paint(p, 80, 24)
	for range 3 {
		p.Do(keymap.ScrollUp)
	}
	p.Intents()
	before, _ := paint(p, 80, 24)
	other := chat.Room{ID: "!other:x", Name: "other", Membership: chat.MemberJoined}
	p.Open(other, chat.Draft{}, &chat.Page{Room: other.ID, AtStart: true, AtNewest: true})
	paint(p, 80, 24)
	p.Open(w.room, chat.Draft{}, nil)
	ask := take(t, p, IntentPage).Page
	if ask.Query.Around == "" {
		t.Fatalf("asked for %+v", ask.Query)
	}
	p.Answer(ask, w.page(), nil)
	if after, _ := paint(p, 80, 24); after != before {
		t.Errorf("came back to\n%s\nleft\n%s", after, before)
	}
	// A place that is gone leads to the end, as does having been there.
	p.Open(other, chat.Draft{}, nil)
	p.Open(w.room, chat.Draft{}, nil)
	p.Answer(takeAround(t, p), chat.Page{}, errors.New("not found"))
	ask = take(t, p, IntentPage).Page
	if ask.Query.Around != "" {
		t.Fatalf("asked for %+v", ask.Query)
	}
	p.Answer(ask, w.page(), nil)
	see(t, p, "message 200")
	p.Open(other, chat.Draft{}, nil)
	p.Intents()
	p.Open(w.room, chat.Draft{}, nil)
	if ask := take(t, p, IntentPage).Page; ask.Query.Around != "" {
		t.Errorf("asked for %+v", ask.Query)
	}
}

func takeAround(t *testing.T, p *Pane) PageRequest {
	t.Helper()
	for _, in := range p.Intents() {
		if in.Kind == IntentPage && in.Page.Query.Around != "" {
			return in.Page
		}
	}
	t.Fatal("no page around a place was asked for")
	return PageRequest{}
}

// TestNoWayUpToWhatIsBelow: who came back to an older place has the new messages below.
func TestNoWayUpToWhatIsBelow(t *testing.T) {
	all := long(300, 290)
	for _, loaded := range []int{200, 300} {
		w := *all
		p := newPane(t, &w)
		page := chat.Page{Room: w.room.ID, Items: all.items[100:loaded], AtNewest: loaded == 300}
		p.Open(chat.Room{}, chat.Draft{}, nil)
		p.SetSize(80, 24)
		p.places[w.room.ID] = place{event: "$150"}
		p.Open(w.room, chat.Draft{}, &page)
		p.SetUnread(all.unread(290))
		p.Intents()
		got, _ := paint(p, 80, 24)
		if strings.Contains(got, "since") || !strings.Contains(got, "message 150") {
			t.Errorf("%d loaded:\n%s", loaded, got)
		}
	}
}
