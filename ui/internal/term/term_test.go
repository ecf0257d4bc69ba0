package term

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"
	"github.com/clipperhouse/uax29/v2/graphemes"

	"hubbub/ui/safe"
)

// foot and tmux33 are profiles as they were measured.
var (
	foot   = Profile{Measured: true, Flag: true, SpacingMarks: true, Unicode: 15}
	tmux33 = Profile{Measured: true, ZWJ: true, Flag: true, SpacingMarks: true, Unicode: 14}
)

func TestNormalise(t *testing.T) {
	for _, c := range []struct {
		in                     string
		conservative, foot, tm string
	}{
		{"plain", "plain", "plain", "plain"},
		{"❤️ok", "❤ok", "❤ok", "❤ok"},
		{"1️⃣#️⃣", "1#", "1#", "1#"},
		{"👨‍👩‍👧‍👦", "👨", "👨", "👨‍👩‍👧‍👦"},
		{"👍🏽", "👍", "👍", "👍"},
		{"🇫🇷", "🇫🇷", "🇫🇷", "🇫🇷"},
		{"🏴\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F", "🏴", "🏴", "🏴"},
		{"\U0001FAE9", "\uFFFD ", "\uFFFD ", "\uFFFD "},
		{"\U0001FAE8", "\U0001FAE8", "\U0001FAE8", "\uFFFD "},
		{"👨🏽‍💻!", "👨!", "👨!", "👨‍💻!"},
		{"e\u0301 漢字", "e\u0301 漢字", "e\u0301 漢字", "e\u0301 漢字"},
	} {
		text := safe.Body(c.in)
		for _, p := range []struct {
			name string
			p    Profile
			want string
		}{{"conservative", Profile{}, c.conservative}, {"foot", foot, c.foot}, {"tmux", tmux33, c.tm}, {"full", Full(), c.in}} {
			got := p.p.Normalise(text)
			if got.String() != p.want {
				t.Errorf("%s: %q becomes %q, want %q", p.name, c.in, got, p.want)
			}
			if again := p.p.Normalise(got); again != got {
				t.Errorf("%s: %q becomes %q the second time", p.name, got, again)
			}
		}
	}
}

func TestWidths(t *testing.T) {
	for _, c := range []struct {
		in                          string
		conservative, foot, unicode int
	}{
		{"", 0, 0, 0},
		{"hello", 5, 5, 5},
		{"漢字", 4, 4, 4},
		{"❤️", 1, 1, 2},
		{"1️⃣", 1, 1, 2},
		{"👨‍👩‍👧‍👦", 2, 2, 2},
		{"👍🏽x", 3, 3, 3},
		{"🇫🇷", 2, 2, 2},
		{"मनी", 2, 3, 2},
		{"e\u0301a", 2, 2, 2},
		{"\U0001FAE9", 2, 2, 2},
		{"│…", 2, 2, 2},
	} {
		text := safe.Body(c.in)
		for i, p := range []Profile{{}, foot, Full()} {
			want := []int{c.conservative, c.foot, c.unicode}[i]
			if got := p.Text(text); got != want {
				t.Errorf("%q in %+v: %d, want %d", c.in, p, got, want)
			}
			if a, b := p.Text(text), p.Text(p.Normalise(text)); a != b {
				t.Errorf("%q: %d columns, normalised %d", c.in, a, b)
			}
		}
	}
	if got := (Profile{Ambiguous: true}).Text(safe.Lit("│")); got != 2 {
		t.Errorf("ambiguous: %d", got)
	}
}

func FuzzWidths(f *testing.F) {
	for _, s := range []string{"a", "❤️", "👨🏽‍💻", "मनी", "1️⃣", "\U0001FAE9\u200D\U0001FAE9", "🏴\U000E0067\U000E007F", "©\uFE0F"} {
		f.Add(s, uint16(0))
	}
	f.Fuzz(func(t *testing.T, s string, bits uint16) {
		p := Profile{
			Measured: bits&1 > 0, VS16: bits&2 > 0, Keycap: bits&4 > 0, ZWJ: bits&8 > 0, Tint: bits&16 > 0,
			Flag: bits&32 > 0, TagFlag: bits&64 > 0, SpacingMarks: bits&128 > 0, Ambiguous: bits&256 > 0,
			Unicode: int(bits>>9) % 18,
		}
		text := safe.Line(s)
		n := p.Normalise(text)
		if p.Normalise(n) != n {
			t.Errorf("%q becomes %q, and then %q", text, n, p.Normalise(n))
		}
		if a, b := p.Text(text), p.Text(n); a != b {
			t.Errorf("%q: %d columns, normalised %q: %d", text, a, n, b)
		}
		sum := 0
		g := graphemes.FromString(text.String())
		for g.Next() {
			sum += p.Cluster(g.Value())
		}
		if sum != p.Text(text) {
			t.Errorf("%q: clusters %d, text %d", text, sum, p.Text(text))
		}
	})
}

