package verify

import "errors"

// Errors of this package. All are for errors.Is.
var (
	// ErrCode says that bytes are not the payload of a verification QR code.
	ErrCode = errors.New("verify: not a verification code")
	// ErrKeysChanged is wrapped by the problem of a verification that ended
	// because a key became another one while it was under way.
	ErrKeysChanged = errors.New("verify: keys changed meanwhile")

	errShape = errors.New("verify: message cannot be read")
)
