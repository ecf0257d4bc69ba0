package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// systemPackage installs a package of the distribution when that can be done without asking: as root on a Debian family
// system. Elsewhere the error is one line with the command to type.
func (in *installer) systemPackage(ctx context.Context, pkg, why string) error {
	if _, err := os.Stat("/etc/debian_version"); err != nil {
		return fmt.Errorf("%w: %s; install the equivalent of Debian's package %s", ErrMissing, why, pkg)
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w: %s; run: sudo apt-get install -y %s", ErrMissing, why, pkg)
	}
	in.say("installing the system package %s", pkg)
	env := []string{"DEBIAN_FRONTEND=noninteractive"}
	install := []string{"install", "-y", "--no-install-recommends", pkg}
	if in.command(ctx, "", env, "apt-get", install...) == nil {
		return nil
	}
	if err := in.command(ctx, "", env, "apt-get", "update"); err != nil {
		return fmt.Errorf("%w: %s; apt-get update: %w", ErrMissing, why, err)
	}
	if err := in.command(ctx, "", env, "apt-get", install...); err != nil {
		return fmt.Errorf("%w: %s; apt-get install %s: %w", ErrMissing, why, pkg, err)
	}
	return nil
}

func (in *installer) ensureTmux(ctx context.Context) error {
	if _, err := exec.LookPath("tmux"); err == nil {
		return nil
	}
	return in.systemPackage(ctx, "tmux", "tmux, which tests drive the program in")
}

// python returns a Python of at least 3.10 that can make virtual environments.
func (in *installer) python(ctx context.Context) (string, error) {
	const ask = "import sys; sys.exit(0 if sys.version_info >= (3, 10) else 1)"
	path, err := exec.LookPath("python3")
	if err != nil || in.command(ctx, "", nil, path, "-c", ask) != nil {
		return "", fmt.Errorf("%w: Python 3.10 or newer as python3", ErrMissing)
	}
	if in.command(ctx, "", nil, path, "-c", "import venv, ensurepip") == nil {
		return path, nil
	}
	if err := in.systemPackage(ctx, "python3-venv", "the venv module of "+strings.TrimSpace(path)); err != nil {
		return "", err
	}
	return path, nil
}
