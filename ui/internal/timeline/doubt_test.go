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
