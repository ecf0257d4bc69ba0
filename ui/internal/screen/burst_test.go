package screen_test

import (
	"fmt"
	"strings"
	"testing"

	"hubbub/ui/internal/screen"
	"hubbub/ui/uitest"
)

// TestBursts: what comes at once is one burst when it is lines, keys when it is
// one line with its Enter, and stays as it was when keys or marks are in it.
func TestBursts(t *testing.T) {
	for _, c := range []struct{ name, send, want string }{
		{"lines", "one\rtwo\rthree\r", `note burst 14 "one\rtwo\rthree\r"`},
		{"without the last end", "first line\rsecond line", `note burst 22 "first line\rsecond line"`},
		{"tabs, marks of other scripts", "f() {\r\tä 密\r}\r", `note burst 16 "f() {\r\tä 密\r}\r"`},
		{"answers between", "one\r\x1b[?62;22ctwo\r", `note burst 8 "one\rtwo\r"`},
		{"one line", "r0001\r", "note key enter"},
		{"two keys together", "\rh", "typed h"},
		{"held Enter", "\r\r\r\r", "note key enter"},
		{"keys in it", "one\r\x1b[Dtwo\r", "note key enter"},
		{"marked", "\x1b[200~one\rtwo\r\x1b[201~", "typed one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			term := start(t, uitest.Options{Cols: 120})
			term.WaitFor("note measured true")
			term.Type(c.send)
			term.WaitFor(c.want)
			term.Type("!")
			term.WaitFor("!")
			if s := term.Screen(); strings.Contains(s, "burst") != strings.Contains(c.want, "burst") {
				t.Errorf("it shows\n%s", s)
			}
		})
	}
}

// TestLargeBurst: a paste of more than one read is one burst, with every line,
// though marks of it are cut anywhere.
func TestLargeBurst(t *testing.T) {
	for _, marked := range []bool{false, true} {
		t.Run(fmt.Sprintf("marked %t", marked), func(t *testing.T) {
			term := start(t, uitest.Options{Cols: 120})
			term.WaitFor("note measured true")
			var b strings.Builder
			for i := range 400 {
				fmt.Fprintf(&b, "line %d of a long text, 密\r", i)
			}
			if marked {
				term.Type("\x1b[200~" + b.String() + "\x1b[201~")
				term.Type("\x01")
				term.WaitFor("note key ctrl+a")
				return
			}
			term.Type(b.String())
			term.WaitFor(fmt.Sprintf(`note burst %d "line 0 of a long text`, b.Len()))
			term.Key("ctrl+l")
			term.Type("ende")
			term.WaitFor("typed ende")
		})
	}
}

// TestBurstAfterEsc: the key is no beginning of a sequence that swallows what follows.
func TestBurstAfterEsc(t *testing.T) {
	term := start(t, uitest.Options{Cols: 120, Rows: 30, Legacy: true})
	term.WaitFor("note measured true")
	term.Type("\x1b")
	term.WaitFor("note key esc")
	term.Type("]")
	term.WaitFor("typed ]")
	term.Type("one\rtwo\r")
	term.WaitFor(`note burst 8 "one\rtwo\r"`)
}

func TestBurst(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, "\r": false, "a\r": false, "a long line\r": false, "\r\r": false, "a\r\r\r": false, "a\rb\r": true,
		"\ra\r": true, "k\rj": false, "long enough\rlong enough": true, "a\r\n": false, "a\r\nb\r\n": true, "a\nb\n": false,
	} {
		if got := screen.Burst(text); got != want {
			t.Errorf("Burst(%q) = %t", text, got)
		}
	}
}

// FuzzBurstKey: every burst ends as keys, without losing a byte.
func FuzzBurstKey(f *testing.F) {
	f.Add("one\rtwo\t密\n")
	f.Fuzz(func(t *testing.T, text string) {
		for text != "" {
			_, rest := screen.BurstKey(text)
			if len(rest) >= len(text) || !strings.HasSuffix(text, rest) {
				t.Fatalf("%q is left of %q", rest, text)
			}
			text = rest
		}
	})
}
