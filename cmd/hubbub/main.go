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
	// The window handles signals itself; a command without one ends in order.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	return cli.Main(ctx, os.Args[1:], app.Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv, Environ: os.Environ(),
	})
}
