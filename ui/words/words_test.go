package words

import (
	"strings"
	"testing"
	"time"

	"hubbub/store/chat"
)

func TestKey(t *testing.T) {
	for in, want := range map[string]string{
		"ctrl+k": "Ctrl+K", "alt+shift+up": "Alt+Shift+↑", "?": "?", "+": "+", "G": "G", "j": "j", "f1": "F1",
		"pgdown": "PgDn", "ctrl+_": "Ctrl+_", "alt++": "Alt++", "space": "Space", "esc": "Esc",
	} {
		if got := Key(in); got != want {
			t.Errorf("Key(%q) is %q, want %q", in, got, want)
		}
	}
}

// TestEveryProblemIsExplained: each kind has a sentence of its own, with or without detail.
func TestEveryProblemIsExplained(t *testing.T) {
	seen := map[string]chat.ProblemKind{}
	for k := chat.ProblemUnknown; k <= chat.ProblemCancelled; k++ {
		what, next := Problem(&chat.Problem{Kind: k})
		if !strings.HasSuffix(what, ".") || (next != "" && !strings.HasSuffix(next, ".") && !strings.Contains(next, ": hubbub ")) {
			t.Errorf("%s: %q %q are no sentences", k, what, next)
		}
		if other, ok := seen[what]; ok {
			t.Errorf("%s and %s say the same: %q", k, other, what)
		}
		seen[what] = k
		if what, _ = Problem(&chat.Problem{Kind: k, Detail: "detail"}); !strings.HasSuffix(what, ".") {
			t.Errorf("%s with detail: %q", k, what)
		}
	}
	if got := ProblemLine(&chat.Problem{Kind: chat.ProblemRateLimit, RetryAfter: 90 * time.Second}); !strings.Contains(got, "1 minute") {
		t.Errorf("the wait is not said: %q", got)
	}
	if what, next := Problem(nil); what != "" || next != "" {
		t.Error("no problem has words")
	}
}

func TestWindowTitle(t *testing.T) {
	for _, c := range []struct {
		room             string
		unread, mentions int
		want             string
	}{
		{"", 0, 0, "hubbub"},
		{"#general", 3, 0, "(3) #general · hubbub"},
		{"cy", 3, 1, "(@1) cy · hubbub"},
	} {
		if got := WindowTitle(c.room, c.unread, c.mentions); got != c.want {
			t.Errorf("title is %q, want %q", got, c.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		400 * time.Millisecond: "0 seconds", time.Second: "1 second", 59 * time.Second: "59 seconds", 61 * time.Second: "1 minute",
		2 * time.Hour: "2 hours", 72 * time.Hour: "3 days",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestRoles(t *testing.T) {
	for p, want := range map[int]string{-1: "RESTRICTED", 0: "MEMBER", 49: "MEMBER", 50: "MODERATOR", 100: "ADMIN", chat.PowerCreator: "CREATOR"} {
		if got := Role(p); got != want {
			t.Errorf("power %d is %s", p, got)
		}
	}
}

func TestSlashHelp(t *testing.T) {
	if _, help := SlashHelp("nothing"); help != "" {
		t.Error("an unknown command has help")
	}
	usage, help := SlashHelp("invite")
	if SlashArgs(usage) != "@USER:HOMESERVER" || help == "" {
		t.Errorf("invite: %q %q", usage, help)
	}
}
