package session_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hubbub/matrix/internal/session"
	"hubbub/store/chat"
)

// A file where a folder should be is said with its path.
func TestFileInTheWay(t *testing.T) {
	h, dir := newHomeserver(t), t.TempDir()
	write(t, filepath.Join(dir, "data"), "")
	_, err := registry(t, dir, nil).Login(t.Context(), chat.LoginRequest{Homeserver: h.URL, User: "@ada:example.org", Password: "right"})
	var p *chat.Problem
	if !errors.As(err, &p) || p.Kind != chat.ProblemReadOnly || !strings.HasPrefix(p.Detail, filepath.Join(dir, "data")) {
		t.Errorf("got %v", err)
	}
}

// A crash in the middle of a sign-out leaves nothing that the next start does not finish.
func TestRemovalIsFinishedAfterACrash(t *testing.T) {
	dir := t.TempDir()
	r := session.New(session.Options{Data: filepath.Join(dir, "data"), Cache: filepath.Join(dir, "cache")})
	left := filepath.Join(dir, "data", ".removed-123", "account")
	other := filepath.Join(dir, "data", ".mine")
	for _, d := range []string{left, other} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(left, "secrets.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if all, _, err := r.Accounts(); err != nil || len(all) != 0 {
		t.Fatalf("accounts %v, %v", all, err)
	}
	if _, err := os.Stat(filepath.Dir(left)); !os.IsNotExist(err) {
		t.Errorf("the secrets of an account that was signed out are still there: %v", err)
	}
	if _, err := os.Stat(other); err != nil {
		t.Errorf("somebody else's folder: %v", err)
	}
}
