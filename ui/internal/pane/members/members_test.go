package members

import (
	"strings"
	"testing"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/screen"
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
