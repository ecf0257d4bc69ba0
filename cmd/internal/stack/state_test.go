package stack

import (
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestEnvFileIsReadBackByShellAndStatus(t *testing.T) {
	s, err := openState(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	env := Env{"HUBBUB_STACK_A": "http://127.0.0.1:1", "HUBBUB_STACK_B": "it's a $(path) with 'quotes'"}
	if err := s.writeEnv(env); err != nil {
		t.Fatal(err)
	}
	pid, got, err := Status(s.dir)
	if err != nil || pid != os.Getpid() || !maps.Equal(got, env) {
		t.Errorf("status %d %v %v, want %v", pid, got, err, env)
	}
	out, err := exec.Command("sh", "-c", `. "$1"; printf %s "$HUBBUB_STACK_B"`, "sh", s.path("env")).Output()
	if err != nil || string(out) != env["HUBBUB_STACK_B"] {
		t.Errorf("a shell reads %q (%v), want %q", out, err, env["HUBBUB_STACK_B"])
	}
	if info, err := os.Stat(s.path("env")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the env file, which holds secrets, has mode %v (%v)", info.Mode(), err)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Status(s.dir); !errors.Is(err, ErrNotRunning) {
		t.Errorf("status after the end: %v", err)
	}
}

func TestAStateDirectoryServesOneStack(t *testing.T) {
	dir := t.TempDir()
	s, err := openState(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openState(dir); !errors.Is(err, ErrInUse) {
		t.Errorf("second stack: %v, want ErrInUse", err)
	}
	name, secret := s.serverName(Synapse, 1234), s.saved.Secret
	if err := errors.Join(s.save(), s.close()); err != nil {
		t.Fatal(err)
	}
	again, err := openState(dir)
	if err != nil {
		t.Fatal(err)
	}
	if again.serverName(Synapse, 999) != name || again.saved.Secret != secret {
		t.Errorf("a second run has the name %q, want %q", again.serverName(Synapse, 999), name)
	}
	if err := again.close(); err != nil {
		t.Fatal(err)
	}
}

func TestAStalePidFileIsNoStack(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "pid"), []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Down(t.Context(), dir); !errors.Is(err, ErrNotRunning) {
		t.Errorf("down: %v, want ErrNotRunning", err)
	}
	if _, _, err := Status(filepath.Join(dir, "nowhere")); !errors.Is(err, ErrNotRunning) {
		t.Errorf("status of no directory: %v, want ErrNotRunning", err)
	}
}

func TestOldRunsAreRemoved(t *testing.T) {
	cache := t.TempDir()
	for range keptRuns + 3 {
		if _, err := NewRunDir(cache); err != nil {
			t.Fatal(err)
		}
	}
	left, err := os.ReadDir(filepath.Join(cache, "runs"))
	if err != nil || len(left) != keptRuns {
		t.Errorf("%d runs kept (%v), want %d", len(left), err, keptRuns)
	}
}

func TestCommandPassesItsExitCodeOn(t *testing.T) {
	env := Env{"HUBBUB_STACK_TEST": "42"}
	for script, want := range map[string]int{
		"exit 0": 0, "exit $HUBBUB_STACK_TEST": 42, "kill -9 $$": 128 + int(syscall.SIGKILL),
	} {
		if code, err := Command(t.Context(), env, false, "sh", "-c", script); err != nil || code != want {
			t.Errorf("%s: %d %v, want %d", script, code, err, want)
		}
	}
	if _, err := Command(t.Context(), env, false, "/nonexistent/program"); err == nil {
		t.Error("a program that is not there was started")
	}
}

func TestCommandEndsWithItsContextAndTakesItsChildrenAlong(t *testing.T) {
	dir := t.TempDir()
	ready, orphan := filepath.Join(dir, "ready"), filepath.Join(dir, "orphan")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		if err := poll(t.Context(), 10*time.Second, func() (bool, error) {
			_, err := os.Stat(ready)
			return err == nil, nil
		}); err != nil {
			t.Error(err)
		}
		cancel()
	}()
	script := `sleep 100 & echo $! >"$2"; trap 'exit 3' TERM; : >"$1"; wait`
	code, err := Command(ctx, nil, false, "sh", "-c", script, "sh", ready, orphan)
	if err != nil || code != 3 {
		t.Errorf("code %d %v, want 3 from its own handler", code, err)
	}
	pid, err := os.ReadFile(orphan)
	if err != nil {
		t.Fatal(err)
	}
	if err := poll(t.Context(), 10*time.Second, func() (bool, error) {
		state, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat")
		return err != nil || strings.Contains(string(state), ") Z "), nil
	}); err != nil {
		t.Errorf("its child still runs: %v", err)
	}
}

func TestAServerThatDiesEndsTheRun(t *testing.T) {
	dir := t.TempDir()
	children := newSpawner()
	defer children.close()
	log := filepath.Join(dir, "log")
	p, err := children.launch("mock", log, dir, nil, "sh", "-c", "echo port taken; exit 1")
	if err != nil {
		t.Fatal(err)
	}
	err = p.await(t.Context(), 10*time.Second, answers("http://127.0.0.1:1/"))
	if !errors.Is(err, ErrDied) || !strings.Contains(err.Error(), "port taken") {
		t.Errorf("waiting for it: %v, want ErrDied and its log", err)
	}
	long, err := children.launch("mock", log, dir, nil, "sh", "-c", "exec sleep 100")
	if err != nil {
		t.Fatal(err)
	}
	r := &runner{running: []*process{long}}
	err = r.watch(t.Context(), func(ctx context.Context, _ Env) error {
		long.signal(syscall.SIGKILL)
		<-ctx.Done()
		return nil
	})
	if !errors.Is(err, ErrDied) {
		t.Errorf("the run ends with %v, want ErrDied", err)
	}
	r.stop() // a second time does no harm
}
