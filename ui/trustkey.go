package ui

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/pane/trust"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// showKey shows a new recovery key, once. The page stays until the person says
// that it is saved, and says so twice when it was neither copied nor written.
func (w *window) showKey(key chat.Secret) {
	w.security.keyHeld, w.security.quitAsked = true, false
	p := &trust.Page{Name: dialogTrust, Head: safe.Lit(words.KeyTitle), All: true, Hold: true, Unset: true, Keys: safe.Lit(words.KeyFoot)}
	p.Blocks = []trust.Block{{Art: trust.NewGroups(key)}, {Text: safe.Lit(words.KeyIntro), Tone: trust.Warn}}
	p.Left = func() tea.Cmd { p.Say(true, words.KeyHeld); return nil }
	kept, sure := false, false
	p.Choices = []trust.Choice{
		{Key: "c", Title: safe.Lit(words.KeyCopy), Do: func() tea.Cmd {
			if err := w.term.Clipboard(string(key)); err != nil {
				p.Say(true, words.TooLongToCopy)
				return nil
			}
			p.Say(false, words.KeyCopied) // whether the terminal took it nobody can tell: it does not count as kept
			return nil
		}},
		{Key: "s", Title: safe.Lit(words.KeySave), Do: func() tea.Cmd {
			return w.askKeyFile(key, func(path string) { kept = true; p.Say(false, words.FileSaved(path)) })
		}},
		{Key: "y", Title: safe.Lit(words.KeySaved), Do: func() tea.Cmd {
			if !kept && !sure {
				sure = true
				p.Say(true, words.KeySavedSure)
				return nil
			}
			w.security.keyHeld = false
			w.closePage(dialogTrust)
			w.say(words.TrustComplete, false)
			return nil
		}},
	}
	w.late(p)
}

// holdKey reports whether quitting would lose a recovery key that nobody has
// saved; asked once more it does not.
func (w *window) holdKey() bool {
	s := &w.security
	if !s.keyHeld || s.quitAsked {
		return false
	}
	s.quitAsked = true
	if p, ok := w.dialogs.Top().(*trust.Page); ok {
		p.Say(true, words.KeyQuit)
		w.dialogs.Changed()
	}
	return true
}

// askKeyFile asks where the recovery key shall be written.
func (w *window) askKeyFile(key chat.Secret, done func(path string)) tea.Cmd {
	content := words.KeyFile(string(w.back.Account.User), strings.Join(trust.Grouped(key, 6), "\n"))
	p := &trust.Page{
		Name: dialogKeyFile, Head: safe.Lit(words.KeyFileTitle), Keys: safe.Lit(words.EnterKeys),
		Fields: []*dialog.Field{input(words.PathField, "", "~/"+words.KeyFileName)},
	}
	p.Submit = func(p *trust.Page) (string, tea.Cmd) {
		if p.Text(0) == "" {
			return words.PathNeed, nil
		}
		path := home(p.Text(0))
		p.Wait(words.FileWait)
		return "", query(w, askKeyFile, diskLimit, func(context.Context) (struct{}, error) {
			return struct{}{}, writeSecret(path, []byte(content))
		}, func(_ struct{}, err error) tea.Cmd {
			if err != nil {
				p.Say(true, fileRefusal(path, err))
				w.dialogs.Changed()
				return nil
			}
			w.closePage(dialogKeyFile)
			done(safe.Line(path).String())
			w.dialogs.Changed()
			return nil
		})
	}
	w.page(p)
	return nil
}

// dialogKeyFile asks for the path of the recovery key's file.
const dialogKeyFile = "key-file"

// writeSecret writes a new file that only its owner can read. It writes over
// nothing, and leaves nothing half-written.
func writeSecret(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close())
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// fileRefusal says why a file could not be written or read.
func fileRefusal(path string, err error) string {
	switch {
	case errors.Is(err, fs.ErrExist):
		return words.FileExists(path)
	case errors.Is(err, fs.ErrNotExist):
		return words.FileNotThere(path)
	case errors.Is(err, fs.ErrPermission):
		return words.FileNotAllowed(path)
	}
	return words.FileTrouble(path, err.Error())
}
