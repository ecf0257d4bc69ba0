package screen_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"hubbub/ui/uitest"
)

func TestEditor(t *testing.T) {
	dir := t.TempDir()
	for name, script := range map[string]string{
		"works": "#!/bin/sh\nstat -c %a \"$2\"\nstty -a | grep -q ' icanon' && printf ' changed\\n\\n' >>\"$2\"\n",
		"fails": "#!/bin/sh\nexit 3\n",
		"^C":    "#!/bin/sh\ntrap 'exit 0' INT\nkill -INT 0\nsleep 5\nexit 9\n",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, "editor"+strings.Trim(name, "^"))
			if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			edit := t.TempDir()
			term := start(t, uitest.Options{}, "EDITOR="+path+" -x", "EDIT_DIR="+edit)
			term.Type("text")
			term.WaitFor("typed text")
			term.Key("ctrl+e")
			switch name {
			case "works":
				term.WaitFor(`note edited "text changed" <nil>`)
				if !bytes.Contains(term.Raw(), []byte("600")) {
					t.Error("the file can be read by others")
				}
			case "fails":
				term.WaitMatch(regexp.MustCompile(`note edited "text" run the editor: exit status 3`))
			case "^C":
				term.WaitMatch(regexp.MustCompile(`note edited "text" <nil>`))
			}
			term.Type("more")
			term.WaitFor("typed textmore")
			if left, err := os.ReadDir(edit); err != nil || len(left) > 0 {
				t.Errorf("files left: %v %v", left, err)
			}
			if !term.RawMode() || !term.AltScreen() {
				t.Error("the screen is not entered again")
			}
			term.Key("ctrl+q")
			term.WaitExit()
			restored(t, term)
		})
	}
}

func TestTerminateWhileEditing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "editor")
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho EDITING\nexec sleep 60\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	term := start(t, uitest.Options{}, "EDITOR="+path)
	term.Key("ctrl+e")
	term.WaitFor("EDITING")
	term.Signal(syscall.SIGTERM)
	if code := term.WaitExit(); code != 128+15 {
		t.Errorf("exit code %d\n%s", code, term.Dump())
	}
	restored(t, term)
}

// TestTextOfAKilledEditor: what a killed program leaves of a text for the editor
// is taken away at the next start, but not while the editor is still at it, nor
// what is somebody else's.
func TestTextOfAKilledEditor(t *testing.T) {
	dir, edit := t.TempDir(), t.TempDir()
	path, note := filepath.Join(dir, "editor"), filepath.Join(dir, "pid")
	script := "#!/bin/sh\necho $$ >" + note + "\ntrap '' HUP\necho EDITING\nexec sleep 60\n"
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(edit, "hubbub-edit-notours")
	if err := os.Mkdir(foreign, 0o700); err != nil {
		t.Fatal(err)
	}
	left := func() int {
		all, err := filepath.Glob(filepath.Join(edit, "hubbub-edit-*", "message.md"))
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	term := start(t, uitest.Options{}, "EDITOR="+path, "EDIT_DIR="+edit)
	term.Type("secret")
	term.Key("ctrl+e")
	term.WaitFor("EDITING")
	term.Signal(syscall.SIGKILL)
	again := start(t, uitest.Options{}, "EDIT_DIR="+edit)
	again.Key("ctrl+q")
	again.WaitExit()
	if left() != 1 {
		t.Fatal("a text was taken from an editor that is open")
	}
	raw, err := os.ReadFile(note)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for i := 0; left() > 0; i++ { // the lock is free when the system has buried both
		if i == 20 {
			t.Fatal("the text of a killed editor is left")
		}
		last := start(t, uitest.Options{}, "EDIT_DIR="+edit)
		last.Key("ctrl+q")
		last.WaitExit()
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Errorf("a folder without a lock of ours is gone: %v", err)
	}
}

func TestSuspendAndResume(t *testing.T) {
	term := start(t, uitest.Options{Argv: []string{
		"/bin/bash", "-c", `set -m; "$PROGRAM"; echo STOPPED; stty -a | tr ' ' '\n' | grep icanon; read -r line; fg; echo DONE $?`,
	}})
	term.WaitFor("note measured true")
	term.Type("abc")
	term.WaitFor("typed abc")
	term.Key("ctrl+z")
	term.WaitFor("STOPPED")
	term.WaitFor("\nicanon")
	if term.AltScreen() {
		t.Error("the alternate screen is shown while the program is stopped")
	}
	term.Write("\n")
	term.WaitFor("note resumed")
	term.Type("def")
	term.WaitFor("typed abcdef")
	if !term.AltScreen() || !term.RawMode() {
		t.Error("the screen is not entered again")
	}
	term.Key("ctrl+q")
	term.WaitFor("DONE 0")
	term.WaitExit()
	restored(t, term)
}

func TestSuspendWithoutJobControl(t *testing.T) {
	term := start(t, uitest.Options{})
	term.Key("ctrl+z")
	term.WaitFor("note resumed")
	term.Type("x")
	term.WaitFor("typed x")
}

func TestStoppedFromOutside(t *testing.T) {
	term := start(t, uitest.Options{})
	term.Type("abc")
	term.WaitFor("typed abc")
	set, _ := term.ModeCount(1049)
	term.Signal(syscall.SIGSTOP)
	term.Signal(syscall.SIGCONT)
	term.WaitUntil("the modes once more", func(string) bool { n, _ := term.ModeCount(1049); return n > set })
	term.Type("d")
	term.WaitFor("typed abcd")
	term.Key("ctrl+q")
	term.WaitExit()
	restored(t, term)
}
