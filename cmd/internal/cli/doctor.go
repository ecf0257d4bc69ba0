package cli

import (
	"context"

	"github.com/spf13/cobra"

	"hubbub/cmd/internal/app"
	"hubbub/matrix"
	"hubbub/store/chat"
	"hubbub/ui/words"
)

// brokenError says that a checkup found something broken: exit code 1.
type brokenError struct{ broken, warnings int }

// Error implements error.
func (e *brokenError) Error() string { return words.DoctorSummary(e.broken, e.warnings) }

func (*brokenError) exitCode() int { return exitFailure }

// findingLine is a finding as `doctor --json` prints it.
type findingLine struct {
	Topic   string `json:"topic"`
	State   string `json:"state"`
	Text    string `json:"text"`
	Detail  string `json:"detail,omitempty"`
	Count   int    `json:"count,omitempty"`
	Fix     string `json:"fix,omitempty"`
	Problem string `json:"problem,omitempty"`
}

func (r *root) doctor() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "doctor", Short: words.CLIDoctorShort, Long: words.CLIDoctorLong, Args: usage(cobra.NoArgs),
		RunE: r.with(func(cmd *cobra.Command, _ []string) error {
			return r.headless(cmd.Context(), func(ctx context.Context, c *matrix.Client) error {
				_, _ = settled(ctx, c) // what is found without the homeserver counts too
				all, err := c.Trust().Checkup(ctx)
				if err != nil {
					return err
				}
				return r.findings(append(all, app.LocaleFindings(r.streams.Environ)...), asJSON)
			})
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, words.CLIFlagJSON)
	return cmd
}

// headless opens the account and runs fn beside its core.
func (r *root) headless(ctx context.Context, fn func(ctx context.Context, c *matrix.Client) error) error {
	c, err := r.open(ctx)
	if err != nil {
		return err
	}
	return r.env.Headless(ctx, c, func(ctx context.Context) error { return fn(ctx, c) })
}

func (r *root) findings(all []chat.Finding, asJSON bool) error {
	broken, warnings := 0, 0
	for i := range all {
		f := &all[i]
		switch f.State {
		case chat.FindingBroken:
			broken++
		case chat.FindingWarning:
			warnings++
		case chat.FindingGood, chat.FindingInfo:
		}
		var err error
		if asJSON {
			line := findingLine{
				Topic: f.Topic, State: words.FindingState(f.State), Text: words.Finding(f), Detail: f.Detail, Count: f.Count, Fix: f.Fix,
			}
			if f.Problem != nil {
				line.Problem = f.Problem.Kind.String()
			}
			err = r.json(line)
		} else {
			err = r.say(words.CLIFinding(f))
		}
		if err != nil {
			return err
		}
	}
	if broken > 0 {
		return &brokenError{broken, warnings}
	}
	return nil
}
