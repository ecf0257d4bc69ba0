package stack

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func newInstaller(t *testing.T) *installer {
	t.Helper()
	children := newSpawner()
	t.Cleanup(children.close)
	return &installer{cache: t.TempDir(), children: children}
}

func TestHalfAnInstallationIsMadeAgain(t *testing.T) {
	in := newInstaller(t)
	broken := errors.New("power cut")
	_, err := in.ensure(t.Context(), "thing-1", "", func(_ context.Context, dir string) error {
		if err := os.WriteFile(filepath.Join(dir, "half"), nil, 0o400); err != nil {
			t.Fatal(err)
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Fatalf("error %v, want the installer's", err)
	}
	builds := 0
	for range 2 {
		dir, err := in.ensure(t.Context(), "thing-1", "", func(_ context.Context, dir string) error {
			builds++
			return os.WriteFile(filepath.Join(dir, "program"), nil, 0o755)
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "half")); !errors.Is(err, os.ErrNotExist) {
			t.Error("the half installation is still there")
		}
	}
	if builds != 1 {
		t.Errorf("built %d times, want once", builds)
	}
}

func TestTwoInstallersBuildOnce(t *testing.T) {
	in := newInstaller(t)
	var builds atomic.Int32
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			_, err := in.ensure(t.Context(), "thing-1", "", func(context.Context, string) error {
				builds.Add(1)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if builds.Load() != 1 {
		t.Errorf("built %d times, want once", builds.Load())
	}
}

func TestAFailedProgramShowsItsLastWords(t *testing.T) {
	in := newInstaller(t)
	err := in.command(t.Context(), "", nil, "sh", "-c", "echo out; echo why it failed >&2; exit 4")
	if err == nil || !strings.Contains(err.Error(), "why it failed") || !strings.Contains(err.Error(), "exit status 4") {
		t.Errorf("error %v, want status and output", err)
	}
}

func TestNodeMajor(t *testing.T) {
	for text, want := range map[string]int{"v22.22.0\n": 22, "v8.1.0": 8, "": 0, "node": 0, "22": 22} {
		if got := nodeMajor(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func TestParsePieces(t *testing.T) {
	got, err := ParsePieces("sfu, js,,tmux")
	if err != nil || len(got) != 3 || got[0] != SFU || got[2] != Tmux {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := ParsePieces("sfu,conduit"); !errors.Is(err, ErrUnknownPiece) {
		t.Errorf("unknown piece: %v", err)
	}
}
