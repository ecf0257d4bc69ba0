package stack

import "syscall"

// childAttributes put a child in its own process group, so that Ctrl+C in the terminal reaches only the stack, and let
// the kernel end it when the stack is killed.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// insideAttributes are those of the command that runs inside the stack: it stays in the terminal's foreground group.
func insideAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}
