package term

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// MaxClipboardBytes is the longest text that [Clipboard] accepts. Terminals drop
// longer sequences without a word; the strictest common limit is 100,000 bytes
// of base64.
const MaxClipboardBytes = 74_000

// ErrClipboardTooLong says that a text is too long for the terminal's clipboard.
var ErrClipboardTooLong = errors.New("text is too long for the clipboard of a terminal")

// Clipboard returns the bytes that put text into the clipboard of the terminal's
// user (OSC 52). Inside tmux and screen the sequence is sent as well in the form
// that they pass on to the terminal around them. The error is
// [ErrClipboardTooLong].
func Clipboard(text string, env Env) (string, error) {
	if len(text) > MaxClipboardBytes {
		return "", ErrClipboardTooLong
	}
	// BEL ends the sequence: tmux and screen pass ST on less reliably.
	seq := "\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte(text)) + "\a"
	switch {
	case env.Tmux():
		// With "set-clipboard on" tmux takes the first, with
		// "allow-passthrough on" the terminal takes the second.
		return seq + ansi.TmuxPassthrough(seq), nil
	case env.Screen():
		return screenPassthrough(seq), nil
	}
	return seq, nil
}

// screenPassthrough wraps a sequence in the pieces of at most 768 bytes that GNU
// screen passes on.
func screenPassthrough(seq string) string {
	const piece = 700
	var b strings.Builder
	for len(seq) > 0 {
		n := min(piece, len(seq))
		b.WriteString("\x1bP" + seq[:n] + "\x1b\\")
		seq = seq[n:]
	}
	return b.String()
}
