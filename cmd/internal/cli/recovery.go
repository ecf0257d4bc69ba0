package cli

import (
	"bufio"
	"context"
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
			secret, err := r.secret(r.lines(), words.CLIAskRecovery)
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
func (r *root) secret(in *bufio.Reader, question string) (chat.Secret, error) {
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
	b, err := term.ReadPassword(r.streams.In.Fd())
	r.complain("")
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	return chat.Secret(b), nil
}
