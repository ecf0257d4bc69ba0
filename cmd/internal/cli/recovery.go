package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"hubbub/matrix"
	"hubbub/store/chat"
	"hubbub/ui/words"
)

func (r *root) recovery() *cobra.Command {
	return &cobra.Command{
		Use: "recovery", Short: words.CLIRecoveryShort, Long: words.CLIRecoveryLong, Args: usage(cobra.NoArgs),
		RunE: r.with(func(cmd *cobra.Command, _ []string) error {
			secret, err := r.secret(cmd.Context(), r.lines(), words.CLIAskRecovery)
			if err != nil {
				return err
			}
			return r.headless(cmd.Context(), func(ctx context.Context, c *matrix.Client) error {
				if err := online(ctx, c); err != nil {
					return err
				}
				if err := c.Trust().Recover(ctx, secret); err != nil {
					return err
				}
				return r.say(words.CLIRecovered)
			})
		}),
	}
}

// lines reads standard input line by line.
func (r *root) lines() *bufio.Reader { return bufio.NewReader(io.LimitReader(r.streams.In, maxLine)) }

// secret reads a recovery key or passphrase without showing it, or takes the
// next line of standard input. It is never taken from the command line, where
// other users of the machine could read it.
func (r *root) secret(ctx context.Context, in *bufio.Reader, question string) (chat.Secret, error) {
	if !isTerminal(r.streams.In) {
		line, err := readLine(in)
		if err == nil && line == "" {
			err = &usageError{words.CLINoSecret}
		}
		return chat.Secret(line), err
	}
	if _, err := io.WriteString(r.streams.Err, question); err != nil {
		return "", fmt.Errorf("ask: %w", err)
	}
	b, err := r.unseen(ctx)
	r.complain("")
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	return chat.Secret(b), nil
}

// unseen reads a line without echo. An interrupt ends it with the terminal as
// it was; the read itself goes with the process.
func (r *root) unseen(ctx context.Context) ([]byte, error) {
	fd := r.streams.In.Fd()
	before, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	type line struct {
		text []byte
		err  error
	}
	read := make(chan line, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		read <- line{text, err}
	}()
	select {
	case l := <-read:
		return l.text, l.err
	case <-ctx.Done():
		return nil, errors.Join(context.Canceled, term.Restore(fd, before))
	}
}
