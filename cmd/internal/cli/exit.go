package cli

import (
	"context"
	"errors"
	"io/fs"
	"syscall"

	"hubbub/cmd/internal/app"
	"hubbub/config"
	"hubbub/store/chat"
	"hubbub/ui/words"
)

// Exit codes. They are stable, and listed in the help of `hubbub`. The window
// adds 128 + n after signal n.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitNoAccount   = 3
	exitUnreachable = 4
	exitRefused     = 5
	exitLocked      = 6
	exitFiles       = 7
	exitCrash       = 70
	exitInterrupted = 130
)

// saidError has a sentence of its own for standard error, and its exit code.
type saidError interface {
	error
	exitCode() int
}

// usageError is a command line, input or environment that cannot be used.
type usageError struct{ text string }

// Error implements error.
func (e *usageError) Error() string { return e.text }

func (*usageError) exitCode() int { return exitUsage }

// noAccountError says that nobody is signed in, or that user is not.
type noAccountError struct{ user chat.UserID }

// Error implements error.
func (e *noAccountError) Error() string {
	if e.user != "" {
		return words.CLINoSuchAccount(string(e.user))
	}
	return words.CLINoAccount
}

func (*noAccountError) exitCode() int { return exitNoAccount }

// brokenAccountError says that the only account cannot be read, not even whose it is.
type brokenAccountError struct{ problem *chat.Problem }

// Error implements error.
func (e *brokenAccountError) Error() string { return words.CLIBrokenAccount(e.problem) }

func (e *brokenAccountError) exitCode() int { return codeOf(e.problem.Kind) }

// signInError is a sign-in that did not work.
type signInError struct {
	offer   chat.LoginOptions // what was found of the homeserver
	problem *chat.Problem
}

// Error implements error.
func (e *signInError) Error() string { return words.SignInLine(e.offer, e.problem) }

func (e *signInError) exitCode() int { return codeOf(e.problem.Kind) }

// outputError is standard output that cannot be written.
type outputError struct{ err error }

// Error implements error.
func (e *outputError) Error() string {
	err := e.err
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return words.CLIOutput(err.Error())
}

// Unwrap returns why.
func (e *outputError) Unwrap() error { return e.err }

func (*outputError) exitCode() int { return exitFailure }

// report prints what went wrong in one line, with a next step, and returns the exit code.
func (r *root) report(err error) int {
	var (
		crash   *app.CrashError
		said    saidError
		cfg     *config.Error
		problem *chat.Problem
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &crash):
		r.complain(words.CLICrash(crash.Path))
		return exitCrash
	case errors.Is(err, syscall.EPIPE): // whoever read the output has enough
		return exitOK
	case errors.As(err, &said):
		r.complain(said.Error())
		return said.exitCode()
	case errors.As(err, &cfg):
		r.complain(cfg.Error())
		return exitUsage
	case errors.As(err, &problem):
		r.complain(words.CLIProblem(problem))
		return codeOf(problem.Kind)
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	if code := app.ExitCode(err); code != exitFailure {
		return code
	}
	r.complain(words.ProblemLine(&chat.Problem{Detail: err.Error()}))
	return exitFailure
}

func codeOf(k chat.ProblemKind) int {
	switch k {
	case chat.ProblemOffline, chat.ProblemNoHost, chat.ProblemTLS, chat.ProblemTimeout, chat.ProblemNotMatrix,
		chat.ProblemHomeserver, chat.ProblemRateLimit:
		return exitUnreachable
	case chat.ProblemPassword, chat.ProblemNoPassword, chat.ProblemForbidden, chat.ProblemNotFound, chat.ProblemTooLarge,
		chat.ProblemAuth, chat.ProblemSecret:
		return exitRefused
	case chat.ProblemSignedOut:
		return exitNoAccount
	case chat.ProblemBadInput, chat.ProblemInsecure, chat.ProblemPlain, chat.ProblemSecretShape, chat.ProblemFile:
		return exitUsage
	case chat.ProblemLocked:
		return exitLocked
	case chat.ProblemDiskFull, chat.ProblemReadOnly, chat.ProblemCorrupt, chat.ProblemNewer, chat.ProblemKeyGone, chat.ProblemOldKeys:
		return exitFiles
	case chat.ProblemCancelled:
		return exitInterrupted
	case chat.ProblemUnknown, chat.ProblemCrypto, chat.ProblemExists, chat.ProblemNoIdentity, chat.ProblemNoRecovery,
		chat.ProblemUntrusted, chat.ProblemIdentity, chat.ProblemNobody, chat.ProblemMismatch, chat.ProblemUnverified, chat.ProblemInternal:
	}
	return exitFailure
}
