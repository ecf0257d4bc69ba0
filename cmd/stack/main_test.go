package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hubbub/cmd/internal/stack"
	"hubbub/matrix/matrixtest"
)

const limit = 60 * time.Second

// program builds the command. What it installs is there already: these tests run inside a stack.
func program(t *testing.T) string {
	t.Helper()
	matrixtest.Synapse(t)
	path := filepath.Join(t.TempDir(), "stack")
	if out, err := exec.Command("go", "build", "-tags", "goolm,fts5", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// up waits until a stack runs on the directory and returns its process and homeserver.
func up(t *testing.T, dir string) (pid int, homeserver string) {
	t.Helper()
	matrixtest.Wait(t, limit, "the stack", func() bool {
		var env stack.Env
		var err error
		pid, env, err = stack.Status(dir)
		homeserver = env["HUBBUB_STACK_HOMESERVER"]
		return err == nil
	})
	return pid, homeserver
}

// gone waits until nothing answers at the homeserver's address.
func gone(t *testing.T, homeserver string) {
	t.Helper()
	matrixtest.Wait(t, limit, "the homeserver to end", func() bool {
		resp, err := http.Get(homeserver + "/health")
		if err == nil {
			_ = resp.Body.Close()
		}
		return errors.Is(err, syscall.ECONNREFUSED)
	})
}

func TestTheCommandSeesTheHomeserverAndItsExitCodeIsKept(t *testing.T) {
	bin, dir := program(t), t.TempDir()
	script := `test -n "$HUBBUB_STACK_SHARED_SECRET" && echo "at $HUBBUB_STACK_HOMESERVER"; exit 7`
	cmd := exec.Command(bin, "run", "--state", dir, "--", "sh", "-c", script)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Fatalf("ended with %v, want exit code 7", err)
	}
	homeserver, ok := strings.CutPrefix(strings.TrimSpace(string(out)), "at ")
	if !ok {
		t.Fatalf("the command wrote %q", out)
	}
	gone(t, homeserver)
	if _, err := os.Stat(filepath.Join(dir, "logs", "synapse.log")); err != nil {
		t.Errorf("the log is not kept: %v", err)
	}
}

func TestASignalStopsCommandAndServers(t *testing.T) {
	bin, dir := program(t), t.TempDir()
	ready := filepath.Join(dir, "ready")
	cmd := exec.Command(bin, "run", "--state", dir, "--", "sh", "-c", `trap "exit 3" TERM; : >"$0"; while :; do sleep 0.1; done`, ready)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid, homeserver := up(t, dir)
	if pid != cmd.Process.Pid {
		t.Errorf("the pid file names %d, want %d", pid, cmd.Process.Pid)
	}
	matrixtest.Wait(t, limit, "the command", func() bool {
		_, err := os.Stat(ready)
		return err == nil
	})
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("ended with %v, want the command's exit code 3", err)
	}
	gone(t, homeserver)
}

func TestTheStackEndsWithItsParent(t *testing.T) {
	bin, dir := program(t), t.TempDir()
	parent := exec.Command("sh", "-c", `"$0" up --state "$1" >"$1.out" 2>&1 & read line`, bin, dir)
	in, err := parent.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	_, homeserver := up(t, dir)
	if err := errors.Join(in.Close(), ignoreExit(parent.Wait())); err != nil {
		t.Fatal(err)
	}
	gone(t, homeserver)
}

func ignoreExit(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil
	}
	return err
}

func TestADetachedStackStaysUntilDown(t *testing.T) {
	bin, dir := program(t), t.TempDir()
	out, err := exec.Command(bin, "up", "--detach", "--state", dir).Output()
	if err != nil || strings.TrimSpace(string(out)) != filepath.Join(dir, "env") {
		t.Fatalf("up: %q %v, want the env file's path", out, err)
	}
	t.Cleanup(func() { _ = stack.Down(context.Background(), dir) })
	_, homeserver := up(t, dir)
	if err := exec.Command(bin, "up", "--detach", "--state", dir).Run(); err == nil {
		t.Error("a second stack started on the same directory")
	}
	if out, err := exec.Command(bin, "status", "--state", dir).Output(); err != nil || !strings.Contains(string(out), homeserver) {
		t.Errorf("status: %q %v", out, err)
	}
	if err := exec.Command(bin, "down", "--state", dir).Run(); err != nil {
		t.Errorf("down: %v", err)
	}
	gone(t, homeserver)
	if err := exec.Command(bin, "status", "--state", dir).Run(); err == nil {
		t.Error("status after down says that a stack runs")
	}
}

func TestHelpIsNoError(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"help"}, {"up", "--help"}} {
		if code, err := run(args); code != 0 || err != nil {
			t.Errorf("%q: %d, %v", args, code, err)
		}
	}
}

func TestWrongUsageHasItsOwnExitCode(t *testing.T) {
	for _, args := range [][]string{{}, {"dance"}, {"run"}, {"up", "extra"}, {"up", "--colour"}} {
		code, err := run(args)
		if code == 0 && err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}
