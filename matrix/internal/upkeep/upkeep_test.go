package upkeep

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"hubbub/store/chat"
)

var errDown = errors.New("the homeserver is down")

// begin runs a loop whose work is done by the test, and returns when it was
// called, in seconds since the beginning.
func begin(t *testing.T, l Loop, work func(call int) (next time.Duration, err error)) (calls func() []float64, end func() error) {
	t.Helper()
	start := time.Now()
	var all []float64 // read only while everything waits
	l.Work = func(context.Context) (next time.Time, err error) {
		all = append(all, time.Since(start).Seconds())
		d, err := work(len(all))
		if d > 0 {
			next = time.Now().Add(d)
		}
		return next, err
	}
	if l.Failed == nil {
		l.Failed = func(*chat.Problem, time.Duration) {}
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	synctest.Wait()
	return func() []float64 { synctest.Wait(); return all }, func() error { cancel(); return <-done }
}

func TestWorkIsDoneWhenItIsDueOrSomethingWakesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wake := NewBell()
		calls, end := begin(t, Loop{Wake: wake, Min: time.Second, Max: time.Minute}, func(call int) (time.Duration, error) {
			if call == 1 {
				return 10 * time.Second, nil
			}
			return 0, nil
		})
		<-time.After(time.Hour)
		wake.Ring()
		<-time.After(time.Hour)
		if got := calls(); !slices.Equal(got, []float64{0, 10, 3600}) {
			t.Errorf("worked at %v", got)
		}
		if err := end(); err != nil {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestRingsThatNobodyHearsAreOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wake := NewBell()
		calls, end := begin(t, Loop{Wake: wake, Min: time.Second, Max: time.Minute}, func(call int) (time.Duration, error) {
			for range 3 * (2 - min(call, 2)) {
				wake.Ring()
			}
			return 0, nil
		})
		if got := calls(); len(got) != 2 {
			t.Errorf("worked %d times", len(got))
		}
		if err := end(); err != nil {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestFailuresAreFurtherAndFurtherApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wake, again := NewBell(), NewBell()
		var told []time.Duration
		l := Loop{Wake: wake, Again: again, Min: time.Second, Max: 4 * time.Second, Failed: func(p *chat.Problem, wait time.Duration) {
			if !errors.Is(p, errDown) {
				t.Errorf("told of %v", p)
			}
			told = append(told, wait)
		}}
		calls, end := begin(t, l, func(call int) (time.Duration, error) {
			if call == 5 {
				return time.Minute, nil
			}
			return time.Minute, &chat.Problem{Kind: chat.ProblemHomeserver, RetryAfter: map[int]time.Duration{6: 30 * time.Second}[call], Err: errDown}
		})
		wake.Ring() // in vain: it is heard when the work has been done
		<-time.After(100 * time.Second)
		again.Ring()
		// 1, 2, 4 and 4 seconds are waited; the fifth call does its work, and hears the bell; after the sixth the homeserver wants 30.
		if got := calls(); !slices.Equal(got[:7], []float64{0, 1, 3, 7, 11, 11, 41}) {
			t.Errorf("worked at %v", got)
		}
		if want := []time.Duration{1, 2, 4, 4, 30, 2}; !slices.EqualFunc(told[:6], want, func(a, b time.Duration) bool { return a == b*time.Second }) {
			t.Errorf("told of waits %v", told)
		}
		if got := calls(); got[len(got)-1] != 100 {
			t.Errorf("it did not try again when it was told to: %v", got)
		}
		if err := end(); err != nil {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestFatalErrorEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Loop{Wake: NewBell(), Fatal: func(err error) bool { return errors.Is(err, errDown) }}
		calls, end := begin(t, l, func(int) (time.Duration, error) { return 0, errDown })
		if err := end(); !errors.Is(err, errDown) || len(calls()) != 1 {
			t.Errorf("ended with %v after %v", err, calls())
		}
	})
}

func TestNothingIsWaitedForAfterTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if Sleep(ctx, time.Hour) {
		t.Error("slept")
	}
	l := Loop{Wake: NewBell(), Work: func(ctx context.Context) (time.Time, error) { return time.Time{}, ctx.Err() }}
	if err := l.Run(ctx); err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestEarlier(t *testing.T) {
	a, b := time.Unix(1, 0), time.Unix(2, 0)
	for _, c := range [][3]time.Time{{a, b, a}, {b, a, a}, {{}, b, b}, {a, {}, a}, {}} {
		if got := Earlier(c[0], c[1]); !got.Equal(c[2]) {
			t.Errorf("of %v and %v: %v", c[0], c[1], got)
		}
	}
}

func TestTurnsAreTakenOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turn := NewTurn()
		done := turn.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := turn.Take(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("somebody else's turn: %v", err)
		}
		got := false
		go func() {
			defer turn.Wait()()
			got = true
		}()
		synctest.Wait()
		if got {
			t.Error("two have the turn")
		}
		done()
		synctest.Wait()
		if !got {
			t.Error("nobody has the turn")
		}
	})
}
