package app

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"hubbub/ui/safe"
)

const (
	logName = "hubbub.log"
	maxLog  = 10 << 20 // bytes; the file before it is kept once
)

// logFile is the log: made when the first line is written, rotated at maxLog.
type logFile struct {
	dir  string
	mu   sync.Mutex
	f    *os.File // guarded by mu
	size int64    // guarded by mu
}

// Write implements io.Writer. A log that cannot be written is no reason to stop.
func (l *logFile) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f != nil && l.size+int64(len(b)) > maxLog {
		if err := l.rotate(); err != nil {
			return 0, err
		}
	}
	if l.f == nil {
		if err := l.open(); err != nil {
			return 0, err
		}
	}
	n, err := l.f.WriteString(safe.JSON(string(b)))
	l.size += int64(n)
	if err != nil {
		return 0, fmt.Errorf("write log: %w", err)
	}
	return len(b), nil
}

func (l *logFile) path() string { return filepath.Join(l.dir, logName) }

func (l *logFile) open() error {
	if err := privateDir(l.dir); err != nil {
		return err
	}
	f, err := os.OpenFile(l.path(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	info, err := f.Stat()
	if err = errors.Join(err, f.Chmod(0o600)); err != nil {
		return errors.Join(fmt.Errorf("open log: %w", err), f.Close())
	}
	l.f, l.size = f, info.Size()
	if l.size >= maxLog {
		return l.rotate()
	}
	return nil
}

// rotate makes the present file the one before; the next line opens a new one.
func (l *logFile) rotate() error {
	err := l.f.Close()
	l.f = nil
	if err = errors.Join(err, os.Rename(l.path(), l.path()+".1")); err != nil {
		return fmt.Errorf("rotate log: %w", err)
	}
	return l.open()
}

// Close ends the log.
func (l *logFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		return nil
	}
	f := l.f
	l.f = nil
	if err := f.Close(); err != nil {
		return fmt.Errorf("close log: %w", err)
	}
	return nil
}

func newLogger(l *logFile) *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// privateDir makes a directory that is ours alone, whatever the umask.
func privateDir(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("make %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o700); err != nil {
		return fmt.Errorf("protect %s: %w", path, err)
	}
	return nil
}
