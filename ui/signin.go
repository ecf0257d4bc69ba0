package ui

import (
	"context"
	"sync"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/pane/login"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// loginKey gives a key to the sign-in screen.
func (w *window) loginKey(a keymap.Action, text string) tea.Cmd {
	switch {
	case a == keymap.Quit:
		return w.quit()
	case a != "":
		return w.loginEvent(w.login.Do(a))
	case text != "":
		w.login.Type(text)
	}
	return nil
}

func (w *window) loginEvent(e login.Event) tea.Cmd {
	switch {
	case e.Cancel:
		w.drop(askDiscover)
		if w.goBack != nil {
			w.goBack()
		}
	case e.Discover != "":
		return query(w, askDiscover, networkLimit, func(ctx context.Context) (chat.LoginOptions, error) {
			return w.opts.Login.Discover(ctx, e.Discover)
		}, func(o chat.LoginOptions, err error) tea.Cmd {
			if w.login != nil {
				w.login.Found(o, problemOf(err))
			}
			return nil
		})
	case e.Login != nil:
		return w.signIn(*e.Login)
	}
	return nil
}

// signIn asks for an account. Going back ends the request. An account that came
// all the same is used: left alone it would stay locked by nobody.
func (w *window) signIn(req chat.LoginRequest) tea.Cmd {
	back := make(chan struct{})
	w.goBack = sync.OnceFunc(func() { close(back) })
	door := w.opts.Login
	return query(w, askLogin, networkLimit, func(ctx context.Context) (*Backend, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		go func() { // ends with the request
			select {
			case <-back:
				cancel()
			case <-ctx.Done():
			}
		}()
		return door.Login(ctx, req)
	}, func(b *Backend, err error) tea.Cmd {
		select {
		case <-back:
			if err != nil {
				return nil
			}
		default:
		}
		return w.signedIn(b, err)
	})
}

// signedIn goes on with the account, or shows why there is none.
func (w *window) signedIn(b *Backend, err error) tea.Cmd {
	if w.login == nil {
		return nil
	}
	if err != nil {
		w.login.Refused(problemOf(err))
		return nil
	}
	w.login.Done()
	w.build(b)
	w.keepTerminal()
	w.began(b)
	return w.start()
}

// openSignedOut explains that the homeserver ended the session and takes the
// password to go on in it.
func (w *window) openSignedOut(p *chat.Problem) {
	w.say(words.Connection(chat.Connection{State: chat.ConnSignedOut}, w.clock.Now()), true)
	body := words.SignedOutBody
	if p != nil && p.Retry {
		body += " " + words.SoftLogoutBody
	} else {
		body += " " + words.SignOutEverHint
	}
	if p == nil || !p.Retry {
		w.dialogs.Open(&dialog.Text{
			Name: dialogSignedOut, Head: safe.Lit(words.SignedOutTitle), Lines: []dialog.Line{{Text: safe.Own(body)}},
		}, w.clock.Now(), true)
		return
	}
	w.dialogs.Open(&dialog.Form{
		Name: dialogSignedOut, Head: safe.Lit(words.SignedOutTitle), Intro: safe.Own(body), Stay: true,
		Fields: []*dialog.Field{{Input: pane.Input{Label: words.LoginPassword, Masked: true}}},
		Submit: func(f *dialog.Form) (string, tea.Cmd) {
			password := f.Fields[0].Input.Text()
			if password == "" {
				return words.LoginNeedPass, nil
			}
			return "", w.signInAgain(f, password)
		},
	}, w.clock.Now(), true)
}

// openStopped explains why there is no connection and none will come by itself.
func (w *window) openStopped(p *chat.Problem) {
	what, next := words.Problem(p)
	lines := []dialog.Line{{Text: safe.Own(what)}, {Text: safe.Own(next)}, {Text: safe.Lit(" ")}, {Text: safe.Lit(words.StoppedBody)}}
	w.dialogs.Open(&dialog.Text{Name: dialogStopped, Head: safe.Lit(words.StoppedTitle), Lines: lines}, w.clock.Now(), true)
}

func (w *window) signInAgain(f *dialog.Form, password string) tea.Cmd {
	session := w.back.Session
	return query(w, askSignIn, networkLimit, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, session.SignIn(ctx, password)
	}, func(_ struct{}, err error) tea.Cmd {
		if err != nil {
			f.Say(words.ProblemLine(problemOf(err)), true)
			w.dialogs.Changed()
			return nil
		}
		w.dialogs.Close(dialogSignedOut)
		w.dialogClosed()
		return nil
	})
}

// openSignOut asks before the session and its local data go.
func (w *window) openSignOut() {
	question := words.SignOutQuestion
	if o := w.status.Outbox(); o.Pending+o.Failed > 0 {
		question += " " + words.SignOutPending
	}
	if s := &w.security; s.known && !s.now.Complete() || s.now.Backup.Saved < s.now.Backup.Total {
		question += " " + words.SignOutUnsaved(w.keys.Key(keymap.Global, keymap.Trust))
	}
	session := w.back.Session
	w.dialogs.Open(&dialog.Confirm{
		Name: dialogSignOut, Head: safe.Lit(words.SignOutTitle), Question: safe.Own(question), Danger: true,
		Yes: func() tea.Cmd {
			return query(w, askLogout, networkLimit, func(ctx context.Context) (struct{}, error) {
				return struct{}{}, session.Logout(ctx)
			}, func(_ struct{}, err error) tea.Cmd {
				if err != nil {
					w.sayProblem(problemOf(err))
					return nil
				}
				return w.term.Quit()
			})
		},
	}, w.clock.Now(), false)
}
