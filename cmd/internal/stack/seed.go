package stack

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// CopyState copies the state directory of a stopped stack to a new place. A stack that runs on the copy has the same
// homeserver names, accounts, rooms and keys; its ports are the same only if they are free. It appears whole or not at
// all.
func CopyState(from, to string) error {
	lock, err := lockFile(filepath.Join(from, "lock"))
	if err != nil {
		return fmt.Errorf("copy state %s: %w", from, err)
	}
	defer lock.release()
	part := to + ".part"
	if err := os.RemoveAll(part); err != nil {
		return fmt.Errorf("copy state: %w", err)
	}
	err = os.CopyFS(part, os.DirFS(from))
	for _, private := range []string{"logs", "lock", "pid", "env"} {
		err = errors.Join(err, os.RemoveAll(filepath.Join(part, private)))
	}
	if err != nil {
		return fmt.Errorf("copy state: %w", err)
	}
	if err := os.Rename(part, to); err != nil {
		return fmt.Errorf("copy state: %w", err)
	}
	return os.Chmod(to, 0o700)
}
