package seed

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"hubbub/cmd/internal/stack"
	"hubbub/matrix/matrixtest"
)

// otherCache is a cache directory with the installed homeserver and nothing else.
func otherCache(t *testing.T) string {
	t.Helper()
	matrixtest.Synapse(t) // whoever started it has installed it
	installed, err := stack.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	cache, name := t.TempDir(), "synapse-"+stack.SynapseVersion
	if err := os.Symlink(filepath.Join(installed, name), filepath.Join(cache, name)); err != nil {
		t.Fatal(err)
	}
	return cache
}

// What a program sees inside the demo, and what is left when it has ended.
func TestTheDemoHasAHomeOfItsOwnAndEndsWithItsProgram(t *testing.T) {
	o := stack.Options{Cache: otherCache(t), Homeserver: stack.Synapse, ServerName: demoName, Progress: t.Output()}
	o.Dir = filepath.Join(t.TempDir(), "world")
	w := keepWorld(t, o)

	// Somebody else has taken the port: everybody has to be told of another one.
	old, err := url.Parse(w.Homeserver)
	if err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", old.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()

	out := filepath.Join(t.TempDir(), "out")
	script := `echo "$HOME" >"$0"; echo "$HUBBUB_STACK_HOMESERVER" >>"$0"; cat "$XDG_DATA_HOME"/hubbub/*/account.json >>"$0"; exit 5`
	code, err := Demo(t.Context(), o, false, "sh", "-c", script, out)
	if err != nil || code != 5 {
		t.Fatalf("ended with %d (%v), want the program's 5", code, err)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitN(string(data), "\n", 3)
	home, homeserver, record := lines[0], lines[1], lines[2]
	if !strings.HasPrefix(home, filepath.Join(o.Cache, "runs")) {
		t.Errorf("the home directory is %s", home)
	}
	for _, want := range []string{`"@sam:harbour.example"`, fmt.Sprintf("%q", homeserver)} {
		if !strings.Contains(record, want) {
			t.Errorf("the account's record lacks %s: %s", want, record)
		}
	}
	if homeserver == w.Homeserver {
		t.Errorf("the homeserver is at %s, which was taken", homeserver)
	}
	if resp, err := http.Get(homeserver); !errors.Is(err, syscall.ECONNREFUSED) {
		_ = resp.Body.Close()
		t.Errorf("the homeserver outlives the demo: %v", err)
	}
	if _, err := os.Stat(home); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the home directory is still there: %v", err)
	}
	if _, err := Load(Snapshot(o.Cache)); err != nil {
		t.Errorf("the world that is kept: %v", err)
	}
}

// keepWorld builds a world with a short past and keeps it for demos.
func keepWorld(t *testing.T, o stack.Options) *World {
	t.Helper()
	past := Options{ServerName: demoName, Dir: o.Dir, Messages: 5, Script: "== general\nada: Good morning.\n", Say: t.Logf}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	snapshot := Snapshot(o.Cache)
	err := errors.Join(build(t.Context(), o, past), os.MkdirAll(filepath.Dir(snapshot), 0o700))
	if err != nil {
		t.Fatal(err)
	}
	if err := stack.CopyState(o.Dir, snapshot); err != nil {
		t.Fatal(err)
	}
	w, err := Load(snapshot)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestAPreparedWorldIsNotBuiltAgain(t *testing.T) {
	cache := t.TempDir()
	if err := os.MkdirAll(Snapshot(cache), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := (&World{}).save(Snapshot(cache)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Prepare(ctx, stack.Options{Cache: cache, Progress: t.Output()}, false, 0); err != nil {
		t.Errorf("a world that is there: %v", err)
	}
}
