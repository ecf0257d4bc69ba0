package screen_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hubbub/ui/uitest"
)

// TestAnswersStayOffTheShell: what the terminal answers to the last frame comes
// when the connection lets it, and is not typed into the shell or the editor.
func TestAnswersStayOffTheShell(t *testing.T) {
	read := `IFS= read -r -n 1 -t 1 got; echo "GOT<${got:+something}>"`
	editor := filepath.Join(t.TempDir(), "editor")
	if err := os.WriteFile(editor, []byte("#!/bin/bash\n"+read+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"ctrl+q", "ctrl+e"} {
		t.Run(key, func(t *testing.T) {
			term := start(t, uitest.Options{
				Cols: 120, Rows: 40, Latency: 120 * time.Millisecond, Argv: []string{"/bin/bash", "-c", `"$PROGRAM"; ` + read},
			}, "EDITOR="+editor)
			term.WaitFor("note measured true")
			term.Key("ctrl+r") // frames that are asked about
			term.WaitFor("ticks 20")
			term.Type("a")
			term.WaitFor("typed a")
			term.Key(key)
			term.WaitOutput("GOT<")
			term.WaitOutput(">")
			if key == "ctrl+e" {
				term.WaitFor("edited")
				term.Key("ctrl+q")
			}
			term.WaitExit()
			if out := string(term.Raw()); strings.Contains(out, "GOT<something>") {
				t.Errorf("an answer of the terminal was typed:\n%s", term.Dump())
			}
		})
	}
}
