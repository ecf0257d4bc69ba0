package cli

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A command that only waits ends when whoever reads its output has gone: at the
// other end of a pipe, or of a socket, as sshd has it without a terminal. Until
// then it goes on, also where nobody can go away.
func TestWhileRead(t *testing.T) {
	pipe := func() (out, reader *os.File) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		return w, r
	}
	socket := func() (out, reader *os.File) {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		return os.NewFile(uintptr(fds[0]), "out"), os.NewFile(uintptr(fds[1]), "reader")
	}
	for name, open := range map[string]func() (out, reader *os.File){"pipe": pipe, "socket": socket} {
		t.Run(name, func(t *testing.T) {
			out, reader := open()
			ctx, stop, err := whileRead(t.Context(), out)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := out.WriteString("a line\n"); err != nil || ctx.Err() != nil {
				t.Fatalf("with a reader: %v, %v", err, ctx.Err())
			}
			if err := reader.Close(); err != nil {
				t.Fatal(err)
			}
			select {
			case <-ctx.Done():
			case <-time.After(10 * time.Second):
				t.Fatal("it goes on without a reader")
			}
			if cause := context.Cause(ctx); !errors.Is(cause, syscall.EPIPE) {
				t.Errorf("it ended with %v", cause)
			}
			stop()
			if err := out.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	file, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop, err := whileRead(t.Context(), file)
	if err != nil || ctx.Err() != nil {
		t.Errorf("a file: %v, %v", err, ctx.Err())
	}
	stop()
	if cause := context.Cause(ctx); errors.Is(cause, syscall.EPIPE) {
		t.Error("a file has no reader that could go away")
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
}
