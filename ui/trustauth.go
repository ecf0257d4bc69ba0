package ui

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/pane/trust"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// dialogConfirm is the page that asks for what the homeserver wants to know.
const dialogConfirm = "confirm"

// authorised asks a question that the homeserver may answer with another one:
// who is it? Then a page asks the person, and f runs again with what they gave,
// until it works, fails otherwise, or the person gives up, which is
// ProblemCancelled.
func authorised[T any](w *window, about question, limit time.Duration, f func(ctx context.Context, auth chat.Auth) (T, error), apply func(T, error) tea.Cmd) tea.Cmd {
	var try func(auth chat.Auth) tea.Cmd
	try = func(auth chat.Auth) tea.Cmd {
		return query(w, about, limit, func(ctx context.Context) (T, error) {
			return f(ctx, auth)
		}, func(v T, err error) tea.Cmd {
			if p := problemOf(err); p != nil && p.Kind == chat.ProblemAuth && p.Auth != nil {
				w.confirm(*p.Auth, auth, try, func() tea.Cmd {
					var none T
					return apply(none, &chat.Problem{Kind: chat.ProblemCancelled})
				})
				return nil
			}
			w.closePage(dialogConfirm)
			return apply(v, err)
		})
	}
	return try(chat.Auth{})
}

// confirm asks for what the homeserver needs. given is what it got the last time.
func (w *window) confirm(need chat.AuthNeeded, given chat.Auth, again func(chat.Auth) tea.Cmd, giveUp func() tea.Cmd) {
	p := &trust.Page{Name: dialogConfirm, Head: safe.Lit(words.ConfirmTitle), Left: giveUp}
	send := func(a chat.Auth) tea.Cmd {
		a.Session = need.Session
		p.Wait(words.ConfirmWait)
		return again(a)
	}
	switch {
	case need.Password:
		p.Blocks = []trust.Block{{Text: safe.Lit(words.ConfirmIntro)}}
		p.Keys = safe.Lit(words.SecretKeys)
		p.Fields = []*dialog.Field{dialog.Secret(words.LoginPassword, "")}
		p.Submit = func(p *trust.Page) (string, tea.Cmd) {
			password := p.Fields[0].Secret()
			if password == "" {
				return words.LoginNeedPass, nil
			}
			p.Fields[0].Wipe()
			return "", send(chat.Auth{Password: password})
		}
		if need.Wrong || given.Password != "" {
			p.Say(true, words.ConfirmWrong)
		}
	case need.URL != "":
		w.confirmAt(p, need.URL, func() tea.Cmd { return send(chat.Auth{Done: true}) })
		if given.Done {
			p.Say(true, words.ConfirmStill)
		}
	default:
		p.Blocks = []trust.Block{{Text: safe.Own(words.ConfirmFlows(need.Flows)), Tone: trust.Warn}}
		p.Keys = safe.Lit(words.EnterEnd)
	}
	w.late(p)
}

// confirmAt fills a page that sends the person to a page in the browser.
func (w *window) confirmAt(p *trust.Page, address string, done func() tea.Cmd) {
	link, said := safe.URL(address), safe.Line(address)
	if strings.HasPrefix(link, "https://") || strings.HasPrefix(link, "http://") {
		said = safe.Own(link) // all of it
	} else {
		link = "" // nothing that a browser should be sent to
	}
	p.Blocks = []trust.Block{{Text: safe.Lit(words.ConfirmURL)}, {Text: said, Tone: trust.Strong, Link: link}}
	p.Keys = safe.Lit(words.PageKeys)
	p.Choices = []trust.Choice{{Key: "d", Title: safe.Lit(words.ConfirmDone), Do: done}}
	if link == "" {
		return
	}
	p.Choices = append(p.Choices,
		trust.Choice{Key: "c", Title: safe.Lit(words.ConfirmCopy), Do: func() tea.Cmd {
			w.copy(link)
			p.Say(false, words.Copied)
			return nil
		}},
		trust.Choice{Key: "o", Title: safe.Lit(words.ConfirmOpen), Do: func() tea.Cmd {
			if cmd := w.term.Open(link); cmd != nil {
				return cmd
			}
			w.copy(link)
			p.Say(false, words.Copied)
			return nil
		}},
	)
}

// page shows a page of a flow that a key asked for, in the place of the one before it.
func (w *window) page(p *trust.Page) { w.show(p) }

// late shows a page that an answer brought. Where the page that waited for it
// was closed meanwhile, it opens by itself.
func (w *window) late(p *trust.Page) {
	w.dialogs.Open(p, w.clock.Now(), w.dialogs.Empty())
	w.arrange()
}

// closePage closes a page and gives the keys back when it was the last dialog.
func (w *window) closePage(id string) {
	w.dialogs.Close(id)
	w.dialogClosed()
}
