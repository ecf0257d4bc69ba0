package stack

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// fileLock is an advisory lock that ends with the process that holds it, however it ends.
type fileLock struct{ file *os.File }

// lockFile takes the lock without waiting; ErrInUse says that another process holds it.
func lockFile(path string) (*fileLock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close() // nothing was written
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrInUse
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return &fileLock{file: f}, nil
}

func (l *fileLock) release() {
	_ = l.file.Close() // closing ends the lock; nothing was written
}
