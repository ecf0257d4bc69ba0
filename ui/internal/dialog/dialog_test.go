package dialog

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
)

func see(s *Stack, w, h int) string {
	th := theme.New(theme.Options{})
	c, g := screen.NewCanvasForTest(w, h, nil)
	s.Paint(c, &th)
	return g.String()
}

func names(p *Picker) string {
	var out []string
	for i := range p.len() {
		out = append(out, p.item(i).Title.String())
	}
	return strings.Join(out, ", ")
}

func items(titles ...string) []Item {
	out := make([]Item, len(titles))
	for i, t := range titles {
		out[i] = Item{Title: safe.Own(t)}
	}
	return out
}

func TestFuzzyRanking(t *testing.T) {
	for _, c := range []struct{ query, first, never string }{
		{"rh", "Rust Harbour", "general"},
		{"gen", "general", "Rust Harbour"},
		{"rust har", "Rust Harbour", "general"},
		{"#gen", "general", "lounge"},
		{"gnl", "general", "lounge"},
		{"tea", "a tea", "lounge"},
		{"ÄPF", "äpfel", "general"},
	} {
		p := NewPicker("x", "", "", items("teapot", "rough hedge", "a tea", "Rust Harbour", "my-general", "general", "lounge", "äpfel"))
		p.Type(c.query)
		got := names(p)
		if !strings.HasPrefix(got, c.first) || strings.Contains(strings.ReplaceAll(got, "my-general", ""), c.never) {
			t.Errorf("%q finds %s", c.query, got)
		}
	}
}

// TestNamesBeforeWhatIsUnread: what weighs more does not come before what is
// called as was typed.
func TestNamesBeforeWhatIsUnread(t *testing.T) {
	all := items("engine-room general", "my-general", "generals", "General Talk", "#general", "g e n e r a l x")
	all[0].Weight, all[1].Weight, all[2].Weight, all[5].Weight = 54, 54, 54, 54
	for query, want := range map[string]string{
		"general":    "#general",
		"generals":   "generals",
		"general t":  "General Talk",
		"my-general": "my-general",
		"engine":     "engine-room general",
	} {
		p := NewPicker("x", "", "", all)
		p.Type(query)
		if got := names(p); !strings.HasPrefix(got, want) {
			t.Errorf("%q finds %s, want %q first", query, got, want)
		}
	}
}

func TestScoreMatchesExactlySubsequences(t *testing.T) {
	words := []string{"", "a", "ab", "ba", "aab", "abab", "bbb", "a b", "xaxbx"}
	for _, q := range words {
		p := NewPattern(q)
		for _, w := range words {
			_, got := p.Score(appendFold(nil, w))
			if want := subsequence(strings.ReplaceAll(q, " ", ""), w); got != want {
				t.Errorf("%q in %q: %v", q, w, got)
			}
		}
	}
}

func subsequence(q, s string) bool {
	for i := 0; i < len(s) && q != ""; i++ {
		if s[i] == q[0] {
			q = q[1:]
		}
	}
	return q == ""
}

func TestPickerChooses(t *testing.T) {
	chosen := ""
	its := items("one", "two", "three")
	for i := range its {
		its[i].Do = func() tea.Cmd { chosen = its[i].Title.String(); return nil }
	}
	its[2].Disabled = "not now"
	refused := ""
	p := NewPicker("x", "Pick", "type", its)
	p.Refused = func(r string) tea.Cmd { refused = r; return nil }
	var s Stack
	now := time.Unix(0, 0)
	s.Open(p, now, false)
	if got := see(&s, 60, 20); !strings.Contains(got, "Pick") || !strings.Contains(got, "three") {
		t.Errorf("the list is not shown:\n%s", got)
	}
	s.Type("three", now)
	s.Do(keymap.Choose, now)
	if chosen != "" || refused != "not now" || s.Empty() {
		t.Errorf("a disabled item was chosen: %q %q", chosen, refused)
	}
	s.Do(keymap.KillToStart, now)
	s.Do(keymap.ListDown, now)
	s.Do(keymap.Choose, now)
	if chosen != "two" || !s.Empty() {
		t.Errorf("chose %q, empty: %v", chosen, s.Empty())
	}
}

