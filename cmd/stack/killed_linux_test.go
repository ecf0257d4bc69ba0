package main

import (
	"errors"
	"os/exec"
	"syscall"
	"testing"

	"hubbub/cmd/internal/stack"
)

// Only Linux tells children of the death of their parent.
func TestServersEndWithAKilledStack(t *testing.T) {
	bin, dir := program(t), t.TempDir()
	cmd := exec.Command(bin, "up", "--state", dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid, homeserver := up(t, dir)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("a killed stack ended well")
	}
	gone(t, homeserver)
	if _, _, err := stack.Status(dir); !errors.Is(err, stack.ErrNotRunning) {
		t.Errorf("status says %v, want ErrNotRunning", err)
	}
}
