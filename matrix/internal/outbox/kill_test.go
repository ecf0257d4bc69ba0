package outbox

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// Variables by which a test binary becomes the process that is killed.
const (
	envPath = "HUBBUB_TEST_OUTBOX_PATH"
	envURL  = "HUBBUB_TEST_OUTBOX_URL"
	envFrom = "HUBBUB_TEST_OUTBOX_FROM"
)

const perLife = 40

func TestMain(m *testing.M) {
	if path := os.Getenv(envPath); path != "" {
		if err := victim(path, os.Getenv(envURL), os.Getenv(envFrom)); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// victim queues messages as fast as it can, says on stdout which it has
// written down, and sends until it is killed.
func victim(path, url, from string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, path, store.Options{})
	if err != nil {
		return err
	}
	var first int
	if _, err := fmt.Sscan(from, &first); err != nil {
		return err
	}
	o := New(Options{Store: s, Client: client(&testing.T{}, url), User: storetest.Me})
	o.Online()
	done := make(chan error, 1)
	go func() { done <- o.Run(ctx) }()
	for n := range perLife {
		o.Send(text(fmt.Sprintf("message %04d", first+n)))
		if err := o.Flush(ctx); err != nil {
			return err
		}
		if _, err := fmt.Println(first + n); err != nil {
			return err
		}
	}
	return <-done
}

// TestKilledAtAnyMomentNothingIsLostOrSentTwice: what was written down arrives
// once, in order, over many lives of the process.
func TestKilledAtAnyMomentNothingIsLostOrSentTwice(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	path := filepath.Join(t.TempDir(), "cache.db")
	s := storetest.Open(t, path, store.Options{})
	storetest.Write(t, s, func(tx *store.Tx) error { return tx.PutAccount(chat.Account{User: storetest.Me}) })
	storetest.Joined(t, s, room)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	h := newHomeserver(t)
	lives := 12
	if testing.Short() {
		lives = 3
	}
	promised := map[string]bool{}
	for life := range lives {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), envPath+"="+path, envURL+"="+h.URL, fmt.Sprintf("%s=%d", envFrom, life*perLife))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		kill := rnd.IntN(perLife) + 1
		later := time.Duration(rnd.IntN(5000)) * time.Microsecond
		for range kill {
			var n int
			if _, err := fmt.Fscan(out, &n); err != nil {
				t.Fatalf("life %d ended early: %v", life, err)
			}
			promised[fmt.Sprintf("message %04d", n)] = true
		}
		timer := time.NewTimer(later)
		<-timer.C
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // killed
	}
	s = storetest.Open(t, path, store.Options{})
	o := newOutbox(t, s, h.URL, nil)
	start(t, o)
	idle(t, s, o)
	seen := map[string]bool{}
	last := ""
	for _, b := range h.bodies() {
		if seen[b] {
			t.Errorf("%s arrived twice", b)
		}
		if b < last {
			t.Errorf("%s arrived after %s", b, last)
		}
		seen[b], last = true, b
	}
	for b := range promised {
		if !seen[b] {
			t.Errorf("%s was lost", b)
		}
	}
	t.Logf("%d lives, %d promised, %d arrived", lives, len(promised), len(seen))
}

// fillDisk writes until the store has no room left. release makes room again.
func fillDisk(t *testing.T, s *store.Store) (release func()) {
	t.Helper()
	n := 0
	for size := 1 << 20; size > 100; size /= 4 {
		for {
			err := s.Write(t.Context(), func(tx *store.Tx) error {
				return tx.PutUIState(fmt.Sprintf("filler %d", n), make([]byte, size))
			})
			if errors.Is(err, store.ErrDiskFull) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
	}
	return func() {
		storetest.Write(t, s, func(tx *store.Tx) error {
			for i := range n {
				if err := tx.PutUIState(fmt.Sprintf("filler %d", i), nil); err != nil {
					return err
				}
			}
			return nil
		})
	}
}
