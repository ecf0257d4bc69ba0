package main_test

import (
	"bufio"
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"hubbub/matrix/matrixtest"
)

// Everything that a script does, with the program itself.
func TestCommands(t *testing.T) {
	t.Parallel()
	m := meet(t, matrixtest.Stack(t), "script", nil)
	if r := m.me.run("", "rooms"); r.code != 0 || !strings.Contains(r.out, "script") {
		t.Errorf("rooms: %+v", r)
	}
	if r := m.me.run("from a pipe\n", "send", "script"); r.code != 0 || count(bodies(m.ada, m.room), "from a pipe") != 1 {
		t.Errorf("send: %+v, %q", r, bodies(m.ada, m.room))
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "hubbub"), "tail", "--json", "script")
	cmd.Env = m.me.env()
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	m.ada.SendText(m.room, "to the tail")
	found := false
	for lines := bufio.NewScanner(out); !found && lines.Scan(); {
		found = strings.Contains(lines.Text(), `"body":"to the tail"`)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil || !found {
		t.Errorf("tail: found %v, ended with %v", found, err)
	}
	if r := m.me.run("", "logout"); r.code != 0 {
		t.Errorf("logout: %+v", r)
	}
	if r := m.me.run("", "rooms"); r.code != 3 {
		t.Errorf("afterwards: %+v", r)
	}
}
