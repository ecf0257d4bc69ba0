package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"hubbub/config"
	"hubbub/matrix"
	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/ui"
)

// Window shows the window for an account, "" for the one used last, until the
// person quits. Without an account it starts with the sign-in screen. The
// returned note is something to print after the window has gone, or "".
func (e *Env) Window(ctx context.Context, user chat.UserID) (note *chat.Problem, err error) {
	if err := e.checkKeys(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &windowed{env: e, accounts: e.Accounts(true), end: cancel}
	w.start = func(c *matrix.Client) *ui.Backend { return w.backend(ctx, c) }
	backend, err := w.open(ctx, user)
	if err != nil {
		return nil, err
	}
	if err := privateDir(e.Dirs.State); err != nil {
		return nil, &chat.Problem{Kind: chat.ProblemReadOnly, Detail: e.Dirs.State, Err: err}
	}
	e.Log.Info("Started", "version", Version())
	err = ui.Run(ctx, w.options(backend))
	return w.warning(), w.finish(ctx, err)
}

// checkKeys returns the first thing that is wrong with the configured keys, or nil.
func (e *Env) checkKeys() error {
	wrong := ui.CheckKeys(e.Config.Keymap, e.Config.Keys)
	if len(wrong) == 0 {
		return nil
	}
	err := &config.Error{Path: e.Dirs.File(), Text: wrong[0].Text}
	for _, action := range wrong[0].Actions {
		if line, ok := e.Config.KeyLines[action]; ok {
			err.Line = line
		}
	}
	return err
}

// windowed joins the window with the account that it shows.
type windowed struct {
	env      *Env
	accounts *matrix.Accounts
	start    func(c *matrix.Client) *ui.Backend // runs an account's core for as long as the window is there
	end      func()                             // ends the window

	mu   sync.Mutex
	core *core         // guarded by mu; nil while nobody is signed in
	warn *chat.Problem // guarded by mu: of the sign-out
}

// open opens the account to start with, or none for the sign-in screen.
func (w *windowed) open(ctx context.Context, user chat.UserID) (*ui.Backend, error) {
	if user == "" {
		all, broken, err := w.accounts.List()
		switch {
		case err != nil:
			return nil, err
		case len(all) > 0:
			user = all[0].User
		case len(broken) > 0: // a sign-in would find the same
			return nil, broken[0]
		default:
			return nil, nil
		}
	}
	c, err := w.accounts.Open(ctx, user)
	if err != nil {
		return nil, err
	}
	return w.start(c), nil
}

// backend starts the core of an account and returns what the window needs of it.
func (w *windowed) backend(ctx context.Context, c *matrix.Client) *ui.Backend {
	feed := c.Store().Subscribe()
	paced := &pacedFeed{feed: feed}
	k := startCore(ctx, c)
	w.mu.Lock()
	w.core = k
	w.mu.Unlock()
	go func() {
		<-k.ended
		if k.err != nil {
			w.end()
		}
	}()
	return &ui.Backend{
		Account: c.Account(),
		Reader:  reader{c.Store(), feed}, Sender: c, Rooms: c, Directory: c, Media: c,
		Session: &uiSession{client: c, w: w}, Trust: c.Trust(), Known: c.Trust(),
		Feed: paced.next,
	}
}

// reader implements ui.Reader: what the window watches, its own feed carries.
type reader struct {
	*store.Store
	feed *store.Feed
}

// Watch implements ui.Reader.
func (r reader) Watch(rooms ...chat.RoomID) { r.feed.Watch(rooms...) }

// summaryEvery is how long changes that only move or count rooms wait for each
// other: on a lively account they never end.
const summaryEvery = 50 * time.Millisecond

// pacedFeed is the feed of the window. It belongs to one goroutine.
type pacedFeed struct {
	feed *store.Feed
	last time.Time // when changes were passed on last
}

// next waits for changes and returns them.
func (p *pacedFeed) next(ctx context.Context) (chat.ChangeSet, error) {
	select {
	case <-ctx.Done():
		return chat.ChangeSet{}, fmt.Errorf("wait for changes: %w", ctx.Err())
	case <-p.feed.Wait():
	}
	if wait := summaryEvery - time.Since(p.last); wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return chat.ChangeSet{}, fmt.Errorf("wait for changes: %w", ctx.Err())
		case <-p.feed.Pressing():
		case <-timer.C:
		}
	}
	changes, err := p.feed.Next(ctx)
	if err != nil {
		return changes, fmt.Errorf("read changes: %w", err)
	}
	p.last = time.Now()
	return changes, nil
}

func (w *windowed) options(b *ui.Backend) ui.Options {
	c := w.env.Config
	theme := c.Theme
	if theme == config.ThemeAuto {
		theme = ""
	}
	return ui.Options{
		Backend: b, Login: uiLogin{w},
		In: w.env.In, Out: w.env.Out, Env: w.env.Environ, Log: w.env.Log,
		CrashFile:  filepath.Join(w.env.Dirs.State, "stderr.txt"),
		DeviceName: c.SessionName,
		Theme:      theme, ASCII: c.ASCII, Keymap: c.Keymap, Keys: c.Keys,
		Notice: ui.LocaleNotice(w.env.Environ),
		NoBell: !c.Bell, NoNotify: !c.Notifications, NoMouse: !c.Mouse,
	}
}

func (w *windowed) finish(ctx context.Context, err error) error {
	w.mu.Lock()
	k := w.core
	w.mu.Unlock()
	if k == nil {
		return err
	}
	if errors.Is(err, context.Canceled) {
		err = nil // the core ended the window: its own error says why
	}
	return w.env.finish(ctx, k, err)
}

func (w *windowed) warning() *chat.Problem {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.warn
}

// uiLogin implements ui.Login.
type uiLogin struct{ w *windowed }

// Discover implements ui.Login.
func (l uiLogin) Discover(ctx context.Context, address string) (chat.LoginOptions, error) {
	return l.w.accounts.Discover(ctx, address)
}

// Login implements ui.Login.
func (l uiLogin) Login(ctx context.Context, req chat.LoginRequest) (*ui.Backend, error) {
	c, err := l.w.accounts.Login(ctx, req)
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil { // nobody waits for the answer any more: the account must not stay held
		return nil, errors.Join(ctx.Err(), c.Close(context.WithoutCancel(ctx)))
	}
	return l.w.start(c), nil
}

// uiSession implements ui.Session.
type uiSession struct {
	client *matrix.Client
	w      *windowed
}

// SignIn implements ui.Session.
func (s *uiSession) SignIn(ctx context.Context, password string) error {
	return s.client.SignIn(ctx, password)
}

// Logout implements ui.Session. A homeserver that could not be told does not
// keep the person signed in here: it is said after the window has gone.
func (s *uiSession) Logout(ctx context.Context) error {
	err := s.client.Logout(ctx)
	var p *chat.Problem
	if errors.As(err, &p) {
		s.w.mu.Lock()
		defer s.w.mu.Unlock()
		s.w.warn = p
		return nil
	}
	return err
}

// ExitCode returns the exit code for an error of the window: 128 + n after
// signal n, 70 after a crash, 2 without a terminal, and 1 for everything else.
func ExitCode(err error) int { return ui.ExitCode(err) }
