package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"hubbub/config"
	"hubbub/store/chat"
	"hubbub/ui/words"
)

func (r *root) login() *cobra.Command {
	var l login
	cmd := &cobra.Command{
		Use: "login", Short: words.CLILoginShort, Long: words.CLILoginLong, Args: usage(cobra.NoArgs),
		RunE: r.with(func(cmd *cobra.Command, _ []string) error {
			l.root = r
			return l.run(cmd.Context())
		}),
	}
	cmd.Flags().StringVar(&l.homeserver, "homeserver", "", words.CLIFlagHomeserver)
	cmd.Flags().StringVar(&l.user, "user", "", words.CLIFlagUser)
	cmd.Flags().StringVar(&l.name, "session-name", "", words.CLIFlagSessionName)
	cmd.Flags().BoolVar(&l.noKeyring, "no-keyring", false, words.CLIFlagNoKeyring)
	return cmd
}

// login is a sign-in from the command line.
type login struct {
	*root
	homeserver, user string
	name             string // of the session; "" for the configured one
	noKeyring        bool
}

// run asks for what no flag says and signs in.
func (l *login) run(ctx context.Context) error {
	if l.name == "" {
		l.name = l.env.Config.SessionName
	}
	name, ok := config.SessionName(l.name)
	if !ok {
		return &usageError{words.CLISessionName}
	}
	if l.homeserver == "" && chat.UserID(l.user).Valid() {
		l.homeserver = l.user
	}
	in, accounts := l.lines(), l.env.Accounts(!l.noKeyring)
	if err := l.ask(ctx, in, words.CLIAskHomeserver, &l.homeserver); err != nil {
		return err
	}
	offer, err := accounts.Discover(ctx, l.homeserver)
	if err != nil {
		return notSignedIn(offer, err)
	}
	if !offer.Password {
		return &signInError{offer, &chat.Problem{Kind: chat.ProblemNoPassword, Detail: strings.Join(offer.Flows, ",")}}
	}
	if err := l.ask(ctx, in, words.CLIAskUser, &l.user); err != nil {
		return err
	}
	password, err := l.secret(ctx, in, words.CLIAskPassword, words.CLINoPassword)
	if err != nil {
		return err
	}
	c, err := accounts.Login(ctx, chat.LoginRequest{
		Homeserver: offer.Homeserver, User: l.user, Password: string(password), DeviceName: name,
	})
	if err != nil {
		return notSignedIn(offer, err)
	}
	account, file := c.Account(), c.SecretsFile()
	if err := c.Close(ctx); err != nil {
		return err
	}
	if file != "" {
		l.complain(words.Done(chat.DoneSecretsInFile, file))
	}
	return l.say(words.CLISignedIn(string(account.User), string(account.Device)))
}

// ask fills in what is not known yet, at the terminal.
func (l *login) ask(ctx context.Context, in *bufio.Reader, question string, value *string) (err error) {
	switch {
	case *value != "":
		return nil
	case !isTerminal(l.streams.In):
		return &usageError{words.CLINeedFlags}
	}
	*value, err = l.askLine(ctx, in, question)
	return err
}

// notSignedIn says why the sign-in did not work.
func notSignedIn(offer chat.LoginOptions, err error) error {
	var p *chat.Problem
	if !errors.As(err, &p) {
		return err
	}
	return &signInError{offer, p}
}

func (r *root) logout() *cobra.Command {
	return &cobra.Command{
		Use: "logout", Short: words.CLILogoutShort, Args: usage(cobra.NoArgs),
		RunE: r.with(func(cmd *cobra.Command, _ []string) error { return r.signOut(cmd.Context()) }),
	}
}

func (r *root) signOut(ctx context.Context) error {
	accounts := r.env.Accounts(true)
	user, err := r.user(accounts)
	if err != nil {
		return err
	}
	c, err := r.openUser(ctx, accounts, user)
	var p *chat.Problem
	if errors.As(err, &p) && p.Kind == chat.ProblemCorrupt {
		// What cannot be opened can still be given up.
		if err := accounts.Forget(ctx, user); err != nil {
			return err
		}
		return r.say(words.CLISignedOut(string(user)))
	} else if err != nil {
		return err
	}
	device := c.Account().Device
	told := c.Logout(ctx)
	if err := c.Close(ctx); err != nil {
		return err
	}
	if told != nil {
		r.complain(words.CLISignedOutHere(string(user), string(device)))
		return nil
	}
	return r.say(words.CLISignedOut(string(user)))
}

func (r *root) accounts() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "accounts", Short: words.CLIAccountsShort, Args: usage(cobra.NoArgs),
		RunE: r.with(func(*cobra.Command, []string) error {
			all, broken, err := r.env.Accounts(true).List()
			if err != nil {
				return err
			}
			for _, a := range all {
				if asJSON {
					err = r.json(accountLine{a.User, a.Device, a.Homeserver})
				} else {
					err = r.say(fmt.Sprintf("%s  %s  %s", a.User, a.Device, a.Homeserver))
				}
				if err != nil {
					return err
				}
			}
			if len(broken) > 0 {
				return broken[0]
			}
			return nil
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, words.CLIFlagJSON)
	return cmd
}

type accountLine struct {
	User       chat.UserID   `json:"user_id"`
	Device     chat.DeviceID `json:"device_id"`
	Homeserver string        `json:"homeserver"`
}

func (r *root) config() *cobra.Command {
	cmd := group(&cobra.Command{Use: "config", Short: words.CLIConfigShort})
	cmd.AddCommand(&cobra.Command{
		Use: "init", Short: words.CLIConfigInit, Args: usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			dirs, err := config.FindDirs(r.streams.Getenv)
			if err != nil {
				return &usageError{words.CLINoHome}
			}
			err = config.Init(dirs.File())
			switch {
			case errors.Is(err, fs.ErrExist):
				return &usageError{words.CLIFileExists}
			case errors.Is(err, syscall.ENOSPC):
				return &chat.Problem{Kind: chat.ProblemDiskFull, Err: err}
			case err != nil:
				return &chat.Problem{Kind: chat.ProblemReadOnly, Detail: dirs.Config, Err: err}
			}
			return r.say(words.CLIWrote(dirs.File()))
		},
	})
	return cmd
}
