package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane/info"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// actions are the keys that help with the message.
func (y *whyMessage) actions() []info.Action {
	w, m := y.w, &y.message
	var out []info.Action
	if w.back.Trust != nil {
		if m.Kind == chat.KindUndecrypted && words.KeyMayCome(m.Cause) {
			out = append(out,
				info.Action{Do: keymap.RetryKey, Run: y.retry},
				info.Action{Do: keymap.SearchBackup, Run: y.backup, Label: safe.Own(words.BackupKey(y.backupState()))})
		}
		if y.verifiable() {
			out = append(out, info.Action{Do: keymap.VerifyThis, Run: y.verify, Label: safe.Own(words.VerifyKey(y.ownToVerify()))})
		}
	}
	return append(out, w.copySheet(y.sheet))
}

func (y *whyMessage) backupState() chat.BackupState {
	if y.trust == nil {
		return chat.BackupUnknown
	}
	return y.trust.Backup
}

// verifiable reports whether a verification says more about the message.
func (y *whyMessage) verifiable() bool {
	m := &y.message
	if m.ID == "" || m.Sender == "" || !m.Encrypted && m.Kind != chat.KindUndecrypted {
		return false
	}
	return !m.Own || m.Kind == chat.KindUndecrypted || shieldOf(m) != chat.ShieldNone
}

// ownToVerify reports whether verifying the own session is what helps.
func (y *whyMessage) ownToVerify() bool {
	return y.message.Own || y.message.Kind == chat.KindUndecrypted && y.message.WithheldCode == "m.unverified"
}

func (y *whyMessage) verify() tea.Cmd {
	if y.ownToVerify() {
		return y.w.verifyOwn("")
	}
	return y.w.verifyUser(y.message.Sender)
}

// backup asks the key backup where it is connected, and leads to connecting it where it is not.
func (y *whyMessage) backup() tea.Cmd {
	switch y.backupState() {
	case chat.BackupOn, chat.BackupUnknown, chat.BackupFailed:
		return y.retry()
	case chat.BackupNone, chat.BackupUnsupported:
		return y.w.repair(chat.FixSetUp, "")
	case chat.BackupNoKey, chat.BackupUntrusted:
	}
	return y.w.repair(chat.FixRecover, "")
}

// retry looks for the key of the message again.
func (y *whyMessage) retry() tea.Cmd {
	y.sheet.Say(words.LookingForKey, info.Plain)
	y.w.dialogs.Changed()
	return y.w.lookForKey(&y.message, func(t chat.MessageTrust, err error) tea.Cmd {
		switch {
		case err != nil:
			y.sheet.Say(words.ProblemLine(problemOf(err)), info.Bad)
		case t.Undecrypted:
			y.trust = &t
			y.sheet.Say(words.KeyNotFound, info.Note)
		default:
			y.trust = &t
			y.sheet.Say(words.KeyFound, info.Good)
		}
		y.show()
		return nil
	})
}

// lookForKey asks for the key of a message, and what is known of it then.
func (w *window) lookForKey(m *chat.Message, apply func(chat.MessageTrust, error) tea.Cmd) tea.Cmd {
	trust, key := w.back.Trust, m.Key
	return query(w, askRetryKey, networkLimit, func(ctx context.Context) (chat.MessageTrust, error) {
		if err := trust.RetryKey(ctx, key); err != nil {
			return chat.MessageTrust{}, err
		}
		return trust.Message(ctx, key)
	}, apply)
}

// retryKey looks for the key of the message under the cursor.
func (w *window) retryKey(m *chat.Message) tea.Cmd {
	if w.back.Trust == nil || !words.KeyMayCome(m.Cause) {
		w.say(words.NothingToRetry, true)
		return nil
	}
	w.say(words.LookingForKey, false)
	return w.lookForKey(m, func(t chat.MessageTrust, err error) tea.Cmd {
		switch {
		case err != nil:
			w.sayProblem(problemOf(err))
		case t.Undecrypted:
			w.say(words.KeyNotFound, false)
		default:
			w.say(words.KeyFound, false)
		}
		return nil
	})
}
