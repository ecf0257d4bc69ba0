package fault

import (
	"fmt"
	"runtime/debug"
)

// PanicError is a panic in a goroutine of the account.
type PanicError struct {
	Value any
	Stack []byte
}

// Error implements error. It has no stack: that is for the crash file.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Guard turns a panic of fn into a *PanicError. Every goroutine that is started
// runs under one: a panic that nobody catches ends the process at once, with the
// terminal as it is and what is in memory lost.
func Guard(fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return fn()
}
