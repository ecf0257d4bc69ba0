package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/pane/trust"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// dialogFile is the page of the files of keys.
const dialogFile = "keys-file"

// askFile is what the pages of the files of keys ask.
const askFile question = "keys file"

// maxKeysFile bounds the file of keys that is read into memory.
const maxKeysFile = 256 << 20

// openExport writes all message keys to a file.
func (w *window) openExport() tea.Cmd {
	backend, ok := w.withTrust()
	if !ok {
		return nil
	}
	meter := &trust.Meter{Label: safe.Lit(words.StrengthLabel)}
	p := &trust.Page{
		Name: dialogFile, Head: safe.Lit(words.ExportTitle), Keys: safe.Lit(words.SecretsKeys),
		Blocks: []trust.Block{{Text: safe.Lit(words.ExportIntro)}, {Art: meter}},
		Fields: []*dialog.Field{
			input(words.PathField, "", "~/"+words.ExportName), dialog.Secret(words.PhraseField, ""), dialog.Secret(words.PhraseAgain, ""),
		},
	}
	p.Edited = func(p *trust.Page) tea.Cmd { return measure(p, meter) }
	p.Submit = func(p *trust.Page) (string, tea.Cmd) {
		path := home(p.Text(0))
		phrase, refused := phraseOf(p, 1)
		switch {
		case path == "":
			return words.PathNeed, nil
		case refused != "":
			return refused, nil
		}
		p.Wait(words.ExportWait)
		return "", w.fileWork(p, path, func(ctx context.Context) (string, error) {
			file, err := backend.ExportKeys(ctx, phrase)
			if err != nil {
				return "", err
			}
			if err := writeSecret(path, file); err != nil {
				return "", &fileError{path, err}
			}
			return words.FileSaved(safe.Line(path).String()), nil
		})
	}
	w.page(p)
	return nil
}

// openImport takes in message keys from a file.
func (w *window) openImport() tea.Cmd {
	backend, ok := w.withTrust()
	if !ok {
		return nil
	}
	p := &trust.Page{
		Name: dialogFile, Head: safe.Lit(words.ImportTitle), Keys: safe.Lit(words.SecretsKeys),
		Blocks: []trust.Block{{Text: safe.Lit(words.ImportIntro)}},
		Fields: []*dialog.Field{input(words.PathField, "", ""), dialog.Secret(words.ImportPhrase, "")},
	}
	p.Submit = func(p *trust.Page) (string, tea.Cmd) {
		path, phrase := home(p.Text(0)), p.Fields[1].Secret()
		switch {
		case path == "":
			return words.PathNeed, nil
		case phrase == "":
			return words.PhraseNeed, nil
		}
		p.Wait(words.ImportWait)
		return "", w.fileWork(p, path, func(ctx context.Context) (string, error) {
			file, err := readBounded(path, maxKeysFile)
			if err != nil {
				return "", &fileError{path, err}
			}
			imported, total, err := backend.ImportKeys(ctx, file, phrase)
			if err != nil {
				return "", err
			}
			return words.Imported(imported, total), nil
		})
	}
	w.page(p)
	return nil
}

// fileWork runs what a page of files asks for and says how it went.
func (w *window) fileWork(p *trust.Page, path string, f func(ctx context.Context) (string, error)) tea.Cmd {
	return query(w, askFile, restoreLimit, f, func(done string, err error) tea.Cmd {
		open := w.dialogs.Is(dialogFile, p)
		switch trouble, mine := fileTrouble(err); {
		case err == nil:
			for _, f := range p.Fields {
				f.Wipe()
			}
			w.closePage(dialogFile)
			w.tell(done, false)
		case open && problemOf(err).Kind == chat.ProblemSecret:
			p.Say(true, words.ImportWrong)
		case mine && open:
			p.Say(true, fileRefusal(safe.Line(path).String(), trouble))
		case mine:
			w.tell(fileRefusal(safe.Line(path).String(), trouble), true)
		default:
			w.failed(p, err)
		}
		w.dialogs.Changed()
		return nil
	})
}

// fileError is trouble with a file of the person's, not with the homeserver.
type fileError struct {
	path string
	err  error
}

// Error implements error.
func (e *fileError) Error() string { return fmt.Sprintf("file %s: %v", e.path, e.err) }

// Unwrap returns the error of the file system.
func (e *fileError) Unwrap() error { return e.err }

// fileTrouble returns what a fileError holds.
func fileTrouble(err error) (error, bool) {
	var f *fileError
	if !errors.As(err, &f) {
		return nil, false
	}
	return f.err, true
}

// readBounded reads a regular file of at most so many bytes.
func readBounded(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path) // before it is opened: a pipe would wait for a writer
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNoFile
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	raw, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(raw)) > most {
		return nil, &chat.Problem{Kind: chat.ProblemTooLarge}
	}
	return raw, err
}
