package ui

import (
	"context"
	"slices"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane/info"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// maxListed bounds how many sessions a sheet lists.
const maxListed = 200

func sessionLevel(t chat.SessionTrust) info.Level {
	switch t {
	case chat.SessionVerified:
		return info.Good
	case chat.SessionSigned, chat.SessionGone:
		return info.Note
	case chat.SessionUnsigned, chat.SessionBlocked:
		return info.Warn
	case chat.SessionRekeyed:
	}
	return info.Bad
}

func personLevel(t chat.PersonTrust) info.Level {
	switch t {
	case chat.PersonVerified:
		return info.Good
	case chat.PersonChanged:
		return info.Warn
	case chat.PersonWithdrawn:
		return info.Bad
	case chat.PersonUnknown, chat.PersonPinned:
	}
	return info.Note
}

// openPersonInfo says what is known about somebody's identity and sessions.
func (w *window) openPersonInfo(user chat.UserID) tea.Cmd {
	trust := w.back.Trust
	if trust == nil {
		w.say(words.NoTrustHere, true)
		return nil
	}
	s := info.New(dialogPersonInfo, safe.Own(words.WhyTitle+" · "+w.nameOf(user)), w.keys)
	s.SetLines(sentence(nil, info.Plain, words.Looking))
	return w.sheet(s, func() tea.Cmd {
		return query(w, askPerson, networkLimit, func(ctx context.Context) (chat.Person, error) {
			return trust.Person(ctx, user)
		}, func(p chat.Person, err error) tea.Cmd {
			if err != nil {
				s.Say(words.ProblemLine(problemOf(err)), info.Bad)
			} else {
				w.showPerson(s, p)
			}
			w.dialogs.Changed()
			return nil
		})
	})
}

func (w *window) showPerson(s *info.Sheet, p chat.Person) {
	own := p.User == w.back.Account.User
	lines := sentence(nil, personLevel(p.Trust), words.PersonWhy(p.Trust, own))
	lines = append(lines, info.Line{Text: safe.Lit(" ")})
	lines = fact(lines, "id", string(p.User))
	lines = fact(lines, "trust", words.PersonWord(p.Trust))
	if p.MasterKey != "" {
		lines = fact(lines, "identity", words.Fingerprint(p.MasterKey))
	}
	lines = heading(lines, words.PersonSessions+" — "+words.Count(len(p.Sessions), "session", "sessions"))
	for i := range p.Sessions {
		if i == maxListed {
			lines = sentence(lines, info.Plain, words.MoreExcluded(len(p.Sessions)-maxListed))
			break
		}
		lines = append(lines, w.sessionLine(p.Sessions[i]))
	}
	s.SetLines(lines)
	s.Actions = nil
	if p.Trust == chat.PersonChanged || p.Trust == chat.PersonWithdrawn {
		s.Actions = append(s.Actions, info.Action{Do: keymap.Acknowledge, Run: func() tea.Cmd { w.openAccept(s, p); return nil }})
	}
	switch {
	case own && p.Trust != chat.PersonVerified:
		s.Actions = append(s.Actions, info.Action{Do: keymap.VerifyThis, Run: func() tea.Cmd { return w.verifyOwn("") }})
	case !own && p.Trust != chat.PersonVerified:
		s.Actions = append(s.Actions, info.Action{Do: keymap.VerifyThis, Run: func() tea.Cmd { return w.verifyUser(p.User) }})
	}
	s.Actions = append(s.Actions, w.copySheet(s))
}

// sessionLine is a session in a list; Enter explains it.
func (w *window) sessionLine(x chat.Session) info.Line {
	own := x.User == w.back.Account.User
	return info.Line{
		Level: sessionLevel(x.Trust), Text: safe.Own(safe.Line(words.SessionLine(&x, own)).String()),
		ID: string(x.User) + " " + string(x.ID), Choose: func() tea.Cmd { return w.openSessionInfo(x) },
	}
}

// openAccept asks before a changed identity is accepted.
func (w *window) openAccept(s *info.Sheet, p chat.Person) {
	trust, user := w.back.Trust, p.User
	w.show(&dialog.Confirm{
		Name: dialogAccept, Head: safe.Lit(words.AcceptTitle), Danger: true,
		Question: safe.Own(words.AcceptIdentity(w.nameOf(user), p.Trust == chat.PersonWithdrawn)),
		Yes: func() tea.Cmd {
			return w.act(s, words.Accepted, func(ctx context.Context) error { return trust.Acknowledge(ctx, user, p.MasterKey) })
		},
	})
}

// openSessionInfo says what is known about a session.
func (w *window) openSessionInfo(x chat.Session) tea.Cmd {
	s := info.New(dialogSessionInfo, safe.Own(words.WhySession+" · "+safe.Line(words.SessionName(&x)).String()), w.keys)
	w.showSession(s, x)
	trust := w.back.Trust
	if trust == nil {
		return w.sheet(s, func() tea.Cmd { return nil })
	}
	return w.sheet(s, func() tea.Cmd {
		return query(w, askSession, networkLimit, func(ctx context.Context) ([]chat.Session, error) {
			if x.User == w.back.Account.User {
				return trust.Sessions(ctx)
			}
			p, err := trust.Person(ctx, x.User)
			return p.Sessions, err
		}, func(all []chat.Session, err error) tea.Cmd {
			i := slices.IndexFunc(all, func(y chat.Session) bool { return y.ID == x.ID })
			switch {
			case err != nil: // what is shown was true a moment ago
			case i >= 0:
				w.showSession(s, all[i])
			default:
				x.Trust = chat.SessionGone
				w.showSession(s, x)
			}
			w.dialogs.Changed()
			return nil
		})
	})
}

func (w *window) showSession(s *info.Sheet, x chat.Session) {
	own := x.User == w.back.Account.User
	why := words.SessionWhy(x.Trust, own)
	if x.Fingerprint == "" && x.Trust == chat.SessionUnsigned {
		why = words.CannotVerify
	}
	lines := sentence(nil, sessionLevel(x.Trust), why)
	if x.Current {
		lines = sentence(lines, info.Plain, words.ThisSession)
	}
	lines = append(lines, info.Line{Text: safe.Lit(" ")})
	user := x.User
	lines = append(lines, info.Line{
		Name: safe.Own(words.InfoName("owner")), Text: safe.Own(w.nameOf(user)), ID: "owner",
		Choose: func() tea.Cmd { return w.openPersonInfo(user) },
	})
	lines = fact(lines, "device", string(x.ID))
	if x.Fingerprint == "" {
		lines = fact(lines, "fingerprint", words.NoFingerprint)
	} else {
		lines = fact(lines, "fingerprint", words.Fingerprint(x.Fingerprint))
		lines = sentence(lines, info.Plain, words.FingerprintHint)
	}
	if own {
		lines = fact(lines, "seen", words.SessionSeen(x.LastSeen, x.LastIP, w.clock.Now()))
	}
	s.SetLines(lines)
	s.Actions = append(w.sessionActions(s, x), w.copySheet(s))
}

// sessionActions are what can be done with a session.
func (w *window) sessionActions(s *info.Sheet, x chat.Session) []info.Action {
	var out []info.Action
	add := func(a keymap.Action, run func() tea.Cmd) { out = append(out, info.Action{Do: a, Run: run}) }
	if x.User != w.back.Account.User {
		if x.Trust != chat.SessionVerified {
			add(keymap.VerifyThis, func() tea.Cmd { return w.verifyUser(x.User) })
		}
		out = append(out, info.Action{
			Do: keymap.BlockSession, Label: safe.Own(words.BlockKey(x.Trust == chat.SessionBlocked)),
			Run: func() tea.Cmd { w.openBlock(s, x); return nil },
		})
		return out
	}
	if x.Trust == chat.SessionUnsigned && x.Fingerprint != "" {
		add(keymap.VerifyThis, func() tea.Cmd { return w.verifyOwn(x.ID) })
	}
	if w.isFresh(x.ID) {
		add(keymap.KnownSession, func() tea.Cmd { return w.dismissSession(s, x) })
	}
	add(keymap.RenameSession, func() tea.Cmd { w.openRename(s, x); return nil })
	if !x.Current {
		add(keymap.EndSession, func() tea.Cmd { return w.openEnd(s, []chat.Session{x}) })
	}
	return out
}

// openBlock asks before a session is blocked, or not any more.
func (w *window) openBlock(s *info.Sheet, x chat.Session) {
	trust := w.back.Trust
	block, question, done := true, words.BlockQuestion, words.Blocked
	if x.Trust == chat.SessionBlocked {
		block, question, done = false, words.UnblockQuestion, words.Unblocked
	}
	w.show(&dialog.Confirm{
		Name: dialogBlock, Head: safe.Lit(words.BlockTitle), Question: safe.Own(question),
		Yes: func() tea.Cmd {
			return w.act(s, done, func(ctx context.Context) error { return trust.Block(ctx, x.User, x.ID, block) })
		},
	})
}
