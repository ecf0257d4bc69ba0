//go:build !linux

package stack

import "syscall"

// childAttributes put a child in its own process group, so that Ctrl+C in the terminal reaches only the stack. These
// systems have no parent-death signal: servers outlive a stack that was killed with SIGKILL.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// insideAttributes are those of the command that runs inside the stack: it stays in the terminal's foreground group.
func insideAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
