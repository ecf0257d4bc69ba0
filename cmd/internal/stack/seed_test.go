package stack

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestACopiedStateKeepsItsNamesAndFiles(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "from"), filepath.Join(t.TempDir(), "to")
	s, err := openState(from)
	if err != nil {
		t.Fatal(err)
	}
	name := s.serverName(Synapse, 4711)
	if err := os.MkdirAll(s.path("synapse"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(writeFile(s.path("synapse", "signing.key"), []byte("key")), s.writeEnv(Env{"A": "b"}), s.save()); err != nil {
		t.Fatal(err)
	}
	if err := CopyState(from, to); !errors.Is(err, ErrInUse) {
		t.Errorf("copy of a running stack: %v, want ErrInUse", err)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	if err := CopyState(from, to); err != nil {
		t.Fatal(err)
	}
	got, err := openState(to)
	if err != nil {
		t.Fatal(err)
	}
	if key, err := os.ReadFile(got.path("synapse", "signing.key")); err != nil || string(key) != "key" || got.serverName(Synapse, 1) != name {
		t.Errorf("the copy has the key %q (%v) and the name %q, want %q", key, err, got.serverName(Synapse, 1), name)
	}
	if err := got.close(); err != nil {
		t.Fatal(err)
	}
}
