package ui

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/pane/trust"
	"hubbub/ui/internal/qr"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// codeMark is what the payload of every code of a verification begins with.
//
// Spec: client-server-api#qr-code-format
const codeMark = "MATRIX"

// maxCodeText bounds the text form of a payload, in bytes.
const maxCodeText = 4096

// showCode shows the code of a verification, as large as the window.
func (w *window) showCode(v chat.Verification) tea.Cmd {
	picture, err := trust.NewCode(v.Code, w.theme.ASCII)
	if err != nil {
		w.log.Info("Code cannot be drawn", "error", err)
		return nil
	}
	w.security.step = stepShow
	back := func() tea.Cmd { w.chooseAgain(v); return nil }
	p := &trust.Page{
		Name: dialogVerify, Head: safe.Own(words.CodeTitle), All: true, Broad: true, Hold: true, Left: back, Keys: safe.Lit(words.CodeAlt),
		Blocks: []trust.Block{{Art: picture}},
	}
	p.Choices = []trust.Choice{
		{Key: "e", Hidden: true, Do: func() tea.Cmd {
			if !v.CanSAS {
				return back()
			}
			w.chooseAgain(v)
			return w.verifying(v.ID, Verifier.CompareEmoji)()
		}},
		{Key: "t", Hidden: true, Do: func() tea.Cmd {
			w.copy(base64.RawStdEncoding.EncodeToString(v.Code))
			p.Keys = safe.Lit(words.CodeCopied)
			return nil
		}},
	}
	w.page(p)
	return nil
}

// chooseAgain shows how a verification can go on, as it is by now.
func (w *window) chooseAgain(v chat.Verification) {
	w.security.step = stepChoose
	for _, now := range w.security.verify {
		if now.ID == v.ID {
			v = now
		}
	}
	w.security.phase = v.Phase
	w.page(w.verifyPage(v))
}

// takeCode asks for the code that the other side shows.
func (w *window) takeCode(v chat.Verification) tea.Cmd {
	backend, ok := w.withTrust()
	if !ok {
		return nil
	}
	w.security.step = stepTake
	p := &trust.Page{
		Name: dialogVerify, Head: safe.Own(words.VerifyWithWhom(w.verifyTitle(&v))), All: true, Hold: true, Keys: safe.Lit(words.EnterKeys),
		Blocks: says(trust.Plain, words.CodeIntro), Fields: []*dialog.Field{input(words.CodeField, "", "")},
		Left: func() tea.Cmd { w.chooseAgain(v); return nil },
	}
	p.Submit = func(p *trust.Page) (string, tea.Cmd) {
		given := p.Text(0)
		if given == "" {
			return words.CodeNeed, nil
		}
		p.Wait(words.CodeWait)
		return "", query(w, askReadCode, networkLimit, func(context.Context) ([]byte, error) {
			return readGiven(given)
		}, func(payload []byte, err error) tea.Cmd {
			defer w.dialogs.Changed()
			if err != nil {
				p.Say(true, codeRefusal(given, err))
				return nil
			}
			w.security.step = stepChoose
			backend.TakeCode(v.ID, payload)
			p.Wait(words.BusyWord)
			return nil
		})
	}
	w.page(p)
	return nil
}

// readGiven reads the text of a code, or the picture at a path.
func readGiven(given string) ([]byte, error) {
	if payload, ok := codeText(given); ok {
		return payload, nil
	}
	raw, err := readBounded(home(given), qr.MaxFileBytes)
	if err != nil {
		return nil, err
	}
	return ReadCode(raw)
}

// ReadCode returns the payload of a verification's QR code out of a PNG or JPEG
// picture, or out of its text form, unpadded base64. The error is [ErrNoCode],
// with the reason.
func ReadCode(given []byte) ([]byte, error) {
	if len(given) <= maxCodeText {
		if payload, ok := codeText(string(given)); ok {
			return payload, nil
		}
	}
	payload, err := qr.Read(given)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrNoCode, err)
	case !strings.HasPrefix(string(payload), codeMark):
		return nil, fmt.Errorf("%w: it is a code of something else", ErrNoCode)
	}
	return payload, nil
}

// codeText returns the payload that a text stands for. Blanks, line breaks and
// padding do not matter, nor which of the two alphabets is used.
func codeText(s string) ([]byte, bool) {
	if len(s) > maxCodeText {
		return nil, false
	}
	s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.Join(strings.Fields(s), ""))
	payload, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	return payload, err == nil && strings.HasPrefix(string(payload), codeMark)
}

// codeRefusal says why no code could be taken in.
func codeRefusal(given string, err error) string {
	switch {
	case errors.Is(err, qr.ErrNoPicture):
		return words.CodeNotPicture
	case errors.Is(err, ErrNoCode):
		return words.CodeNotFound
	case errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(given, "/."):
		return words.CodeNotText
	case errors.Is(err, fs.ErrNotExist):
		return words.CodeNoFile
	}
	return fileRefusal(given, err)
}

// DrawCode draws the payload of a verification as a QR code, for a terminal
// outside the window: dark on light with the colours said explicitly, or plain
// "##" with ascii. The error says that the payload is too long.
func DrawCode(payload []byte, ascii bool) (string, error) {
	c, err := qr.Encode(payload)
	if err != nil {
		return "", fmt.Errorf("draw the code: %w", err)
	}
	d := qr.Drawing{Quiet: 2, ASCII: ascii}
	var b strings.Builder
	for _, row := range d.Rows(c) {
		if ascii {
			b.WriteString(strings.TrimRight(row, " ") + "\n")
			continue
		}
		b.WriteString("\x1b[30;107m" + row + "\x1b[0m\n")
	}
	return b.String(), nil
}
