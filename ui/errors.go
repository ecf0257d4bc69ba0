package ui

import "errors"

// errNoFile says that a path leads to something that is no ordinary file.
var errNoFile = errors.New("not an ordinary file")

// ErrNoCode says that what was given holds no code of a verification: it is
// neither a picture with a QR code nor the text of one.
var ErrNoCode = errors.New("no verification code in it")
