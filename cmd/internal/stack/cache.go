package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// wholeMark is written last into an installation; a directory without it is removed and installed again.
const wholeMark = ".whole"

// installer puts pinned versions into the cache.
type installer struct {
	cache    string
	progress io.Writer
	children *spawner
}

// CacheDir is the directory of installations: hubbub-stack in the user's cache directory ($XDG_CACHE_HOME).
func CacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find cache directory: %w", err)
	}
	return filepath.Join(dir, "hubbub-stack"), nil
}

// ensure returns the directory of the installation called name, running build in it first when it is not there whole.
// Two processes never install the same name at once; the second waits and finds it done.
func (in *installer) ensure(ctx context.Context, name, note string, build func(ctx context.Context, dir string) error) (string, error) {
	dir := filepath.Join(in.cache, name)
	mark := filepath.Join(dir, wholeMark)
	if _, err := os.Stat(mark); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(in.cache, 0o755); err != nil {
		return "", fmt.Errorf("create cache: %w", err)
	}
	unlock, err := in.waitLock(ctx, name)
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(mark); err == nil {
		return dir, nil
	}
	in.say("installing %s (%s)", name, note)
	started := time.Now()
	if err := removeTree(dir); err != nil {
		return "", fmt.Errorf("remove half an installation of %s: %w", name, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("install %s: %w", name, err)
	}
	if err := build(ctx, dir); err != nil {
		if ctx.Err() != nil { // what it said then is about that it was stopped
			return "", fmt.Errorf("install %s: %w", name, context.Cause(ctx))
		}
		return "", fmt.Errorf("install %s: %w\n(it takes the network, and some hundred megabytes in %s)", name, err, in.cache)
	}
	if err := os.WriteFile(mark, nil, 0o644); err != nil {
		return "", fmt.Errorf("install %s: %w", name, err)
	}
	in.say("installed %s in %d s", name, int(time.Since(started).Seconds()+0.5))
	return dir, nil
}

// waitLock takes the lock file of one installation.
func (in *installer) waitLock(ctx context.Context, name string) (unlock func(), err error) {
	path := filepath.Join(in.cache, name+".lock")
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for said := false; ; said = true {
		lock, err := lockFile(path)
		if err == nil {
			return lock.release, nil
		}
		if !errors.Is(err, ErrInUse) {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if !said {
			in.say("waiting for another installer of %s", name)
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-tick.C:
		}
	}
}

func (in *installer) say(format string, args ...any) {
	if in.progress != nil {
		if _, err := fmt.Fprintf(in.progress, "stack: "+format+"\n", args...); err != nil {
			slog.Debug("Progress line not written", "error", err)
		}
	}
}

// command runs a program of an installation, in dir, with env added to the environment. Its output is shown only in the
// error, the last lines of it.
func (in *installer) command(ctx context.Context, dir string, env []string, name string, args ...string) error {
	_, err := in.output(ctx, dir, env, name, args...)
	return err
}

// output is command that returns what the program wrote to its standard output.
func (in *installer) output(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = childAttributes()
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	var out, complaints strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := in.children.start(cmd); err != nil {
		return "", fmt.Errorf("start %s: %w", name, err)
	}
	if err := cmd.Wait(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", filepath.Base(name), err, lastLines(out.String()+complaints.String(), 15))
	}
	return out.String(), nil
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, "\n")
}

// removeTree is os.RemoveAll for trees that may hold read-only directories, as Go's module cache does.
func removeTree(dir string) error {
	walk := func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			return os.Chmod(path, 0o755)
		}
		return nil
	}
	if err := filepath.WalkDir(dir, walk); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.RemoveAll(dir)
}
