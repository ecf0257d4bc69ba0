package status

import (
	"strings"
	"testing"
	"time"

	"hubbub/store/chat"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/term"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
)

func see(p *Pane, w int) string {
	c, g := screen.NewCanvasForTest(w, 1, nil)
	p.Paint(c)
	return g.String()
}

func TestStatusLine(t *testing.T) {
	th := theme.New(theme.Options{})
	now := time.Unix(1000, 0)
	p := New(chat.Account{User: "@me:example.org"}, &th)
	p.SetConnection(chat.Connection{State: chat.ConnOnline}, now)
	p.SetHint(safe.Lit("F1 help"))
	if got := see(p, 80); got != " ● online  @me:example.org"+strings.Repeat(" ", 47)+"F1 help" {
		t.Errorf("line is %q", got)
	}
	p.SetConnection(chat.Connection{State: chat.ConnOffline, RetryAt: now.Add(5 * time.Second)}, now)
	p.SetOutbox(chat.OutboxState{Pending: 2, Failed: 1})
	if got := see(p, 90); !strings.Contains(got, "offline, next try in 5 seconds") || !strings.HasSuffix(got, "1 not sent, 2 waiting") {
		t.Errorf("line is %q", got)
	}
	if next := p.Tick(now.Add(time.Second)); !next.Equal(now.Add(2 * time.Second)) {
		t.Errorf("the countdown wakes at %v", next)
	}
	if got := see(p, 90); !strings.Contains(got, "4 seconds") {
		t.Errorf("the countdown stands: %q", got)
	}
}

func TestNotices(t *testing.T) {
	th := theme.New(theme.Options{})
	now := time.Unix(1000, 0)
	p := New(chat.Account{User: "@me:example.org"}, &th)
	p.Add(safe.Lit("Copied."), Plain, now)
	p.Add(safe.Lit("It failed."), Bad, now)
	p.Add(safe.Lit("It failed."), Bad, now)
	p.Add(safe.Lit("Later."), Plain, now)
	if got := see(p, 100); !strings.Contains(got, "It failed.") || !strings.Contains(got, "(+1 more)") {
		t.Errorf("line is %q", got)
	}
	if got := see(p, 40); !strings.Contains(got, "It failed.") {
		t.Errorf("narrow line is %q", got)
	}
	now = now.Add(lastsMost)
	p.Tick(now)
	if got := see(p, 100); !strings.Contains(got, "Later.") || strings.Contains(got, "failed") {
		t.Errorf("line is %q", got)
	}
	now = now.Add(lastsMost)
	if next := p.Tick(now); !next.IsZero() || p.Dismiss(now) {
		t.Error("a notice stays for ever")
	}
	for w := range 100 {
		p.Add(safe.Lit("x 密密密密"), Bad, now)
		see(p, w)
	}
}

// TestLongNotice: what does not fit into the line is read whole above it.
func TestLongNotice(t *testing.T) {
	th := theme.New(theme.Options{})
	now := time.Unix(1000, 0)
	p := New(chat.Account{User: "@me:example.org"}, &th)
	p.SetConnection(chat.Connection{State: chat.ConnOnline}, now)
	text := "There is no channel at that address. Check the spelling, or ask whoever gave it to you for a link to it."
	p.Answer(safe.Own(text), Bad, now)
	for w, want := range map[int]int{40: 3, 80: 2, 100: 2, 120: 0, 200: 0} {
		rows := p.Rows(term.Full(), w)
		if rows != want {
			t.Errorf("%d rows at %d columns, want %d", rows, w, want)
		}
		c, g := screen.NewCanvasForTest(w, rows+1, nil)
		p.Paint(c)
		if got := strings.Join(strings.Fields(g.String()), " "); !strings.Contains(got, text) {
			t.Errorf("at %d columns it shows %q", w, got)
		}
	}
	p.SetBadge(BadgeTrust, safe.Own(strings.Repeat("x", 60)), true)
	if p.Rows(term.Full(), 160) == 0 {
		t.Error("a badge covers the notice")
	}
}

// TestNoticeEnds: with the next thing that one does, but not before it could be seen.
func TestNoticeEnds(t *testing.T) {
	th := theme.New(theme.Options{})
	now := time.Unix(1000, 0)
	p := New(chat.Account{User: "@me:example.org"}, &th)
	p.Answer(safe.Lit("Copied."), Plain, now)
	p.Next(now.Add(seen/2), true)
	if !strings.Contains(see(p, 100), "Copied.") {
		t.Error("a notice went unseen")
	}
	p.Next(now.Add(seen), false)
	if strings.Contains(see(p, 100), "Copied.") {
		t.Error("an answer outlives what it is about")
	}
	p.Add(safe.Lit("It failed."), Bad, now)
	p.Next(now.Add(seen), false)
	if !strings.Contains(see(p, 100), "failed") {
		t.Error("what nobody asked for goes with any key")
	}
	p.Next(now.Add(seen), true)
	if strings.Contains(see(p, 100), "failed") {
		t.Error("a problem outlives the next message")
	}
	if Lasting(safe.Lit("Copied.")) >= Lasting(safe.Own(strings.Repeat("long ", 40))) {
		t.Error("long ones do not last longer")
	}
}
