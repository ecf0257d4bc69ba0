package backup

import (
	"context"
	"testing"
	"time"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// manyKeys is what an account has after some years.
const manyKeys = 10_000

// BenchmarkTenThousandKeys measures a large account's way to another session: each figure is for all keys.
func BenchmarkTenThousandKeys(b *testing.B) {
	hs := matrixtest.Synapse(b)
	keys := someKeys(b, manyKeys)
	var file []byte
	var secret chat.Secret
	account := hs.NewAccount(b, "jane")
	d := newDevice(b, hs.Login(b, account))
	d.b.limits = usual()
	fresh := func(b *testing.B) *device {
		other := newDevice(b, hs.Login(b, account))
		other.b.limits = usual()
		return other
	}
	b.Run("import", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			other := fresh(b)
			stop := other.keepSyncing(b)
			b.StartTimer()
			defer stop()
			if n, err := other.Machine.ImportRoomKeys(b.Context(), crypto.Origin{Source: chat.KeyImported}, keys); err != nil || n.New != manyKeys {
				b.Fatal(n, err)
			}
		}
	})
	d.hold(keys)
	b.Run("export", func(b *testing.B) {
		for b.Loop() {
			var err error
			if file, err = d.b.Export(b.Context(), "pass"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("import file", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			other := fresh(b)
			b.StartTimer()
			if n, _, err := other.b.Import(b.Context(), file, "pass"); err != nil || n != manyKeys {
				b.Fatal(n, err)
			}
		}
	})
	b.Run("upload", func(b *testing.B) {
		for b.Loop() {
			var err error
			if secret, err = d.b.Create(b.Context()); err != nil {
				b.Fatal(err)
			}
			if err := d.b.upload(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			if s := d.b.Status(); s.Saved != manyKeys {
				b.Fatal(s)
			}
			b.StartTimer()
		}
	})
	b.Run("restore", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			other := fresh(b)
			other.use(secret)
			b.StartTimer()
			if n, err := other.b.Restore(context.Background()); err != nil || n != manyKeys {
				b.Fatal(n, err)
			}
		}
	})
}

// keepSyncing takes in sync responses until stop is called, which reports the longest that one of them took.
func (d *device) keepSyncing(b *testing.B) (stop func()) {
	ended, done := make(chan struct{}), make(chan struct{})
	var longest time.Duration
	go func() {
		defer close(done)
		for {
			select {
			case <-ended:
				return
			default:
			}
			began := time.Now()
			if err := d.Machine.HandleSync(context.Background(), crypto.ToDevice{Changed: []chat.UserID{"@somebody:x"}}); err != nil {
				b.Error(err)
				return
			}
			longest = max(longest, time.Since(began))
		}
	}()
	return func() {
		close(ended)
		<-done
		b.ReportMetric(float64(longest.Milliseconds()), "ms/longest-sync")
	}
}
