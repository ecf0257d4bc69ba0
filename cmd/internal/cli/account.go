package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"hubbub/config"
	"hubbub/matrix"
	"hubbub/store/chat"
	"hubbub/ui/words"
)

// maxLine bounds a line of input, in bytes.
const maxLine = 64 << 10

func (r *root) login() *cobra.Command {
	var homeserver, user string
	var noKeyring bool
	cmd := &cobra.Command{
		Use: "login", Short: words.CLILoginShort, Long: words.CLILoginLong, Args: usage(cobra.NoArgs),
		RunE: r.with(func(cmd *cobra.Command, _ []string) error {
			return r.signIn(cmd.Context(), r.env.Accounts(!noKeyring), homeserver, user)
		}),
	}
	cmd.Flags().StringVar(&homeserver, "homeserver", "", words.CLIFlagHomeserver)
	cmd.Flags().StringVar(&user, "user", "", words.CLIFlagUser)
	cmd.Flags().BoolVar(&noKeyring, "no-keyring", false, words.CLIFlagNoKeyring)
	return cmd
}

func (r *root) signIn(ctx context.Context, accounts *matrix.Accounts, homeserver, user string) error {
	in := bufio.NewReader(io.LimitReader(r.streams.In, maxLine))
	tty := isTerminal(r.streams.In)
	if homeserver == "" && chat.UserID(user).Valid() {
		homeserver = user
	}
	var err error
	if homeserver, err = r.ask(in, tty, words.CLIAskHomeserver, homeserver); err != nil {
		return err
	}
	offer, err := accounts.Discover(ctx, homeserver)
	if err != nil {
		return err
	}
	if !offer.Password {
		return &chat.Problem{Kind: chat.ProblemNoPassword, Detail: strings.Join(offer.Flows, ",")}
	}
	if user, err = r.ask(in, tty, words.CLIAskUser, user); err != nil {
		return err
	}
	password, err := r.password(in, tty)
	if err != nil {
		return err
	}
	c, err := accounts.Login(ctx, chat.LoginRequest{Homeserver: offer.Homeserver, User: user, Password: password})
	if err != nil {
		return err
	}
	account, file := c.Account(), c.SecretsFile()
	if err := c.Close(ctx); err != nil {
		return err
	}
	if file != "" {
		r.complain(words.Done(chat.DoneSecretsInFile, file))
	}
	return r.say(words.CLISignedIn(string(account.User), string(account.Device)))
}

// ask returns the value, or what is typed at the terminal.
func (r *root) ask(in *bufio.Reader, tty bool, question, value string) (string, error) {
	if value != "" {
		return value, nil
	}
	if !tty {
		return "", &usageError{words.CLINeedFlags}
	}
	if _, err := io.WriteString(r.streams.Err, question); err != nil {
		return "", fmt.Errorf("ask: %w", err)
	}
	return readLine(in)
}

// password reads it without showing it, or from the first line of standard input.
func (r *root) password(in *bufio.Reader, tty bool) (string, error) {
	if !tty {
		line, err := readLine(in)
		if err == nil && line == "" {
			err = &usageError{words.CLINoPassword}
		}
		return line, err
	}
	if _, err := io.WriteString(r.streams.Err, words.CLIAskPassword); err != nil {
		return "", fmt.Errorf("ask: %w", err)
	}
	b, err := term.ReadPassword(r.streams.In.Fd())
	r.complain("")
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	return string(b), nil
}

func readLine(in *bufio.Reader) (string, error) {
	line, err := in.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read input: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
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
	c, err := accounts.Open(ctx, user)
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
			all, err := r.env.Accounts(true).List()
			if err != nil {
				return err
			}
			for _, a := range all {
				if asJSON {
					err = r.json(accountLine{a.User, a.Device, a.Homeserver})
				} else {
					err = r.say(fmt.Sprintf("%s\t%s\t%s", a.User, a.Device, a.Homeserver))
				}
				if err != nil {
					return err
				}
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
	cmd := &cobra.Command{Use: "config", Short: words.CLIConfigShort, Args: usage(cobra.NoArgs)}
	cmd.AddCommand(&cobra.Command{
		Use: "init", Short: words.CLIConfigInit, Args: usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			dirs, err := config.FindDirs(r.streams.Getenv)
			if err != nil {
				return &usageError{err.Error()}
			}
			err = config.Init(dirs.File())
			if errors.Is(err, fs.ErrExist) {
				return &usageError{words.CLIFileExists}
			} else if err != nil {
				return err
			}
			return r.say(words.CLIWrote(dirs.File()))
		},
	})
	return cmd
}
