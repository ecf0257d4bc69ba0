package members

import (
	"fmt"
	"strings"
	"testing"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/term"
	"hubbub/ui/internal/theme"
)

func TestMembersByRole(t *testing.T) {
	j := chat.MemberJoined
	l := Build("!r", []chat.Member{
		{User: "@eve:x", Name: "eve", Membership: j},
		{User: "@dee:x", Name: "Dee", Membership: j, Ambiguous: true},
		{User: "@ada:x", Name: "ada", Membership: j, Power: 100},
		{User: "@own:x", Name: " ", Membership: j, Power: chat.PowerCreator},
		{User: "@new:x", Name: "new", Membership: chat.MemberInvited, Power: 100},
		{User: "@gone:x", Name: "gone", Membership: chat.MemberLeft},
	})
	th := theme.New(theme.Options{})
	p := New(&th)
	p.SetList(l)
	c, g := screen.NewCanvasForTest(25, 12, nil)
	p.Paint(c)
	want := strings.TrimPrefix(`
 MEMBERS — 4
 CREATOR — 1
  @own:x
 ADMIN — 1
  ada
 MEMBER — 2
  Dee @dee:x
  eve
 INVITED — 1
  new

`, "\n")
	if got := g.String(); got != want {
		t.Errorf("list is\n%s\nwant\n%s", got, want)
	}
	p.SetFocus(true)
	p.Paint(c)
	p.Do(keymap.ListDown)
	m, _ := p.Do(keymap.Choose)
	if m == nil || m.User != "@ada:x" {
		t.Errorf("chose %+v", m)
	}
	if m := p.Click(3, 7); m == nil || m.User != "@eve:x" {
		t.Errorf("clicked %+v", m)
	}
	if m := p.Click(3, 1); m != nil {
		t.Errorf("clicked a heading: %+v", m)
	}
}

// Who is verified, and whose identity changed, has a mark; who has not come
// into view is not asked about, and who changed is asked about again.
func TestMarksOfTrust(t *testing.T) {
	th := theme.New(theme.Options{Colours: theme.Mono})
	p := New(&th)
	var all []chat.Member
	for i := range 40 {
		all = append(all, chat.Member{User: chat.UserID(fmt.Sprintf("@p%02d:x", i)), Membership: chat.MemberJoined})
	}
	p.SetList(Build("!r", all))
	if got := p.Unknown(10); len(got) != 9 || got[0] != "@p00:x" {
		t.Errorf("asks about %v", got)
	}
	if got := p.Unknown(10); len(got) != 0 {
		t.Errorf("asks again about %v", got)
	}
	p.SetTrust(map[chat.UserID]chat.PersonTrust{"@p00:x": chat.PersonVerified, "@p01:x": chat.PersonChanged, "@p02:x": chat.PersonWithdrawn})
	c, g := screen.NewCanvasForTest(24, 12, term.Full())
	p.Paint(c)
	for _, want := range []string{"✓@p00:x", "!@p01:x", "✗@p02:x", " @p03:x"} {
		if !strings.Contains(g.String(), want) {
			t.Errorf("%q is missing:\n%s", want, g.String())
		}
	}
	p.Forget([]chat.UserID{"@p01:x"})
	if got := p.Unknown(10); len(got) != 1 || got[0] != "@p01:x" {
		t.Errorf("after a change it asks about %v", got)
	}
}
