package safe

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

func TestBodyLetsNothingThroughThatATerminalActsOn(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"plain":                     {"hello", "hello"},
		"empty":                     {"", ""},
		"line breaks":               {"a\r\nb\rc\u0085d\u2028e\u2029f\ng", "a\nb\nc\nd\ne\nf\ng"},
		"overwriting by CR":         {"Alice: ok\rEve", "Alice: ok\nEve"},
		"tabs":                      {"a\tb\n\tc\tabcd\te", "a   b\n    c   abcd    e"},
		"colours":                   {"\x1b[31mred\x1b[0m", "red"},
		"colours in C1":             {"\u009b31mred", "red"},
		"clear screen in C1":        {"a\u009b2Jb", "ab"},
		"clipboard":                 {"a\x1b]52;c;aGk=\x07b", "a]52;c;aGk=b"},
		"title in C1":               {"\u009d0;x\u009c", "0;x"},
		"unterminated OSC":          {"a\x1b]0;b", "a]0;b"},
		"unterminated CSI":          {"a\x1b[12;", "a[12;"},
		"long CSI":                  {"\x1b[" + strings.Repeat("1", 100) + "m", "[" + strings.Repeat("1", 100) + "m"},
		"CSI hides no line":         {"\x1b[\nm", "[\nm"},
		"bell, backspace, NUL, DEL": {"a\a\b\x00\x7fb", "ab"},
		"vertical tab, form feed":   {"a\vb\fc", "a b c"},
		"broken encoding":           {"a\xff\xfe\x9bb", "a\uFFFDb"},
		"half a character":          {"a\xe2\x82", "a\uFFFD"},
		"direction overrides":       {"a\u202Eb\u202C\u2066c\u2069\u200Ed\u061C", "abcd"},
		"zero width":                {"a\u200Bb\u2060c\uFEFFd\u00ADe\u034Ff", "abcdef"},
		"joiner between letters":    {"a\u200Db\u200Cc", "abc"},
		"joiner in Persian":         {"می\u200Cخواهم", "می\u200Cخواهم"},
		"joiner in Sinhala":         {"ක්\u200Dෂ", "ක්\u200Dෂ"},
		"joiner at a word's end":    {"می\u200C ", "می "},
		"fillers":                   {"a\u3164\u115F\u1160\uFFA0b", "ab"},
		"braille blank":             {"a\u2800b", "a b"},
		"tags":                      {"a\U000E0041\U000E0001b", "ab"},
		"tags on a face":            {"\U0001F600\U000E0067\U000E007F", "\U0001F600"},
		"Scotland":                  {"\U0001F3F4\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F", "\U0001F3F4\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F"},
		"family":                    {"👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦"},
		"kiss with skin tones":      {"👩🏽‍❤️‍💋‍👩🏽", "👩🏽‍❤️‍💋‍👩🏽"},
		"keycap, heart, flag":       {"1️⃣❤️🇫🇷", "1️⃣❤️🇫🇷"},
		"selector on a letter":      {"a\uFE0Fb\uFE01", "ab"},
		"ideographic variant":       {"葛\U000E0100", "葛\U000E0100"},
		"variant on a letter":       {"a\U000E0100", "a"},
		"zalgo":                     {"a" + strings.Repeat("\u0301", 50), "a" + strings.Repeat("\u0301", 4)},
		"accents":                   {"e\u0301o\u0302\u0303", "e\u0301o\u0302\u0303"},
		"mark without base":         {"\u0301a\n\u0301b", "a\nb"},
		"endless emoji":             {"\U0001F468" + strings.Repeat("\u200D\U0001F468", 40), strings.Repeat("\U0001F468", 8)},
		"Hindi":                     {"नमस्ते", "नमस्ते"},
		"Thai":                      {"สวัสดี", "สวัสดี"},
		"Korean, Chinese, Japanese": {"한국어 中文 日本語　ん", "한국어 中文 日本語　ん"},
		"odd spaces":                {"a\u00A0b\u2003c\u202Fd", "a b c d"},
		"picture placeholder":       {"\U0010EEEE\u0305", "\uFFFD\u0305"},
		"nonsense":                  {"\uFFFF\U000F0000\uFDD0", "\uFFFD\uFFFD\uFFFD"},
		"annotation":                {"\uFFF9a\uFFFAb\uFFFB\uFFFC", "ab"},
		"several spaces":            {"  a  b  ", "  a  b  "},
		"Arabic number sign":        {"\u0600١", "\u0600١"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Body(c.in).String(); got != c.want {
				t.Errorf("Body(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestLineStaysOnOneShortLine(t *testing.T) {
	for in, want := range map[string]string{
		"  a \t\n b\u3000c\u00A0 ":             "a b c",
		"a\r\nb":                               "a b",
		"\n":                                   "",
		"a \u200D b":                           "a b",
		" \u0301a":                             "a",
		strings.Repeat("x", 128):               strings.Repeat("x", 128),
		strings.Repeat("x", 129):               strings.Repeat("x", 127) + "…",
		strings.Repeat("👍🏽", 200):              strings.Repeat("👍🏽", 127) + "…",
		strings.Repeat("\u200B", 70_000) + "x": "…",
		"name" + strings.Repeat("\u200B", 70_000): "name…",
	} {
		if got := Line(in).String(); got != want {
			t.Errorf("Line(%.40q) = %q, want %q", in, got, want)
		}
	}
}

func TestBodyCutsTheEndless(t *testing.T) {
	for _, in := range []string{
		strings.Repeat("é", MaxBodyBytes), strings.Repeat("\t", MaxBodyBytes+1), strings.Repeat("\xff", MaxBodyBytes+1),
	} {
		got := Body(in)
		if got.Len() > MaxBodyBytes || !strings.HasSuffix(got.String(), "\n…") && got.String() != "\uFFFD\n…" {
			t.Errorf("%d bytes, end %q", got.Len(), got.String()[max(0, got.Len()-10):])
		}
		if Body(got.String()) != got {
			t.Error("a second pass changes it")
		}
	}
}

func TestOwnWordsKeepTheirSpaces(t *testing.T) {
	if got := Lit("  two  spaces\nand a line").String(); got != "  two  spaces\nand a line" {
		t.Errorf("%q", got)
	}
	if got := Own("12:30   \x1b]0;x\nb").String(); got != "12:30   ]0;x b" {
		t.Errorf("%q", got)
	}
	if got := Own(strings.Repeat("x", 5000)).Len(); got != 5000 {
		t.Errorf("%d bytes", got)
	}
}

func TestJoinLinesSlice(t *testing.T) {
	a, b := Lit("a"), Line("é")
	if got := Join(Lit(", "), a, b, a).String(); got != "a, é, a" {
		t.Errorf("%q", got)
	}
	if got := Join(Lit(", ")); !got.Empty() {
		t.Errorf("%q", got)
	}
	lines := Body("x\n\ny\n").Lines()
	if len(lines) != 4 || lines[0] != Lit("x") || !lines[1].Empty() || !lines[3].Empty() {
		t.Errorf("%v", lines)
	}
	if n := len((Text{}).Lines()); n != 1 {
		t.Errorf("%d lines of nothing", n)
	}
	for _, c := range []struct {
		from, to int
		want     string
	}{{0, 1, "a"}, {1, 3, "é"}, {2, 3, "é"}, {-5, 99, "aéb"}, {3, 1, ""}, {9, 9, ""}} {
		if got := Body("aéb").Slice(c.from, c.to).String(); got != c.want {
			t.Errorf("Slice(%d, %d) = %q, want %q", c.from, c.to, got, c.want)
		}
	}
}

func TestOSC(t *testing.T) {
	for in, want := range map[string]string{
		"room\x07\x1b]52;c;aGk=\x07":  "room]52,c,aGk=",
		"a\u009cb\u009dc":             "abc",
		"a;b":                         "a,b",
		"#[bg=red]#{x}#(y)##[z":       "# [bg=red]# {x}# (y)## [z", // styles of tmux
		strings.Repeat("a", 300):      strings.Repeat("a", 127) + "…",
		strings.Repeat("\u0439", 300): strings.Repeat("\u0439", 100),
	} {
		if got := OSC(in); got != want {
			t.Errorf("OSC(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestURL(t *testing.T) {
	for in, want := range map[string]string{
		"https://example.org/a?b=c#d":      "https://example.org/a?b=c#d",
		" HTTP://example.org ":             "http://example.org",
		"https://example.org/a;b c\"d":     "https://example.org/a%3Bb%20c%22d",
		"https://example.org/\x07\x1b]52;": "https://example.org/%07%1B]52%3B",
		"https://example.org/ü":            "https://example.org/%C3%BC",
		"https://example.org/%20":          "https://example.org/%20",
		"mailto:a@example.org":             "mailto:a@example.org",
		"matrix:u/a:example.org":           "matrix:u/a:example.org",
		"magnet:?xt=urn:btih:abc":          "magnet:?xt=urn:btih:abc",
		"geo:1,2;u=3":                      "geo:1,2%3Bu=3",
		"javascript:alert(1)":              "",
		"file:///etc/passwd":               "",
		"data:text/html,x":                 "",
		"example.org":                      "",
		"https:example.org":                "",
		"https:///path":                    "",
		"https://?x":                       "",
		"mailto:":                          "",
		"":                                 "",
		"https://example.org/" + strings.Repeat("a", 3000): "",
		"https://example.org/" + strings.Repeat("ü", 900):  "",
	} {
		if got := URL(in); got != want {
			t.Errorf("URL(%.60q) = %q, want %q", in, got, want)
		}
	}
}

// invariants fails if a sanitised string has anything that it must not have.
func invariants(t *testing.T, s string, lines bool) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Fatalf("%q is not UTF-8", s)
	}
	for _, r := range s {
		switch {
		case r == '\n' && lines:
		case r < 0x20, r >= 0x7F && r <= 0x9F, r == 0x2028, r == 0x2029:
			t.Fatalf("%q has the control character %U", s, r)
		case r == zwj || r == zwnj || r >= firstTag && r <= cancelTag:
		case unicode.Is(unicode.Cf, r) && !visibleFormat(r), unicode.Is(unicode.Bidi_Control, r):
			t.Fatalf("%q has the format character %U", s, r)
		case invisible(r):
			t.Fatalf("%q has the invisible character %U", s, r)
		}
	}
	g := graphemes.FromString(s)
	for g.Next() {
		c := g.Value()
		if len(c) > maxClusterBytes && !emoji(c) {
			t.Fatalf("%q has the cluster %q of %d bytes", s, c, len(c))
		}
		first, _ := utf8.DecodeRuneInString(c)
		if unicode.IsMark(first) || first == zwj || first == zwnj {
			t.Fatalf("%q has the cluster %q without a base", s, c)
		}
	}
}

func FuzzSanitise(f *testing.F) {
	for _, s := range []string{
		"", "hello", "a\x1b[31m\u009b2J\x1b]52;c;x\a", "👨‍👩‍👧‍👦 1️⃣ 🏴\U000E0067\U000E007F", "a\u0301\u0302\u0303\u0304\u0305",
		"\u1100\u200C\u1161\u200D\u11A8", "\U0001F1E6\u200D\U0001F1E7\U0001F1E8", "می\u200Cخ ", "  \t\r\n \u2028", "क्\u200Dष\u200C",
		"\xff\xfe\xc2\x9b", "\u0600\u200D\u0061", "\u0D4E\u0D15", " \u0301", "\u1100" + strings.Repeat("\u200C\u1100", 30),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		body, line, own := Body(s), Line(s), Own(s)
		invariants(t, body.s, true)
		invariants(t, line.s, false)
		invariants(t, own.s, false)
		if again := Body(body.s); again != body {
			t.Errorf("Body of %q is %q, and of that %q", s, body.s, again.s)
		}
		if again := Line(line.s); again != line {
			t.Errorf("Line of %q is %q, and of that %q", s, line.s, again.s)
		}
		if again := Own(own.s); again != own {
			t.Errorf("Own of %q is %q, and of that %q", s, own.s, again.s)
		}
		if n := graphemes.FromString(line.s); count(n) > MaxLineClusters {
			t.Errorf("%d clusters", count(graphemes.FromString(line.s)))
		}
		outside(t, s)
	})
}

// outside checks what is for other places than cells.
func outside(t *testing.T, s string) {
	t.Helper()
	osc := OSC(s)
	invariants(t, osc, false)
	if len(osc) > MaxOSCBytes || strings.Contains(osc, ";") || OSC(osc) != osc {
		t.Errorf("OSC(%q) = %q", s, osc)
	}
	for _, in := range []string{s, "https://" + s, "mailto:" + s} {
		u := URL(in)
		for i := range len(u) {
			if u[i] <= ' ' || u[i] >= 0x7F || u[i] == ';' {
				t.Errorf("URL(%q) = %q", in, u)
			}
		}
		if URL(u) != u {
			t.Errorf("URL of %q is %q, and of that %q", in, u, URL(u))
		}
	}
}

// count returns the number of clusters.
func count(g *graphemes.Iterator[string]) (n int) {
	for g.Next() {
		n++
	}
	return n
}

func TestPlainTextIsNotCopied(t *testing.T) {
	for _, s := range []string{"plain ASCII text", "Grüße aus Köln", "Привет, мир", "日本語のテキスト", "한국어"} {
		if n := testing.AllocsPerRun(100, func() { Body(s); Line(s); Own(s) }); n > 0 {
			t.Errorf("%q: %v allocations", s, n)
		}
	}
}

func BenchmarkBody(b *testing.B) {
	for name, s := range map[string]string{
		"ascii": strings.Repeat("The build is green again. ", 12),
		"mixed": strings.Repeat("Grüße 👍🏽 из 日本 e\u0301 ", 12),
		"zalgo": strings.Repeat("a"+strings.Repeat("\u0301", 30), 12),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			b.ReportAllocs()
			for b.Loop() {
				Body(s)
			}
		})
	}
}
