package ui

import (
	"context"
	"slices"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane/info"
	"hubbub/ui/internal/pane/status"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// freshSessions takes which own sessions are new: each raises an alert once.
func (w *window) freshSessions(t *chat.Trust) {
	w.info.fresh = t.Fresh
	w.chat.SetBackup(t.Backup.State)
	key := w.keys.Key(keymap.Global, keymap.Sessions)
	alert := safe.Text{}
	if n := len(t.Fresh); n > 0 {
		alert = safe.Own(words.NewSessions(n, key))
	}
	w.status.SetBadge(status.BadgeSession, alert, true)
	for i := range t.Fresh {
		x := &t.Fresh[i]
		if w.info.told[x.ID] {
			continue
		}
		if w.info.told == nil {
			w.info.told = map[chat.DeviceID]bool{}
		}
		w.info.told[x.ID] = true
		w.tell(words.NewSessionSaid(safe.Line(words.SessionName(x)).String(), key), true)
	}
}

func (w *window) isFresh(id chat.DeviceID) bool {
	return slices.ContainsFunc(w.info.fresh, func(x chat.Session) bool { return x.ID == id })
}

// openSessions lists where the account is signed in.
func (w *window) openSessions() tea.Cmd {
	trust := w.back.Trust
	if trust == nil {
		w.say(words.NoTrustHere, true)
		return nil
	}
	s := info.New(dialogSessions, safe.Lit(words.SessionsTitle), w.keys)
	s.SetLines(sentence(nil, info.Plain, words.Looking))
	return w.sheet(s, func() tea.Cmd {
		return query(w, askSessions, networkLimit, func(ctx context.Context) ([]chat.Session, error) {
			return trust.Sessions(ctx)
		}, func(all []chat.Session, err error) tea.Cmd {
			if err != nil {
				s.Say(words.ProblemLine(problemOf(err)), info.Bad)
			} else {
				w.showSessions(s, all)
			}
			w.dialogs.Changed()
			return nil
		})
	})
}

func (w *window) showSessions(s *info.Sheet, all []chat.Session) {
	var current, fresh, others []chat.Session
	for _, x := range all {
		switch {
		case x.Current:
			current = append(current, x)
		case w.isFresh(x.ID):
			fresh = append(fresh, x)
		default:
			others = append(others, x)
		}
	}
	var lines []info.Line
	if len(fresh) > 0 {
		lines = heading(lines, words.SessionsNew)
		lines = sentence(lines, info.Bad, words.NewSessionAlert)
		lines = w.ownSessions(lines, fresh)
	}
	lines = heading(lines, words.SessionsThis)
	lines = w.ownSessions(lines, current)
	lines = heading(lines, words.SessionsOthers)
	if len(others) == 0 {
		lines = sentence(lines, info.Plain, words.NoOtherSessions)
	}
	lines = w.ownSessions(lines, others)
	s.SetLines(lines)
	s.Actions = w.listActions(s, all)
}

// ownSessions lists own sessions with when they were last seen.
func (w *window) ownSessions(lines []info.Line, all []chat.Session) []info.Line {
	for i, x := range all {
		if i == maxListed {
			return sentence(lines, info.Plain, words.MoreExcluded(len(all)-maxListed))
		}
		l := w.sessionLine(x)
		text := l.Text.String()
		if words.SessionName(&x) != string(x.ID) {
			text += " · " + string(x.ID)
		}
		if !x.LastSeen.IsZero() {
			text += " · " + words.Ago(max(w.clock.Now().Sub(x.LastSeen), 0))
		}
		l.Text = safe.Own(text)
		lines = append(lines, l)
	}
	return lines
}

// listActions act on the session under the cursor; only those that fit some session stand in the foot.
func (w *window) listActions(s *info.Sheet, all []chat.Session) []info.Action {
	chosen := func(f func(chat.Session) tea.Cmd) func() tea.Cmd {
		return func() tea.Cmd {
			i := slices.IndexFunc(all, func(x chat.Session) bool { return string(x.User)+" "+string(x.ID) == s.Chosen() })
			if i < 0 {
				return nil
			}
			return f(all[i])
		}
	}
	unless := func(no bool, why string, f func() tea.Cmd) tea.Cmd {
		if no {
			w.say(why, true)
			return nil
		}
		return f()
	}
	out := []info.Action{
		{Do: keymap.VerifyThis, Run: chosen(func(x chat.Session) tea.Cmd {
			why := words.NothingToVerify
			if x.Fingerprint == "" {
				why = words.CannotVerify
			}
			return unless(x.Trust != chat.SessionUnsigned || x.Fingerprint == "", why, func() tea.Cmd {
				if x.Current {
					return w.verifyOwn("")
				}
				return w.verifyOwn(x.ID)
			})
		})},
		{Do: keymap.RenameSession, Run: chosen(func(x chat.Session) tea.Cmd { w.openRename(s, x); return nil })},
		{Do: keymap.EndSession, Run: chosen(func(x chat.Session) tea.Cmd {
			return unless(x.Current, words.NotThisSession, func() tea.Cmd { return w.openEnd(s, []chat.Session{x}) })
		})},
	}
	if len(w.info.fresh) > 0 {
		out = append(out, info.Action{Do: keymap.KnownSession, Run: chosen(func(x chat.Session) tea.Cmd {
			return unless(!w.isFresh(x.ID), words.NotNewSession, func() tea.Cmd { return w.dismissSession(s, x) })
		})})
	}
	if len(all) > 2 {
		out = append(out, info.Action{Do: keymap.EndOthers, Run: func() tea.Cmd {
			return w.openEnd(s, slices.DeleteFunc(slices.Clone(all), func(x chat.Session) bool { return x.Current }))
		}})
	}
	return out
}

func (w *window) dismissSession(s *info.Sheet, x chat.Session) tea.Cmd {
	trust := w.back.Trust
	return w.act(s, words.Dismissed, func(ctx context.Context) error { return trust.DismissSession(ctx, x.ID) })
}

func (w *window) openRename(s *info.Sheet, x chat.Session) {
	trust := w.back.Trust
	w.show(&dialog.Form{
		Name: dialogRename, Head: safe.Lit(words.RenameTitle), Fields: []*dialog.Field{input(words.NameLabel, words.SessionNameHint, safe.Line(x.Name).String())},
		Submit: func(f *dialog.Form) (string, tea.Cmd) {
			name := f.Text(0)
			if name == "" {
				return words.NeedName, nil
			}
			return "", w.act(s, words.Renamed, func(ctx context.Context) error { return trust.RenameSession(ctx, x.ID, name) })
		},
	})
}

// openEnd asks before sessions are signed out.
func (w *window) openEnd(s *info.Sheet, which []chat.Session) tea.Cmd {
	if len(which) == 0 {
		w.say(words.NoOtherSessions, false)
		return nil
	}
	ids, names := make([]chat.DeviceID, len(which)), make([]string, len(which))
	for i := range which {
		ids[i], names[i] = which[i].ID, safe.Line(words.SessionName(&which[i])).String()
	}
	trust := w.back.Trust
	w.show(&dialog.Confirm{
		Name: dialogEnd, Head: safe.Lit(words.EndTitle), Question: safe.Own(words.EndQuestion(names)), Danger: true,
		Yes: func() tea.Cmd {
			s.Say(words.Loading, info.Plain)
			return authorised(w, askEnd, networkLimit, func(ctx context.Context, auth chat.Auth) (struct{}, error) {
				return struct{}{}, trust.EndSessions(ctx, ids, auth)
			}, func(_ struct{}, err error) tea.Cmd {
				w.dialogs.Changed()
				if err != nil {
					s.Say(words.ProblemLine(problemOf(err)), info.Bad)
					return nil
				}
				s.Say(words.Ended, info.Good)
				return w.sheetsAgain()
			})
		},
	})
	return nil
}
