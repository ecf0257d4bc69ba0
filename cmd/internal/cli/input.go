package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/term"

	"hubbub/store/chat"
	"hubbub/ui/words"
)

// maxLine bounds a line of input, in bytes.
const maxLine = 64 << 10

// wait returns what read does, or context.Canceled as soon as ctx ends: a
// signal ends a command that waits for input. The read itself cannot be ended;
// it goes with the process.
func wait[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type outcome struct {
		v   T
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		v, err := read()
		done <- outcome{v, err}
	}()
	select {
	case o := <-done:
		return o.v, o.err
	case <-ctx.Done():
		var none T
		return none, context.Canceled
	}
}

// lines reads standard input line by line.
func (r *root) lines() *bufio.Reader { return bufio.NewReader(io.LimitReader(r.streams.In, maxLine)) }

// askLine asks at the terminal and returns what is typed. The end of the input in
// place of an answer gives up, as Ctrl+C does.
func (r *root) askLine(ctx context.Context, in *bufio.Reader, question string) (string, error) {
	if _, err := io.WriteString(r.streams.Err, question); err != nil {
		return "", fmt.Errorf("ask: %w", err)
	}
	line, err := wait(ctx, func() (string, error) { return readLine(in) })
	if errors.Is(err, io.EOF) {
		err = context.Canceled
	}
	if errors.Is(err, context.Canceled) {
		r.complain("") // what comes next begins on a line of its own
	}
	return line, err
}

// readLine returns the next line without its end, and io.EOF when there is none.
func readLine(in *bufio.Reader) (string, error) {
	line, err := in.ReadString('\n')
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return "", inputError(err)
	case err != nil && line == "":
		return "", io.EOF
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// inputError says that standard input cannot be read.
func inputError(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return &usageError{words.CLIInput(err.Error())}
}

// secret reads a password, recovery key or passphrase without showing it, or
// takes the next line of standard input; missing says that there is none. It is
// never taken from the command line, where other users of the machine could
// read it.
func (r *root) secret(ctx context.Context, in *bufio.Reader, question, missing string) (chat.Secret, error) {
	var (
		text string
		err  error
	)
	if isTerminal(r.streams.In) {
		text, err = r.unseen(ctx, question)
	} else {
		text, err = wait(ctx, func() (string, error) { return readLine(in) })
	}
	if errors.Is(err, io.EOF) || err == nil && text == "" {
		err = &usageError{missing}
	}
	return chat.Secret(text), err
}

// unseen asks at the terminal for a line without echo. However it ends, the
// terminal is as it was.
func (r *root) unseen(ctx context.Context, question string) (string, error) {
	fd := r.streams.In.Fd()
	before, err := term.MakeRaw(fd)
	if err != nil {
		return "", fmt.Errorf("ask: %w", err)
	}
	// Asked only now: what is typed at the sight of the question is not shown.
	_, err = io.WriteString(r.streams.Err, question)
	var line string
	if err == nil {
		line, err = wait(ctx, func() (string, error) { return keyed(r.streams.In) })
	}
	err = errors.Join(err, term.Restore(fd, before))
	r.complain("")
	return line, err
}

// Keys of a terminal in raw mode.
const (
	keyInterrupt = 'c' & 0x1f
	keyEnd       = 'd' & 0x1f
	keyErase     = 'h' & 0x1f
	keyKill      = 'u' & 0x1f
	keySuspend   = 'z' & 0x1f
	keyQuit      = '\\' & 0x1f
	keyDelete    = 0x7f
)

// keyed reads a line from a terminal in raw mode, byte by byte: what is typed
// behind it belongs to whoever reads next.
func keyed(in io.Reader) (string, error) {
	var line []byte
	for b := make([]byte, 1); len(line) < maxLine; {
		n, err := in.Read(b)
		if n == 0 {
			if err == nil || errors.Is(err, io.EOF) {
				err = context.Canceled // the terminal is gone
			}
			return "", err
		}
		switch c := b[0]; {
		case c == '\r' || c == '\n':
			return string(line), nil
		case c == keyInterrupt, c == keyQuit, c == keyEnd && len(line) == 0:
			return "", context.Canceled
		case c == keyEnd, c == keySuspend:
		case c == keyErase, c == keyDelete:
			_, size := utf8.DecodeLastRune(line)
			line = line[:len(line)-size]
		case c == keyKill:
			line = line[:0]
		default:
			line = append(line, c)
		}
	}
	return "", &usageError{words.CLILongLine}
}
