// Command stack starts a local homeserver and, when asked, an SFU with its authorisation service and matrix-js-sdk, for
// the demo and for tests.
//
//	stack run [flags] -- COMMAND…   start, run COMMAND with the addresses in its environment, stop; COMMAND's exit code
//	stack up [flags] [--detach]     start and stay until Ctrl+C, or in the background
//	stack status [--state DIR]      show the addresses of the stack that is up
//	stack down [--state DIR]        stop the stack that is up
//	stack seed [--again]            build the world of the demo, once, and keep it in the cache (about two minutes)
//	stack demo -- COMMAND…          run COMMAND signed in, in a copy of that world, where everybody goes on talking
//	stack picture FILE.png PROGRAM  inside demo: photograph PROGRAM for the README
//
// The variables HUBBUB_STACK_* that COMMAND sees are also in the file env of the state directory, for shells to source.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hubbub/cmd/internal/stack"
	"hubbub/cmd/internal/stack/seed"
)

// Exit codes beside those of COMMAND.
const (
	exitFailed = 1
	exitUsage  = 2
)

// errUsage says that the arguments are wrong; what is wrong has been printed.
var errUsage = errors.New("wrong usage")

const usage = `usage: stack run|up|down|status|seed|demo [flags] [-- COMMAND…]
  --homeserver synapse|dendrite   the homeserver that HUBBUB_STACK_HOMESERVER names (default synapse)
  --with LIST                     further parts: sfu, js, dendrite, synapse, tmux, separated by commas
  --state DIR                     state directory (run: a fresh one; else state in the cache)
  --detach                        up: return when the stack is ready and leave it running
  --again                         seed: build the world anew (it takes about two minutes)
  --messages N                    seed: length of the longest channel (default 5000)
picture FILE.png PROGRAM: inside demo, photograph PROGRAM with Chromium
demo: COMMAND finds an account that is signed in as "sam" (password "harbour") in a home directory of its own.
`

func main() {
	code, err := run(os.Args[1:])
	switch {
	case errors.Is(err, errUsage):
		os.Exit(exitUsage)
	case err != nil:
		fmt.Fprintf(os.Stderr, "stack: %v\n", err)
		os.Exit(exitFailed)
	}
	os.Exit(code)
}

// call is one parsed command line.
type call struct {
	options     stack.Options
	detach      bool
	again       bool
	messages    int
	watchParent bool
	command     []string
}

func run(args []string) (int, error) {
	if len(args) == 0 {
		return 0, complain(usage)
	}
	if slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]) {
		return 0, help()
	}
	if args[0] == "picture" {
		return 0, takePicture(args[1:])
	}
	c, err := parse(args[0], args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return 0, help()
	} else if err != nil {
		return 0, err
	}
	ctx, stop := interruptible(context.Background(), takesCommand(args[0]) && interactive())
	defer stop(nil)
	if c.watchParent {
		go stack.WatchParent(ctx, func() { stop(stack.ErrParentGone) })
	}
	switch args[0] {
	case "run":
		return c.run(ctx)
	case "up":
		return 0, c.up(ctx)
	case "down":
		return 0, stack.Down(ctx, c.options.Dir)
	case "status":
		return c.status()
	case "seed":
		return 0, seed.Prepare(ctx, c.options, c.again, c.messages)
	case "demo":
		return seed.Demo(ctx, c.options, interactive(), c.command[0], c.command[1:]...)
	}
	return 0, complain(usage)
}

func takesCommand(verb string) bool { return verb == "run" || verb == "demo" }

func parse(verb string, args []string) (*call, error) {
	flags := flag.NewFlagSet("stack "+verb, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	homeserver := flags.String("homeserver", string(stack.Synapse), "")
	with := flags.String("with", "", "")
	dir := flags.String("state", "", "")
	detach := flags.Bool("detach", false, "")
	again := flags.Bool("again", false, "")
	messages := flags.Int("messages", seed.LongMessages, "")
	watch := flags.Bool("watch-parent", true, "") // false in the process that --detach starts
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil, err
	} else if err != nil {
		return nil, complain("stack: %v\n%s", err, usage)
	}
	if takesCommand(verb) != (flags.NArg() > 0) {
		return nil, complain(usage)
	}
	pieces, err := stack.ParsePieces(*with)
	if err != nil {
		return nil, err
	}
	cache, err := stack.CacheDir()
	if err != nil {
		return nil, err
	}
	if *dir == "" && !takesCommand(verb) {
		*dir = filepath.Join(cache, "state")
	}
	if *dir != "" {
		if *dir, err = filepath.Abs(*dir); err != nil {
			return nil, err
		}
	}
	return &call{
		options: stack.Options{
			Dir: *dir, Cache: cache, Homeserver: stack.Piece(*homeserver), With: pieces, Progress: os.Stderr,
		},
		detach: *detach, again: *again, messages: *messages, watchParent: *watch && !*detach, command: flags.Args(),
	}, nil
}

// help shows what there is to whoever asked.
func help() error {
	_, err := fmt.Print(usage)
	return err
}

func complain(format string, args ...any) error {
	fmt.Fprintf(os.Stderr, format, args...)
	return errUsage
}

// run is "stack run": the exit code is the command's.
func (c *call) run(ctx context.Context) (code int, err error) {
	fresh := c.options.Dir == ""
	if fresh {
		if c.options.Dir, err = stack.NewRunDir(c.options.Cache); err != nil {
			return 0, err
		}
	}
	err = stack.Run(ctx, c.options, func(ctx context.Context, env stack.Env) error {
		code, err = stack.Command(ctx, env, interactive(), c.command[0], c.command[1:]...)
		return err
	})
	if err != nil {
		return 0, err
	}
	if code == 0 && fresh {
		return code, stack.TrimRun(c.options.Dir)
	}
	fmt.Fprintf(os.Stderr, "stack: logs are in %s\n", filepath.Join(c.options.Dir, "logs"))
	return code, nil
}

// up is "stack up": in the foreground until the context ends, or detached.
func (c *call) up(ctx context.Context) error {
	if c.detach {
		return c.upDetached(ctx)
	}
	return stack.Run(ctx, c.options, func(ctx context.Context, _ stack.Env) error {
		fmt.Fprintf(os.Stderr, "stack: addresses are in %s; Ctrl+C stops\n", filepath.Join(c.options.Dir, "env"))
		<-ctx.Done()
		return nil
	})
}

// firstStart bounds a detached start that has to install everything first.
const firstStart = 20 * time.Minute

func (c *call) upDetached(ctx context.Context) error {
	if _, _, err := stack.Status(c.options.Dir); err == nil {
		return fmt.Errorf("%w: %s", stack.ErrInUse, c.options.Dir)
	}
	args := []string{"up", "--watch-parent=false", "--state", c.options.Dir, "--homeserver", string(c.options.Homeserver)}
	with := make([]string, 0, len(c.options.With))
	for _, p := range c.options.With {
		with = append(with, string(p))
	}
	args = append(args, "--with", strings.Join(with, ","))
	ended, err := stack.Detach(c.options.Dir, args...)
	if err != nil {
		return err
	}
	if _, err := stack.WaitReady(ctx, c.options.Dir, firstStart, ended); err != nil {
		return err
	}
	_, err = fmt.Println(filepath.Join(c.options.Dir, "env"))
	return err
}

// status is "stack status": exit code 1 when no stack is up.
func (c *call) status() (int, error) {
	pid, env, err := stack.Status(c.options.Dir)
	if err != nil {
		return 0, err
	}
	fmt.Printf("process %d\n", pid)
	for _, line := range env.List() {
		fmt.Println(line)
	}
	return 0, nil
}
