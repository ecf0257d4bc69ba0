package ui

import (
	"strings"
	"testing"
)

// Text that is copied and pasted into a shell must not act there.
func TestCopiedTextIsWhatTheScreenShows(t *testing.T) {
	got := pasteable("ls\x1b[201~\nrm\u202e -rf\u200b /\r\n\tx\u009b")
	if want := "ls\nrm -rf /\n\tx"; got != want {
		t.Errorf("copied %q, want %q", got, want)
	}
}

func TestDeepSourceIsNotIndented(t *testing.T) {
	raw := `{"content":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`
	total := 0
	for _, l := range sourceLines("As received", []byte(raw)) {
		total += l.Text.Len()
	}
	if total > 2*len(raw) {
		t.Errorf("%d bytes of JSON became %d of text", len(raw), total)
	}
	if n := len(sourceLines("As received", []byte(`{"a":{"b":1}}`))); n < 7 {
		t.Errorf("%d lines of an event that is not deep", n)
	}
}