func TestProbe(t *testing.T) {
	answer := func(widths [probeCount]int) (Profile, bool) {
		var p Probe
		p.Answer(5, 0) // of somebody else
		for i, w := range widths {
			if last := p.Answer(w, probeRow-1); last != (i == probeCount-1) {
				t.Errorf("answer %d: last %t", i, last)
			}
		}
		p.Answer(9, probeRow-1) // one too many
		return p.Profile()
	}
	got, ok := answer([probeCount]int{1, 1, 8, 4, 2, 2, 3, 1, 2, 2, 2, 0, 0, 1, 2})
	want := foot
	want.TagFlag = true
	if !ok || got != want {
		t.Errorf("%+v %t", got, ok)
	}
	got, ok = answer([probeCount]int{2, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 1, 2})
	if !ok || got != Full() {
		t.Errorf("%+v %t", got, ok)
	}
	if _, ok := answer([probeCount]int{6, 7, 25, 8, 8, 28, 9, 3, 4, 4, 4, 4, 4, 3, 3}); ok {
		t.Error("a terminal that does not read UTF-8 has a profile")
	}
	if _, ok := (&Probe{}).Profile(); ok {
		t.Error("no answers make a profile")
	}
	if n := strings.Count(ProbeSequence(), "\x1b[6n"); n != probeCount {
		t.Errorf("%d requests", n)
	}
}

func TestProfileIsAPlainValue(t *testing.T) {
	b, err := json.Marshal(foot)
	if err != nil {
		t.Fatal(err)
	}
	var back Profile
	if err := json.Unmarshal(b, &back); err != nil || back != foot {
		t.Errorf("%s %v", b, err)
	}
}

func TestClipboard(t *testing.T) {
	seq, err := Clipboard("a\x1b;ü", nil)
	if want := "\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte("a\x1b;ü")) + "\a"; err != nil || seq != want {
		t.Errorf("%q %v", seq, err)
	}
	seq, err = Clipboard("x", Env{"TMUX=/tmp/x"})
	if err != nil || !strings.HasPrefix(seq, "\x1b]52;c;eA==\a") || !strings.Contains(seq, "\x1bPtmux;\x1b\x1b]52;c;eA==\a\x1b\\") {
		t.Errorf("%q %v", seq, err)
	}
	seq, err = Clipboard(strings.Repeat("x", 3000), Env{"STY=1"})
	if err != nil || strings.Count(seq, "\x1bP") != 6 || !strings.HasSuffix(seq, "\a\x1b\\") {
		t.Errorf("%q %v", seq, err)
	}
	if _, err := Clipboard(strings.Repeat("x", MaxClipboardBytes+1), nil); err != ErrClipboardTooLong {
		t.Errorf("%v", err)
	}
}

func TestNotification(t *testing.T) {
	evil := "a\x1b]52;c;x\x07"
	for env, want := range map[string]string{
		"TERM=foot":               "\x1b]777;notify;a]52,c,x;body\x1b\\",
		"TERM=xterm-kitty":        "\x1b]99;i=hubbub:d=0:p=title;a]52,c,x\x1b\\\x1b]99;i=hubbub:p=body;body\x1b\\",
		"TERM_PROGRAM=WezTerm":    "\x1b]9;a]52,c,x: body\x1b\\",
		"TERM=xterm-256color":     "\a",
		"TMUX=/tmp/x":             "\a",
		"TERM=screen.xterm-kitty": "\a",
	} {
		if got := Notification(ChooseNotifier(Env{env}, ""), evil, "body"); got != want {
			t.Errorf("%s: %q", env, got)
		}
	}
	if got := Notification(NotifyOSC9, "4;3;50", ""); strings.Contains(got, "9;4;") {
		t.Errorf("a title is a progress bar: %q", got)
	}
	if got := Notification(NotifyOSC777, "<b>x", `<img src="https://evil.example">&amp;`); strings.ContainsAny(got, "<>&") {
		t.Errorf("markup is handed on: %q", got)
	}
	if got := Notification(NotifyOff, "a", "b"); got != "" {
		t.Errorf("%q", got)
	}
}

func TestEnvironment(t *testing.T) {
	e := Env{"TERM=tmux-256color", "NO_COLOR=", "A=1", "A=2", "SSH_TTY=/dev/pts/1"}
	if e.Get("A") != "2" || e.Get("B") != "" || !e.Tmux() || e.Screen() || !e.SSH() || e.NoColor() {
		t.Error("the environment is misread")
	}
	if !(Env{"NO_COLOR=no"}).NoColor() || ColorProfile(os.Stdout, Env{"NO_COLOR=yes"}) != colorprofile.ASCII {
		t.Error("NO_COLOR is ignored")
	}
	if got := ColorProfile(os.Stdout, Env{"TERM=tmux-256color"}); got != colorprofile.ANSI256 {
		t.Errorf("tmux: %v", got)
	}
	if got := ColorProfile(os.Stdout, Env{"TERM=tmux-256color", "COLORTERM=truecolor"}); got != colorprofile.TrueColor {
		t.Errorf("tmux with true colour: %v", got)
	}
}
