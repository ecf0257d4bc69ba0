package stack

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// keptRuns is how many state directories of finished runs stay for a look at their logs.
const keptRuns = 5

// NewRunDir makes a fresh state directory below the cache and removes the oldest finished ones.
func NewRunDir(cache string) (string, error) {
	runs := filepath.Join(cache, "runs")
	if err := os.MkdirAll(runs, 0o700); err != nil {
		return "", fmt.Errorf("create run directory: %w", err)
	}
	entries, err := os.ReadDir(runs) // sorted by name, which starts with the time
	if err != nil {
		return "", fmt.Errorf("list runs: %w", err)
	}
	for i, entry := range slices.Backward(entries) {
		dir := filepath.Join(runs, entry.Name())
		if _, err := runningPid(dir); len(entries)-i < keptRuns || !errors.Is(err, ErrNotRunning) {
			continue
		}
		if err := os.RemoveAll(dir); err != nil {
			return "", fmt.Errorf("remove old run: %w", err)
		}
	}
	return os.MkdirTemp(runs, time.Now().UTC().Format("20060102-150405-"))
}

// TrimRun removes everything but the logs from the state directory of a run that ended well.
func TrimRun(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("trim run: %w", err)
	}
	for _, entry := range entries {
		if entry.Name() != "logs" {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, entry.Name())))
		}
	}
	return err
}
