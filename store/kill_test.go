package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// Set to a path, they make the test binary a process that writes there.
const (
	killEnv  = "HUBBUB_STORE_KILL"
	limitEnv = "HUBBUB_STORE_LIMIT"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(killEnv); path != "" {
		os.Exit(writeUntilKilled(path))
	}
	if path := os.Getenv(limitEnv); path != "" {
		os.Exit(writeUntilLimit(path))
	}
	os.Exit(m.Run())
}

// writeUntilKilled writes transactions for ever and prints the number of each that is committed.
func writeUntilKilled(path string) int {
	ctx := context.Background()
	s, err := store.Open(ctx, path, store.Options{})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	token, err := s.Sync(ctx, store.SyncNextBatch)
	if err != nil {
		return 1
	}
	n, _ := strconv.Atoi(token) // "" at the first start is 0
	for {
		n++
		err := s.Write(ctx, func(tx *store.Tx) error {
			for i := range 5 {
				if _, err := tx.Append(room, storetest.Text(n*10+i, ada, "text")); err != nil {
					return err
				}
			}
			if _, err := tx.Append(room, storetest.Redaction(n*10+5, ada, n*10, "")); err != nil {
				return err
			}
			if _, err := storetest.Echo(tx, room, chat.TxnID(fmt.Sprint("txn", n)), fmt.Sprint("echo ", n)); err != nil {
				return err
			}
			return tx.PutSync(store.SyncNextBatch, strconv.Itoa(n))
		})
		if err != nil {
			fmt.Println(err)
			return 1
		}
		if _, err := fmt.Println(n); err != nil { // the reader is gone
			return 1
		}
	}
}

// Killed at any moment, the file holds all transactions that were reported as
// committed, and each one whole.
func TestKilledInTheMiddle(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	path := filepath.Join(t.TempDir(), "cache.db")
	for range 12 {
		cmd := exec.CommandContext(t.Context(), self)
		cmd.Env = append(os.Environ(), killEnv+"="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		committed := 0
		lines := bufio.NewScanner(out)
		for range 1 + rnd.IntN(40) {
			if !lines.Scan() {
				break
			}
			if committed, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatalf("the writer says %q", lines.Text())
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // killed, as it should be
		examine(t, path, committed)
	}
}

func examine(t *testing.T, path string, committed int) {
	t.Helper()
	s, err := store.Open(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	storetest.Check(t, s)
	token, err := s.Sync(t.Context(), store.SyncNextBatch)
	if err != nil {
		t.Fatal(err)
	}
	last, err := strconv.Atoi(token)
	if err != nil || last < committed {
		t.Errorf("%d was committed, the file stands at %q", committed, token)
	}
	o, err := s.OutboxState(t.Context())
	if err != nil || o.Pending != last {
		t.Errorf("%d unsent messages of %d: %v", o.Pending, last, err)
	}
	for _, n := range []int{last*10 + 4, last*10 + 5} {
		if _, ok, err := s.EventKey(t.Context(), room, storetest.ID(n)); err != nil || !ok {
			t.Errorf("event %d of a committed transaction is missing: %v", n, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// writeUntilLimit writes while no file may grow past 400 KB; it exits with 0 when the limit is told as a full disk.
func writeUntilLimit(path string) int {
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 400 << 10, Max: 400 << 10}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		fmt.Println(err)
		return 1
	}
	ctx := context.Background()
	s, err := store.Open(ctx, path, store.Options{})
	for n := 0; err == nil; n++ {
		err = s.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.Append(room, storetest.Text(n, ada, strings.Repeat("x", 2000)))
			return err
		})
	}
	fmt.Println(err)
	if !errors.Is(err, store.ErrDiskFull) {
		return 1
	}
	return 0
}

func TestFileSizeLimit(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cache.db")
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), limitEnv+"="+path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	s := storetest.Open(t, path, store.Options{})
	storetest.Append(t, s, room, storetest.Text(99999, ada, "there is room again"))
	if n := len(storetest.Page(t, s, room, 500).Items); n < 3 {
		t.Errorf("%d messages are left", n)
	}
}
