package media

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"hubbub/store/chat"
)

// silent is a homeserver that takes requests and never answers.
type silent struct{}

func (silent) RoundTrip(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

func TestTransfersWithASilentHomeserverEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte(strings.Repeat("x", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		c := client(t, "https://x", "@me:x", "t")
		c.Client = &http.Client{Transport: silent{}}
		m := New(Options{Client: c})
		_, err := m.Upload(t.Context(), path, false)
		if err == nil {
			t.Error("the upload of a file ended well")
		}
		_, err = m.save(t.Context(), chat.Message{Media: &chat.Media{Name: "f", URL: "mxc://x/y"}}, t.TempDir())
		if err == nil {
			t.Error("the download of a file ended well")
		}
	})
}

// TestUploadOfAPipe: what is no file is refused, and not waited for.
func TestUploadOfAPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	m := New(Options{Client: client(t, "https://x", "@me:x", "t")})
	if _, err := m.Upload(t.Context(), path, false); !isProblem(err, chat.ProblemBadInput) {
		t.Errorf("the upload of a pipe: %v", err)
	}
}

func isProblem(err error, kind chat.ProblemKind) bool {
	var p *chat.Problem
	return errors.As(err, &p) && p.Kind == kind
}
