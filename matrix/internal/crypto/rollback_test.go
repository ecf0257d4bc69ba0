package crypto

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"hubbub/store/chat"
)

// copyDB copies a closed crypto.db.
func copyDB(t *testing.T, from, to string) {
	t.Helper()
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(to + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestOlderCopyIsNotUsed: a copy of crypto.db that is put back would use keys twice.
func TestOlderCopyIsNotUsed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "crypto.db")
	o := options(t, path, "http://127.0.0.1:1")
	mustClose(t, mustOpen(t, o))
	kept := filepath.Join(t.TempDir(), "copy")
	copyDB(t, path, kept)
	mustClose(t, mustOpen(t, o)) // the present one lives on
	newest := filepath.Join(t.TempDir(), "newest")
	copyDB(t, path, newest)

	copyDB(t, kept, path)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // it does not go away by itself
		_, err = Open(t.Context(), o)
		if !errors.Is(err, ErrRolledBack) {
			t.Fatalf("older copy: %v", err)
		}
	}
	if p := KeyProblem(err); p == nil || p.Kind != chat.ProblemOldKeys || p.Retry {
		t.Errorf("problem %+v", p)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the copy was written to: %v", err)
	}
	copyDB(t, newest, path)
	mustClose(t, mustOpen(t, o))
}

// TestTwoCopiesAreNotUsedInTurn: both count as many lives, but not the same ones.
func TestTwoCopiesAreNotUsedInTurn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "crypto.db")
	o := options(t, path, "http://127.0.0.1:1")
	mustClose(t, mustOpen(t, o))
	second := filepath.Join(t.TempDir(), "crypto.db")
	copyDB(t, path, second)
	mustClose(t, mustOpen(t, o))
	elsewhere := o
	elsewhere.Path = second
	mustClose(t, mustOpen(t, elsewhere)) // no count beside it: nothing says that it is older
	copyDB(t, second, path)
	if _, err := Open(t.Context(), o); !errors.Is(err, ErrRolledBack) {
		t.Fatalf("the other copy: %v", err)
	}
}

// TestCountThatIsLostOrBehindIsNoDamage: a crash between the two, or a file that somebody removed.
func TestCountThatIsLostOrBehindIsNoDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "crypto.db")
	o := options(t, path, "http://127.0.0.1:1")
	mustClose(t, mustOpen(t, o))
	older, err := os.ReadFile(path + lifeSuffix)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path + lifeSuffix)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
	mustClose(t, mustOpen(t, o))
	for _, content := range []string{string(older), "", "garbage", "-1 x", "99999999999999999999 x"} {
		if err := os.WriteFile(path+lifeSuffix, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		mustClose(t, mustOpen(t, o))
	}
	if err := os.Remove(path + lifeSuffix); err != nil {
		t.Fatal(err)
	}
	mustClose(t, mustOpen(t, o))
}

// TestLongRunCountsLives: also a copy from the middle of a run is found.
func TestLongRunCountsLives(t *testing.T) {
	o := options(t, filepath.Join(t.TempDir(), "crypto.db"), "http://127.0.0.1:1")
	m := mustOpen(t, o)
	first := m.lives.now
	for range lifeWrites {
		m.lived(t.Context())
	}
	if m.lives.now.number != first.number+1 {
		t.Errorf("%d lives after %d changes, %d before", m.lives.now.number, lifeWrites, first.number)
	}
	mustClose(t, m)
	mustClose(t, mustOpen(t, o))
}
