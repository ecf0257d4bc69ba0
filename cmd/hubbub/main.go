// Command hubbub is a Matrix client for the terminal. See `hubbub --help`.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"hubbub/cmd/internal/app"
	"hubbub/cmd/internal/cli"
)

func main() {
	os.Exit(run())
}

func run() int {
	// The window handles signals itself; a command without one ends in order, and
	// at once when it is interrupted again.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, func() { signal.Reset(os.Interrupt) })
	// A reader of the output who has enough is an error of the write, so that a
	// command ends in order then too.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return cli.Main(ctx, os.Args[1:], app.Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv, Environ: os.Environ(),
	})
}
