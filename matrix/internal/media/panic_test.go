package media

import (
	"errors"
	"testing"

	"hubbub/matrix/internal/fault"
)

// A bug in a transfer ends Run with an error, so that the terminal can be restored.
func TestPanicEndsRun(t *testing.T) {
	m := New(Options{}) // without a store: what asks it panics
	m.Save(1, "")
	var p *fault.PanicError
	if err := m.Run(t.Context()); !errors.As(err, &p) || len(p.Stack) == 0 {
		t.Errorf("Run ended with %v", err)
	}
}
