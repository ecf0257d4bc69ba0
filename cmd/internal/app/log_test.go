package app

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Ids and error codes in the log are text of others, and the log is read in a terminal.
func TestLogSteersNoTerminal(t *testing.T) {
	l := &logFile{dir: t.TempDir()}
	evil := "!room\x1b[2J\u009b2J\u009d0;title\u202e\u2066:x é😀"
	newLogger(l).Info("Room was odd", "room", evil)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(l.dir, logName))
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(string(got), "\x1b\u009b\u009d\u202e\u2066") {
		t.Errorf("the log holds %q", got)
	}
	var line struct{ Room string }
	if err := json.Unmarshal(got, &line); err != nil || line.Room != evil {
		t.Errorf("the log says %q, %v", line.Room, err)
	}
}