// A key in a dialog draws that dialog alone, and what is seen is the same.
func TestDrawnAloneLooksTheSame(t *testing.T) {
	th := theme.New(theme.Options{})
	now := time.Unix(0, 0)
	var s Stack
	s.Open(NewPicker("x", "Pick", "type", items("one", "two", "three")), now, false)
	c, g := screen.NewCanvasForTest(60, 20, nil)
	if s.Stands(c) {
		t.Error("a dialog that was never drawn stands")
	}
	s.Paint(c, &th)
	s.Type("t", now)
	s.Type("h", now)
	if !s.Stands(c) {
		t.Fatal("a picker moves while one types")
	}
	cur := s.PaintTop(c, &th)
	fresh, all := screen.NewCanvasForTest(60, 20, nil)
	if want := s.Paint(fresh, &th); want != cur || g.String() != all.String() {
		t.Errorf("cursor %v, want %v, and\n%s\nwant\n%s", cur, want, g.String(), all.String())
	}
	s.Open(&Confirm{Name: "y", Head: safe.Lit("Sure?"), Question: safe.Lit("Really?")}, now, false)
	if s.Stands(c) {
		t.Error("with another dialog above it the picture is the same")
	}
}

// TestGrace: typing goes on when a dialog opens by itself, and must not answer it.
func TestGrace(t *testing.T) {
	answered := 0
	var s Stack
	now := time.Unix(100, 0)
	s.Open(&Confirm{Name: "q", Head: safe.Lit("Sure?"), Question: safe.Lit("Really?"), Yes: func() tea.Cmd { answered++; return nil }}, now, true)
	for range 5 {
		now = now.Add(100 * time.Millisecond)
		s.Type("y", now)
		s.Do(keymap.Choose, now)
	}
	if answered != 0 {
		t.Fatal("typing answered a dialog that opened by itself")
	}
	if !strings.Contains(see(&s, 80, 20), "stop typing") {
		t.Error("nothing says that keys do not count yet")
	}
	now = now.Add(500 * time.Millisecond)
	s.Do(keymap.Choose, now)
	if answered != 1 || !s.Empty() {
		t.Errorf("after a pause the key does not count: %d", answered)
	}
	s.Open(&Confirm{Name: "q", Yes: func() tea.Cmd { answered++; return nil }}, now, true)
	for range 20 {
		now = now.Add(100 * time.Millisecond)
		s.Do(keymap.Choose, now)
	}
	if answered != 1 {
		t.Error("a long sentence answers a dialog that opened by itself")
	}
}

// TestDangerTakesNoSentence: who types where letters are commands deletes
// nothing, however the sentence goes on and ends; who means it can say so.
func TestDangerTakesNoSentence(t *testing.T) {
	now := time.Unix(100, 0)
	answered := 0
	open := func() *Stack {
		answered = 0
		s := &Stack{}
		s.Open(&Confirm{Name: "q", Head: safe.Lit("Delete"), Danger: true, Yes: func() tea.Cmd { answered++; return nil }}, now, false)
		return s
	}
	for _, sentence := range []string{"y", "aytime?", "id you see that? yes", "ddy", "yy"} {
		s := open()
		for _, r := range sentence {
			now = now.Add(200 * time.Millisecond)
			s.Type(string(r), now)
		}
		if answered != 0 {
			t.Errorf("d%s answered", sentence)
		}
		if !strings.Contains(see(s, 80, 20), "stop typing") {
			t.Errorf("d%s: nothing says that keys do not count", sentence)
		}
		now = now.Add(time.Second)
		if s.Do(keymap.Choose, now); answered != 0 {
			t.Errorf("d%s and Enter answered", sentence)
		}
		s.Settle(now)
		if s.Type("y", now.Add(time.Second)); answered != 1 || !s.Empty() {
			t.Errorf("after d%s and a pause: %d answers", sentence, answered)
		}
	}
	s := open()
	if got := see(s, 80, 20); strings.Contains(got, "stop typing") {
		t.Errorf("who pressed one key is told to stop:\n%s", got)
	}
	if s.Type("y", now.Add(500*time.Millisecond)); answered != 1 {
		t.Error("a deliberate answer does not count")
	}
	s = open()
	if s.Do(keymap.Close, now); answered != 0 || !s.Empty() {
		t.Error("it cannot be left at once")
	}
}

