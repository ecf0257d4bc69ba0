// Package cli is the command line: the window without a command, and the
// subcommands login, logout, accounts, send, tail, rooms, config, doctor, verify,
// keys and recovery.
//
// What a command prints on standard output, with --json above all, and the exit
// codes are stable. An error is one line on standard error that ends in a next
// step. Remote text passes the sanitiser; JSON has every character escaped that
// could steer a terminal.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"hubbub/cmd/internal/app"
	"hubbub/config"
	"hubbub/matrix"
	"hubbub/store/chat"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// Main runs the command line and returns the exit code.
func Main(ctx context.Context, args []string, s app.Streams) int {
	r := &root{streams: s}
	cmd := r.command()
	cmd.SetArgs(args)
	cmd.SetIn(s.In)
	cmd.SetOut(s.Out)
	cmd.SetErr(s.Err)
	return r.report(cmd.ExecuteContext(ctx))
}

// root holds what the commands share.
type root struct {
	streams app.Streams
	env     *app.Env // set before a command runs
	account string   // --account
}

func (r *root) command() *cobra.Command {
	cmd := &cobra.Command{
		Use: words.Program, Short: words.CLIShort, Long: words.CLILong, Version: app.Version(),
		SilenceErrors: true, SilenceUsage: true, Args: usage(cobra.NoArgs),
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		RunE:              r.with(r.window),
	}
	r.addHelp(cmd)
	cmd.PersistentFlags().StringVar(&r.account, "account", "", words.CLIFlagAccount)
	cmd.AddCommand(r.login(), r.logout(), r.accounts(), r.send(), r.tail(), r.rooms(), r.config())
	cmd.AddCommand(r.doctor(), r.verify(), r.keys(), r.recovery())
	return cmd
}

// with loads the environment before a command and ends its log after it. A
// panic of the command leaves a crash file.
func (r *root) with(fn func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		env, err := app.Load(r.streams)
		if errors.Is(err, config.ErrNoHome) {
			return &usageError{words.CLINoHome}
		} else if err != nil {
			return err
		}
		r.env = env
		return errors.Join(env.Guard(func() error { return fn(cmd, args) }), env.Close())
	}
}

func (r *root) window(cmd *cobra.Command, _ []string) error {
	switch {
	case !isTerminal(r.streams.In) || !isTerminal(r.streams.Out):
		return &usageError{words.CLINotTerminal}
	case r.streams.Getenv("TERM") == "dumb":
		return &usageError{words.CLIDumbTerminal}
	case r.account != "":
		if _, err := r.user(nil); err != nil {
			return err
		}
	}
	// The screen answers signals itself: it has a terminal to restore.
	note, err := r.env.Window(context.WithoutCancel(cmd.Context()), chat.UserID(r.account))
	if note != nil {
		r.complain(words.ProblemLine(note))
	}
	var p *chat.Problem
	if r.account != "" && errors.As(err, &p) && p.Kind == chat.ProblemNotFound {
		return &noAccountError{chat.UserID(r.account)}
	}
	return err
}

func isTerminal(f *os.File) bool { return f != nil && term.IsTerminal(f.Fd()) }

// user returns the account that a command is about. Where there are several,
// a command never guesses: a message must not leave from the wrong one.
func (r *root) user(accounts *matrix.Accounts) (chat.UserID, error) {
	if user := chat.UserID(r.account); user.Valid() {
		return user, nil
	} else if user != "" {
		return "", &usageError{words.CLIAccountID}
	}
	all, broken, err := accounts.List()
	switch {
	case err != nil:
		return "", err
	case len(all)+len(broken) > 1:
		return "", &usageError{words.CLISeveralAccounts}
	case len(broken) > 0:
		return "", &brokenAccountError{broken[0]}
	case len(all) == 0:
		return "", &noAccountError{}
	}
	return all[0].User, nil
}

// open opens that account.
func (r *root) open(ctx context.Context) (*matrix.Client, error) {
	accounts := r.env.Accounts(true)
	user, err := r.user(accounts)
	if err != nil {
		return nil, err
	}
	return r.openUser(ctx, accounts, user)
}

// openUser opens an account that may not be here.
func (r *root) openUser(ctx context.Context, accounts *matrix.Accounts, user chat.UserID) (*matrix.Client, error) {
	c, err := accounts.Open(ctx, user)
	var p *chat.Problem
	if errors.As(err, &p) && p.Kind == chat.ProblemNotFound {
		return nil, &noAccountError{user}
	}
	return c, err
}

// say prints a line of ours, which may hold remote text, on standard output.
func (r *root) say(line string) error { return printLine(r.streams.Out, line) }

// complain prints a line on standard error. Nobody can be told when that fails.
func (r *root) complain(line string) { _ = printLine(r.streams.Err, line) }

func printLine(w io.Writer, line string) error {
	if _, err := fmt.Fprintln(w, safe.Own(line).String()); err != nil {
		return &outputError{err}
	}
	return nil
}
