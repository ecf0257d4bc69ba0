package screen

import (
	"testing"

	"github.com/charmbracelet/x/term"
	"github.com/creack/pty"
)

// TestTerminalIsNotTakenAgain: whoever waits to take the terminal while the
// program ends, as after SIGCONT, does not take it from the shell.
func TestTerminalIsNotTakenAgain(t *testing.T) {
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close() //nolint:errcheck // a test's
	defer slave.Close()  //nolint:errcheck // a test's
	before, err := term.GetState(slave.Fd())
	if err != nil {
		t.Fatal(err)
	}
	d, err := openTTY(slave, slave)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	for _, over := range []bool{false, true} {
		d.over.Store(over)
		if err := d.enter(nil, false); err != nil {
			t.Fatal(err)
		}
		if d.on.Load() == over {
			t.Errorf("over %t: taken %t", over, d.on.Load())
		}
		if err := d.leave(); err != nil {
			t.Fatal(err)
		}
	}
	if after, err := term.GetState(slave.Fd()); err != nil || *after != *before {
		t.Errorf("the line settings are other ones: %v", err)
	}
}
