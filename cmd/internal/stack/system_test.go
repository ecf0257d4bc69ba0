package stack

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// machine puts shell scripts of these names first in PATH.
func machine(t *testing.T, scripts map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, script := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	return dir
}

func TestAPythonWithoutVenvGetsItFromTheSystem(t *testing.T) {
	in := newInstaller(t)
	marks := t.TempDir()
	machine(t, map[string]string{
		"python3": `case "$2" in *ensurepip*) test -e ` + marks + `/venv;; esac`,
		"apt-get": `echo "$@" >>` + marks + `/asked; test "$1" = update && : >` + marks + `/lists && exit
			test -e ` + marks + `/lists || exit 100; : >` + marks + `/venv`,
	})
	_, err := in.python(t.Context())
	_, notDebian := os.Stat("/etc/debian_version")
	if notDebian != nil || os.Geteuid() != 0 {
		if !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "python3-venv") || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v, want one line that names the package", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	asked, err := os.ReadFile(filepath.Join(marks, "asked"))
	if want := "install -y --no-install-recommends python3-venv"; err != nil || strings.Count(string(asked), want) != 2 {
		t.Errorf("apt-get was asked %q (%v), want the package before and after an update", asked, err)
	}
}

func TestAnOldPythonIsRefused(t *testing.T) {
	machine(t, map[string]string{"python3": "exit 1"})
	if _, err := newInstaller(t).python(t.Context()); !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "3.10") {
		t.Errorf("error %v, want the version that is needed", err)
	}
}

func TestTheSystemsNodeIsUsedWhenItIsNewEnough(t *testing.T) {
	dir := machine(t, map[string]string{"node": "echo v24.1.0", "npm": "exit 9"})
	in := newInstaller(t)
	if path, err := in.node(t.Context(), "npm"); err != nil || path != filepath.Join(dir, "node") {
		t.Errorf("%s %v, want the system's", path, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "node"), []byte("#!/bin/sh\necho v20.20.2\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if path, err := in.node(t.Context(), "npm"); err == nil {
		t.Errorf("an old node leads to %s although nothing newer can be installed", path)
	}
}
