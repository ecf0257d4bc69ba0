package richtext

import (
	"fmt"
	"strings"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"

	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/term"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
)

const me = "@me:example.org"

func lay(d *Doc, width int, change func(*Options)) []Line {
	th := theme.New(theme.Options{})
	o := Options{Width: width, Widths: term.Full(), Theme: &th}
	if change != nil {
		change(&o)
	}
	lines, _ := d.Layout(o)
	return lines
}

func text(lines []Line) string {
	var rows []string
	for _, l := range lines {
		rows = append(rows, strings.TrimRight(l.String(), " "))
	}
	return strings.Join(rows, "\n")
}

func TestHTMLRows(t *testing.T) {
	for name, c := range map[string]struct {
		html  string
		width int
		want  string
	}{
		"inline":          {"a <b>bold</b> <i>it</i> <u>u</u> <del>s</del> <code>c  d</code>", 40, "a bold it u s c d"},
		"paragraphs":      {"<p>one</p><p>two</p>", 40, "one\n\ntwo"},
		"white space":     {"  a\n\n b\t<b> c</b> ", 40, "a b c"},
		"line breaks":     {"a<br>b<br/>c", 40, "a\nb\nc"},
		"words wrap":      {"the quick brown fox", 10, "the quick\nbrown fox"},
		"word over spans": {"aaa <b>bbb</b>ccc", 7, "aaa\nbbbccc"},
		"long word":       {"x abcdefghij", 4, "x\nabcd\nefgh\nij"},
		"ideographs":      {"日本語の文", 5, "日本\n語の\n文"},
		"wide in one":     {"日a本", 1, "日\na\n本"},
		"list":            {"<ul><li>a</li><li>b b b b b b b b</li></ul>", 14, "• a\n• b b b b b b\n  b b"},
		"numbers":         {`<ol start="9"><li>a</li><li><p>b</p></li></ol>`, 40, "9. a\n10. b"},
		"nested list":     {"<ul><li>a<ul><li>b</li></ul></li></ul>", 40, "• a\n  • b"},
		"unclosed list":   {"<ul><li>a<li>b", 40, "• a\n• b"},
		"quote":           {"<blockquote>a<br>b</blockquote>c", 40, "│ a\n│ b\nc"},
		"heading":         {"<h1>Title</h1>text", 40, "Title\ntext"},
		"pre":             {"<pre><code class=\"language-x\">\na\n  b\n\n</code></pre>", 40, " a\n   b"},
		"rule":            {"a<hr>b", 5, "a\n─────\nb"},
		"image":           {`<img src="mxc://a/b" alt="cat"> <img alt=":blob:" data-mx-emoticon>`, 40, "[cat] :blob:"},
		"reply fallback":  {"<mx-reply><blockquote>old</blockquote></mx-reply>new", 40, "new"},
		"script":          {"a<script>alert(1)</script>b", 40, "ab"},
		"unknown":         {"<blink>a</blink>", 40, "a"},
		"entities":        {"&lt;b&gt; &amp; &#x1b;[31m &#8238;x", 40, "<b> &  x"},
		"table":           {"<table><thead><tr><th>a</th><th>bb</th></tr></thead><tr><td>ccc</td><td>d</td></tr></table>", 40, "a   │ bb\nccc │ d"},
		"empty table":     {"x<table></table><table><tr></tr><tr><td></td></tr></table>", 40, "x"},
		"ragged table":    {"<table><tr><td>a</td></tr><tr><td>b</td><td>c</td></tr></table>", 40, "a │\nb │ c"},
		"narrow table":    {"<table><tr><td>aa</td><td>bb</td><td>cc</td></tr></table>", 12, "aa │ bb │ cc"},
		"cells alone":     {"<tr><td>a</td></tr>", 40, "a"},
		"details":         {"<details><summary>more</summary>hidden</details>", 40, "▸ more"},
		"spoiler":         {`a <span data-mx-spoiler="why">b c</span>`, 40, "a (why) ▒ ▒"},
		"link host":       {`<a href="https://evil.example/x">https://bank.example</a>`, 60, "https://bank.example (evil.example)"},
		"link same host":  {`<a href="https://a.example/x">https://a.example/</a> <a href="https://b.example/">b.example</a>`, 60, "https://a.example/ b.example"},
		"link script":     {`<a href="javascript:x">y</a>`, 40, "y"},
		"idn":             {`<a href="https://аpple.com/">apple.com</a>`, 60, "apple.com (xn--pple-43d.com)"},
		"pill":            {`<a href="https://matrix.to/#/@ada:example.org">ada</a>: hi`, 40, "ada: hi"},
		"sup":             {"x<sup>2</sup>", 40, "x^2"},
		"nothing":         {"<p></p><div> </div>", 40, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.TrimRight(text(lay(HTML(c.html, me), c.width, nil)), "\n"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestPlainRows(t *testing.T) {
	for body, want := range map[string]string{
		"a *b*\n  c\r\nd\n": "a *b*\n  c\nd",
		"x\x1b]0;t\x07y":    "x]0;ty",
	} {
		if got := text(lay(Plain(body, me), 40, nil)); got != want {
			t.Errorf("%q: got %q, want %q", body, got, want)
		}
	}
}

func TestAutolinks(t *testing.T) {
	for body, want := range map[string]string{
		"see https://example.org/a_(b), ok":       "https://example.org/a_(b)",
		"(https://example.org/x)":                 "https://example.org/x",
		"http://a.example. http://b.example?q=1!": "http://a.example http://b.example?q=1",
		"javascript:alert(1) xhttp://no":          "",
		"mailto:a@example.org":                    "mailto:a@example.org",
		"https://":                                "",
		"a;https://example.org/;x":                "https://example.org/%3Bx",
	} {
		if got := strings.Join(Plain(body, me).Links(), " "); got != want {
			t.Errorf("%q: %q, want %q", body, got, want)
		}
	}
}

func TestMentionsStandOut(t *testing.T) {
	th := theme.New(theme.Options{})
	for _, d := range []*Doc{
		Plain("hi @me:example.org!", me),
		HTML(`hi <a href="https://matrix.to/#/%40me%3Aexample.org">me</a>`, me),
		HTML(`hi <a href="matrix:u/me:example.org">me</a>`, me),
	} {
		found := false
		for _, r := range lay(d, 40, nil)[0].Runs {
			found = found || r.Style.Equal(ptr(over(screen.Style{}, th.Mention)))
		}
		if !found {
			t.Errorf("no run in the mention style: %v", text(lay(d, 40, nil)))
		}
	}
}

func ptr[T any](v T) *T { return &v }

func TestSpoilerHidesItsLink(t *testing.T) {
	d := HTML(`<span data-mx-spoiler><a href="https://s.example/">x</a></span>`, me)
	if !d.Hides() {
		t.Fatal("not known to hide something")
	}
	for _, reveal := range []bool{false, true} {
		lines := lay(d, 40, func(o *Options) { o.Reveal = reveal })
		shown := strings.Contains(text(lines), "s.example") || lines[0].Runs[0].Link != ""
		if shown != reveal {
			t.Errorf("revealed %v: %q", reveal, text(lines))
		}
	}
}

func TestColourStaysReadable(t *testing.T) {
	d := HTML(`<font color="#000001">x</font>`, me)
	th := theme.New(theme.Options{})
	run := lay(d, 40, nil)[0].Runs[0]
	if run.Style.Fg == nil || theme.Contrast(run.Style.Fg, th.Background()) < 4.4 {
		t.Errorf("black on the dark background: %v", run.Style.Fg)
	}
	mono := theme.New(theme.Options{Colours: theme.Mono})
	run = lay(d, 40, func(o *Options) { o.Theme = &mono })[0].Runs[0]
	if run.Style.Fg != nil {
		t.Error("a colour without colours")
	}
}

func TestLongBodyIsCutAndSaysSo(t *testing.T) {
	body := strings.Repeat("line\n", 1000)
	d := Plain(body, me)
	th := theme.New(theme.Options{})
	o := Options{Width: 40, Widths: term.Full(), Theme: &th}
	lines, more := d.Layout(o)
	if !more || len(lines) != MaxLines+1 {
		t.Errorf("%d lines, more %v", len(lines), more)
	}
	o.All = true
	if lines, more = d.Layout(o); more || len(lines) != 1000 {
		t.Errorf("all: %d lines, more %v", len(lines), more)
	}
	d = HTML(strings.Repeat("<b>x</b><i>y</i>", 10000), me)
	if lines = lay(d, 80, nil); !strings.HasSuffix(text(lines), "too long to show") {
		t.Error("nodes beyond the limit are not said to be missing")
	}
}

func TestHighlight(t *testing.T) {
	h := NewHighlighter()
	for _, lang := range []string{
		"go", "python", "rust", "js", "ts", "java", "c", "c++", "c#", "sh", "json", "yaml", "toml", "sql", "diff", "kotlin",
		"lua", "nix", "ini", "make", "docker", "haskell", "swift", "css", "xml", "html", "zig", "ruby",
	} {
		code := "if true { return \"text\" } // 12\n+x = 5\n<a href=\"b\">c</a>"
		d := HTML(`<pre><code class="language-`+lang+`">`+strings.NewReplacer("<", "&lt;").Replace(code)+`</code></pre>`, me)
		with := func(o *Options) { o.Code = h }
		before := lay(d, 60, with)
		jobs := h.Jobs()
		if len(jobs) != 1 {
			t.Fatalf("%s: %d jobs", lang, len(jobs))
		}
		h.Deliver(jobs[0].Run())
		after := lay(d, 60, with)
		if text(before) != text(after) {
			t.Errorf("%s: the text changed:\n%s\n%s", lang, text(before), text(after))
		}
		styles := map[string]bool{}
		for _, l := range after {
			for _, r := range l.Runs {
				styles[fmt.Sprint(r.Style)] = true
			}
		}
		if len(styles) < 2 {
			t.Errorf("%s: nothing coloured", lang)
		}
	}
	lay(HTML(`<pre><code class="language-brainfuck">+++</code></pre><pre>x</pre>`, me), 60, func(o *Options) { o.Code = h })
	if len(h.Jobs()) != 0 {
		t.Error("a job for a language that is not known")
	}
}

// invariants of everything that is laid out.
func checkLines(t *testing.T, d *Doc, width int) {
	t.Helper()
	wd := term.Full()
	for _, reveal := range []bool{false, true} {
		lines := lay(d, width, func(o *Options) { o.Reveal = reveal })
		if len(lines) > MaxLines+1 {
			t.Fatalf("%d lines", len(lines))
		}
		c, grid := screen.NewCanvasForTest(width, 1, wd)
		for _, l := range lines {
			used := 0
			for _, r := range l.Runs {
				s := r.Text.String()
				if safe.Body(s).String() != s && safe.Body("a"+s).String() != "a"+s {
					t.Fatalf("run is not clean: %q", s)
				}
				if got := wd.Text(r.Text); got != r.Width {
					t.Fatalf("run %q has width %d, says %d", s, got, r.Width)
				}
				used += r.Width
				if r.Link != "" && safe.URL(r.Link) != r.Link {
					t.Fatalf("link is not clean: %q", r.Link)
				}
			}
			// A wide cluster may stand alone in a row of one column, and the
			// program's own lines may be cut.
			if used > max(width, 2) && used > 60 {
				t.Fatalf("row of %d columns in %d: %q", used, width, l.String())
			}
			l.Draw(c, 0, 0, width)
		}
		if strings.ContainsAny(grid.String(), "\x1b\x07") {
			t.Fatal("control characters in the grid")
		}
	}
}

func FuzzHTML(f *testing.F) {
	f.Add("<p>a <b>b</b></p><ul><li>c", 20)
	f.Add("<table><tr><td>a<td>b</table><pre>x\ty</pre><details><summary>s</summary>t</details>", 7)
	f.Add(strings.Repeat("<blockquote>", 120)+"deep", 3)
	f.Add("<a href='https://a.example'>日本👨‍👩‍👧‍👦</a><span data-mx-spoiler>e\u0301\u200d</span>", 1)
	f.Add("</p></ul><mx-reply>gone<li>", 40)
	f.Fuzz(func(t *testing.T, src string, width int) {
		if width < 1 || width > 200 || len(src) > 1<<14 {
			return
		}
		doc := HTML(src, me)
		checkLines(t, doc, width)
		if text := doc.Text(width%2 == 0); !doc.Hides() && !doc.Empty() && text == "" {
			t.Errorf("%q: nothing to copy of what is shown", src)
		}
	})
}

func FuzzPlain(f *testing.F) {
	f.Add("see https://example.org/(a) @me:example.org", 10)
	f.Add("e\u0301\u202e\x1b[2J\u009b\xff", 2)
	f.Fuzz(func(t *testing.T, src string, width int) {
		if width < 1 || width > 200 || len(src) > 1<<14 {
			return
		}
		checkLines(t, Plain(src, me), width)
	})
}

// Bodies made to cost much.
func TestHostileBodiesAreCheap(t *testing.T) {
	for name, src := range map[string]string{
		"open quotes": strings.Repeat("<blockquote>", 5000) + "x",
		"open spans":  strings.Repeat("<span>", 10000) + "x" + strings.Repeat("</span>", 10000),
		"open links":  strings.Repeat("<a href='https://a.example/'>https://b.example ", 1500),
		"closers":     strings.Repeat("(http://a)))))))))", 3000),
		"brackets":    "http://a" + strings.Repeat(")", 60000),
		"ats":         strings.Repeat("@a:", 20000),
		"colons":      strings.Repeat("http:", 12000),
		"cells":       "<table>" + strings.Repeat("<tr>"+strings.Repeat("<td>x", 50), 300),
		"breaks":      strings.Repeat("<br>", 15000),
		"attributes":  "<a " + strings.Repeat("x=1 ", 15000) + ">y</a>",
		"zalgo":       strings.Repeat("a"+strings.Repeat("\u0301", 20), 1500),
	} {
		t.Run(name, func(t *testing.T) {
			checkLines(t, HTML(src, me), 80)
			checkLines(t, Plain(src, me), 80)
		})
	}
}

func BenchmarkPlainMessage(b *testing.B) {
	th := theme.New(theme.Options{})
	o := Options{Width: 100, Widths: term.Full(), Theme: &th}
	body := "The build is green again, see https://ci.example.org/builds/42 for the log. Thanks to everybody who helped with it!"
	b.ReportAllocs()
	for b.Loop() {
		Plain(body, me).Layout(o)
	}
}

func BenchmarkHTMLMessage(b *testing.B) {
	th := theme.New(theme.Options{})
	o := Options{Width: 100, Widths: term.Full(), Theme: &th}
	body := "<p>The build is <b>green</b> again, see <a href=\"https://ci.example.org/builds/42\">the log</a>.</p>" +
		"<ul><li>one <code>thing</code></li><li>another</li></ul><blockquote>quoted</blockquote>"
	b.ReportAllocs()
	for b.Loop() {
		HTML(body, me).Layout(o)
	}
}

func TestAttributesAddUp(t *testing.T) {
	run := lay(HTML("<b><i>x</i></b>", me), 40, nil)[0].Runs[0]
	if run.Style.Attrs != uv.AttrBold|uv.AttrItalic {
		t.Errorf("attributes %b", run.Style.Attrs)
	}
}
