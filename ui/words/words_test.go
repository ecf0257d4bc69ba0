package words

import (
	"math"
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
	for k := chat.ProblemUnknown; k <= chat.ProblemUnverified; k++ {
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
	if got := ProblemLine(&chat.Problem{Kind: chat.ProblemRateLimit, RetryAfter: 90 * time.Second}); !strings.Contains(got, "2 minutes") {
		t.Errorf("the wait is not said: %q", got)
	}
	if what, next := Problem(nil); what != "" || next != "" {
		t.Error("no problem has words")
	}
}

// TestHomeserversSentence: where its code says what is wrong, it is said in words of our own.
func TestHomeserversSentence(t *testing.T) {
	p := &chat.Problem{Kind: chat.ProblemNotFound, Code: "M_NOT_FOUND", Detail: "Room alias #x:y not found"}
	if got := ProblemLine(p); got != "There is no channel at that address. Check its spelling." {
		t.Error(got)
	}
	for _, p := range []*chat.Problem{
		{Kind: chat.ProblemNotFound, Code: "M_NOT_FOUND", Detail: "raw"},
		{Kind: chat.ProblemBadInput, Code: "M_ROOM_IN_USE", Detail: "raw"},
		{Kind: chat.ProblemBadInput, Code: "M_INCOMPATIBLE_ROOM_VERSION", Detail: "raw"},
	} {
		if got := ProblemLine(p); strings.Contains(got, "raw") || len(got) > 90 {
			t.Errorf("%s: %q", p.Code, got)
		}
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
		-time.Second: "0 seconds", 0: "0 seconds", 400 * time.Millisecond: "1 second", time.Second: "1 second",
		59 * time.Second: "59 seconds", 59*time.Second + 1: "1 minute", time.Minute: "1 minute", 61 * time.Second: "2 minutes",
		59*time.Minute + time.Second: "1 hour", 2 * time.Hour: "2 hours", 47*time.Hour + 1: "2 days", 72 * time.Hour: "3 days",
		math.MaxInt64: "106752 days",
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

// TestStateVerbs: what people may do is said in words, what is new to hubbub as it came.
func TestStateVerbs(t *testing.T) {
	for _, c := range []struct{ kind, value, want string }{
		{"m.room.join_rules", "knock_restricted", "changed who can join to members of the server"},
		{"m.room.history_visibility", "world_readable", "changed who can read the history to everybody"},
		{"m.room.history_visibility", "joined", "changed who can read the history to members, from their joining on"},
		{"m.room.history_visibility", "org.example", "changed who can read the history to org.example"},
		{"m.room.guest_access", "can_join", "let guests join"},
		{"m.room.guest_access", "forbidden", "shut guests out"},
		{"m.room.guest_access", "", "changed the access for guests"},
	} {
		if got := StateVerb(&chat.StateChange{Type: c.kind, Value: c.value}); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.kind, c.value, got, c.want)
		}
	}
}
