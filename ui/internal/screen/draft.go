package screen

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Names of what is made for the editor.
const (
	draftPrefix = "hubbub-edit-"
	draftName   = "message.md"
	draftLock   = "lock"
)

// draft is a text that is handed to the editor: a folder that the user alone
// can read, with what the editor puts beside the text. A lock in it says that
// somebody is at it: this program, or the editor, which inherits it.
type draft struct {
	dir  string
	lock *os.File
}

// newDraft makes the folder in dir, locked before any text is in it.
func newDraft(dir, text string) (d *draft, err error) {
	path, err := os.MkdirTemp(dir, draftPrefix+"*") // mode 0700
	if err != nil {
		return nil, fmt.Errorf("make a folder for the editor: %w", err)
	}
	d = &draft{dir: path}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.remove())
		}
	}()
	// Under its name the lock is held from the first moment on.
	name := filepath.Join(path, draftLock)
	if d.lock, err = os.OpenFile(name+".new", os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600); err != nil {
		return nil, fmt.Errorf("make a lock for the editor: %w", err)
	}
	if err = unix.Flock(int(d.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, fmt.Errorf("lock the folder for the editor: %w", err)
	}
	if err = os.Rename(name+".new", name); err != nil {
		return nil, fmt.Errorf("make a lock for the editor: %w", err)
	}
	if err = os.WriteFile(d.path(), []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("write the file for the editor: %w", err)
	}
	return d, nil
}

// path is the file with the text.
func (d *draft) path() string { return filepath.Join(d.dir, draftName) }

// remove takes everything away.
func (d *draft) remove() error {
	err := os.RemoveAll(d.dir)
	if d.lock != nil {
		err = errors.Join(err, d.lock.Close())
	}
	if err != nil {
		return fmt.Errorf("remove the folder of the editor: %w", err)
	}
	return nil
}

// removeStale takes away the texts that a program left behind that was killed
// while the editor was open. It touches nothing that is not this user's, and
// nothing that a program or an editor is at.
func (s *Screen) removeStale() {
	dir := s.tempDir()
	if dir == "" {
		dir = os.TempDir()
	}
	found, err := os.ReadDir(dir)
	if err != nil {
		s.log.Info("Folder for the editor is not read", "error", err)
		return
	}
	for _, e := range found {
		if e.IsDir() && strings.HasPrefix(e.Name(), draftPrefix) {
			if err := removeIfStale(filepath.Join(dir, e.Name())); err != nil {
				s.log.Warn("Text of an editor is left", "error", err)
			}
		}
	}
}

func removeIfStale(path string) (err error) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil || int(st.Uid) != os.Geteuid() || st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return nil // somebody else's, or gone
	}
	lock, err := os.OpenFile(filepath.Join(path, draftLock), os.O_RDWR|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil // about to be used, or no folder of ours
	}
	d := &draft{dir: path, lock: lock}
	if unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		return lock.Close() // in use
	}
	return d.remove()
}
