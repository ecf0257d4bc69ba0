package chat

import (
	"fmt"
	"testing"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/term"
	"hubbub/ui/safe"
)

func safeText(s string) safe.Text { return safe.Own(s) }

// big makes a room of n ordinary messages.
func big(n int) *world {
	w := newWorld()
	people := []string{"ada", "bo", "cy", "dee", "me"}
	for i := range n {
		body := fmt.Sprintf("message %d: the build is green again, see https://ci.example.org/%d for the log", i, i)
		if i%4 == 0 {
			w.say(people[i/3%5], body, 1, html("message with <b>bold</b> and <code>code</code>: the build is green again"))
			continue
		}
		w.say(people[i/3%5], body, 1)
	}
	return w
}

// Open a room with a page of 60 rows and paint it, nothing cached.
func BenchmarkOpenRoom(b *testing.B) {
	w := big(80)
	p := newPane(b, w)
	c, _ := screen.NewCanvasForTest(140, 60, term.Full())
	page := w.page()
	b.ReportAllocs()
	for b.Loop() {
		p.Open(w.room, chat.Draft{}, &page)
		p.Intents()
		p.Paint(c)
	}
}

func BenchmarkTypeOneKey(b *testing.B) {
	p := newPane(b, big(80))
	c, _ := screen.NewCanvasForTest(140, 60, term.Full())
	p.Paint(c)
	b.ReportAllocs()
	for b.Loop() {
		p.Type("x")
		p.Paint(c)
		p.Do(keymap.DeleteBack)
		p.Paint(c)
		p.Intents()
	}
}

// Scroll by one line through 100,000 messages that are read page by page.
func BenchmarkScroll100k(b *testing.B) {
	w := big(100_000)
	p := newPane(b, w)
	page := chat.Page{Room: w.room.ID, Items: w.items[len(w.items)-80:], AtNewest: true}
	p.Open(w.room, chat.Draft{}, &page)
	c, _ := screen.NewCanvasForTest(140, 60, term.Full())
	p.Paint(c)
	b.ReportAllocs()
	for b.Loop() {
		p.Wheel(-1)
		for _, in := range p.Intents() {
			if in.Kind != IntentPage {
				continue
			}
			q := in.Page.Query
			// The key of a message is its place plus one.
			end := int(q.Before - 1<<40 - 1)
			from := max(end-q.Limit, 0)
			p.Answer(in.Page, chat.Page{Room: w.room.ID, Items: w.items[from:end], AtStart: from == 0}, nil)
		}
		if p.list.AtStart() {
			p.Open(w.room, chat.Draft{}, &page)
		}
		p.Paint(c)
	}
}

// Take a message in at the end of a timeline of 3,000 and paint it.
func BenchmarkNewMessage(b *testing.B) {
	w := big(3000)
	p := newPane(b, w)
	c, _ := screen.NewCanvasForTest(140, 60, term.Full())
	p.Paint(c)
	b.ReportAllocs()
	for b.Loop() {
		m := *w.say("ada", "one more message", 0)
		w.items = w.items[:3000]
		p.Apply(&chat.RoomChange{Items: []chat.Message{m}})
		p.Intents()
		p.Paint(c)
	}
}
