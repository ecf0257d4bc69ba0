package screen

import (
	"os"

	"golang.org/x/sys/unix"
)

// flushOutput drops what the terminal has not taken yet. It frees a write that
// waits for a terminal that does not read.
func flushOutput(f *os.File) {
	// Nothing else can be done about such a terminal.
	_ = unix.IoctlSetInt(int(f.Fd()), unix.TCFLSH, unix.TCOFLUSH)
}

// flushInput drops what was not read yet.
func flushInput(f *os.File) {
	// What stays is seen by the shell, which is the lesser evil.
	_ = unix.IoctlSetInt(int(f.Fd()), unix.TCFLSH, unix.TCIFLUSH)
}
