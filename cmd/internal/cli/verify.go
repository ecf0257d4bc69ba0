package cli

import (
	"bufio"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hubbub/matrix"
	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/ui/words"
)

// maxCode is the largest picture of a code that is read, in bytes.
const maxCode = 16 << 20

func (r *root) verify() *cobra.Command {
	v := &verifier{root: r}
	cmd := &cobra.Command{
		Use: "verify [USER [SESSION]]", Short: words.CLIVerifyShort, Long: words.CLIVerifyLong, Args: usage(cobra.MaximumNArgs(2)),
		RunE: r.with(func(cmd *cobra.Command, args []string) error {
			if err := v.prepare(args); err != nil {
				return err
			}
			c, err := r.open(cmd.Context())
			if err != nil {
				return err
			}
			// What waits for an answer is told when the core starts.
			v.feed = c.Store().Subscribe()
			defer c.Store().Unsubscribe(v.feed)
			return r.env.Headless(cmd.Context(), c, func(ctx context.Context) error { return v.run(ctx, c) })
		}),
	}
	cmd.Flags().BoolVar(&v.show, "show-code", false, words.CLIFlagShowCode)
	cmd.Flags().BoolVar(&v.ascii, "ascii", false, words.CLIFlagASCII)
	cmd.Flags().StringVar(&v.scan, "scan", "", words.CLIFlagScan)
	return cmd
}

// verifier goes through one verification.
type verifier struct {
	*root
	show, ascii bool
	scan        string // where the code of the other side comes from: a file, or "-"
	user        chat.UserID
	device      chat.DeviceID
	trust       *matrix.Trust
	feed        *store.Feed
	me          string // user and session
	id          string
	giver       bool                   // the private keys were here before
	done        chat.VerificationPhase // the last that was answered
	in          *bufio.Reader
	input       chan typed // of one: at most one question is open
	reply       func(text []byte) error
}

// notVerifiedError says why nothing was verified: exit code 1.
type notVerifiedError struct{ text string }

// Error implements error.
func (e *notVerifiedError) Error() string { return e.text }

func (*notVerifiedError) exitCode() int { return exitFailure }

// prepare reads what is given on the command line and in files.
func (v *verifier) prepare(args []string) error {
	if len(args) > 0 {
		if v.user = chat.UserID(args[0]); !v.user.Valid() {
			return &usageError{words.CLINotAUser}
		}
	}
	if len(args) > 1 {
		v.device = chat.DeviceID(args[1])
	}
	v.in, v.input = v.lines(), make(chan typed, 1)
	if v.scan != "" && v.show {
		return &usageError{words.CLIOneWay}
	}
	return nil
}

func (v *verifier) run(ctx context.Context, c *matrix.Client) error {
	v.trust = c.Trust()
	v.me = string(c.Account().User) + string(c.Account().Device)
	if v.user == "" {
		v.user = c.Account().User
	}
	t, err := settled(ctx, c)
	if err != nil {
		return err
	}
	v.giver = t.PrivateKeys
	// Whom to ask is known once the sessions are.
	if _, err := v.trust.Person(ctx, v.user); err != nil {
		return err
	}
	set, err := v.feed.Next(ctx)
	if err != nil {
		return err
	}
	if !v.accept(set.Verifications) {
		v.id = v.trust.Verify(v.user, v.device)
		v.complain(words.CLIVerifyWaits)
	}
	return v.follow(ctx)
}

// accept answers the request of the other side, if there is one, in the place
// of an own one that nobody has answered. Where both sides ask at once, the one
// whose name comes first gives in: else both would give up their own.
func (v *verifier) accept(all []chat.Verification) bool {
	i := slices.IndexFunc(all, func(x chat.Verification) bool {
		return x.Incoming && x.Phase == chat.VerifyRequested && x.ID != v.id && x.User == v.user && (v.device == "" || x.Device == v.device)
	})
	if i < 0 || v.done != chat.VerifyRequested || v.id != "" && v.me > string(all[i].User)+string(all[i].Device) {
		return false
	}
	if v.id != "" {
		v.trust.CancelVerification(v.id)
	}
	v.id = all[i].ID
	v.complain(words.CLIVerifyTakes)
	v.trust.AcceptVerification(v.id)
	return true
}

