package session

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"hubbub/store/chat"
)

const lockName = "lock"

// lock is the held lock of an account folder. The kernel frees it when the
// process ends, however it ends.
type lock struct{ f *os.File }

// takeLock locks the folder or says which process has it (chat.ProblemLocked).
func takeLock(dir string) (*lock, error) {
	path := filepath.Join(dir, lockName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := lockFile(f, path); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &lock{f}, nil
}

func lockFile(f *os.File, path string) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return &chat.Problem{Kind: chat.ProblemLocked, Detail: holder(f)}
	} else if err != nil {
		return fmt.Errorf("lock account: %w", err)
	}
	// The holder before may have moved the folder away to delete it.
	have, err := f.Stat()
	if err != nil {
		return fmt.Errorf("look at lock: %w", err)
	}
	there, err := os.Stat(path)
	if err != nil || !os.SameFile(have, there) {
		return &chat.Problem{Kind: chat.ProblemLocked}
	}
	if err := errors.Join(f.Chmod(fileMode), f.Truncate(0)); err != nil {
		return fmt.Errorf("prepare lock: %w", err)
	}
	if _, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return fmt.Errorf("write lock: %w", err)
	}
	return nil
}

// holder reads the process id of whoever has the lock, or "".
func holder(f *os.File) string {
	b := make([]byte, 16)
	n, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return ""
	}
	pid := strings.TrimSpace(string(b[:n]))
	if _, err := strconv.ParseUint(pid, 10, 31); err != nil {
		return ""
	}
	return pid
}

func (l *lock) free() error {
	if l == nil || l.f == nil {
		return nil
	}
	f := l.f
	l.f = nil
	if err := f.Close(); err != nil {
		return fmt.Errorf("free lock: %w", err)
	}
	return nil
}
