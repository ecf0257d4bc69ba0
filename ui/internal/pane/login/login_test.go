package login

import (
	"strings"
	"testing"
	"time"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/term"
	"hubbub/ui/internal/theme"
	"hubbub/ui/words"
)

func see(p *Pane, w, h int) string {
	c, g := screen.NewCanvasForTest(w, h, term.Profile{})
	p.Paint(c)
	return g.String()
}

func want(t *testing.T, p *Pane, texts ...string) {
	t.Helper()
	got := see(p, 90, 20)
	for _, s := range texts {
		if !strings.Contains(got, s) {
			t.Errorf("%q is not on the screen:\n%s", s, got)
		}
	}
}

func TestSignIn(t *testing.T) {
	th := theme.New(theme.Options{})
	p := New(&th, "", "laptop")
	want(t, p, "Sign in to Matrix", "example.org")
	if e := p.Do(keymap.Choose); e != (Event{}) {
		t.Errorf("an empty address is looked up: %+v", e)
	}
	want(t, p, "Type the name of your homeserver")
	p.Type("@ada:example.org")
	if e := p.Do(keymap.Choose); e.Discover != "example.org" {
		t.Errorf("looks for %q", e.Discover)
	}
	want(t, p, "Looking for the homeserver")
	p.Type("ignored")
	p.Found(chat.LoginOptions{Homeserver: "https://m.example.org", Password: true}, nil)
	want(t, p, "https://m.example.org", "@ada:example.org")
	p.Type("secret 密")
	if got := see(p, 90, 20); strings.Contains(got, "secret") || !strings.Contains(got, "••••••••") {
		t.Errorf("the password is shown:\n%s", got)
	}
	e := p.Do(keymap.Choose)
	if e.Login == nil || e.Login.Password != "secret 密" || e.Login.User != "@ada:example.org" || e.Login.DeviceName != "laptop" {
		t.Fatalf("signs in with %+v", e.Login)
	}
	p.Refused(&chat.Problem{Kind: chat.ProblemPassword})
	want(t, p, "The user name or the password is wrong. ")
	p.Type("right")
	if e = p.Do(keymap.Choose); e.Login == nil || e.Login.Password != "right" {
		t.Errorf("the wrong password stays: %+v", e.Login)
	}
	p.Done()
	want(t, p, "Signed in.")
	if p.pass.Text() != "" {
		t.Error("the password is kept")
	}
}

// TestProblems shows what one reads when the sign-in does not work.
func TestProblems(t *testing.T) {
	th := theme.New(theme.Options{})
	for _, c := range []struct {
		problem *chat.Problem
		options chat.LoginOptions
		want    []string
	}{
		{&chat.Problem{Kind: chat.ProblemNoHost, Detail: "exmaple.org"}, chat.LoginOptions{}, []string{"no host of that name: exmaple.org", "Check the spelling"}},
		{&chat.Problem{Kind: chat.ProblemTLS, Detail: "expired"}, chat.LoginOptions{}, []string{"not secure", "expired", "clock"}},
		{&chat.Problem{Kind: chat.ProblemNotMatrix}, chat.LoginOptions{}, []string{"not a Matrix homeserver"}},
		{&chat.Problem{Kind: chat.ProblemRateLimit, RetryAfter: 90 * time.Second}, chat.LoginOptions{}, []string{"slow down", "Try again in 2 minutes"}},
		{&chat.Problem{Kind: chat.ProblemInsecure}, chat.LoginOptions{}, []string{"not be private", "https"}},
		{nil, chat.LoginOptions{Flows: []string{"m.login.sso"}}, []string{"does not take passwords", "sign-on in a browser"}},
	} {
		p := New(&th, "x", "")
		p.Do(keymap.Choose)
		p.Found(c.options, c.problem)
		want(t, p, c.want...)
		if p.Step() != StepAddress {
			t.Errorf("%v: the address cannot be typed again", c.problem)
		}
	}
}

// read returns what stands in the box, in one line.
func read(p *Pane, w, h int) string {
	text := strings.NewReplacer("│", " ", "╭", " ", "╮", " ", "╰", " ", "╯", " ", "─", " ").Replace(see(p, w, h))
	return strings.Join(strings.Fields(text), " ")
}

// In the smallest window that hubbub has, nothing of what is said is cut off.
func TestProblemsInFortyColumns(t *testing.T) {
	th := theme.New(theme.Options{})
	far := chat.LoginOptions{Name: "example.org", Homeserver: "https://matrix.somewhere-else.example.org"}
	for kind := chat.ProblemUnknown; kind <= chat.ProblemNewer; kind++ {
		problem := &chat.Problem{Kind: kind, Detail: "certificate is valid for other.example, not matrix.somewhere-else.example.org", RetryAfter: 90 * time.Second}
		p := New(&th, "example.org", "")
		p.Do(keymap.Choose)
		p.Found(far, problem)
		what, next := words.SignInProblem(far, problem)
		if got := read(p, 40, 20); !strings.Contains(got, strings.Join(strings.Fields(what+" "+next), " ")) {
			t.Errorf("%s: %q and %q are not all there:\n%s", kind, what, next, see(p, 40, 20))
		}
		p.Found(chat.LoginOptions{Homeserver: far.Homeserver, Password: true}, nil)
		p.Refused(problem)
		what, next = words.SignInProblem(chat.LoginOptions{Homeserver: far.Homeserver}, problem)
		if got := read(p, 40, 20); !strings.Contains(got, strings.Join(strings.Fields(what+" "+next), " ")) {
			t.Errorf("%s at the password: %q and %q are not all there:\n%s", kind, what, next, see(p, 40, 20))
		}
	}
	p := New(&th, "", "")
	for _, s := range []string{words.LoginAbout, words.LoginNoAccount, words.LoginKeysAddress} {
		if got := read(p, 40, 12); !strings.Contains(got, s) {
			t.Errorf("%q is not there:\n%s", s, see(p, 40, 12))
		}
	}
}

func TestEscGoesBack(t *testing.T) {
	th := theme.New(theme.Options{})
	p := New(&th, "example.org", "")
	p.Do(keymap.Choose)
	if e := p.Do(keymap.Close); !e.Cancel || p.Step() != StepAddress || p.address.Text() != "example.org" {
		t.Errorf("Esc while looking: %+v in step %d with %q", e, p.Step(), p.address.Text())
	}
}

func TestSmall(t *testing.T) {
	th := theme.New(theme.Options{ASCII: true})
	p := New(&th, "", "")
	for w := range 60 {
		for h := range 16 {
			see(p, w, h)
		}
	}
}
