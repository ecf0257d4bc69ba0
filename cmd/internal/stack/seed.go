package stack

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// private is what belongs to one run of a state directory and is not copied.
var private = []string{"logs", "lock", "pid", "env"}

// CopyState copies the state directory of a stopped stack, with everything else that lies in it, to a place where
// there is nothing or an empty directory. A stack that runs on the copy has the same homeserver names, accounts, rooms
// and keys; its ports are the same only if they are free. It appears whole or not at all.
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
	if err := copyTree(from, part); err != nil {
		return fmt.Errorf("copy state: %w", err)
	}
	if err := removeIfThere(to); err != nil { // an empty directory, which a rename does not replace everywhere
		return fmt.Errorf("copy state: %w", err)
	}
	if err := os.Rename(part, to); err != nil {
		return fmt.Errorf("copy state: %w", err)
	}
	return nil
}

// copyTree copies directories and files with their permissions, since some of them are secrets.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch target := filepath.Join(to, name); {
		case name == ".":
			return os.Mkdir(to, 0o700)
		case slices.Contains(private, name) && entry.IsDir():
			return fs.SkipDir
		case slices.Contains(private, name):
			return nil
		case entry.IsDir():
			return os.Mkdir(target, 0o700)
		case entry.Type().IsRegular():
			return copyFile(path, target)
		}
		return nil // sockets and the like belong to a run
	})
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // only read
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, info.Mode().Perm())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}
