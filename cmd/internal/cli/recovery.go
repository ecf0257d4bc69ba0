package cli

import (
	"context"

	"github.com/spf13/cobra"

	"hubbub/matrix"
	"hubbub/ui/words"
)

func (r *root) recovery() *cobra.Command {
	return &cobra.Command{
		Use: "recovery", Short: words.CLIRecoveryShort, Long: words.CLIRecoveryLong, Args: usage(cobra.NoArgs),
		RunE: r.with(func(cmd *cobra.Command, _ []string) error {
			secret, err := r.secret(cmd.Context(), r.lines(), words.CLIAskRecovery, words.CLINoSecret)
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
