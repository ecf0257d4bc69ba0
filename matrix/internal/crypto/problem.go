package crypto

import (
	"errors"

	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// Explain makes a *chat.Problem of any error of the Matrix side: one that is a
// problem already stays what it is, errors of this package are KeyProblem's, the
// others fault's. It returns nil for nil.
func Explain(err error) error {
	var known *chat.Problem
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	}
	if p := KeyProblem(err); p != nil {
		return p
	}
	return fault.From(err)
}

// KeyProblem explains an error of this package to the screen, or returns nil
// for any other error.
func KeyProblem(err error) *chat.Problem {
	for _, c := range []struct {
		err  error
		kind chat.ProblemKind
	}{
		{ErrCorrupt, chat.ProblemCorrupt},
		{ErrWrongKey, chat.ProblemKeyGone},
		{ErrNewer, chat.ProblemNewer},
		{ErrDeviceKeys, chat.ProblemCrypto},
		{ErrWrongDevice, chat.ProblemCrypto},
		{ErrAlgorithm, chat.ProblemCrypto},
		{ErrPanic, chat.ProblemCrypto},
		{ErrKeyDiffers, chat.ProblemUntrusted},
		{ErrOwnUntrusted, chat.ProblemUntrusted},
		{ErrNoPrivateKey, chat.ProblemNoRecovery},
		{ErrSecretShape, chat.ProblemSecretShape},
		{ErrSignatureRefused, chat.ProblemHomeserver},
		{ErrUnreachable, chat.ProblemCrypto},
		{ErrNoList, chat.ProblemHomeserver},
		{ErrOwnIdentity, chat.ProblemBadInput},
		{ErrNobody, chat.ProblemNobody},
		{ErrRolledBack, chat.ProblemOldKeys},
	} {
		if errors.Is(err, c.err) {
			return &chat.Problem{Kind: c.kind, Detail: c.err.Error(), Err: err}
		}
	}
	var changed *IdentityError
	if errors.As(err, &changed) {
		return &chat.Problem{Kind: chat.ProblemIdentity, Detail: changed.names(), Err: err}
	}
	if errors.Is(err, ErrMembers) {
		return &chat.Problem{Kind: chat.ProblemCrypto, Detail: ErrMembers.Error(), Retry: true, Err: err}
	}
	return nil
}