// follow answers what the verification asks, until it ends.
func (v *verifier) follow(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return context.Canceled
		case t := <-v.input:
			if err := v.took(t); err != nil {
				return err
			}
			continue
		case <-v.feed.Wait():
		}
		set, err := v.feed.Next(ctx)
		if err != nil {
			return err
		}
		v.accept(set.Verifications)
		i := slices.IndexFunc(set.Verifications, func(x chat.Verification) bool { return x.ID == v.id })
		if i < 0 {
			continue
		}
		x := &set.Verifications[i]
		if !x.Open() {
			return v.ended(ctx, x)
		}
		if x.Problem != nil { // a code that cannot be used
			v.trust.CancelVerification(v.id)
			return x.Problem
		}
		if x.Phase == v.done {
			continue
		}
		v.done = x.Phase
		if err := v.answer(x); err != nil {
			return err
		}
	}
}

func (v *verifier) ended(ctx context.Context, x *chat.Verification) error {
	switch {
	case x.Phase == chat.VerifyDone:
		if err := v.say(words.CLIVerified); err != nil || !x.Own {
			return err
		}
		return v.secrets(ctx)
	case x.Problem != nil && x.Problem.Kind == chat.ProblemNotFound && x.Own:
		return &notVerifiedError{words.CLINoOther}
	case x.Problem != nil:
		return x.Problem
	}
	what, next := words.VerifyCancelled(x.Reason, x.ByUs)
	return &notVerifiedError{strings.TrimSpace(what + " " + next)}
}

// stayFor is how long a session that has verified another one stays to give it what it asks for.
const stayFor = 10 * time.Second

// secrets waits for what another session gives to one that it has verified:
// the private keys, and the key of the backup. Without them the session is
// verified all the same; they are asked for again the next time.
func (v *verifier) secrets(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	t, err := v.trust.Trust(limited)
	if err == nil && v.giver {
		v.complain(words.CLIStaying)
		stay := time.NewTimer(stayFor)
		defer stay.Stop()
		select {
		case <-ctx.Done():
		case <-stay.C:
		}
		return ctx.Err()
	}
	for err == nil && !(t.PrivateKeys && t.Backup.State == chat.BackupOn) {
		select {
		case <-limited.Done():
			v.complain(words.CLISecretsLater)
			return ctx.Err()
		case <-v.feed.Wait():
		}
		set, next := v.feed.Next(limited)
		if err = next; err == nil && set.Trust != nil {
			t = *set.Trust
		}
	}
	if err != nil {
		return err
	}
	return v.say(words.CLISecretsCame)
}

// answer does what a phase asks of this side.
func (v *verifier) answer(x *chat.Verification) error {
	switch x.Phase {
	case chat.VerifyReady:
		return v.ready(x)
	case chat.VerifyCompare:
		if err := v.say(words.CLIEmoji(x)); err != nil {
			return err
		}
		return v.ask(words.CLIVerifySame)
	case chat.VerifyScanned:
		return v.ask(words.CLIVerifyScanned)
	case chat.VerifyConfirmed:
		v.complain(words.CLIVerifyWaitsOn)
	case chat.VerifyRequested, chat.VerifyStarted, chat.VerifyDone, chat.VerifyCancelled:
	}
	return nil
}

// ready chooses how to compare.
func (v *verifier) ready(x *chat.Verification) error {
	switch {
	case v.scan != "":
		return v.takeCode(x)
	case v.show:
		if !x.CanShow || len(x.Code) == 0 {
			return v.stop(words.CLINoShow)
		}
		return v.drawCode(x.Code)
	case x.CanSAS:
		v.trust.CompareEmoji(v.id)
	default:
		return v.stop(words.VerifyUnsupported)
	}
	return nil
}

func (v *verifier) stop(why string) error {
	v.trust.CancelVerification(v.id)
	return &notVerifiedError{why}
}
