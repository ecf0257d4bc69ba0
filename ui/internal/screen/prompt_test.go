package screen_test

import (
	"fmt"
	"strings"
	"testing"

	"hubbub/ui/uitest"
)

// TestPromptAfterTheWindow: what was on the terminal before is there again; where
// there is one screen only, nothing of the window stands around the prompt.
func TestPromptAfterTheWindow(t *testing.T) {
	for _, one := range []bool{false, true} {
		for _, end := range []string{"quit", "kill"} {
			t.Run(fmt.Sprintf("%s, one screen %t", end, one), func(t *testing.T) {
				term := start(t, uitest.Options{
					OneScreen: one, Argv: []string{"/bin/bash", "-c", `set -m; echo before; "$PROGRAM"; read -r line; echo PROMPT; read -r line`},
				})
				term.WaitFor("note measured true")
				program := childOf(t, term.Pid())
				waitFor(t, "the guardian", func() bool { return len(children(program)) > 0 })
				last := "ended: <nil>"
				if end == "quit" {
					term.Key("ctrl+q")
				} else {
					last = "The program died."
					kill(t, program)
				}
				term.WaitFor(last)
				term.Type("\r")
				term.WaitFor("PROMPT")
				screen := term.Screen()
				if strings.Contains(screen, "note") || strings.Contains(screen, "before") == one {
					t.Errorf("it shows\n%s", screen)
				}
			})
		}
	}
}
