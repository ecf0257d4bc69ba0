package uitest

import (
	"bytes"
	"regexp"
	"strings"
	"time"
)

// WaitFor waits until the screen contains text.
func (t *Term) WaitFor(text string) {
	t.t.Helper()
	t.WaitUntil("the text "+text, func(s string) bool { return strings.Contains(s, text) })
}

// WaitMatch waits until the screen matches a regular expression.
func (t *Term) WaitMatch(re *regexp.Regexp) {
	t.t.Helper()
	t.WaitUntil("a match of "+re.String(), re.MatchString)
}

// WaitGone waits until the screen no longer contains text.
func (t *Term) WaitGone(text string) {
	t.t.Helper()
	t.WaitUntil("the end of "+text, func(s string) bool { return !strings.Contains(s, text) })
}

// WaitUntil waits until a condition of the screen holds. what says in a failure
// what was awaited.
func (t *Term) WaitUntil(what string, cond func(screen string) bool) {
	t.t.Helper()
	timer := time.NewTimer(t.opts.Timeout)
	defer timer.Stop()
	for {
		t.mu.Lock()
		wake := t.wake
		t.mu.Unlock()
		if cond(t.Screen()) {
			return
		}
		select {
		case <-wake:
		case <-timer.C:
			t.t.Fatalf("waited in vain for %s\n%s", what, t.Dump())
		case <-t.drained:
			if cond(t.Screen()) {
				return
			}
			t.t.Fatalf("the program ended before %s\n%s", what, t.Dump())
		}
	}
}

// WaitExit waits until the program has ended and all its output was read, and
// returns its exit code, or -1 when a signal killed it.
func (t *Term) WaitExit() int {
	t.t.Helper()
	timer := time.NewTimer(t.opts.Timeout)
	defer timer.Stop()
	for _, c := range []chan struct{}{t.exited, t.drained} {
		select {
		case <-c:
		case <-timer.C:
			t.t.Fatalf("the program does not end\n%s", t.Dump())
		}
	}
	return t.cmd.ProcessState.ExitCode()
}

// Mark starts a count; Written returns how many bytes came since.
func (t *Term) Mark() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mark = len(t.raw)
}

// Written returns the number of bytes that the program wrote since Mark.
func (t *Term) Written() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.raw) - t.mark
}

// WaitOutput waits until what the program wrote since Mark contains text, as
// bytes: it does not look at the screen.
func (t *Term) WaitOutput(text string) {
	t.t.Helper()
	timer := time.NewTimer(t.opts.Timeout)
	defer timer.Stop()
	for {
		t.mu.Lock()
		wake, found := t.wake, bytes.Contains(t.raw[t.mark:], []byte(text))
		t.mu.Unlock()
		if found {
			return
		}
		select {
		case <-wake:
		case <-timer.C:
			t.t.Fatalf("%q is not written\n%s", text, t.Dump())
		}
	}
}

// Raw returns all bytes that the program wrote.
func (t *Term) Raw() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]byte(nil), t.raw...)
}

// LastWrite returns when the last output came.
func (t *Term) LastWrite() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.writeAt
}