func TestForm(t *testing.T) {
	sent := ""
	f := &Form{
		Name: "f", Head: safe.Lit("Create"), Intro: safe.Lit("What?"),
		Fields: []*Field{{Input: pane.Input{Label: "Name"}}, {Input: pane.Input{Label: "Public"}, Toggle: true}},
		Submit: func(f *Form) (string, tea.Cmd) {
			if f.Text(0) == "" {
				return "Type a name.", nil
			}
			sent = fmt.Sprint(f.Text(0), f.On(1))
			return "", nil
		},
	}
	var s Stack
	now := time.Unix(0, 0)
	s.Open(f, now, false)
	s.Do(keymap.Choose, now)
	if !strings.Contains(see(&s, 80, 20), "Type a name.") {
		t.Error("the refusal is not shown")
	}
	s.Type("x y", now)
	s.Do(keymap.FieldNext, now)
	s.Type(" ", now)
	s.Do(keymap.Choose, now)
	if sent != "x ytrue" || !s.Empty() {
		t.Errorf("sent %q", sent)
	}
}

func TestMenuByKeyAndClick(t *testing.T) {
	chosen := ""
	its := items("Accept", "Decline")
	for i, k := range []string{"a", "d"} {
		its[i].Detail = safe.Own(k)
		its[i].Do = func() tea.Cmd { chosen += k; return nil }
	}
	now := time.Unix(0, 0)
	var s Stack
	s.Open(NewMenu("m", safe.Lit("Invite"), its), now, false)
	s.Type("d", now)
	s.Open(NewMenu("m", safe.Lit("Invite"), its), now, false)
	lines := strings.Split(see(&s, 80, 24), "\n")
	for y, l := range lines {
		if x := strings.Index(l, "Accept"); x > 0 {
			s.Click(40, y, now)
		}
	}
	if chosen != "da" {
		t.Errorf("chosen %q", chosen)
	}
	s.Open(NewMenu("m", safe.Lit("Invite"), its), now, false)
	see(&s, 80, 24)
	s.Click(0, 0, now)
	if !s.Empty() {
		t.Error("a click beside the dialog does not close it")
	}
}

// TestAnySize paints every dialog at every small size.
func TestAnySize(t *testing.T) {
	long := safe.Own(strings.Repeat("word 密 👨‍👩‍👧 ", 30))
	p := NewPicker("p", "Title", "hint", []Item{{Title: long, Detail: long, Count: 5, Mark: '#'}, {Title: long, Mentions: 100}})
	p.Intro = []safe.Text{long}
	for _, d := range []Dialog{
		p,
		&Confirm{Head: long, Question: long, Danger: true},
		&Form{Head: long, Intro: long, Fields: []*Field{{Input: pane.Input{Label: "Name", Placeholder: "hint"}}, {Toggle: true}}},
		&Text{Head: long, Lines: []Line{{Text: long}, {Name: long, Text: long}, {Text: long, Heading: true}}, Column: 20},
	} {
		var s Stack
		s.Open(d, time.Unix(0, 0), false)
		for w := range 50 {
			for h := range 14 {
				see(&s, w, h)
			}
		}
		s.Do(keymap.ListDown, time.Unix(0, 0))
		s.Wheel(3)
	}
}

