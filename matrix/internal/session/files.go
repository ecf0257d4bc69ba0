package session

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// Modes of what is ours, set whatever the umask says.
const (
	dirMode  = 0o700
	fileMode = 0o600
)

// makeDir makes a directory and all above it; the last one is ours alone.
func makeDir(path string) error {
	if err := os.MkdirAll(path, dirMode); err != nil {
		return unusable(path, fmt.Errorf("make directory: %w", err))
	}
	if err := os.Chmod(path, dirMode); err != nil {
		return unusable(path, fmt.Errorf("protect directory: %w", err))
	}
	return nil
}

// unusable says that a folder of ours cannot be made or looked into, such as
// when a file is in the way.
func unusable(path string, err error) *chat.Problem {
	p := fault.From(err)
	if p.Kind == chat.ProblemUnknown || p.Kind == chat.ProblemNotFound {
		p = &chat.Problem{Kind: chat.ProblemReadOnly, Detail: path, Err: err}
	}
	return p
}

// writeFile replaces a file as a whole: after a crash there is the old one or the new one.
func writeFile(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // CreateTemp makes files 0600
	if err != nil {
		return fmt.Errorf("make %s: %w", filepath.Base(path), err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, removeIfThere(f.Name()))
		}
	}()
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(fileMode))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("replace %s: %w", filepath.Base(path), err)
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a rename in a directory survive a power cut.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open directory: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", filepath.Base(path), err)
	}
	return nil
}

func exists(path string) (bool, error) {
	switch _, err := os.Lstat(path); {
	case err == nil:
		return true, nil
	case errors.Is(err, os.ErrNotExist):
		return false, nil
	default:
		return false, unusable(path, fmt.Errorf("look for %s: %w", filepath.Base(path), err))
	}
}
