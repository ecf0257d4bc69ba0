package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/pane/trust"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// openRecover takes the recovery key or its passphrase.
func (w *window) openRecover() tea.Cmd {
	backend, ok := w.withTrust()
	if !ok {
		return nil
	}
	intro, label := words.RecoverIntro, words.RecoverField
	if w.security.now.Passphrase || w.security.now.Recovery == chat.RecoveryUnknown {
		intro, label = words.RecoverIntroTwo, words.RecoverFieldTwo
	}
	p := &trust.Page{
		Name: dialogTrust, Head: safe.Lit(words.RecoverTitle), All: true, Keys: safe.Lit(words.SecretKeys),
		Blocks: []trust.Block{{Text: safe.Own(intro)}}, Fields: []*dialog.Field{dialog.Secret(label, "")},
	}
	p.Submit = func(p *trust.Page) (string, tea.Cmd) {
		secret := p.Fields[0].Secret()
		switch {
		case secret == "":
			return words.RecoverNeed, nil
		case w.busy(askRecover):
			return words.StillBusy, nil
		}
		p.Wait(words.RecoverWait)
		return "", query(w, askRecover, setUpLimit, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, backend.Recover(ctx, secret)
		}, func(_ struct{}, err error) tea.Cmd {
			if err != nil {
				w.failed(p, err)
				return nil
			}
			w.recovered(p)
			return nil
		})
	}
	w.subpage(p)
	return nil
}

// recovered says that this session is verified, and offers the keys of the backup.
func (w *window) recovered(from *trust.Page) {
	from.Fields[0].Wipe()
	if !w.dialogs.Is(dialogTrust, from) {
		w.tell(words.RecoverDone, false)
		return
	}
	p := message(dialogTrust, words.RecoverTitle, says(trust.Good, words.RecoverDone, words.RecoverDoneWhy)...)
	p.All, p.Keys = true, safe.Lit(words.PageKeys)
	p.Choices = []trust.Choice{
		{Key: "g", Title: safe.Lit(words.GoOn), Do: func() tea.Cmd { w.closePage(dialogTrust); return nil }},
		{Key: "b", Title: safe.Lit(words.RestoreNow), Do: w.restoreBackup},
	}
	w.late(p)
}

// lockSecrets forgets what the recovery key opened.
func (w *window) lockSecrets() tea.Cmd {
	backend, ok := w.withTrust()
	if !ok {
		return nil
	}
	return query(w, askLockUp, networkLimit, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, backend.LockSecrets(ctx)
	}, func(_ struct{}, err error) tea.Cmd {
		w.outcome(words.SecretsLocked, err)
		return nil
	})
}

// outcome says how something ended that has no page of its own: in the page of
// the account's state while that is open, else in the status line.
func (w *window) outcome(done string, err error) {
	switch {
	case w.walkOpen() && err != nil:
		refusal(w.security.walked, problemOf(err))
		w.dialogs.Changed()
	case err != nil:
		w.sayProblem(problemOf(err))
	case w.walkOpen():
		w.security.walked.Say(false, done)
		w.dialogs.Changed()
	default:
		w.say(done, false)
	}
}

// restoreBackup fetches every key of the backup, while one goes on with other things.
func (w *window) restoreBackup() tea.Cmd {
	backend, ok := w.withTrust()
	switch {
	case !ok:
		return nil
	case w.security.restoring:
		w.outcome(words.RestoreRunning, nil)
		return nil
	}
	w.security.restoring = true
	w.closePage(dialogTrust)
	w.say(words.RestoreStarted, false)
	return query(w, askRestore, restoreLimit, backend.RestoreBackup, func(n int, err error) tea.Cmd {
		w.security.restoring = false
		if err != nil {
			w.sayProblem(problemOf(err))
			return nil
		}
		w.tell(words.Restored(n), false)
		return nil
	})
}

// openNewBackup asks before the backup starts anew.
func (w *window) openNewBackup() tea.Cmd {
	backend, ok := w.withTrust()
	if !ok {
		return nil
	}
	w.show(&dialog.Confirm{
		Name: dialogNewBackup, Head: safe.Lit(words.NewBackupTitle), Question: safe.Lit(words.NewBackupAsk), Danger: true,
		Yes: func() tea.Cmd {
			return query(w, askNewBackup, setUpLimit, func(ctx context.Context) (struct{}, error) {
				return struct{}{}, backend.ResetBackup(ctx)
			}, func(_ struct{}, err error) tea.Cmd {
				w.outcome(words.NewBackupDone, err)
				return nil
			})
		},
	})
	return nil
}

// dialogNewBackup asks before the backup starts anew.
const dialogNewBackup = "new-backup"
