package timeline

import (
	"testing"

	"hubbub/store/chat"
)

// Whose name could pass for another's is shown with the user id.
func TestDoubtfulNames(t *testing.T) {
	for name, want := range map[string]bool{
		"": false, "Ada": false, "Ada Lovelace": false, "Ådá 👩\u200d🚀": false, "می\u200cخواهم": false, "Ada (she/her) @ work: 9–5": false,
		" \u200b":              false, // the id is shown instead
		"@ada:example.org":     false, // her own
		"@bo:example.org":      true,
		" @bo:example.org":     true,
		"Bo @bo:example.org":   true,
		"Bo (@bo:example.org)": true,
		"Ada\u200b":            true,
		"A\u00adda":            true,
		"Ada\ufe0f":            true,
		"Ada  Lovelace":        true,
		"\u202eadA":            true,
		"Ada\x1b[2J":           true,
		"\u0410da":             true, // a Cyrillic A
		"\uff21da":             true,
		"Ada\u0301":            true,
		"Иван":                 false,
		"Ada ✓":                true,
		"🔒 Ada":                true,
		"Ada 🌷":                false,
	} {
		if got := Doubtful(name, "@ada:example.org", false); got != want {
			t.Errorf("%q: %t", name, got)
		}
	}
	if !Doubtful("Ada", "@ada:example.org", true) || Doubtful("", "@ada:example.org", true) {
		t.Error("a name that others have too")
	}
}

func TestDoubtfulUsers(t *testing.T) {
	if user := chat.UserID("@ada:example.org"); Doubtful(string(user), user, false) {
		t.Error("the own id is no doubt")
	}
}

// Where no id can stand beside a name, it stands in its place.
func TestNamesWithoutRoomForAnID(t *testing.T) {
	const user = chat.UserID("@eve:example.org")
	for name, want := range map[string]string{
		"Eve": "Eve", "": string(user), "@ada:example.org": string(user), "\u0410da": string(user), "Ada\u200b": string(user),
	} {
		if got := NameAlone(name, user, false); got != want {
			t.Errorf("%q: %q", name, got)
		}
		joined := &chat.Message{
			Kind: chat.KindState, Sender: user, SenderName: name,
			State: &chat.StateChange{Type: "m.room.member", Target: user, TargetName: name, Membership: chat.MemberJoined},
		}
		if got := StateLine(joined); name == "\u0410da" && got != string(user)+" joined" {
			t.Errorf("%q: %q", name, got)
		}
	}
	if got := NameAlone("Eve", user, true); got != string(user) {
		t.Errorf("a name that others have too: %q", got)
	}
}
