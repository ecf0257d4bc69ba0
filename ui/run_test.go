package ui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"hubbub/store/chat"
	"hubbub/ui/uitest"
)

// ptyEnv makes the test binary the program in the terminal of a test.
const ptyEnv = "HUBBUB_UI_TEST"

func TestMain(m *testing.M) {
	mode := os.Getenv(ptyEnv)
	if mode == "" {
		os.Exit(m.Run())
	}
	w := harbour()
	feed := make(chan chat.ChangeSet, 1)
	feed <- chat.ChangeSet{Conn: online()}
	b := w.backend()
	b.Feed = func(ctx context.Context) (chat.ChangeSet, error) {
		select {
		case cs := <-feed:
			return cs, nil
		case <-ctx.Done():
			return chat.ChangeSet{}, ctx.Err()
		}
	}
	opts := Options{Backend: b, In: os.Stdin, Out: os.Stdout, Env: os.Environ(), DeviceName: "test"}
	if mode == "login" {
		opts.Backend, opts.Login = nil, door{b}
	}
	err := Run(context.Background(), opts)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(ExitCode(err))
}

// door lets ada in.
type door struct{ b *Backend }

func (d door) Discover(_ context.Context, address string) (chat.LoginOptions, error) {
	if address != "example.org" {
		return chat.LoginOptions{}, &chat.Problem{Kind: chat.ProblemNoHost, Detail: address}
	}
	return chat.LoginOptions{Homeserver: "https://example.org", Password: true}, nil
}

func (d door) Login(_ context.Context, req chat.LoginRequest) (*Backend, error) {
	if req.Password != "right" {
		return nil, &chat.Problem{Kind: chat.ProblemPassword}
	}
	return d.b, nil
}

func start(t *testing.T, mode string, cols, rows int) *uitest.Term {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return uitest.Start(t, uitest.Options{
		Argv: []string{exe}, Env: append(os.Environ(), ptyEnv+"="+mode, "TERM=xterm-256color"), Cols: cols, Rows: rows,
	})
}

// TestRunInATerminal runs the window in a real terminal, from the first frame to the restored one.
func TestRunInATerminal(t *testing.T) {
	term := start(t, "window", 120, 30)
	term.WaitFor("The build is green")
	term.WaitFor("online")
	term.Type("hello")
	term.WaitFor("│ hello")
	term.Key("ctrl+k")
	term.WaitFor("Go to")
	term.Type("infra")
	term.Key("enter")
	term.WaitFor("Message #infra")
	term.Resize(60, 20)
	term.WaitFor("Rust Harbour › #infra")
	term.Key("ctrl+q")
	if code := term.WaitExit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if err := term.Restored(); err != nil {
		t.Error(err)
	}
}

func TestSignInInATerminal(t *testing.T) {
	term := start(t, "login", 90, 24)
	term.WaitFor("Sign in to Matrix")
	term.Type("nowhere.example")
	term.Key("enter")
	term.WaitFor("no host of that name")
	term.Key("ctrl+u")
	term.Type("@ada:example.org")
	term.Key("enter")
	term.WaitFor("https://example.org")
	term.Type("wrong")
	term.Key("enter")
	term.WaitFor("password is wrong")
	term.Type("right")
	term.Key("enter")
	term.WaitFor("The build is green")
	term.WaitFor("online")
	term.Key("ctrl+c")
	if code := term.WaitExit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// slowDoor lets in after the request was given up, or not at all.
type slowDoor struct {
	door
	late bool
}

func (d slowDoor) Login(ctx context.Context, _ chat.LoginRequest) (*Backend, error) {
	<-ctx.Done()
	if d.late && errors.Is(ctx.Err(), context.Canceled) {
		return d.b, nil
	}
	return nil, ctx.Err()
}

// TestGoingBackEndsTheSignIn: the request ends, and an account that came all the same is not left behind.
func TestGoingBackEndsTheSignIn(t *testing.T) {
	for _, late := range []bool{false, true} {
		w := harbour()
		s := sit(t, w, 120, 30, func(o *Options) { o.Backend, o.Login = nil, slowDoor{door{w.backend()}, late} })
		s.Type("@ada:example.org")
		s.Key("enter")
		s.Type("right")
		s.Hold = true
		s.Key("enter", "esc", "esc")
		s.Hold = false
		for _, cmd := range s.Held() {
			s.deliver(cmd)
		}
		if late {
			s.want("The build is green")
			continue
		}
		s.want("Sign in to Matrix")
		s.wantNot("Cancelled", "Password", "The build is green")
	}
}

// TestLateAnswers: an answer to a question that was asked again changes nothing.
func TestLateAnswers(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.Hold = true
	s.Key("alt+down")
	first := s.Held()
	s.Key("alt+up")
	second := s.Held()
	for _, batch := range [][]teaCmd{second, first} {
		for _, cmd := range batch {
			s.deliver(cmd)
		}
	}
	s.want("The build is green", "Message #general")
	s.wantNot("No messages yet")
}

func TestFeedFails(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.Send(feedMsg{err: errors.New("disk \x1b[2J gone")})
	s.want("Something went wrong: disk  gone")
	s.Type("x")
	s.want("│ x")
}

func TestSlowQueriesEnd(t *testing.T) {
	msg := newAsker(t.Context())(time.Millisecond, func(ctx context.Context) teaMsg {
		<-ctx.Done()
		return answerMsg{err: ctx.Err()}
	})()
	if p := problemOf(msg.(answerMsg).err); p.Kind != chat.ProblemTimeout || !p.Retry {
		t.Errorf("a query that took too long is %v", p)
	}
}
