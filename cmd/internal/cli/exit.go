package cli

import (
	"context"
	"errors"
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

// usageError is a command line, input or environment that cannot be used.
type usageError struct{ text string }

// Error implements error.
func (e *usageError) Error() string { return e.text }

// noAccountError says that nobody is signed in.
type noAccountError struct{}

// Error implements error.
func (*noAccountError) Error() string { return words.CLINoAccount }

// report prints what went wrong in one line, with a next step, and returns the exit code.
func (r *root) report(err error) int {
	var (
		usage   *usageError
		nobody  *noAccountError
		cfg     *config.Error
		problem *chat.Problem
		crash   *app.CrashError
		broken  *brokenError
		unsure  *notVerifiedError
		bare    *noBackupError
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &crash):
		r.complain(words.CLICrash(crash.Path))
		return exitCrash
	case errors.As(err, &usage):
		r.complain(usage.text)
		return exitUsage
	case errors.As(err, &nobody):
		r.complain(nobody.Error())
		return exitNoAccount
	case errors.As(err, &cfg):
		r.complain(cfg.Error())
		return exitUsage
	case errors.As(err, &broken):
		r.complain(broken.Error())
		return exitFailure
	case errors.As(err, &unsure):
		r.complain(unsure.Error())
		return exitFailure
	case errors.As(err, &bare):
		r.complain(bare.Error())
		return exitFailure
	case errors.As(err, &problem):
		r.complain(words.ProblemLine(problem))
		return codeOf(problem.Kind)
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, syscall.EPIPE): // whoever read the output has enough
		return exitOK
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
		chat.ProblemUntrusted, chat.ProblemIdentity, chat.ProblemNobody, chat.ProblemMismatch, chat.ProblemUnverified:
	}
	return exitFailure
}
