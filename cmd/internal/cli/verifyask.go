package cli

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"hubbub/cmd/internal/app"
	"hubbub/store/chat"
	"hubbub/ui/words"
)

// typed is what came from standard input.
type typed struct {
	text []byte
	err  error
}

// prompt asks; what is typed goes to reply, in the loop of follow, so that the
// other side or an interrupt can end it before. The read itself cannot be
// ended: it goes with the process.
func (v *verifier) prompt(question string, read func() ([]byte, error), reply func(text []byte) error) error {
	if _, err := io.WriteString(v.streams.Err, question); err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	v.reply = reply
	go func() {
		text, err := read()
		v.input <- typed{text, err}
	}()
	return nil
}

// line reads a line of standard input.
func (v *verifier) line() ([]byte, error) {
	s, err := readLine(v.in)
	if errors.Is(err, io.EOF) {
		err = nil // no answer is one that cannot be used
	}
	return []byte(s), err
}

// took hands what was typed to whoever asked.
func (v *verifier) took(t typed) error {
	if t.err != nil {
		v.trust.CancelVerification(v.id)
		return fmt.Errorf("read input: %w", t.err)
	}
	return v.reply(t.text)
}

// ask takes a yes or no from the terminal, or from a line of standard input.
func (v *verifier) ask(question string) error {
	return v.prompt(question, v.line, func(line []byte) error {
		switch strings.ToLower(strings.TrimSpace(string(line))) {
		case "y", "yes":
			v.trust.ConfirmVerification(v.id)
			return nil
		case "n", "no":
			v.trust.DenyVerification(v.id)
			return nil
		}
		return v.stop(words.CLINeedAnswer)
	})
}

// takeCode takes in the code of the other side, which is there only once both have agreed to verify.
func (v *verifier) takeCode(x *chat.Verification) error {
	if !x.CanScan {
		return v.stop(words.CLINoScan)
	}
	take := func(raw []byte) error {
		code, err := app.ReadCode(raw)
		if err != nil {
			return v.stop(words.CLIBadCode)
		}
		v.trust.TakeCode(v.id, code)
		return nil
	}
	switch {
	case v.scan == "-" && isTerminal(v.streams.In):
		return v.prompt(words.CLIAskCode, v.line, take)
	case v.scan == "-":
		return v.prompt("", func() ([]byte, error) { return io.ReadAll(io.LimitReader(v.streams.In, maxCode)) }, take)
	}
	return v.prompt(words.CLIAskFile(v.scan), v.line, func([]byte) error {
		raw, err := readFile(v.scan, maxCode)
		if err != nil {
			v.trust.CancelVerification(v.id)
			return err
		}
		return take(raw)
	})
}

// drawCode shows a code as a picture where there is somebody to see it, and as text.
func (v *verifier) drawCode(code []byte) error {
	v.complain(words.CLIVerifyShow)
	if isTerminal(v.streams.Out) {
		picture, err := app.DrawCode(code, v.ascii)
		if err == nil {
			_, err = v.streams.Out.WriteString(picture)
		}
		if err != nil {
			return err
		}
	}
	return v.say(base64.RawStdEncoding.EncodeToString(code))
}
