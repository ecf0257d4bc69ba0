package screen

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// ErrNotTerminal says that input or output is not a terminal, so there is no
// screen to own.
var ErrNotTerminal = errors.New("standard input and output must be a terminal")

// ErrInputClosed says that no more input can come: the terminal is gone.
var ErrInputClosed = errors.New("the terminal is gone")

// SignalError says that a signal ended the program.
type SignalError struct {
	// Signal is the signal that came.
	Signal os.Signal
}

// Error returns the name of the signal.
func (e *SignalError) Error() string { return "ended by signal: " + e.Signal.String() }

// PanicError says that the program crashed. The stack was printed on the
// standard error output after the terminal had been restored.
type PanicError struct {
	// Value is the value of the panic as text. It can contain foreign text.
	Value string
	// Stack is the stack of the goroutine that crashed.
	Stack []byte
}

// Error says that there was a panic, without its value: that was printed
// already.
func (e *PanicError) Error() string { return "the program crashed" }

// WriteError says that the terminal takes no more output: it is gone.
type WriteError struct {
	// Err is the error of the write.
	Err error
}

// Error returns the cause.
func (e *WriteError) Error() string { return fmt.Sprintf("write to the terminal: %v", e.Err) }

// Unwrap returns the cause.
func (e *WriteError) Unwrap() error { return e.Err }

// Exit codes that [ExitCode] returns beside 128 + the number of a signal.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
	exitCrash   = 70 // EX_SOFTWARE of sysexits.h
	exitSignal  = 128
)

// ExitCode maps an error of [Screen.Run] to the exit code of the process: 0 for
// none, 2 without a terminal, 70 after a panic, 128 + n after signal n, 1 for
// everything else.
func ExitCode(err error) int {
	var (
		sig   *SignalError
		crash *PanicError
	)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, ErrNotTerminal):
		return exitUsage
	case errors.As(err, &crash):
		return exitCrash
	case errors.As(err, &sig):
		if n, ok := sig.Signal.(syscall.Signal); ok {
			return exitSignal + int(n)
		}
	case errors.Is(err, ErrInputClosed), errors.Is(err, syscall.EIO):
		// The terminal is gone, and the signal that says so was slower.
		return exitSignal + int(syscall.SIGHUP)
	}
	return exitFailure
}
