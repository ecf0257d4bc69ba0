//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package screen

import (
	"os"

	"golang.org/x/sys/unix"
)

// Queues of TIOCFLUSH, as sys/fcntl.h numbers them.
const (
	flushRead  = 1
	flushWrite = 2
)

// flushOutput drops what the terminal has not taken yet. It frees a write that
// waits for a terminal that does not read.
func flushOutput(f *os.File) {
	// Nothing else can be done about such a terminal.
	_ = unix.IoctlSetPointerInt(int(f.Fd()), unix.TIOCFLUSH, flushWrite)
}

// flushInput drops what was not read yet.
func flushInput(f *os.File) {
	// What stays is seen by the shell, which is the lesser evil.
	_ = unix.IoctlSetPointerInt(int(f.Fd()), unix.TIOCFLUSH, flushRead)
}