func TestInputEditsClusters(t *testing.T) {
	var in pane.Input
	in.Set("x👨‍👩‍👧é")
	in.Do(keymap.DeleteBack)
	in.Do(keymap.DeleteBack)
	if in.Text() != "x" {
		t.Errorf("left %q", in.Text())
	}
	in.Type("a\x1b[31m\nb")
	if in.Text() != "xa[31m b" {
		t.Errorf("typed %q", in.Text())
	}
	in.Do(keymap.DeleteWord)
	in.Do(keymap.LineStart)
	in.Do(keymap.DeleteForward)
	if in.Text() != "a[31m" {
		t.Errorf("left %q", in.Text())
	}
}

func FuzzInput(f *testing.F) {
	f.Add("abc", uint64(12345))
	f.Add("👨‍👩‍👧é\u0301", uint64(999))
	f.Fuzz(func(t *testing.T, s string, ops uint64) {
		acts := []keymap.Action{
			keymap.CharLeft, keymap.CharRight, keymap.LineStart, keymap.LineEnd, keymap.DeleteBack, keymap.DeleteForward,
			keymap.DeleteWord, keymap.KillToStart,
		}
		var in pane.Input
		for range 12 {
			in.Type(s)
			in.Do(acts[ops%8])
			ops /= 7
		}
		c, g := screen.NewCanvasForTest(20, 1, nil)
		th := theme.New(theme.Options{})
		if x := in.Paint(c, &th, 0); x < 0 || x >= 20 {
			t.Fatalf("cursor at %d", x)
		}
		if strings.ContainsAny(g.String(), "\x1b\x07\r") {
			t.Fatal("a control character is drawn")
		}
	})
}

func BenchmarkSwitcher3000(b *testing.B) {
	titles := make([]string, 3000)
	for i := range titles {
		titles[i] = fmt.Sprintf("channel number %d of the harbour", i)
	}
	p := NewPicker("x", "", "", items(titles...))
	for b.Loop() {
		p.Type("h")
		p.Type("a")
		p.Do(keymap.KillToStart)
	}
}

// What does not fit says so in the frame, in rows, and where one is.
func TestMoreThanFits(t *testing.T) {
	var lines []Line
	for i := range 30 {
		lines = append(lines, Line{Text: safe.Own(fmt.Sprint("line ", i))})
	}
	for name, d := range map[string]Dialog{
		"text": &Text{Name: "x", Head: safe.Lit("Help"), Lines: lines},
		"list": NewMenu("x", safe.Lit("Menu"), items(strings.Fields(strings.Repeat("a ", 30))...)),
	} {
		var s Stack
		s.Open(d, time.Time{}, false)
		frame := see(&s, 40, 14)
		edge := func() string {
			for _, l := range strings.Split(see(&s, 40, 14), "\n") {
				if strings.Contains(l, "╰") {
					return l
				}
			}
			return ""
		}
		if e := edge(); !strings.Contains(e, " ↓ ") || !strings.Contains(e, " more ─╯") || strings.Contains(e, "↑") {
			t.Errorf("%s at the top:\n%s", name, frame)
		}
		for range 14 {
			s.Do(keymap.ListDown, time.Time{})
		}
		if e := edge(); !strings.Contains(e, " ↑ ") || !strings.Contains(e, " · ↓ ") {
			t.Errorf("%s in the middle: %s", name, e)
		}
		s.Do(keymap.ListLast, time.Time{})
		if e := edge(); !strings.Contains(e, " ↑ ") || strings.Contains(e, "↓") {
			t.Errorf("%s at the end: %s", name, e)
		}
	}
	var s Stack
	s.Open(&Text{Name: "x", Lines: lines[:3]}, time.Time{}, false)
	if got := see(&s, 40, 14); strings.Contains(got, "more") {
		t.Errorf("a short text has more:\n%s", got)
	}
}
