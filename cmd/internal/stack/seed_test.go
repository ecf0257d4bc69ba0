package stack

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestACopiedStateKeepsItsNamesAndFiles(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "from"), t.TempDir()
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
	info, err := os.Stat(filepath.Join(to, "synapse", "signing.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key may be read by others: %v %v", info, err)
	}
	if err := got.close(); err != nil {
		t.Fatal(err)
	}
}

func TestAHomeserverKeepsTheNameOfItsFirstStart(t *testing.T) {
	s, err := openState(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}()
	s.name(Synapse, "first.example")
	s.name(Synapse, "second.example")
	if name := s.serverName(Synapse, 4711); name != "first.example" {
		t.Errorf("named %s", name)
	}
	s.name(Dendrite, "")
	if name := s.serverName(Dendrite, 4712); name != "localhost:4712" {
		t.Errorf("named %s", name)
	}
}
