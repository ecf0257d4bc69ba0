package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane/info"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// openDoctor looks at everything and shows what is set up, what is broken and what repairs it.
func (w *window) openDoctor() tea.Cmd {
	trust := w.back.Trust
	if trust == nil {
		w.say(words.NoTrustHere, true)
		return nil
	}
	s := info.New(dialogDoctor, safe.Lit(words.DoctorTitle), w.keys)
	again := func() tea.Cmd {
		s.Say(words.Checking, info.Plain)
		w.info.doctor, w.info.setup = s, setupOf(&w.security.now)
		w.dialogs.Changed()
		return query(w, askCheckup, networkLimit, func(ctx context.Context) ([]chat.Finding, error) {
			return trust.Checkup(ctx)
		}, func(all []chat.Finding, err error) tea.Cmd {
			w.dialogs.Changed()
			w.showDoctor(s, append(append(all, w.terminalFinding()), LocaleFindings(w.opts.Env)...))
			if err != nil {
				s.Say(words.ProblemLine(problemOf(err)), info.Bad)
			}
			return nil
		})
	}
	s.Chose = words.RepairKey
	s.Actions = []info.Action{
		{Do: keymap.CheckAgain, Run: again},
		w.copySheet(s),
	}
	w.show(s) // not read again by itself: the homeserver is asked a lot
	return again()
}

func (w *window) showDoctor(s *info.Sheet, all []chat.Finding) {
	var lines []info.Line
	broken, warnings := 0, 0
	for _, group := range words.FindingGroups() {
		head := false
		for i := range all {
			f := &all[i]
			if words.FindingGroup(f.Topic) != group {
				continue
			}
			if !head {
				lines, head = heading(lines, group), true
			}
			lines = append(lines, w.findingLine(f, i))
			switch f.State {
			case chat.FindingBroken:
				broken++
			case chat.FindingWarning:
				warnings++
			case chat.FindingGood, chat.FindingInfo:
			}
		}
	}
	s.SetLines(lines)
	level := info.Good
	switch {
	case broken > 0:
		level = info.Bad
	case warnings > 0:
		level = info.Warn
	}
	s.Say(words.DoctorSummary(broken, warnings), level)
}

func setupOf(t *chat.Trust) setup {
	return setup{t.Identity, t.PrivateKeys, t.Recovery, t.Backup.State}
}

// doctorStale says that an open checkup is not current any more. It is not made
// anew by itself: it asks the homeserver for a lot.
func (w *window) doctorStale(t *chat.Trust) {
	if w.info.doctor == nil || !w.dialogs.Has(dialogDoctor) || setupOf(t) == w.info.setup {
		return
	}
	w.info.setup = setupOf(t)
	w.info.doctor.Say(words.DoctorStale, info.Note)
	w.dialogs.Changed()
}

func (w *window) findingLine(f *chat.Finding, i int) info.Line {
	text := words.Finding(f)
	l := info.Line{Name: safe.Own(words.FindingName(f.Topic)), Level: findingLevel(f.State), ID: f.Topic + string(rune('a'+i%26))}
	if word := words.FixWord(f.Fix); word != "" {
		text += " [" + word + "]"
	}
	if words.FixHere(f.Fix) {
		fix, detail := f.Fix, f.Detail
		l.Choose = func() tea.Cmd { return w.repair(fix, detail) }
	}
	l.Text = safe.Own(text)
	return l
}

func findingLevel(s chat.FindingState) info.Level {
	switch s {
	case chat.FindingGood:
		return info.Good
	case chat.FindingWarning:
		return info.Warn
	case chat.FindingBroken:
		return info.Bad
	case chat.FindingInfo:
	}
	return info.Note
}

// terminalFinding says what the terminal can show.
func (w *window) terminalFinding() chat.Finding {
	f := chat.Finding{
		Topic: chat.TopicTerminal, State: chat.FindingGood,
		Detail: words.Terminal(w.width, w.height, w.theme.Colours.String(), len(w.opts.known.Profile) > 0, w.theme.ASCII),
	}
	if w.theme.Colours == theme.Mono || w.theme.ASCII {
		f.State = chat.FindingInfo
	}
	return f
}

// repair does what a finding names.
func (w *window) repair(fix, detail string) tea.Cmd {
	do := func(a keymap.Action) tea.Cmd { return w.do(keymap.Global, a) }
	switch fix {
	case chat.FixVerify:
		return do(keymap.VerifySession)
	case chat.FixSetUp:
		return do(keymap.SetUpTrust)
	case chat.FixRecover:
		return do(keymap.Recover)
	case chat.FixRotate:
		return do(keymap.NewRecoveryKey)
	case chat.FixBackup:
		return do(keymap.ResetBackup)
	case chat.FixSession:
		return w.openSessions()
	case chat.FixPerson:
		if user := chat.UserID(detail); user.Valid() {
			return w.openPersonInfo(user)
		}
	case chat.FixSignIn:
		w.openSignedOut(w.status.Connection().Problem)
	}
	return nil
}

// verifyOwn verifies this session with another of the account: with a certain one, or any.
func (w *window) verifyOwn(id chat.DeviceID) tea.Cmd {
	return w.startVerify(w.back.Account.User, id)
}

// verifyUser verifies a person.
func (w *window) verifyUser(user chat.UserID) tea.Cmd { return w.startVerify(user, "") }
